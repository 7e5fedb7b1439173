"""Cargo projects: ``Cargo.toml`` and ``Cargo.lock``."""

from __future__ import annotations

import posixpath
import tomllib
from typing import TYPE_CHECKING, Any, ClassVar

from pratique.formats.edit import cargo_toml
from pratique.remediation.errors import AttemptError
from pratique.remediation.models import Strategy
from pratique.remediation.projects.base import LockedProject, Target
from pratique.remediation.workspace import below

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.remediation.workspace import Workspace


class Cargo(LockedProject):
    """A crate or a workspace of crates.  Cargo has no way to force a version on others."""

    tool: ClassVar[str] = "cargo"
    strategies: ClassVar[tuple[Strategy, ...]] = (Strategy.IN_PLACE, Strategy.RELAX)

    def __init__(self, document: str, work: Workspace) -> None:
        super().__init__(document, work, manifest="Cargo.toml", format=cargo_toml)

    def _members(self) -> list[str]:
        """Manifests of the crates that the lockfile has without a source: the workspace's own."""
        own = {
            one.get("name")
            for one in self._value(self.document).get("package", [])
            if isinstance(one, dict) and "source" not in one
        }
        found = []
        for path in self._work.named(self.folder, "Cargo.toml"):
            package = self._value(path).get("package")
            elsewhere = path != self._top and self._work.exists(
                f"{posixpath.dirname(path)}/Cargo.lock"
            )
            named = isinstance(package, dict) and package.get("name") in own
            if path == self._top or (named and not elsewhere):
                found.append(path)
        return found

    def _value(self, path: str) -> dict[str, Any]:
        try:
            return tomllib.loads(self._work.read(path))
        except (tomllib.TOMLDecodeError, AttemptError):
            return {}

    def edit(self, strategy: Strategy, targets: Sequence[Target]) -> bool:
        """Requirements of the manifests."""
        if strategy is Strategy.RELAX:
            return self.manifests.move(targets) and not self._locked
        if strategy is Strategy.OVERRIDE:
            raise AttemptError("Cargo cannot force a version on other crates")
        if not self._locked:
            raise AttemptError("there is no lockfile to change in place")
        return False

    def resolve(self, strategy: Strategy, targets: Sequence[Target]) -> str:  # noqa: ARG002
        """``cargo update -p name@version --precise version``; yanked versions are refused by it."""
        for one in targets:
            words = ["-p", f"{one.name}@{one.before}" if self._locked else one.name]
            words += ["--precise", one.after] if one.after else []
            self._work.run(self.folder, "cargo", "update", *words)
        return self.document if self._locked else below(self.folder, "Cargo.lock")
