"""``pratique triage set|apply``: putting judgements on record."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pratique.graph.options import add_store, opened, show
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.triage.options import add_by, add_products, now, until, user
from pratique.triage.views import judgement_value

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from pratique.triage.models import Judgement


# set


def _configure_set(parser: ArgumentParser) -> None:
    parser.add_argument("vulnerability", nargs="+", help="ids: CVE-2026-0001 GHSA-…")
    add_products(parser, required=True)
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
    add_by(parser, "who decided; the user by default")
    add_store(parser)


def _run_set(options: Namespace) -> int:
    from pratique.store.record import open_record
    from pratique.triage.bulk import state_of
    from pratique.triage.models import Finding, Judgement
    from pratique.triage.service import products_like

    moment = now()
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
            by=options.by or user(),
            at=moment,
            expires=until(options.expires, moment),
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
    moment = now()
    return {"judgements": [judgement_value(one, moment) for one in judgements]}


# apply


def _configure_apply(parser: ArgumentParser) -> None:
    parser.add_argument("file", help="JSON Lines, a JSON list, or CSV with a heading; - for input")
    add_by(parser, "who decided, for rows that do not say")
    add_store(parser)


def _run_apply(options: Namespace) -> int:
    from pratique.store.record import open_record
    from pratique.triage.bulk import judgements
    from pratique.triage.service import products_like
    from pratique.vex.options import read_input

    data = read_input(options.file)
    made = judgements(data, options.file, by=options.by or user(), now=now())
    with opened(options) as store, open_record(store, options.tenant) as record:
        products_like(record, sorted({one.finding.product for one in made}))
    return _take(options, made)


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
