"""The findings as JSON lines, and a summary as the last of them.

For pipes: each line stands alone.  A reader that never sees the ``summary``
line knows that the output was cut short.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from pratique.model.bill import AdvisoryStatus, BillOfHealth, Counts, Health
from pratique.model.finding import Finding
from pratique.model.inventory import Document, Problem
from pratique.report.json import ordered, schema_of
from pratique.report.views import problems

SCHEMA = "urn:pratique:schema:bill-of-health-line:1"
"""Identifier of the form of one line."""


class FindingLine(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="finding"):
    """A line that holds one finding."""

    schema: str = SCHEMA
    finding: Finding


class SummaryLine(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="summary"):
    """The last line: the bill without its findings, components and edges."""

    schema: str = SCHEMA
    tool: str
    created: datetime
    subject: str
    health: Health
    headline: str
    complete: bool
    counts: Counts
    licenses: dict[str, int]
    unknowns: tuple[Problem, ...]
    documents: tuple[Document, ...]
    advisories: AdvisoryStatus | None


def render(bill: BillOfHealth, *, color: bool = False, width: int = 100) -> str:
    """One finding a line in the bill's order, then the summary.

    Raises:
        UnicodeEncodeError: A text holds a lone surrogate.
    """
    del color, width
    lines: list[FindingLine | SummaryLine] = [
        FindingLine(finding=finding) for finding in bill.findings
    ]
    lines.append(_summary(ordered(bill)))
    return msgspec.json.Encoder().encode_lines(lines).decode()


def _summary(bill: BillOfHealth) -> SummaryLine:
    return SummaryLine(
        tool=bill.tool,
        created=bill.created,
        subject=bill.subject,
        health=bill.health,
        headline=bill.headline,
        complete=bill.complete,
        counts=bill.counts,
        licenses=bill.licenses,
        unknowns=problems(bill),
        documents=bill.inventory.documents,
        advisories=bill.advisories,
    )


def json_schema() -> bytes:
    """JSON Schema (2020-12) of one line, as ``docs/schemas`` has it."""
    return schema_of(FindingLine | SummaryLine, SCHEMA, "Line of a bill of health")
