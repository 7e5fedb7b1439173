"""pip's requirements files, written by hand or compiled from a ``.in`` file."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pratique.formats.edit import requirements_txt
from pratique.remediation.errors import AttemptError
from pratique.remediation.models import Strategy
from pratique.remediation.projects.base import Manifests, Target, same_folder
from pratique.remediation.projects.compiling import compiled_by
from pratique.remediation.workspace import below, interpreter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.remediation.workspace import Workspace

_COMPILERS = ("uv pip compile", "pip-compile")
_HEAD = 1_000
"""Characters at the start in which a compiler names itself."""


class Requirements:
    """A requirements file; compiled ones are compiled anew by uv."""

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
        self._source = self._compiled_from()
        edited = self._source or document
        self.manifests = Manifests(work, (edited,), requirements_txt.entries, requirements_txt.edit)

    def _compiled_from(self) -> str:
        source = self.document.removesuffix(".txt") + ".in"
        if source == self.document or not self._work.exists(source):
            return ""
        text = self._work.read(self.document) if self._work.exists(self.document) else ""
        named = any(name in text[:_HEAD] for name in _COMPILERS)
        return source if named or "\n    # via " in text else ""

    def files(self) -> list[str]:
        """The file, and what it is compiled from."""
        return [self.document, *([self._source] if self._source else [])]

    def edit(self, strategy: Strategy, targets: Sequence[Target]) -> bool:
        """Versions of the file, or of what it is compiled from; a line more for what is neither."""
        if strategy is Strategy.IN_PLACE:
            if not self._source:
                raise AttemptError("there is no lockfile to change in place")
            return False
        edited = self._source or self.document
        if strategy is Strategy.RELAX:
            return self.manifests.move(targets) and not self._source
        text = self._work.read(edited)
        for target in targets:
            if not target.after:
                raise AttemptError("without a known version no requirement can be written")
            text = requirements_txt.add(text, target.name, f">={target.after}")
        self._work.write(edited, text)
        return not self._source

    def resolve(self, strategy: Strategy, targets: Sequence[Target]) -> str:  # noqa: ARG002
        """``uv pip compile``, without building anything."""
        scratch = ".pratique-proof"
        (self._work.root / self.folder / scratch).mkdir(exist_ok=True)
        name = self.document.rpartition("/")[2]
        if not self._source:
            self._work.run(
                self.folder, "uv", "pip", "compile", "--quiet", "--no-build",
                "--python", interpreter(), "--universal",
                name, "-o", f"{scratch}/requirements.txt",
            )  # fmt: skip
            return below(self.folder, f"{scratch}/requirements.txt")
        text = self._work.read(self.document)
        words = ["--generate-hashes"] if "--hash=" in text else []
        words += ["--no-annotate"] if "# via" not in text else []
        words += ["--universal"] if " ; " in text else []
        words += ["--no-emit-index-url", *compiled_by(text)]
        for one in targets:
            words += ["-P", f"{one.name}=={one.after}" if one.after else one.name]
        source = self._source.rpartition("/")[2]
        self._work.run(
            self.folder,
            "uv",
            "pip",
            "compile",
            "--quiet",
            "--no-build",
            "--python",
            interpreter(),
            *words,
            source,
            "-o",
            name,
        )
        return self.document

    def published(self, target: Target) -> datetime | None:  # noqa: ARG002  (the file has no times)
        """Not told by these files."""
        return None
