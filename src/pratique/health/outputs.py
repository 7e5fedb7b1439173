"""Where a bill goes: which formats, to which files or to standard output."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique import __version__
from pratique.model.errors import InputError, UsageError
from pratique.report.writing import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.model.bill import BillOfHealth

SUFFIXES = {
    ".cdx.json": "cyclonedx",
    ".sarif.json": "sarif",
    ".sarif": "sarif",
    ".jsonl": "jsonl",
    ".json": "json",
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".csv": "csv",
    ".txt": "table",
}
"""Format by the end of a file's name, for ``--output`` without ``--format``."""


class Target(msgspec.Struct, frozen=True):
    """One output."""

    format: str
    path: str
    """Empty for standard output."""


def targets(formats: Sequence[str], outputs: Sequence[Path]) -> list[Target]:
    """Pair ``--format`` with ``--output``, in the order in which they were given.

    A file without a format takes it from its name.  One format more than
    files goes to standard output; without any, and with files, the table does.

    Raises:
        UsageError: There are too many formats, or a file's name says no format.
    """
    if len(formats) > len(outputs) + 1:
        raise UsageError(
            f"{len(formats)} formats but {len(outputs)} output files were given.",
            remedy="Give an --output for each --format; one may go to standard output.",
        )
    paired = [
        Target(formats[number] if number < len(formats) else _by_name(path), str(path))
        for number, path in enumerate(outputs)
    ]
    rest = formats[len(outputs) :]
    return [*paired, Target(rest[0] if rest else "table", "")]


def _by_name(path: Path) -> str:
    for suffix, name in SUFFIXES.items():
        if path.name.lower().endswith(suffix):
            return name
    raise UsageError(
        f"--output {path}: its name does not say which format is wanted.",
        remedy="Give --format with it.",
    )


def write(bill: BillOfHealth, wanted: Sequence[Target], *, color: bool, width: int) -> None:
    """Render and write a bill; files are replaced as a whole.

    Args:
        bill: What to write.
        wanted: From :func:`targets`.
        color: Whether standard output may have colours.
        width: Columns of standard output.

    Raises:
        InputError: A file cannot be written.
    """
    for target in wanted:
        text = _render(bill, target.format, color=color and not target.path, width=width)
        if not target.path:
            sys.stdout.write(text if text.endswith("\n") else text + "\n")
            continue
        path = Path(target.path)
        try:
            write_whole(text.encode(), path)
        except OSError as error:
            why = (error.strerror or "cannot be written").lower()
            raise InputError(f"{path}: {why}.", remedy="Choose another --output.") from None


def _render(bill: BillOfHealth, format: str, *, color: bool, width: int) -> str:
    if format == "cyclonedx":
        from pratique.formats.sbom.cyclonedx.write import write as write_cyclonedx

        return write_cyclonedx(
            bill.inventory,
            tool="pratique",
            tool_version=__version__,
            timestamp=bill.created,
            vulnerabilities=bill.findings,
        ).decode()
    from pratique.report import render

    return render(bill, format, color=color, width=width)
