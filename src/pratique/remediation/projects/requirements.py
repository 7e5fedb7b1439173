"""pip's requirements files, written by hand or compiled from a ``.in`` file."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from pratique.formats.edit import requirements_txt
from pratique.remediation.errors import AttemptError
from pratique.remediation.models import Strategy
from pratique.remediation.projects.base import Manifests, Target
from pratique.remediation.projects.compiling import (
    CompiledProject,
    compile_requirements,
    compiled_by,
    compiled_for_proof,
    upgraded,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.remediation.workspace import Workspace

_COMPILERS = ("uv pip compile", "pip-compile")
_HEAD = 1_000
"""Characters at the start in which a compiler names itself."""


class Requirements(CompiledProject):
    """A requirements file; compiled ones are compiled anew by uv."""

    manifests: Manifests

    def __init__(self, document: str, work: Workspace) -> None:
        super().__init__(document, work)
        edited = self._source or document
        self.manifests = Manifests(work, (edited,), requirements_txt.entries, requirements_txt.edit)

    def _compiled_from(self) -> str:
        source = self.document.removesuffix(".txt") + ".in"
        if source == self.document or not self._work.exists(source):
            return ""
        text = self._work.read(self.document) if self._work.exists(self.document) else ""
        named = any(name in text[:_HEAD] for name in _COMPILERS)
        return source if named or "\n    # via " in text else ""

    def edit(self, strategy: Strategy, targets: Sequence[Target]) -> bool:
        """Versions of the file, or of what it is compiled from; a line more for what is neither."""
        if strategy is Strategy.IN_PLACE:
            if not self._source:
                raise AttemptError("there is no lockfile to change in place")
            return False
        if strategy is Strategy.RELAX:
            return self.manifests.move(targets) and not self._source
        self._require(self._source or self.document, targets)
        return not self._source

    def resolve(self, strategy: Strategy, targets: Sequence[Target]) -> str:  # noqa: ARG002
        """``uv pip compile``, without building anything."""
        name = posixpath.basename(self.document)
        if not self._source:
            return compiled_for_proof(self._work, self.folder, name)
        text = self._work.read(self.document)
        words = ["--generate-hashes"] if "--hash=" in text else []
        words += ["--no-annotate"] if "# via" not in text else []
        words += ["--universal"] if " ; " in text else []
        words += ["--no-emit-index-url", *compiled_by(text), *upgraded(targets)]
        source = posixpath.basename(self._source)
        compile_requirements(self._work, self.folder, source, name, *words)
        return self.document
