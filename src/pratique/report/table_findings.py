"""The findings on a terminal: one block a package, its advisories beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pratique.report.severities import STYLES, SYMBOLS, likelihood, score
from pratique.report.table_summary import grid, heading
from pratique.report.text import count, printable
from pratique.report.views import Group, grouped, settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from pratique.model.bill import BillOfHealth
    from pratique.model.finding import Finding

PLACES = 3
"""Places named for one package before the rest is counted."""

ALIASES = 2
"""Further ids named for one advisory before the rest is counted."""

FIXES = 4
"""Fixed versions named for one advisory; more are on other release lines still."""

_TOLD = "needed as "
"""Reason that the head of the block says already."""

SETTLED = 20
"""Answered findings listed before the rest is counted."""


def findings(bill: BillOfHealth) -> Iterator[RenderableType]:
    """Open findings by package, in the order of the bill."""
    groups = grouped(bill)
    if not groups:
        return
    total = sum(len(group.findings) for group in groups)
    yield heading("FINDINGS", f"{total:,} in {count(len(groups), 'package')}")
    for number, group in enumerate(groups):
        if number:
            yield Text()
        yield from _block(group)


def _block(group: Group) -> Iterator[RenderableType]:
    subject = group.subject
    known = (subject.ecosystem, subject.relation.value, *subject.scopes)
    kind = ", ".join(part for part in known if part != "unknown")
    yield Text.assemble(
        (f"{SYMBOLS[group.severity]} ", STYLES[group.severity]),
        (f"{printable(subject.name)} {printable(subject.version)}".rstrip(), "bold"),
        (f"  {printable(kind)}" if kind else "", "dim"),
    )
    facts = grid("dim", "")
    for label, value in _facts(group):
        facts.add_row(label, value)
    if facts.rows:
        yield Padding(facts, (0, 0, 0, 2))
    yield Padding(_advisories(group), (0, 0, 0, 2))


def _facts(group: Group) -> Iterator[tuple[str, Text]]:
    """Where it is, how it came in, what to do."""
    if group.locations:
        places = ", ".join(printable(str(place)) for place in group.locations[:PLACES])
        more = len(group.locations) - PLACES
        yield "in", Text(places + (f" and {count(more, 'more place')}" if more > 0 else ""))
    if group.paths:
        path = " > ".join(printable(name) for name in group.paths[0])
        more = len(group.paths) - 1
        yield "via", Text(path + (f", and {count(more, 'more path')}" if more else ""))
    for remedy in group.remedies:
        yield "do", Text(printable(remedy), style="bold")


def _advisories(group: Group) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, min_width=11)
    table.add_column(no_wrap=True, min_width=4, justify="right")
    table.add_column(overflow="fold")
    for finding, title in zip(group.findings, group.titles, strict=True):
        style = STYLES[finding.severity]
        table.add_row(
            Text(f"{SYMBOLS[finding.severity]} {finding.severity.value}", style=style),
            Text(score(finding.score), style=style),
            _advisory(finding, title),
        )
    return table


def _advisory(finding: Finding, title: str) -> Text:
    """Ids and fix in the first line, as both are looked for; then what it is."""
    text = Text(printable(finding.id))
    if finding.aliases:
        shown = ", ".join(printable(one) for one in finding.aliases[:ALIASES])
        more = len(finding.aliases) - ALIASES
        text.append(f" ({shown}{f' and {more} more' if more > 0 else ''})", style="dim")
    text.append("  ")
    if finding.fixed:
        fixed = ", ".join(printable(one) for one in finding.fixed[:FIXES])
        more = len(finding.fixed) - FIXES
        text.append(f"fixed in {fixed}{f' and {more} more' if more > 0 else ''}", style="green")
    elif finding.rule == "vulnerable-package":
        text.append("no fix known", style="dim")
    if finding.exploited:
        text.append(f"  ! EXPLOITED since {printable(finding.exploited)}", style="bold red")
    if finding.epss is not None:
        text.append(f"  EPSS {likelihood(finding.epss)}", style="dim")
    if title and title != finding.id:
        text.append(f"\n{printable(title)}")
    reasons = [each for each in finding.reasons if not each.startswith(_TOLD)]
    if reasons:
        text.append(f"\nwhy: {'; '.join(map(printable, reasons))}", style="dim")
    return text


def settled_findings(bill: BillOfHealth) -> Iterator[RenderableType]:
    """Findings that a waiver or a VEX statement has answered."""
    found = settled(bill)
    if not found:
        return
    yield heading("ANSWERED", count(len(found), "finding"))
    for finding in found[:SETTLED]:
        said = f"{finding.id}  {finding.subject}  {finding.status}"
        yield Padding(Text(printable(said)), (0, 0, 0, 2))
    if len(found) > SETTLED:
        yield Text(f"  and {len(found) - SETTLED:,} more")
