"""``pratique advisories build``."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.advisories.status import add_data, print_status
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def _configure_build(parser: ArgumentParser) -> None:
    parser.add_argument(
        "sources",
        nargs="*",
        type=Path,
        metavar="SOURCE",
        help="a zip of OSV records, a folder of JSON files, or an .ndjson or .jsonl file, also "
        "with .xz, .zst or .gz after it",
    )
    parser.add_argument(
        "--as-of",
        type=_moment,
        metavar="TIME",
        help="up to when the sources are complete (2026-01-31T12:00Z); by default the earliest "
        "of their latest modifications",
    )
    parser.add_argument(
        "--starter",
        type=Path,
        metavar="FOLDER",
        help="for maintainers: write the starter that comes with the program to a folder, from "
        "the one SOURCE, a folder with the corpus",
    )
    add_data(parser)


def _run_build(options: Namespace) -> int:
    if options.starter is not None:
        return _run_starter(options)
    if not options.sources:
        raise UsageError("no source of records is named.", remedy="Name a zip or a folder.")
    from pratique.advisories.build import build as run
    from pratique.advisories.inputs import Source
    from pratique.advisories.snapshot import data_root
    from pratique.report.progress import shown

    sources = [Source(path=str(path), name=path.name) for path in options.sources]
    with shown("Building") as tell:
        manifest = run(
            options.data or data_root(),
            sources,
            as_of=options.as_of,
            progress=lambda taken: tell(taken, None, "records") if tell else None,
        )
    print_status(options)
    if options.format == "table" and manifest.defects:
        sys.stdout.write("defects of the records\n")
        for kind, count in sorted(manifest.defects.items(), key=lambda item: -item[1]):
            sys.stdout.write(f"{count:>10,}  {kind}\n")
    return ExitCode.CLEAN


def _run_starter(options: Namespace) -> int:
    from pratique.advisories.starter import build_starter

    if len(options.sources) != 1:
        raise UsageError("the starter is built from one folder.", remedy="Name the corpus.")
    for info in build_starter(options.sources[0], options.starter):
        sys.stdout.write(f"{info.records:>7,}  {info.license:<24} {info.name}\n")
    return ExitCode.CLEAN


def _moment(text: str) -> datetime:
    """Time of an option, UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a time such as 2026-01-31T12:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


build = Command(
    description="Build an index from OSV records that are here, and use it from then on.",
    configure=_configure_build,
    run=_run_build,
    epilogue="""\
examples:
  pratique advisories build all.zip
  pratique advisories build --data index records.ndjson.xz more-records/
  pratique check --advisories index
""",
)
