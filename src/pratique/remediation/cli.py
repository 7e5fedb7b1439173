"""``pratique fix``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.advisories.options import add_advisories
from pratique.formats.json_writing import indented_json
from pratique.model.command import Command
from pratique.model.errors import UsageError
from pratique.model.options import add_exclude, add_record
from pratique.remediation.universe_cli import (
    configure_universe,
    refuse_without_universe,
    run_over_universe,
)
from pratique.sources.clock import now

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.advisories import Index
    from pratique.inventory.service import Progress
    from pratique.remediation.service import Fixed, Mode, Order

STRATEGIES = ("in-place", "relax", "override", "update")


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "subject",
        nargs="?",
        type=Path,
        help="a folder or a lockfile; the current folder by default; with --universe a manifest "
        "or package-lock.json",
    )
    parser.add_argument(
        "--organisation",
        type=Path,
        metavar="FOLDER",
        help="one plan over all checkouts in a folder: shared upgrades once",
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="one plan over the newest bills of all products of the record; a plan only",
    )
    add_record(parser)
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument(
        "--plan", action="store_true", help="say what would be upgraded; run nothing (default)"
    )
    modes.add_argument(
        "--prove",
        action="store_true",
        help="let the real resolvers make the upgrades in a copy, and check that again",
    )
    modes.add_argument(
        "--apply", action="store_true", help="prove, then put the changed files in place"
    )
    _configure_choice(parser)
    _configure_output(parser)
    configure_universe(parser)


def _configure_choice(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--only",
        default="none",
        metavar="WHAT",
        help="fix only what is at least this bad (malicious, critical, high, medium, low), known "
        "to be exploited (kev) or likely to be (epss:0.5); what nobody has rated counts at any "
        "severity",
    )
    parser.add_argument(
        "--max-major",
        type=int,
        metavar="N",
        help="cross at most N major versions; 0 stays within each major version",
    )
    parser.add_argument(
        "--min-age",
        type=int,
        metavar="DAYS",
        help="choose only versions published at least this long ago; one whose age is not known "
        "is not chosen",
    )
    parser.add_argument(
        "--strategy",
        choices=STRATEGIES,
        metavar="STRATEGY",
        help="make upgrades this way only: in-place (lockfile), relax (requirements of the "
        "manifest), override (forced versions), by default the first that holds; and over a "
        "universe update (newest versions)",
    )
    parser.add_argument(
        "--allow-builds",
        action="store_true",
        help="let Poetry lock as well: to know what a package needs it may build it, which runs "
        "its code",
    )
    parser.add_argument(
        "--vex",
        action="append",
        default=[],
        metavar="PATH",
        help="leave alone what VEX documents of a file or folder settle; repeatable",
    )
    add_exclude(parser)
    add_advisories(parser)


def _configure_output(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--format", "-f", choices=("table", "json"), default="table", help="how to print the plan"
    )
    parser.add_argument(
        "--patch", type=Path, metavar="FILE", help="write the changes as a patch; - for output"
    )
    parser.add_argument(
        "--message", type=Path, metavar="FILE", help="write the text of a pull request"
    )
    parser.add_argument(
        "--statements",
        type=Path,
        metavar="FILE",
        help="write the VEX statements that follow: fixed where proven, affected where not",
    )
    parser.add_argument(
        "--product", default="", metavar="ID", help="what the statements are about: a package URL"
    )
    parser.add_argument("--author", default="", help="of the statements")


def _run(options: Namespace) -> int:
    from pratique.advisories import open_index
    from pratique.remediation.service import fix
    from pratique.report.progress import shown

    if options.universe is not None:
        return run_over_universe(options)
    refuse_without_universe(options)
    if options.statements and not options.product:
        raise UsageError(
            "statements need to say what they are about.",
            remedy="Give --product with its package URL.",
        )
    order = _order(options)
    index = open_index(options.advisories)
    with shown("Fixing") as progress:
        if options.record:
            done = _over_the_record(options, order, index, progress)
        else:
            done = fix(order, index, progress)
    _write(done, options)
    return code_of(done)


def code_of(done: Fixed) -> int:
    """As a check of the result; a change that nobody could prove leaves it open."""
    from pratique.health.verdict import exit_code
    from pratique.model.errors import ExitCode
    from pratique.remediation.plan import Status

    code = exit_code(done.after)
    made = (one.status for upgrade in done.plan.upgrades for one in upgrade.occurrences)
    if code == ExitCode.CLEAN and Status.NOT_PROVEN in made:
        return ExitCode.INCOMPLETE
    return code


def _over_the_record(
    options: Namespace, order: Order, index: Index, progress: Progress | None
) -> Fixed:
    from tempfile import TemporaryDirectory

    import msgspec

    from pratique.health.audit import Terms
    from pratique.remediation.recorded import laid_out
    from pratique.remediation.service import fix
    from pratique.store.engine import open_store
    from pratique.store.record import open_record

    with TemporaryDirectory(prefix="pratique-record-") as place:
        folder = Path(place)
        with (
            open_store(options.store) as store,
            open_record(store, options.tenant) as record,
        ):
            layout = laid_out(record, folder, Terms(advisories=index, now=order.terms.now))
        told = msgspec.structs.replace(
            order, subject=folder, organisation=True, settled=layout.settled
        )
        done = fix(told, index, progress)
    notes = [f"not looked into, no folder's check knows its kind: {one}" for one in layout.unknown]
    plan = msgspec.structs.replace(
        done.plan,
        subject="the record",
        notes=(*done.plan.notes, *notes),
        complete=done.plan.complete and not notes,
    )
    return msgspec.structs.replace(done, plan=plan)


def _order(options: Namespace) -> Order:
    from pratique.health.verdict import Threshold
    from pratique.inventory import Options
    from pratique.remediation.models import Strategy
    from pratique.remediation.planning import Wishes
    from pratique.remediation.proving import Terms
    from pratique.remediation.service import Order
    from pratique.remediation.targets import Policy

    if options.subject and options.organisation:
        raise UsageError(
            "a folder and --organisation were both given.", remedy="Give one of the two."
        )
    if options.record:
        if options.subject or options.organisation:
            raise UsageError("--record needs no folder.", remedy="Leave it out.")
        if options.prove or options.apply or options.patch:
            raise UsageError(
                "the record has bills of materials, not projects: nothing in it can be changed.",
                remedy="Use --plan, and 'pratique fix' in the checkouts that it names.",
            )
    for name in ("max_major", "min_age"):
        if (getattr(options, name) or 0) < 0:
            raise UsageError(f"--{name.replace('_', '-')} must not be negative.")
    subject = options.organisation or options.subject or Path()
    return Order(
        subject=subject,
        mode=_mode(options),
        terms=Terms(
            now=now(),
            strategy=Strategy(options.strategy) if options.strategy else None,
            days=options.min_age,
            builds=options.allow_builds,
        ),
        wishes=Wishes(
            only=Threshold.parse(options.only),
            policy=Policy(majors=options.max_major),
        ),
        options=Options(exclude=tuple(options.exclude)),
        vex=tuple(options.vex),
        organisation=options.organisation is not None,
    )


def _mode(options: Namespace) -> Mode:
    from pratique.remediation.service import Mode

    if options.apply:
        return Mode.APPLY
    if options.prove:
        return Mode.PROVE
    return Mode.DRAFT if options.patch else Mode.PLAN


def _write(done: Fixed, options: Namespace) -> None:
    from pratique.remediation.message import message
    from pratique.remediation.patch import unified
    from pratique.remediation.table import drawn
    from pratique.report.writing import write_out

    if options.patch:
        write_out(unified(done.changes).encode(), options.patch)
    if options.message:
        write_out(message(done.plan).encode(), options.message)
    if options.statements:
        from pratique.formats.openvex.write import write
        from pratique.remediation.statements import statements

        plan = done.plan
        document = statements(plan, options.product, plan.created, author=options.author)
        write_out(write(document)[0], options.statements)
    if Path("-") in (options.patch, options.message, options.statements):
        return
    as_json = options.format == "json"
    sys.stdout.write(indented_json(done.plan).decode() if as_json else drawn(done.plan))


fix = Command(
    description="Plan the smallest set of upgrades that fixes what is known against a project, "
    "have the real resolvers prove it in a copy, check that again, and put it in place. "
    "No target has an advisory that was not there before, and none is malicious.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique fix                                     the plan for the current folder
  pratique fix app --prove                         tried in a copy, nothing changed
  pratique fix app --apply --message pull.md       changed, with a pull request's text
  pratique fix app --only high --max-major 0       only what is bad, only small steps
  pratique fix app --prove --patch fix.patch       a patch to review
  pratique fix --organisation checkouts            one plan over many repositories
  pratique fix package.json --universe u.yaml      over described versions
""",
)
