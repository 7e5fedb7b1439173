"""Cargo projects: ``Cargo.toml`` and ``Cargo.lock``."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, ClassVar

from pratique.formats.edit import cargo_toml
from pratique.remediation.errors import AttemptError
from pratique.remediation.models import Strategy
from pratique.remediation.projects.base import Manifests, Target, same_folder
from pratique.remediation.workspace import below

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.remediation.workspace import Workspace


class Cargo:
    """A crate or a workspace of crates.  Cargo has no way to force a version on others."""

    tool: ClassVar[str] = "cargo"
    lags: ClassVar[bool] = False
    strategies: ClassVar[tuple[Strategy, ...]] = (Strategy.IN_PLACE, Strategy.RELAX)

    def __init__(self, document: str, work: Workspace) -> None:
        self.document = document
        self.folder = same_folder(document)
        self._work = work
        self._locked = posixpath.basename(document) == "Cargo.lock"
        found = work.named(self.folder, "Cargo.toml") if self._locked else [document]
        self.manifests = Manifests(work, tuple(found), cargo_toml.entries, cargo_toml.edit)

    def files(self) -> list[str]:
        """Manifests of the workspace, and the lockfile."""
        return [*self.manifests.paths, *([self.document] if self._locked else [])]

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

    def published(self, target: Target) -> datetime | None:  # noqa: ARG002  (Cargo does not tell)
        """Not told by Cargo."""
        return None
