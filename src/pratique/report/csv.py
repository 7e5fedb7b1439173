"""The findings as comma-separated values (RFC 4180), for spreadsheets.

One row a finding; after them one row for each thing that could not be
determined, since a list of findings alone would look complete.  Rows end in a
line feed.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from pratique.report.severities import likelihood, score
from pratique.report.text import printable
from pratique.report.views import Subjects, judged, problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.model.bill import BillOfHealth
    from pratique.model.finding import Finding
    from pratique.model.inventory import Location

COLUMNS = (
    "kind",
    "severity",
    "score",
    "exploited",
    "epss",
    "id",
    "aliases",
    "package",
    "version",
    "ecosystem",
    "relation",
    "title",
    "fixed",
    "remedy",
    "file",
    "line",
    "other_places",
    "path",
    "other_paths",
    "license",
    "status",
    "rule",
    "subject",
    "fingerprint",
    "reference",
    "reasons",
)
"""The header row.  ``kind`` is ``finding``, or ``unreadable``, ``unknown`` or
``notice`` for what could not be determined; its reason is then the title."""

_FORMULA = re.compile(r"\s*[=+\-@]")
"""What makes a spreadsheet run a cell: OWASP, *CSV Injection*.  The tab and the
carriage return it also names are written out before this is asked."""

_WHOLE = 32_000
"""Longest text of a cell; a spreadsheet's own limit is 32,767 characters."""


def render(bill: BillOfHealth, *, color: bool = False, width: int = 100) -> str:
    """Header, findings in the bill's order, then what could not be determined."""
    del color, width
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([cell(value) for value in row] for row in rows(bill))
    return out.getvalue()


def cell(text: str) -> str:
    """A text that no spreadsheet runs and no terminal obeys."""
    shown = printable(text, _WHOLE)
    return f"'{shown}" if _FORMULA.match(shown) else shown


def rows(bill: BillOfHealth) -> Iterator[list[str]]:
    """The rows below the header, before they are made safe."""
    subjects = Subjects(bill.inventory.components)
    licenses = {str(one.package): health.license for one, health in judged(bill)}
    for finding in bill.findings:
        yield _finding(finding, subjects, licenses.get(finding.subject, ""))
    empty = dict.fromkeys(COLUMNS, "")
    for problem in problems(bill):
        filled = {
            "kind": problem.trouble.value,
            "title": problem.message,
            **_place((problem.location,)),
        }
        yield [*(empty | filled).values()]


def _place(locations: tuple[Location, ...]) -> dict[str, str]:
    if not locations:
        return {"file": "", "line": "", "other_places": ""}
    first, *others = locations
    return {
        "file": first.path,
        "line": str(first.line) if first.line else "",
        "other_places": " ".join(map(str, others)),
    }


def _finding(finding: Finding, subjects: Subjects, license: str) -> list[str]:
    subject = subjects.of(finding.subject)
    filled = {
        "kind": "finding",
        "severity": finding.severity.value,
        "score": score(finding.score),
        "exploited": finding.exploited,
        "epss": likelihood(finding.epss),
        "id": finding.id,
        "aliases": " ".join(finding.aliases),
        "package": subject.name,
        "version": subject.version,
        "ecosystem": subject.ecosystem,
        "relation": subject.relation.value,
        "title": finding.title,
        "fixed": " ".join(finding.fixed),
        "remedy": finding.remedy,
        **_place(finding.locations),
        "path": " > ".join(finding.paths[0]) if finding.paths else "",
        "other_paths": str(max(len(finding.paths) - 1, 0)),
        "license": license,
        "status": finding.status,
        "rule": finding.rule,
        "subject": finding.subject,
        "fingerprint": finding.fingerprint,
        "reference": finding.references[0].url if finding.references else "",
        "reasons": "; ".join(finding.reasons),
    }
    return [filled[column] for column in COLUMNS]
