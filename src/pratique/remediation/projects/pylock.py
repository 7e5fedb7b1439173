"""``pylock.toml`` (PEP 751), compiled by uv from a manifest beside it."""

from __future__ import annotations

import posixpath
import tomllib
from typing import TYPE_CHECKING, ClassVar

from pratique.formats.edit import pyproject, requirements_txt
from pratique.formats.text import parse_toml
from pratique.model.ecosystems import normalise_name
from pratique.model.errors import InputError
from pratique.remediation.errors import AttemptError
from pratique.remediation.models import Strategy
from pratique.remediation.projects.base import Manifests, Target, moment, same_folder
from pratique.remediation.projects.compiling import compiled_by, stated_sources
from pratique.remediation.workspace import below, interpreter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.remediation.workspace import Workspace


class Pylock:
    """A lockfile of the standard's form, with the manifest that its head names."""

    tool: ClassVar[str] = "uv"
    lags: ClassVar[bool] = False
    strategies: ClassVar[tuple[Strategy, ...]] = (
        Strategy.IN_PLACE,
        Strategy.RELAX,
        Strategy.OVERRIDE,
    )

    def __init__(self, document: str, work: Workspace) -> None:
        self.document = document
        self.folder = same_folder(document)
        self._work = work
        self._text = work.read(document)
        self._source = self._compiled_from()
        self.manifests: Manifests | None = None
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

    def files(self) -> list[str]:
        """The lockfile, and what it is compiled from."""
        return [self.document, *([self._source] if self._source else [])]

    def edit(self, strategy: Strategy, targets: Sequence[Target]) -> bool:
        """Requirements of the manifest; a line more for what it does not name."""
        if self.manifests is None:
            raise AttemptError(f"what {self.document} is compiled from is not known")
        if strategy is Strategy.RELAX:
            self.manifests.move(targets)
        elif strategy is Strategy.OVERRIDE:
            if self._source.endswith(".toml"):
                raise AttemptError("a pyproject.toml takes no line for what it does not need")
            text = self._work.read(self._source)
            for target in targets:
                if not target.after:
                    raise AttemptError("without a known version no requirement can be written")
                text = requirements_txt.add(text, target.name, f">={target.after}")
            self._work.write(self._source, text)
        return False

    def resolve(self, strategy: Strategy, targets: Sequence[Target]) -> str:  # noqa: ARG002
        """``uv pip compile``, without building anything."""
        if not self._source:
            raise AttemptError(f"what {self.document} is compiled from is not known")
        words = ["--universal"] if "--universal" in self._text[:2_000] else []
        words += compiled_by(self._text)
        for one in targets:
            words += ["-P", f"{one.name}=={one.after}" if one.after else one.name]
        self._work.run(
            self.folder, "uv", "pip", "compile", "--quiet", "--no-build",
            "--python", interpreter(), *words,
            posixpath.basename(self._source), "-o", posixpath.basename(self.document),
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
