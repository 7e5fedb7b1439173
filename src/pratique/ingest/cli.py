"""``pratique ingest``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.ingest.models import Report
    from pratique.store.documents import Placement

SHOWN = 20
"""Problems that the table shows; JSON has up to a thousand."""


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="files, folders, or - for standard input"
    )
    parser.add_argument(
        "--product", default="", metavar="NAME", help="the product the bills are of"
    )
    parser.add_argument("--version", default="", metavar="V", help="its version")
    parser.add_argument("--environment", default="", metavar="E", help="where that version runs")
    parser.add_argument("--owner", default="", metavar="TEAM", help="the team it belongs to")
    parser.add_argument(
        "--tag", action="append", default=[], metavar="T", help="any word; repeatable"
    )
    parser.add_argument(
        "--collector", default="pratique ingest", metavar="NAME", help="who brings it"
    )
    from pratique.graph.options import add_store

    add_store(parser)


def _run(options: Namespace) -> int:
    from pratique.ingest.models import Options
    from pratique.ingest.service import MAX_STDIN_BYTES, ingest
    from pratique.report.progress import shown
    from pratique.store.engine import open_store

    def stdin() -> bytes:
        data = sys.stdin.buffer.read(MAX_STDIN_BYTES + 1)
        if not data:
            raise UsageError("standard input is empty.", remedy="Pipe a document into it.")
        return data

    wanted = Options(
        tenant=options.tenant, collector=options.collector, placement=_placement(options)
    )
    with open_store(options.store) as store, shown("Taking in") as progress:
        report = ingest(
            store,
            options.paths,
            wanted,
            stdin=stdin,
            progress=(lambda done: progress(done, None, "documents")) if progress else _untold,
        )
    if options.format == "json":
        import msgspec

        value = {"schema": "pratique/ingest/1", **msgspec.structs.asdict(report)}
        data = msgspec.json.format(msgspec.json.encode(value), indent=2)
        sys.stdout.write(data.decode() + "\n")
    else:
        _table(report)
    return ExitCode.INCOMPLETE if report.incomplete else ExitCode.CLEAN


def _untold(_done: int) -> None:
    """Nobody watches."""


def _placement(options: Namespace) -> Placement | None:
    given = (options.product, options.version, options.environment, options.owner, options.tag)
    if not any(given):
        return None
    from pratique.store.documents import Placement

    return Placement(
        product=options.product,
        version=options.version,
        environment=options.environment,
        owner=options.owner,
        tags=tuple(sorted(set(options.tag))),
    )


def _table(report: Report) -> None:
    kinds = ", ".join(f"{count} {kind}" for kind, count in report.kinds.items())
    sys.stdout.write(f"New documents:  {report.added}" + (f" ({kinds})" if kinds else "") + "\n")
    sys.stdout.write(f"Known already:  {report.known}\n")
    if report.refused:
        sys.stdout.write(f"Not readable:   {report.refused}\n")
    if report.left_out:
        sys.stdout.write(f"No documents:   {report.left_out} files\n")
    if not report.added + report.known + report.refused:
        sys.stderr.write("notice: nothing that is a document was found\n")
    graver = sorted(report.problems, key=lambda one: (one.trouble == "notice", one))
    for problem in graver[:SHOWN]:
        sys.stderr.write(f"{problem.trouble}: {problem.location}: {problem.message}\n")
    left = report.incomplete + report.notices - min(len(graver), SHOWN)
    if left > 0:
        sys.stderr.write(f"and {left} more; --format json lists them\n")


ingest = Command(
    description="Take documents into the record: bills of materials, lockfiles, VEX, advisories, "
    "attestations, Scorecard results; files, folders, JSON Lines, compressed or not. Taking in "
    "anything twice adds nothing; a run that was stopped is resumed by running it again.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique ingest sboms/
  pratique ingest app.cdx.json --product checkout --version 1.4 --environment prod --owner payments
  syft -o cyclonedx-json dir:. | pratique ingest - --product checkout --version 1.5

exit codes: 0 everything was understood, 3 something was not
""",
)
