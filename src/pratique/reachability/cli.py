"""``pratique reach``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.advisories.options import add_advisories
from pratique.formats.json_writing import indented_json
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.model.bill import BillOfHealth
    from pratique.reachability.models import Report


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "subject", nargs="?", type=Path, default=Path(), help="a project's folder; . by default"
    )
    parser.add_argument(
        "--environment",
        type=Path,
        metavar="FOLDER",
        help="virtual environment or folder of installed Python packages; .venv, venv or env of "
        "the project by default",
    )
    parser.add_argument(
        "--vex",
        action="append",
        default=[],
        metavar="PATH",
        help="leave out what VEX documents of a file or folder settle; repeatable",
    )
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="leave out lockfiles whose paths match; repeatable",
    )
    add_advisories(parser)
    parser.add_argument(
        "--format",
        "-f",
        choices=("table", "json", "openvex"),
        default="table",
        help="how to print the answers; openvex gives drafts",
    )
    parser.add_argument(
        "--product", metavar="ID", help="what the drafts are about, a package URL for instance"
    )
    parser.add_argument("--author", default="", help="who answers for the drafts")
    parser.add_argument("--output", "-o", type=Path, metavar="FILE", help="write to a file")


def _run(options: Namespace) -> int:
    from pratique.advisories import open_index
    from pratique.reachability.service import Order, reach
    from pratique.report.progress import shown
    from pratique.report.writing import write_out
    from pratique.sources.clock import now

    order = Order(
        subject=options.subject,
        environment=options.environment,
        variables=dict(os.environ),
        vex=tuple(options.vex),
        exclude=tuple(options.exclude),
    )
    with shown("Reading") as progress:
        report, bill = reach(order, open_index(options.advisories), now(), progress)
    text = _text(report, bill, options)
    write_out(text.encode(), options.output)
    return _code(report, bill)


def _code(report: Report, bill: BillOfHealth) -> int:
    from pratique.reachability.models import State

    reached = {State.REFERENCED, State.IMPORTED}
    if any(one.state in reached for one in report.answers):
        return ExitCode.FINDINGS
    return ExitCode.CLEAN if report.complete and bill.complete else ExitCode.INCOMPLETE


def _text(report: Report, bill: BillOfHealth, options: Namespace) -> str:

    if options.format == "json":
        return indented_json(report).decode()
    if options.format == "openvex":
        from pratique.formats.openvex.write import write
        from pratique.reachability.drafts import drafted
        from pratique.sources.clock import now

        document = drafted(report, _product(bill, options), now(), options.author)
        return write(document)[0].decode()
    from pratique.reachability.table import drawn

    return drawn(report)


def _product(bill: BillOfHealth, options: Namespace) -> str:
    if options.product:
        return str(options.product)
    stated = {one.subject for one in bill.inventory.documents if one.subject}
    if len(stated) == 1:
        return stated.pop()
    raise UsageError(
        "the drafts need to say what they are about.",
        remedy="Give --product with its package URL.",
    )


reach = Command(
    description="Say of each finding whether the project's code can reach what is vulnerable, by "
    "reading the sources of the project and of its dependencies. Nothing is run, and nothing is "
    "dismissed: --format openvex writes drafts for a person to judge. Python needs the installed "
    "packages; Go and Rust the vendored or cached sources, and complete advisory records.",
    configure=_configure,
    run=_run,
    epilogue="examples:\n"
    "  pratique reach --environment .venv\n"
    "  pratique reach service/ --format openvex --product pkg:generic/service@1.4 -o drafts.json\n",
)
