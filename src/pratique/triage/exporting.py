"""Judgements as VEX, and all findings of products as a vulnerability disclosure report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.model.inventory import Location
from pratique.model.vex import Part, Product, Statement, Status, VexDocument
from pratique.vex.authoring import create

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pratique.triage.models import Finding, Judgement
    from pratique.triage.worklist import Row

NOT_JUDGED = "Nobody has judged it yet."


def as_vex(
    judgements: Iterable[Judgement], now: datetime, *, author: str = "", expired: bool = False
) -> VexDocument:
    """The judgements that hold, as statements.

    Args:
        judgements: The last one about each finding.
        now: By which expiries are held, and the document's date.
        author: Of the document.
        expired: Whether to take those that have expired as well.
    """
    statements = [_judged(one, one.finding) for one in judgements if expired or one.holds(now)]
    return create(statements, now, author=author)


def as_report(rows: Iterable[Row], now: datetime, *, author: str = "") -> VexDocument:
    """All findings of a worklist; what nobody has judged is under investigation.

    The same as a disclosure report (VDR): every known vulnerability, with what
    is known of it, rather than judgements alone.
    """
    statements = [
        _judged(row.judgement, row.finding, row) if row.judgement else _open(row, now)
        for row in rows
    ]
    return create(statements, now, author=author)


def _judged(one: Judgement, finding: Finding, row: Row | None = None) -> Statement:
    status = one.state.status
    excused = status is Status.NOT_AFFECTED
    return Statement(
        vulnerability=finding.vulnerability,
        aliases=row.aliases if row else (),
        description=row.title if row else "",
        products=_products(finding),
        status=status,
        status_as_written=one.state.value,
        status_notes="" if excused else one.comment,
        justification=one.common,
        justification_as_written=one.justification,
        impact=one.comment if excused else "",
        action=one.comment if status is Status.AFFECTED else "",
        responses=one.responses,
        timestamp=one.at,
        stated_timestamp=True,
        author=one.by,
        location=Location("-"),
    )


def _open(row: Row, now: datetime) -> Statement:
    status = Status.UNDER_INVESTIGATION
    return Statement(
        vulnerability=row.finding.vulnerability,
        aliases=row.aliases,
        description=row.title,
        products=_products(row.finding),
        status=status,
        status_as_written=status.value,
        status_notes=NOT_JUDGED,
        timestamp=now,
        stated_timestamp=True,
        location=Location("-"),
    )


def _products(finding: Finding) -> tuple[Product, ...]:
    label = finding.product
    if finding.version and not label.startswith("pkg:"):
        label = f"{label}@{finding.version}"
    parts = (Part.of(finding.package),) if finding.package else ()
    return (Product(part=Part.of(label), subcomponents=parts),)
