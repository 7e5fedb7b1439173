"""Python projects of other tools: their manifest is changed, their lockfile is theirs."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pratique.formats.edit import pipfile, pyproject
from pratique.remediation.errors import AttemptError, UnprovenError
from pratique.remediation.models import Strategy
from pratique.remediation.projects.base import Manifests, Project, Target
from pratique.remediation.workspace import below

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.remediation.workspace import Workspace


class _Drive(NamedTuple):
    """How a tool is told to lock, and no more."""

    update: tuple[str, ...]
    """Packages, within what the manifest asks for; their names follow."""

    lock: tuple[str, ...]
    """What the manifest asks for now, other packages as they were."""


_DRIVES = {
    "poetry.lock": _Drive(
        ("poetry", "--no-interaction", "--no-plugins", "update", "--lock"),
        ("poetry", "--no-interaction", "--no-plugins", "lock"),
    ),
}
"""It builds packages that have no other way to say what they need."""


class PythonManifest(Project):
    """A project of Poetry, PDM or pipenv."""

    tool: ClassVar[str] = ""
    lags: ClassVar[bool] = True
    strategies: ClassVar[tuple[Strategy, ...]] = (Strategy.IN_PLACE, Strategy.RELAX)
    manifests: Manifests

    def __init__(self, document: str, work: Workspace) -> None:
        super().__init__(document, work)
        name = posixpath.basename(document)
        pipenv = name.startswith("Pipfile")
        self._tool = "pipenv lock" if pipenv else f"{name.removesuffix('.lock')} lock"
        self._tool = "poetry lock" if name == "pyproject.toml" else self._tool
        self._manifest = below(self.folder, "Pipfile" if pipenv else "pyproject.toml")
        module = pipfile if pipenv else pyproject
        self.manifests = Manifests(work, (self._manifest,), module.entries, module.edit)

    def files(self) -> list[str]:
        """The manifest, and the lockfile where its tool may run."""
        return [self._manifest, *([self.document] if self._drives else [])]

    def edit(self, strategy: Strategy, targets: Sequence[Target]) -> bool:
        """Requirements of the manifest."""
        if strategy is not Strategy.RELAX and self._drives is None:
            raise AttemptError(f"only its manifest is changed here; {self._tool!r} does the rest")
        if strategy is Strategy.RELAX:
            self.manifests.move(targets)
        return strategy is Strategy.RELAX and self._drives is None

    @property
    def _drives(self) -> _Drive | None:
        """The tool that locks, where it may run and is known."""
        name = posixpath.basename(self.document)
        return _DRIVES.get(name) if self._work.builds else None

    def resolve(self, strategy: Strategy, targets: Sequence[Target]) -> str:
        """Let Poetry lock, where packages may be built; else nothing is run."""
        drive = self._drives
        if drive is None:
            more = ", or allow builds" if posixpath.basename(self.document) in _DRIVES else ""
            text = f"run {self._tool!r} to bring {self.document} up to its manifest{more}"
            raise UnprovenError(text)
        words = drive.update if strategy is Strategy.IN_PLACE else drive.lock
        names = [one.name for one in targets] if strategy is Strategy.IN_PLACE else []
        self._work.run(self.folder, *words, *names)
        return self.document
