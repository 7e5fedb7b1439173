"""``pratique triage set|apply|list|history|export``."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.graph.options import add_question, add_store, ask, opened, show
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.triage.views import judgement_rows, judgement_value, row_value, work_rows

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.store.record import Record
    from pratique.triage.models import Judgement
    from pratique.triage.worklist import Worklist

FORMATS = ("openvex", "csaf", "cyclonedx", "vdr")


def _now() -> datetime:
    from pratique.sources.clock import now

    return now()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise UsageError("the user has no name here.", remedy="Say who it is with --by.") from None


def _until(text: str, now: datetime) -> datetime | None:
    """``2027-01-31``, a full instant, or ``90d``."""
    from pratique.formats.instants import parse_instant

    if not text:
        return None
    if text.endswith("d") and text[:-1].isdigit() and len(text) < 6:
        return now + timedelta(days=int(text[:-1]))
    found = parse_instant(f"{text}T23:59:59Z" if len(text) == len("2027-01-31") else text)
    if found is None:
        raise UsageError(f"{text!r} is no date.", remedy="Write 2027-01-31, or 90d.")
    return found.astimezone(UTC)


# set


def _configure_set(parser: ArgumentParser) -> None:
    parser.add_argument("vulnerability", nargs="+", help="ids: CVE-2026-0001 GHSA-…")
    parser.add_argument(
        "--product",
        "-p",
        action="append",
        required=True,
        metavar="NAME",
        help="product of the record, or a pattern with * and ?; repeatable",
    )
    parser.add_argument("--version", default="", help="of the product; every one by default")
    parser.add_argument(
        "--package",
        default="",
        metavar="PURL",
        help="where in the product it comes from; without a version: any; by default anywhere",
    )
    parser.add_argument(
        "--state",
        "-s",
        required=True,
        metavar="STATE",
        help="in_triage, exploitable, not_affected, false_positive, resolved, "
        "resolved_with_pedigree",
    )
    parser.add_argument("--justification", "-j", default="", help="why it is not affected")
    parser.add_argument(
        "--response", action="append", default=[], help="update, will_not_fix …; repeatable"
    )
    parser.add_argument("--comment", "-m", default="", metavar="TEXT", help="why, in words")
    parser.add_argument("--expires", default="", metavar="WHEN", help="2027-01-31, or 90d")
    parser.add_argument("--by", default="", metavar="WHO", help="who decided; the user by default")
    add_store(parser)


def _run_set(options: Namespace) -> int:
    from pratique.store.record import open_record
    from pratique.triage.bulk import state_of
    from pratique.triage.models import Finding, Judgement
    from pratique.triage.service import products_like

    now = _now()
    try:
        state = state_of(options.state)
    except ValueError as error:
        raise UsageError(f"{error}.") from None
    with opened(options) as store, open_record(store, options.tenant) as record:
        products = products_like(record, options.product)
    made = [
        Judgement(
            finding=Finding(product, options.version, options.package, vulnerability),
            state=state,
            justification=options.justification,
            responses=tuple(options.response),
            comment=options.comment,
            by=options.by or _user(),
            at=now,
            expires=_until(options.expires, now),
        )
        for product in products
        for vulnerability in options.vulnerability
    ]
    return _take(options, made)


def _take(options: Namespace, made: Sequence[Judgement]) -> int:
    from pratique.triage.service import record_judgements

    with opened(options) as store:
        done = record_judgements(store, options.tenant, made)
    if options.format == "json":
        show(options, "pratique/triage-taken/1", "judgements", _values(done), [])
    else:
        replaced = sum(bool(one.previous) for one in done)
        noun = "judgement" if len(done) == 1 else "judgements"
        sys.stdout.write(f"{len(done)} {noun} on record, {replaced} in place of earlier ones.\n")
    return ExitCode.CLEAN


def _values(judgements: Sequence[Judgement]) -> dict[str, Any]:
    return {"judgements": [judgement_value(one, _now()) for one in judgements]}


# apply


def _configure_apply(parser: ArgumentParser) -> None:
    parser.add_argument("file", help="JSON Lines, a JSON list, or CSV with a heading; - for input")
    parser.add_argument(
        "--by", default="", metavar="WHO", help="who decided, for rows that do not say"
    )
    add_store(parser)


def _run_apply(options: Namespace) -> int:
    from pratique.store.record import open_record
    from pratique.triage.bulk import judgements
    from pratique.triage.service import products_like
    from pratique.vex.options import read_input

    data = read_input(options.file)
    made = judgements(data, options.file, by=options.by or _user(), now=_now())
    with opened(options) as store, open_record(store, options.tenant) as record:
        products_like(record, sorted({one.finding.product for one in made}))
    return _take(options, made)


# list


def _add_products(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--product",
        "-p",
        action="append",
        default=[],
        metavar="NAME",
        help="of these products alone; patterns with * and ?; repeatable",
    )


def _configure_list(parser: ArgumentParser) -> None:
    _add_products(parser)
    parser.add_argument("--owner", action="append", default=[], metavar="TEAM",
                        help="of these teams alone; repeatable")  # fmt: skip
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--open", action="store_true", help="what nobody has judged, or no longer holds"
    )
    which.add_argument("--judged", action="store_true", help="what has been judged")
    which.add_argument("--expired", action="store_true", help="what no longer holds")
    parser.add_argument(
        "--advisories",
        type=Path,
        metavar="FOLDER",
        help="advisory index to use instead of the user's own",
    )
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
    answer = {"findings": [row_value(row) for row in rows], "undetermined": done.undetermined}
    if rows or options.format == "json":
        show(options, "pratique/worklist/1", "worklist", answer, work_rows(rows))
    else:
        sys.stdout.write("There are no such findings.\n")
    if options.format != "json" and done.undetermined:
        count = len(done.undetermined)
        sys.stdout.write(f"Of {count} packages the advisories cannot tell; see --format json.\n")
    if any(row.judgement is None for row in rows):
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if done.undetermined else ExitCode.CLEAN


def _work(record: Record, options: Namespace) -> Worklist:
    import msgspec

    from pratique.advisories import open_index
    from pratique.triage.service import products_like
    from pratique.triage.trail import trail
    from pratique.triage.worklist import worklist

    index = open_index(options.advisories)
    done = worklist(record, index, trail(record), options.as_of or _now())
    if not options.product:
        return done
    products = set(products_like(record, options.product))
    rows = tuple(row for row in done.rows if row.finding.product in products)
    return msgspec.structs.replace(done, rows=rows)


# history


def _configure_history(parser: ArgumentParser) -> None:
    parser.add_argument("vulnerability", nargs="?", default="", help="an id; all by default")
    _add_products(parser)
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
    moment = options.as_of or _now()
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
    _add_products(parser)
    parser.add_argument("--author", default="", help="of the document")
    parser.add_argument("--output", "-o", type=Path, metavar="FILE", help="write to a file")
    parser.add_argument(
        "--advisories",
        type=Path,
        metavar="FOLDER",
        help="advisory index for vdr, instead of the user's own",
    )
    add_question(parser)


def _run_export(options: Namespace) -> int:
    from pratique.formats.vex import writer
    from pratique.triage.exporting import as_report, as_vex
    from pratique.triage.service import products_like
    from pratique.triage.trail import current, trail
    from pratique.vex.options import say, write_output

    moment = _now()
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
    write_output(data, options.output)
    for line in lost:
        say(f"lost: {line}")
    return ExitCode.CLEAN


set_ = Command(
    description="Put a judgement about findings on record. It is never changed: a later one takes "
    "its place, and 'pratique triage history' shows both.",
    configure=_configure_set,
    run=_run_set,
    epilogue="""\
examples:
  pratique triage set CVE-2026-0001 -p shop -s not_affected \\
      -j vulnerable_code_not_in_execute_path -m "the parser is off" --expires 90d
  pratique triage set CVE-2026-0001 CVE-2026-0002 -p 'web-*' -s exploitable --response update
""",
)
apply = Command(
    description="Put many judgements on record, from a file with the fields product, version, "
    "package, vulnerability, state, justification, responses, comment, by, expires. All are taken, "
    "or none.",
    configure=_configure_apply,
    run=_run_apply,
)
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
