"""``pratique triage list|history|export``: what there is to decide, and what was decided."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.advisories.options import add_advisories
from pratique.graph.options import add_question, ask, say_unknown, show
from pratique.model.command import Command
from pratique.model.errors import ExitCode
from pratique.triage.options import add_products, now
from pratique.triage.views import judgement_rows, judgement_value, row_value, work_rows

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.store.record import Record
    from pratique.triage.models import Judgement
    from pratique.triage.worklist import Worklist

FORMATS = ("openvex", "csaf", "cyclonedx", "vdr")


# list


def _configure_list(parser: ArgumentParser) -> None:
    add_products(parser)
    parser.add_argument("--owner", action="append", default=[], metavar="TEAM",
                        help="of these teams alone; repeatable")  # fmt: skip
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--open", action="store_true", help="what nobody has judged, or no longer holds"
    )
    which.add_argument("--judged", action="store_true", help="what has been judged")
    which.add_argument("--expired", action="store_true", help="what no longer holds")
    add_advisories(parser)
    add_question(parser)


def _run_list(options: Namespace) -> int:
    done = ask(options, lambda record: _work(record, options))
    rows = [
        row
        for row in done.rows
        if (not options.open or row.judgement is None)
        and (not options.judged or row.judgement is not None)
        and (not options.expired or row.expired is not None)
        and (not options.owner or set(row.owners) & set(options.owner))
    ]
    answer = {
        "findings": [row_value(row) for row in rows],
        "undetermined": done.undetermined,
        "problems": done.problems,
    }
    if rows or options.format == "json":
        show(options, "pratique/worklist/1", "worklist", answer, work_rows(rows))
    else:
        sys.stdout.write("There are no such findings.\n")
    if options.format != "json" and done.undetermined:
        count = len(done.undetermined)
        sys.stdout.write(f"Of {count} packages the advisories cannot tell; see --format json.\n")
    if options.format != "json":
        say_unknown(done.problems)
    if any(row.judgement is None for row in rows):
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if done.undetermined or done.problems else ExitCode.CLEAN


def _work(record: Record, options: Namespace) -> Worklist:
    import msgspec

    from pratique.advisories import open_index
    from pratique.triage.service import products_like
    from pratique.triage.trail import trail
    from pratique.triage.worklist import worklist

    index = open_index(options.advisories)
    done = worklist(record, index, trail(record), options.as_of or now())
    if not options.product:
        return done
    products = set(products_like(record, options.product))
    rows = tuple(row for row in done.rows if row.finding.product in products)
    return msgspec.structs.replace(done, rows=rows)


# history


def _configure_history(parser: ArgumentParser) -> None:
    parser.add_argument("vulnerability", nargs="?", default="", help="an id; all by default")
    add_products(parser)
    add_question(parser)


def _run_history(options: Namespace) -> int:
    from pratique.triage.service import products_like
    from pratique.triage.trail import chained, trail

    def question(record: Record) -> tuple[list[Judgement], list[str]]:
        ids = [options.vulnerability] if options.vulnerability else []
        names = products_like(record, options.product) if options.product else []
        whole = trail(record, products=names)
        return trail(record, products=names, vulnerabilities=ids), chained(whole)

    found, broken = ask(options, question)
    moment = options.as_of or now()
    answer = {
        "judgements": [judgement_value(one, moment) for one in found],
        "broken": broken,
    }
    if found or options.format == "json":
        rows = judgement_rows(found, moment)
        show(options, "pratique/triage-history/1", "history", answer, rows)
    else:
        sys.stdout.write("Nobody has judged that.\n")
    for line in broken:
        sys.stderr.write(f"warning: {line}: the trail is not whole\n")
    return ExitCode.INCOMPLETE if broken else ExitCode.CLEAN


# export


def _configure_export(parser: ArgumentParser) -> None:
    parser.add_argument("--to", choices=FORMATS, default="openvex",
                        help="VEX of judgements, or vdr: all findings, as CycloneDX")  # fmt: skip
    add_products(parser)
    parser.add_argument("--author", default="", help="of the document")
    parser.add_argument("--output", "-o", type=Path, metavar="FILE", help="write to a file")
    add_advisories(parser)
    add_question(parser)


def _run_export(options: Namespace) -> int:
    from pratique.formats.vex import writer
    from pratique.report.writing import write_out
    from pratique.triage.exporting import as_report, as_vex
    from pratique.triage.service import products_like
    from pratique.triage.trail import current, trail
    from pratique.vex.options import say

    moment = now()
    if options.to == "vdr":
        done = ask(options, lambda record: _work(record, options))
        document = as_report(done.rows, moment, author=options.author)
    else:

        def question(record: Record) -> list[Judgement]:
            names = products_like(record, options.product) if options.product else []
            return trail(record, products=names)

        judgements = current(ask(options, question)).values()
        document = as_vex(judgements, moment, author=options.author)
    data, lost = writer("cyclonedx" if options.to == "vdr" else options.to)(document)
    write_out(data, options.output)
    for line in lost:
        say(f"lost: {line}")
    return ExitCode.CLEAN


list_ = Command(
    description="List what the advisories find in the current bills of products, with what was "
    "decided. Exit code 1: something is not judged; 3: of some packages they cannot tell.",
    configure=_configure_list,
    run=_run_list,
)
history = Command(
    description="Show every judgement, oldest first: what, who, when, until when, and why.",
    configure=_configure_history,
    run=_run_history,
)
export = Command(
    description="Write the judgements that hold as VEX, or all findings as a disclosure report.",
    configure=_configure_export,
    run=_run_export,
)
