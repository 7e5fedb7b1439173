"""Judgements and findings as rows of a table and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.instants import write_instant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.triage.models import Judgement
    from pratique.triage.worklist import Row


def judgement_value(one: Judgement, now: datetime) -> dict[str, Any]:
    """A judgement for JSON.

    Args:
        one: It.
        now: By which its expiry is held.
    """
    finding = one.finding
    return {
        "product": finding.product,
        "version": finding.version,
        "package": finding.package,
        "vulnerability": finding.vulnerability,
        "state": one.state.value,
        "status": one.state.status.value,
        "justification": one.justification,
        "responses": list(one.responses),
        "comment": one.comment,
        "by": one.by,
        "at": write_instant(one.at),
        "expires": write_instant(one.expires) if one.expires else "",
        "holds": one.holds(now),
        "document": one.digest,
        "previous": one.previous,
    }


def judgement_rows(judgements: Sequence[Judgement], now: datetime) -> list[tuple[str, ...]]:
    """Judgements for a table, with its heading."""
    headings = ("when", "who", "product", "vulnerability", "package", "state", "until", "why")
    rows: list[tuple[str, ...]] = [headings]
    for one in judgements:
        product = f"{one.finding.product} {one.finding.version}".strip()
        until = f"{one.expires:%Y-%m-%d}" if one.expires else "-"
        if not one.holds(now):
            until += " (expired)"
        why = ": ".join(text for text in (one.justification, one.comment) if text)
        rows.append(
            (
                f"{one.at:%Y-%m-%d %H:%M}",
                one.by,
                product,
                one.finding.vulnerability,
                one.finding.package or "any",
                one.state.value,
                until,
                why,
            )
        )
    return rows


def row_value(row: Row) -> dict[str, Any]:
    """A finding of a worklist for JSON."""
    judged = row.judgement or row.expired
    return {
        "product": row.finding.product,
        "version": row.finding.version,
        "package": row.finding.package,
        "vulnerability": row.finding.vulnerability,
        "aliases": list(row.aliases),
        "severity": row.severity.value,
        "score": row.score,
        "title": row.title,
        "owners": list(row.owners),
        "environments": list(row.environments),
        "indexed": row.indexed,
        "witnesses": [msgspec.to_builtins(one) for one in row.witnesses],
        "state": judged.state.value if judged else "",
        "by": judged.by if judged else "",
        "expired": row.expired is not None,
        "document": judged.digest if judged else "",
    }


def work_rows(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Findings of a worklist for a table, with its heading."""
    headings = ("severity", "vulnerability", "product", "package", "owner", "state")
    table: list[tuple[str, ...]] = [headings]
    for row in rows:
        state = row.judgement.state.value if row.judgement else "open"
        if row.expired is not None:
            state = f"open ({row.expired.state} expired)"
        table.append(
            (
                row.severity.value,
                row.finding.vulnerability,
                f"{row.finding.product} {row.finding.version}".strip(),
                row.finding.package,
                ", ".join(row.owners) or "-",
                state,
            )
        )
    return table
