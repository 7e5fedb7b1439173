"""``pratique advisories``: update, status and build."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.model.bill import AdvisoryStatus


def _common(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="data folder to use instead of the user's own",
    )
    parser.add_argument(
        "--format", "-f", choices=("table", "json"), default="table", help="how to print the result"
    )


def _configure_update(parser: ArgumentParser) -> None:
    parser.add_argument(
        "ecosystems",
        nargs="*",
        metavar="ECOSYSTEM",
        help="as OSV names it: PyPI, npm, Debian; all of them where none is named",
    )
    parser.add_argument(
        "--url", default="", help="where OSV's files are (PRATIQUE_OSV_URL says so as well)"
    )
    parser.add_argument("--offline", action="store_true", help="never call out: refuse")
    parser.add_argument(
        "--accept-shrinking",
        action="store_true",
        help="take a database that has lost more than a tenth of its records",
    )
    _common(parser)


def _run_update(options: Namespace) -> int:
    from pratique.advisories.snapshot import data_root
    from pratique.advisories.update import update as run

    done = run(
        options.data or data_root(),
        options.ecosystems,
        url=options.url,
        offline=options.offline,
        accept_shrinking=options.accept_shrinking,
        progress=_say if sys.stderr.isatty() else None,
    )
    _print_status(options)
    if options.format == "table":
        sys.stdout.write(
            f"fetched     {', '.join(done.fetched) or 'nothing new'}\n"
            f"unchanged   {', '.join(done.unchanged) or 'none'}\n"
        )
    return ExitCode.CLEAN


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _configure_status(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--verify", action="store_true", help="check every byte of the index against its digests"
    )
    _common(parser)


def _run_status(options: Namespace) -> int:
    _print_status(options, verify=options.verify)
    return ExitCode.CLEAN


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
    _common(parser)


def _run_build(options: Namespace) -> int:
    if options.starter is not None:
        return _run_starter(options)
    if not options.sources:
        raise UsageError("no source of records is named.", remedy="Name a zip or a folder.")
    from pratique.advisories.build import build as run
    from pratique.advisories.inputs import Source
    from pratique.advisories.snapshot import data_root

    sources = [Source(path=str(path), name=path.name) for path in options.sources]
    manifest = run(options.data or data_root(), sources, as_of=options.as_of)
    _print_status(options)
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


def _print_status(options: Namespace, *, verify: bool = False) -> None:
    from pratique.advisories import open_index

    index = open_index(options.data)
    if verify:
        index.verify()
    state = index.status(datetime.now(UTC))
    if options.format == "json":
        import msgspec

        text = msgspec.json.format(msgspec.json.encode(state), indent=2).decode()
    else:
        text = _table(state)
    sys.stdout.write(text.rstrip("\n") + "\n")


def _table(state: AdvisoryStatus) -> str:
    stale = "  (older than seven days: run 'pratique advisories update')" if state.stale else ""
    lines = [
        f"generation  {state.generation}",
        f"records     {state.records:,}",
        f"as of       {state.as_of:%Y-%m-%d %H:%M} UTC, {state.age_days:.1f} days ago{stale}",
        f"ecosystems  {', '.join(state.ecosystems)}",
        "sources",
    ]
    for source in state.sources:
        newest = f"{source.newest:%Y-%m-%d}" if source.newest else "no dates"
        license = source.license or "-"
        lines.append(f"{source.records:>10,}  {newest:<10}  {license:<22}  {source.name}")
    return "\n".join(lines)


update = Command(
    description="Fetch the newest advisories from OSV and use them from then on. Ecosystems that "
    "have not changed are not fetched again; the advisories before are kept.",
    configure=_configure_update,
    run=_run_update,
    epilogue="""\
examples:
  pratique advisories update                 everything OSV publishes
  pratique advisories update PyPI npm        two ecosystems
""",
)

status = Command(
    description="Say which advisories are here, where they are from and how old they are.",
    configure=_configure_status,
    run=_run_status,
)

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
