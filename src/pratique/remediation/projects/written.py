"""Python projects of other tools: their manifest is changed, their lockfile is theirs."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, ClassVar

from pratique.formats.edit import pipfile, pyproject
from pratique.remediation.errors import AttemptError, UnprovenError
from pratique.remediation.models import Strategy
from pratique.remediation.projects.base import Manifests, Target, same_folder
from pratique.remediation.workspace import below

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.remediation.workspace import Workspace


class PythonManifest:
    """A project of Poetry, PDM or pipenv."""

    tool: ClassVar[str] = ""
    lags: ClassVar[bool] = True
    strategies: ClassVar[tuple[Strategy, ...]] = (Strategy.RELAX,)

    def __init__(self, document: str, work: Workspace) -> None:
        self.document = document
        self.folder = same_folder(document)
        self._work = work
        name = posixpath.basename(document)
        pipenv = name.startswith("Pipfile")
        self._tool = "pipenv lock" if pipenv else f"{name.removesuffix('.lock')} lock"
        self._tool = "poetry lock" if name == "pyproject.toml" else self._tool
        self._manifest = below(self.folder, "Pipfile" if pipenv else "pyproject.toml")
        module = pipfile if pipenv else pyproject
        self.manifests = Manifests(work, (self._manifest,), module.entries, module.edit)

    def files(self) -> list[str]:
        """The manifest."""
        return [self._manifest]

    def edit(self, strategy: Strategy, targets: Sequence[Target]) -> bool:
        """Requirements of the manifest."""
        if strategy is not Strategy.RELAX:
            raise AttemptError(f"only its manifest is changed here; {self._tool!r} does the rest")
        return self.manifests.move(targets)

    def resolve(self, strategy: Strategy, targets: Sequence[Target]) -> str:  # noqa: ARG002
        """Not done."""
        raise UnprovenError(f"run {self._tool!r} to bring {self.document} up to its manifest")

    def published(self, target: Target) -> datetime | None:  # noqa: ARG002  (nothing is asked)
        """Not known."""
        return None
