"""Go modules: ``go.mod`` and ``go.sum`` (Go Modules Reference, *go get*)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pratique.formats.edit import go_mod
from pratique.formats.text import parse_json
from pratique.model.errors import InputError
from pratique.remediation.dialects import dialect
from pratique.remediation.errors import AttemptError
from pratique.remediation.models import Strategy
from pratique.remediation.projects.base import Manifests, Project, Target, moment
from pratique.remediation.running import find
from pratique.remediation.workspace import below

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.remediation.workspace import Workspace


class Golang(Project):
    """A module.  What it requires is a minimum, so every strategy raises that."""

    tool: ClassVar[str] = "go"
    strategies: ClassVar[tuple[Strategy, ...]] = (Strategy.RELAX,)
    manifests: Manifests

    def __init__(self, document: str, work: Workspace) -> None:
        super().__init__(document, work)
        self.manifests = Manifests(work, (document,), go_mod.entries, go_mod.edit)

    def files(self) -> list[str]:
        """``go.mod`` and ``go.sum``."""
        return [self.document, below(self.folder, "go.sum")]

    def edit(self, strategy: Strategy, targets: Sequence[Target]) -> bool:
        """Required versions; a module that only others require is required itself."""
        if strategy is not Strategy.RELAX:
            raise AttemptError("Go raises what go.mod requires, which is relax")
        if self._work.commands and find(self.tool):
            return False
        text = self._work.read(self.document)
        known = {entry.name for entry in go_mod.entries(text)}
        for one in targets:
            if one.name not in known and one.after:
                text = go_mod.require(text, one.name, _version(one))
        self._work.write(self.document, text)
        return self.manifests.move([one for one in targets if one.name in known])

    def resolve(self, strategy: Strategy, targets: Sequence[Target]) -> str:  # noqa: ARG002
        """``go get module@version``, then ``go mod tidy``."""
        words = [f"{one.name}@{_version(one) if one.after else 'patch'}" for one in targets]
        self._work.run(self.folder, "go", "get", *words)
        if self._sources():
            self._work.run(self.folder, "go", "mod", "tidy")
        return self.document

    def _sources(self) -> bool:
        return any((self._work.root / self.folder).rglob("*.go"))

    def published(self, target: Target) -> datetime | None:
        """What ``go list -m -json`` says."""
        try:
            said = self._work.run(
                self.folder, "go", "list", "-m", "-json", f"{target.name}@{_version(target)}"
            )
            value = parse_json(said)
        except (InputError, AttemptError):
            return None
        return moment(value.get("Time")) if isinstance(value, dict) else None


def _version(target: Target) -> str:
    spoken = dialect("Go")
    return spoken.pinned("", target.after) if spoken else target.after
