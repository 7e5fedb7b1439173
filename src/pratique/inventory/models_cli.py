"""``pratique sbom models``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.formats.json_writing import indented_json
from pratique.inventory.sbom_input import now
from pratique.model.command import Command
from pratique.model.errors import ExitCode
from pratique.model.options import add_exclude
from pratique.report.writing import write_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.inventory.model_files import Inspected

FORMATS = ("table", "json", "sarif", "html", "markdown")
"""How findings can be printed; all but the first two are the report's own."""


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", default=".", help="a folder; the current by default")
    add_exclude(parser)
    parser.add_argument(
        "--format",
        "-f",
        choices=FORMATS,
        default="table",
        metavar="FORM",
        help=f"how to print it: {', '.join(FORMATS)} (default: table)",
    )


def _run(options: Namespace) -> int:
    from pratique.inventory.errors import NothingThereError
    from pratique.inventory.model_files import bill_of, inspect_folder

    root = Path(options.folder)
    if not root.is_dir():
        raise NothingThereError(f"there is no folder {options.folder!r} here.")
    found = inspect_folder(root, options.exclude)
    if options.format == "json":
        write_out(indented_json(found), None)
    elif options.format != "table":
        from pratique.report.outputs import render

        write_out(render(bill_of(found, options.folder, now()), options.format).encode(), None)
    else:
        sys.stdout.write(_table(found))
    if found.findings:
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if found.problems else ExitCode.CLEAN


def _table(found: Inspected) -> str:
    lines = []
    for file in found.files:
        lines.append(f"{file.path}: {file.format}, {file.size:,} bytes")
        lines += [
            f"  {one.severity}: {one.title}"
            for one in found.findings
            if one.locations[0].path == file.path
        ]
    lines += [f"{one.location}: {one.message}" for one in found.problems]
    many = f"{len(found.files):,} model files, {len(found.findings):,} findings"
    return "\n".join([*lines, many]) + "\n"


models = Command(
    description="Find the files of trained models below a folder and say, without loading them, "
    "what loading them would call. Exit code 1 says that there are findings.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique sbom models weights
  pratique sbom models . --exclude tests --format json
  pratique sbom models weights --format sarif > models.sarif
""",
)
