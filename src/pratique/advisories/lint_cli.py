"""``pratique advisories lint``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.formats.json_writing import indented_json
from pratique.model.command import Command
from pratique.model.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="a zip of OSV records, a folder of JSON files, a line file or one record",
    )
    parser.add_argument(
        "--format",
        "-f",
        choices=("table", "json"),
        default="table",
        help="how to print the result; json is one document",
    )


def _run(options: Namespace) -> int:
    from pratique.advisories.linting import Linted, lint_sources

    linted = Linted()
    found = lint_sources(options.paths, linted)
    if options.format == "json":
        listed = list(found)
        made = {
            "records": linted.records,
            "faulty": linted.faulty,
            "types": dict(sorted(linted.types.items())),
            "findings": listed,
        }
        sys.stdout.buffer.write(indented_json(made))
        return ExitCode.FINDINGS if listed else ExitCode.CLEAN
    for each in found:
        place = f"{each.source}: {each.where}" if each.where else each.source
        message = f": {each.message}" if each.message else ""
        line = f"{place}: {each.id or '(no id)'}: {each.type} {each.kind} {each.path}{message}"
        sys.stdout.write(line.encode("utf-8", "backslashreplace").decode() + "\n")
    sys.stdout.write(f"{linted.records:,} records, {linted.faulty:,} with findings\n")
    for type_, count in sorted(linted.types.items(), key=lambda each: (-each[1], each[0])):
        sys.stdout.write(f"{count:>10,}  {type_}\n")
    return ExitCode.FINDINGS if linted.faulty else ExitCode.CLEAN


lint = Command(
    description="Say what is wrong with OSV records: every departure from the schema, and what is "
    "doubtful besides, in the categories of OSV.dev's import findings.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique advisories lint records/
  pratique advisories lint --format json all.zip

exit codes: 0 nothing is wrong, 1 there are findings, 3 a source cannot be read
""",
)
