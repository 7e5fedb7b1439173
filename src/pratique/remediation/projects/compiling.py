"""Files that uv compiles from a manifest, and how their heads say by which command."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pratique.formats.edit import requirements_txt
from pratique.remediation.errors import AttemptError
from pratique.remediation.projects.base import SCRATCH, Project
from pratique.remediation.running import interpreter
from pratique.remediation.workspace import below

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.remediation.projects.base import Target
    from pratique.remediation.workspace import Workspace

HEAD = 2_000
"""Characters at the start in which a compiler names itself."""

_COMMAND = re.compile(r"^#\s+((?:uv pip compile|pip-compile)\b[^\n]*)$", re.MULTILINE)
_SOURCE = re.compile(r"^[\w./-]+\.(?:in|txt|toml)$")


def command(text: str) -> str:
    """The command as the head has it, or empty."""
    found = _COMMAND.search(text[:HEAD])
    return found[1].strip() if found else ""


def compiled_by(text: str) -> list[str]:
    """Options that keep the head as it is, whatever is run here.

    Without them uv would put its own command there, with paths of this machine.
    """
    known = command(text)
    return [f"--custom-compile-command={known}"] if known else ["--no-header"]


def stated_sources(text: str) -> tuple[str, ...]:
    """The manifests that the command names."""
    words = command(text).split()
    before = {"-o", "--output-file", "-c", "--constraint", "--override", "--python"}
    return tuple(
        word
        for number, word in enumerate(words)
        if _SOURCE.match(word) and words[number - 1] not in before
    )


def upgraded(targets: Sequence[Target]) -> list[str]:
    """Options by which uv moves targets, and nothing else that need not move."""
    words = []
    for one in targets:
        words += ["-P", f"{one.name}=={one.after}" if one.after else one.name]
    return words


def compile_requirements(
    work: Workspace, folder: str, source: str, output: str, *words: str
) -> None:
    """``uv pip compile``, without building anything.

    Args:
        work: Where it runs.
        folder: Of source and output.
        source: Name of the manifest.
        output: Name of what is written.
        words: Further options.

    Raises:
        AttemptError: It fails.
    """
    work.run(
        folder, "uv", "pip", "compile", "--quiet", "--no-build",
        "--python", interpreter(), *words, source, "-o", output,
    )  # fmt: skip


def compiled_for_proof(work: Workspace, folder: str, source: str, *words: str) -> str:
    """Compile a manifest that nothing locks, only to show that it can be.

    Returns:
        Path of what was written.

    Raises:
        AttemptError: It cannot.
    """
    (work.root / folder / SCRATCH).mkdir(exist_ok=True)
    output = f"{SCRATCH}/requirements.txt"
    compile_requirements(work, folder, source, output, "--universal", *words)
    return below(folder, output)


class CompiledProject(Project):
    """A file that uv compiles, with the manifest that it is compiled from.

    Args:
        document: The compiled file.
        work: Where it is.
    """

    tool: ClassVar[str] = "uv"

    def __init__(self, document: str, work: Workspace) -> None:
        super().__init__(document, work)
        self._source = self._compiled_from()

    @abstractmethod
    def _compiled_from(self) -> str:
        """Path of what it is compiled from; empty where that is not known."""

    def files(self) -> list[str]:
        """The file, and what it is compiled from."""
        return [self.document, *([self._source] if self._source else [])]

    def _require(self, path: str, targets: Sequence[Target]) -> None:
        """Add lines for targets to a requirements file."""
        text = self._work.read(path)
        for target in targets:
            if not target.after:
                raise AttemptError("without a known version no requirement can be written")
            text = requirements_txt.add(text, target.name, f">={target.after}")
        self._work.write(path, text)
