"""``pratique advisories``: update, status, build, local, export and import."""

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
        "--from",
        "--url",
        dest="url",
        default="",
        metavar="DIR|URL",
        help="where OSV's files are: a mirror (PRATIQUE_OSV_URL says so as well), or a folder with "
        "a copy of them",
    )
    parser.add_argument(
        "--proxy",
        default="",
        metavar="URL",
        help="proxy for these requests (PRATIQUE_OSV_PROXY says so as well)",
    )
    parser.add_argument("--offline", action="store_true", help="never call out: refuse")
    parser.add_argument(
        "--whole",
        action="store_true",
        help="take every ecosystem as a whole, even where its changes are cheaper",
    )
    parser.add_argument(
        "--accept-shrinking",
        action="store_true",
        help="take a database that has lost, or withdraws, more than a tenth of its records",
    )
    _local(parser)
    _common(parser)


def _local(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--local",
        action="append",
        default=[],
        metavar="NAME=PLACE",
        help="records of one's own: a folder, or git+ADDRESS (PRATIQUE_LOCAL_ADVISORIES says so "
        "as well); may be repeated",
    )


def _run_update(options: Namespace) -> int:
    from pratique.advisories.snapshot import data_root
    from pratique.advisories.update import update as run

    done = run(
        options.data or data_root(),
        options.ecosystems,
        url=options.url,
        proxy=options.proxy,
        offline=options.offline,
        whole=options.whole,
        accept_shrinking=options.accept_shrinking,
        progress=_say if sys.stderr.isatty() else None,
    )
    if done.left:
        _say(
            f"begun anew: {done.left} What was taken from there is not kept: ecosystems that were "
            "not named now, and records of one's own that --local does not name."
        )
    code = _apply_own(options)
    _print_status(options)
    if options.format == "table":
        fetched = [
            f"{name} ({done.changed[name]:,} changed)" if name in done.changed else name
            for name in done.fetched
        ]
        sys.stdout.write(
            f"fetched     {', '.join(fetched) or 'nothing new'}\n"
            f"unchanged   {', '.join(done.unchanged) or 'none'}\n"
        )
    return code


def _apply_own(options: Namespace, forget: tuple[str, ...] = ()) -> ExitCode:
    """Take the records of one's own that are configured; says what of them was not taken."""
    from pratique.advisories.own_records import configured, problems_of, read_own

    sources = [source for source in configured(options.local) if source.name not in forget]
    if not sources and not forget:
        return ExitCode.CLEAN
    from pratique.advisories.own import apply_own
    from pratique.advisories.snapshot import data_root

    read = [read_own(source, offline=options.offline) for source in sources]
    now = datetime.now(UTC)
    apply_own(options.data or data_root(), read, forget=forget, now=now)
    problems = problems_of(read)
    for problem in problems:
        _say(f"not taken: {problem}")
    return ExitCode.INCOMPLETE if problems else ExitCode.CLEAN


def _configure_own(parser: ArgumentParser) -> None:
    _local(parser)
    parser.add_argument(
        "--forget",
        action="append",
        default=[],
        metavar="NAME",
        help="leave out what was taken from a source before; may be repeated",
    )
    parser.add_argument(
        "--offline", action="store_true", help="never call out: refuse repositories elsewhere"
    )
    _common(parser)


def _run_own(options: Namespace) -> int:
    from pratique.advisories.own_records import VARIABLE, configured

    if not configured(options.local) and not options.forget:
        raise UsageError(
            "no source of records is named.",
            remedy=f"Write --local acme=FOLDER, or set {VARIABLE}.",
        )
    code = _apply_own(options, tuple(options.forget))
    _print_status(options)
    return code


def _configure_export(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the bundle to write")
    parser.add_argument(
        "--key",
        type=Path,
        required=True,
        metavar="PEM",
        help="private key to sign it with: Ed25519, or ECDSA on P-256 or P-384",
    )
    _common(parser)


def _run_export(options: Namespace) -> int:
    from pratique.advisories import open_index
    from pratique.advisories.bundle import export_bundle

    index = open_index(options.data)
    folder = index.folder
    index.close()
    export_bundle(folder, options.file, options.key)
    _print_status(options)
    return ExitCode.CLEAN


def _configure_import(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the bundle to read")
    parser.add_argument(
        "--key",
        type=Path,
        metavar="PEM",
        help="public key that must have signed it (PRATIQUE_ADVISORIES_KEY says so as well)",
    )
    parser.add_argument(
        "--accept-older",
        action="store_true",
        help="take a bundle that is older than the advisories in use",
    )
    _common(parser)


def _run_import(options: Namespace) -> int:
    import os

    from pratique.advisories.bundle import import_bundle
    from pratique.advisories.snapshot import data_root

    key = options.key or os.environ.get("PRATIQUE_ADVISORIES_KEY")
    if not key:
        raise UsageError(
            "no key is named that must have signed the bundle.",
            remedy="Write --key PEM, or set PRATIQUE_ADVISORIES_KEY.",
        )
    import_bundle(
        options.data or data_root(),
        options.file,
        Path(key),
        accept_older=options.accept_older,
        now=datetime.now(UTC),
    )
    _print_status(options)
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
        *_dates(state),
        "sources",
    ]
    for source in state.sources:
        newest = f"{source.newest:%Y-%m-%d}" if source.newest else "no dates"
        license = source.license or "-"
        lines.append(f"{source.records:>10,}  {newest:<10}  {license:<22}  {source.name}")
    return "\n".join(lines)


def _dates(state: AdvisoryStatus) -> list[str]:
    """Up to when each ecosystem is complete, where they differ."""
    each: dict[datetime, list[str]] = {}
    for name, moment in state.ecosystem_as_of.items():
        each.setdefault(moment, []).append(name)
    if len(each) < 2:
        return []
    return ["complete to", *(f"{m:%Y-%m-%d %H:%M}  {', '.join(each[m])}" for m in sorted(each))]


update = Command(
    description="Fetch the newest advisories from OSV and use them from then on. Ecosystems that "
    "have not changed are not fetched again; the advisories before are kept.",
    configure=_configure_update,
    run=_run_update,
    epilogue="""\
examples:
  pratique advisories update                 everything OSV publishes
  pratique advisories update PyPI npm        two ecosystems
  pratique advisories update --from copy/    from a folder with a copy of OSV's files
""",
)

local = Command(
    description="Take an organisation's own advisories, x_ records in OSV's form, from a folder or "
    "a git repository; they are matched together with all others.",
    configure=_configure_own,
    run=_run_own,
    epilogue="""\
examples:
  pratique advisories local --local acme=/srv/advisories
  pratique advisories local --local acme=git+https://git.example.test/advisories.git@main
  pratique advisories local --forget acme
""",
)

export = Command(
    description="Write the advisories in use as one signed file, to carry across an air gap.",
    configure=_configure_export,
    run=_run_export,
)

import_ = Command(
    description="Take the advisories of a signed file, and use them from then on.",
    configure=_configure_import,
    run=_run_import,
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
