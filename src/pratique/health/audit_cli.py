"""``pratique audit``."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.advisories.options import add_advisories
from pratique.graph.options import add_question, opened, show
from pratique.health.options import add_policy, add_threshold, policy_and_waivers
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from pratique.health.audit import Audited, Terms
    from pratique.health.verdict import Threshold
    from pratique.model.bill import BillOfHealth
    from pratique.store.record import Record, Shipment

SEVERITIES = ("malicious", "critical", "high", "medium", "low", "unknown")


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--product",
        "-p",
        action="append",
        default=[],
        metavar="NAME",
        help="of these products alone; patterns with * and ?; repeatable",
    )
    parser.add_argument(
        "--environment", action="append", default=[], help="of these alone; repeatable"
    )
    add_policy(parser)
    add_threshold(parser)
    parser.add_argument(
        "--bills",
        type=Path,
        metavar="FOLDER",
        help="write the whole bill of health of each product to a new folder, as JSON",
    )
    add_advisories(parser)
    add_question(parser)


def _run(options: Namespace) -> int:
    from pratique.health.audit import audit
    from pratique.health.verdict import Threshold
    from pratique.report.progress import shown
    from pratique.store.record import open_record

    threshold = Threshold.parse(options.fail_on)
    terms = _terms(options)
    if options.bills:
        _make(options.bills)
    done: list[Audited] = []
    with opened(options) as store, open_record(store, options.tenant, options.as_of) as record:
        shipments = _chosen(record, options)
        with shown("Auditing") as progress:
            for one in audit(record, shipments, terms):
                if progress is not None:
                    progress(len(done), len(shipments), one.product)
                if options.bills and one.bill is not None:
                    _write(options.bills / f"{len(done):06}.json", one.bill)
                done.append(one)
    answer = {"products": [_value(one) for one in done]}
    if done or options.format == "json":
        show(options, "pratique/audit/1", "audit", answer, _rows(done))
    else:
        sys.stdout.write("The record has no such products.\n")
    return _code(done, threshold)


def _terms(options: Namespace) -> Terms:
    from pratique.advisories import open_index
    from pratique.health.audit import Terms
    from pratique.sources.clock import now

    policy, waivers = policy_and_waivers(options)
    return Terms(
        advisories=open_index(options.advisories), now=now(), policy=policy, waivers=waivers
    )


def _chosen(record: Record, options: Namespace) -> list[Shipment]:
    found = [
        one
        for one in record.shipments()
        if not options.environment or one.environment in options.environment
    ]
    for glob in options.product:
        if not any(fnmatchcase(one.product, glob) for one in found):
            raise UsageError(
                f"the record has no product like {glob!r}.", remedy="See 'pratique products'."
            )
    if not options.product:
        return found
    return [one for one in found if any(fnmatchcase(one.product, g) for g in options.product)]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}.") from None


def _write(path: Path, bill: BillOfHealth) -> None:
    from pratique.report import render

    try:
        path.write_text(render(bill, "json"), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from None


def _value(one: Audited) -> dict[str, Any]:
    value: dict[str, Any] = {
        "product": one.product,
        "version": one.version,
        "environment": one.environment,
        "owner": one.owner,
        "document": one.document,
        "fault": one.fault,
    }
    if one.bill is not None:
        value |= {
            "health": one.bill.health,
            "headline": one.bill.headline,
            "complete": one.bill.complete,
            "components": len(one.bill.components),
            "findings": [
                {
                    "id": finding.id,
                    "rule": finding.rule,
                    "subject": finding.subject,
                    "severity": finding.severity,
                    "status": finding.status,
                    "reasons": finding.reasons,
                }
                for finding in one.bill.findings
            ],
            "unknowns": len(one.bill.unknowns),
        }
    return value


def _rows(done: Sequence[Audited]) -> list[tuple[str, ...]]:
    headings = ("product", "environment", "owner", "health", "open", "policy", "closed", "unknown")
    rows: list[tuple[str, ...]] = [headings]
    for one in done:
        name = f"{one.product} {one.version}".strip()
        where = (name, one.environment or "-", one.owner or "-")
        if one.bill is None:
            rows.append((*where, "unknown", "-", "-", "-", one.fault))
            continue
        findings = one.bill.findings
        open_ones = [each for each in findings if each.status == "open"]
        policy = sum(each.rule == "policy-violation" for each in open_ones)
        rows.append(
            (
                *where,
                str(one.bill.health),
                _counted(one.bill, skip="policy-violation"),
                str(policy) if policy else "-",
                str(len(findings) - len(open_ones) or "-"),
                str(len(one.bill.unknowns) or "-"),
            )
        )
    return rows


def _counted(bill: BillOfHealth, skip: str) -> str:
    counts = [
        (severity, sum(
            one.severity == severity and one.status == "open" and one.rule != skip
            for one in bill.findings
        ))
        for severity in SEVERITIES
    ]  # fmt: skip
    return ", ".join(f"{number} {severity}" for severity, number in counts if number) or "-"


def _code(done: Sequence[Audited], threshold: Threshold) -> int:
    from pratique.health.verdict import exit_code

    codes = {exit_code(one.bill, threshold) for one in done if one.bill is not None}
    if ExitCode.FINDINGS in codes:
        return ExitCode.FINDINGS
    faulty = any(one.bill is None for one in done)
    return ExitCode.INCOMPLETE if faulty or ExitCode.INCOMPLETE in codes else ExitCode.CLEAN


audit = Command(
    description="Check the newest bill of materials of every product of the record, by the same "
    "advisories, policy and waivers as 'pratique check', with the VEX statements and judgements "
    "that the record holds.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique audit --policy strict --fail-on high
  pratique audit -p 'web-*' --environment prod --bills bills/ -f json
""",
)
