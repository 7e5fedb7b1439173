"""``pratique advisories``: update, local and status."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pratique.advisories.status import add_data, print_status
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


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
    add_data(parser)


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
    print_status(options)
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
    from pratique.report.progress import waiting

    with waiting("Taking records of one's own"):
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
    add_data(parser)


def _run_own(options: Namespace) -> int:
    from pratique.advisories.own_records import VARIABLE, configured

    if not configured(options.local) and not options.forget:
        raise UsageError(
            "no source of records is named.",
            remedy=f"Write --local acme=FOLDER, or set {VARIABLE}.",
        )
    code = _apply_own(options, tuple(options.forget))
    print_status(options)
    return code


def _configure_status(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--verify", action="store_true", help="check every byte of the index against its digests"
    )
    add_data(parser)


def _run_status(options: Namespace) -> int:
    print_status(options, verify=options.verify)
    return ExitCode.CLEAN


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


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

status = Command(
    description="Say which advisories are here, where they are from and how old they are.",
    configure=_configure_status,
    run=_run_status,
)
