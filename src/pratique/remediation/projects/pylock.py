"""``pylock.toml`` (PEP 751), compiled by uv from a manifest beside it."""

from __future__ import annotations

import posixpath
import tomllib
from typing import TYPE_CHECKING

from pratique.formats.edit import pyproject, requirements_txt
from pratique.formats.text import parse_toml
from pratique.model.ecosystems import normalise_name
from pratique.model.errors import InputError
from pratique.remediation.errors import AttemptError
from pratique.remediation.models import Strategy
from pratique.remediation.projects.base import Manifests, Target, moment
from pratique.remediation.projects.compiling import (
    CompiledProject,
    compile_requirements,
    compiled_by,
    stated_sources,
    upgraded,
)
from pratique.remediation.workspace import below

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.remediation.workspace import Workspace


class Pylock(CompiledProject):
    """A lockfile of the standard's form, with the manifest that its head names."""

    def __init__(self, document: str, work: Workspace) -> None:
        self._text = work.read(document)
        super().__init__(document, work)
        if self._source:
            module = pyproject if self._source.endswith(".toml") else requirements_txt
            self.manifests = Manifests(work, (self._source,), module.entries, module.edit)

    def _compiled_from(self) -> str:
        """Path of the one manifest that its head names, or that lies beside it; empty for none."""
        beside = ("pyproject.toml", "requirements.in", "requirements.txt")
        stated = stated_sources(self._text)
        for name in (stated if len(stated) == 1 else ()) or ("" if stated else beside):
            path = below(self.folder, name)
            if "/" not in name and self._work.exists(path):
                return path
        return ""

    def edit(self, strategy: Strategy, targets: Sequence[Target]) -> bool:
        """Requirements of the manifest; a line more for what it does not name."""
        if self.manifests is None:
            raise AttemptError(f"what {self.document} is compiled from is not known")
        if strategy is Strategy.RELAX:
            self.manifests.move(targets)
        elif strategy is Strategy.OVERRIDE:
            if self._source.endswith(".toml"):
                raise AttemptError("a pyproject.toml takes no line for what it does not need")
            self._require(self._source, targets)
        return False

    def resolve(self, strategy: Strategy, targets: Sequence[Target]) -> str:  # noqa: ARG002
        """``uv pip compile``, without building anything."""
        if not self._source:
            raise AttemptError(f"what {self.document} is compiled from is not known")
        words = ["--universal"] if "--universal" in self._text[:2_000] else []
        words += compiled_by(self._text)
        compile_requirements(
            self._work, self.folder, posixpath.basename(self._source),
            posixpath.basename(self.document), *words, *upgraded(targets),
        )  # fmt: skip
        return self.document

    def published(self, target: Target) -> datetime | None:
        """When the first of its files was uploaded, as the lockfile says."""
        try:
            rows = parse_toml(self._work.read(self.document)).get("packages")
        except (InputError, tomllib.TOMLDecodeError):
            return None
        name = normalise_name("PyPI", target.name)
        for row in rows if isinstance(rows, list) else ():
            if not isinstance(row, dict) or row.get("version") != target.after:
                continue
            if normalise_name("PyPI", str(row.get("name"))) != name:
                continue
            files = [*row.get("wheels", ()), row.get("sdist", {})]
            times = [moment(str(one.get("upload-time", ""))) for one in files]
            return min((one for one in times if one is not None), default=None)
        return None
