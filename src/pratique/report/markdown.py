"""The bill as GitHub-flavoured Markdown, for comments on pull requests.

It fits a comment: what is too long for one is counted instead of shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.report.links import is_web
from pratique.report.markup import code, inline
from pratique.report.severities import HEALTH_SYMBOLS, SYMBOLS, score
from pratique.report.text import age, count, day, minute
from pratique.report.views import (
    Group,
    Question,
    grouped,
    licenses,
    questions,
    settled,
    severities,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.model.bill import BillOfHealth
    from pratique.model.finding import Finding

MAX_COMMENT = 60_000
"""Characters of the whole: GitHub takes 65,536 in a comment, GitLab more."""

OPEN_ROWS = 15
"""Packages shown before the rest goes into a fold."""

LISTED = 100
"""Licences and documents listed before the rest is counted."""

PLACES = 3
"""Places named for one thing before the rest is counted."""

_MARGIN = 400
"""Characters kept for what is said in place of that which does not fit."""


def render(bill: BillOfHealth, *, color: bool = False, width: int = 100) -> str:
    """Headline, worst findings, unknowns; then the rest, as far as it fits."""
    del color, width
    groups = grouped(bill)
    overview = _overview(groups)
    blocks = [
        _head(bill),
        *overview[:1],
        *_unknowns(questions(bill)),
        *overview[1:],
        *_details(groups),
        *_settled(settled(bill)),
        *_licenses(bill),
        *_documents(bill),
    ]
    return _fitted(blocks, _foot(bill))


def _fitted(blocks: list[str], foot: str) -> str:
    """As many blocks as fit; what is left out is said, so that nothing looks clean."""
    room = MAX_COMMENT - len(foot) - _MARGIN
    kept: list[str] = []
    left = 0
    for block in blocks:
        if len(block) + 2 > room:
            left += 1
            continue
        kept.append(block)
        room -= len(block) + 2
    if left:
        kept.append(
            f"**{count(left, 'part')} of this report did not fit here.** "
            "The JSON and HTML reports have all of it.",
        )
    return "\n\n".join([*kept, foot]) + "\n"


def _head(bill: BillOfHealth) -> str:
    symbol = HEALTH_SYMBOLS[bill.health]
    lines = [f"## {symbol} Bill of health: {bill.health.value}", "", f"**{inline(bill.headline)}**"]
    if not bill.complete:
        lines += ["", "**Incomplete:** not everything could be determined. This is no clean bill."]
    tally = " · ".join(f"{SYMBOLS[one]} {number:,} {one.value}" for one, number in severities(bill))
    counts = bill.counts
    rows = [
        ("Findings", tally or "none"),
        ("Components", f"{counts.components:,} ({counts.direct:,} direct)"),
        ("Affected", f"{counts.affected:,}"),
        ("Undetermined", f"{counts.unknown:,}"),
        ("Advisories", _advisories(bill)),
    ]
    lines += ["", "| | |", "|---|---|", *(f"| {label} | {value} |" for label, value in rows)]
    return "\n".join(lines)


def _advisories(bill: BillOfHealth) -> str:
    status = bill.advisories
    if status is None:
        return "none consulted: nothing was found to check"
    text = (
        f"{code(status.generation)}, {count(status.records, 'record')}, "
        f"complete to {day(status.as_of)} ({age(status.age_days)})"
    )
    return f"⚠ **stale:** {text}" if status.stale else text


def _overview(groups: tuple[Group, ...]) -> list[str]:
    """One table of the worst packages, further ones in folds of the same size."""
    found = []
    for start in range(0, len(groups), OPEN_ROWS):
        rows = groups[start : start + OPEN_ROWS]
        table = "\n".join(
            [
                "| Severity | Package | Found | Fixed in | From |",
                "|---|---|---|---|---|",
                *map(_row, rows),
            ],
        )
        if start == 0:
            found.append(f"### Findings\n\n{table}")
        else:
            last = start + len(rows)
            found.append(_fold(f"Packages {start + 1:,} to {last:,} of {len(groups):,}", table))
    return found


def _row(group: Group) -> str:
    subject = group.subject
    ids = [code(finding.id) for finding in group.findings[:PLACES]]
    fixed = dict.fromkeys(
        code(finding.fixed[0]) if finding.fixed else "no fix known" for finding in group.findings
    )
    cells = (
        f"{SYMBOLS[group.severity]} {group.severity.value}",
        f"{code(subject.name)} {code(subject.version) if subject.version else ''}".strip(),
        _some(ids, len(group.findings)),
        _some([*fixed][:PLACES], len(fixed)),
        _some([code(str(place)) for place in group.locations[:PLACES]], len(group.locations)),
    )
    return "| " + " | ".join(cells) + " |"


def _some(shown: list[str], total: int) -> str:
    more = total - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")


def _details(groups: tuple[Group, ...]) -> Iterable[str]:
    for group in groups:
        subject = group.subject
        title = f"{SYMBOLS[group.severity]} {code(f'{subject.name} {subject.version}'.strip())}"
        yield _fold(f"{title}: {count(len(group.findings), 'finding')}", _detail(group))


def _detail(group: Group) -> str:
    subject = group.subject
    kind = [inline(subject.ecosystem), subject.relation.value, *subject.scopes]
    lines = [f"- {', '.join(part for part in kind if part)}"]
    if group.locations:
        places = [code(str(place)) for place in group.locations[:10]]
        lines.append(f"- found in {_some(places, len(group.locations))}")
    if group.paths:
        first = " › ".join(code(name) for name in group.paths[0])
        more = len(group.paths) - 1
        lines.append(f"- comes in by {first}" + (f" and {count(more, 'more path')}" * bool(more)))
    lines += [f"- **{inline(remedy)}**" for remedy in group.remedies]
    lines.append("")
    for finding, title in zip(group.findings, group.titles, strict=True):
        lines += _finding(finding, title)
    return "\n".join(lines)


def _finding(finding: Finding, title: str) -> list[str]:
    rated = f"{finding.severity.value} {score(finding.score)}".strip()
    ids = ", ".join(code(id) for id in (finding.id, *finding.aliases[:5]))
    lines = [
        f"- {SYMBOLS[finding.severity]} **{rated}** {ids}" + f": {inline(title)}" * bool(title)
    ]
    if finding.fixed:
        lines.append(f"  - fixed in {', '.join(code(one) for one in finding.fixed[:5])}")
    lines += [f"  - {inline(reason)}" for reason in finding.reasons]
    urls = [one.url for one in finding.references if is_web(one.url)]
    return lines + [f"  - <{url}>" for url in urls[:PLACES]]


def _unknowns(found: tuple[Question, ...]) -> Iterable[str]:
    if not found:
        return
    lines = ["### What could not be determined", ""]
    rows = [_question(one) for one in found]
    lines += rows[:OPEN_ROWS]
    yield "\n".join(lines)
    for start in range(OPEN_ROWS, len(rows), OPEN_ROWS * 4):
        rest = rows[start : start + OPEN_ROWS * 4]
        yield _fold(f"{len(rest):,} more", "\n".join(rest))


def _question(question: Question) -> str:
    places = [code(str(place)) for place in question.locations[:PLACES]]
    said = inline(question.message)
    if question.subjects:
        shown = [code(one) for one in question.subjects[: PLACES * 2]]
        said += f": {_some(shown, len(question.subjects))}"
    return f"- {question.trouble.value}: {said} ({_some(places, len(question.locations))})"


def _settled(findings: tuple[Finding, ...]) -> Iterable[str]:
    for start in range(0, len(findings), OPEN_ROWS * 4):
        rows = [
            f"- {code(one.id)} in {code(one.subject)}: {inline(one.status)}"
            for one in findings[start : start + OPEN_ROWS * 4]
        ]
        yield _fold(f"{count(len(rows), 'finding')} answered by a waiver or VEX", "\n".join(rows))


def _licenses(bill: BillOfHealth) -> Iterable[str]:
    found = licenses(bill)
    if found:
        rows = [
            f"| {code(name) if name else '**unknown**'} | {number:,} |" for name, number in found
        ]
        head = ["| Licence | Components |", "|---|---:|"]
        yield _fold(f"Licences ({len(found):,})", "\n".join([*head, *_capped(rows)]))


def _documents(bill: BillOfHealth) -> Iterable[str]:
    found = bill.inventory.documents
    if found:
        rows = [
            f"| {code(one.path)} | {inline(one.format)} | {one.components:,} |" for one in found
        ]
        head = ["| Document | Format | Components |", "|---|---|---:|"]
        yield _fold(f"Documents ({len(found):,})", "\n".join([*head, *_capped(rows)]))


def _capped(rows: list[str]) -> list[str]:
    """The first rows of a table of any width, and how many more there are."""
    more = len(rows) - LISTED
    return [*rows[:LISTED], *([f"| and {more:,} more | |"] if more > 0 else [])]


def _fold(summary: str, body: str) -> str:
    """A fold; GitHub reads Markdown in it only after an empty line."""
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def _foot(bill: BillOfHealth) -> str:
    return f"<sub>{inline(bill.subject)}, {minute(bill.created)}, {inline(bill.tool)}</sub>"
