"""The parts of the terminal's bill around the findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.columns import Columns
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pratique.model.inventory import Trouble
from pratique.report.severities import HEALTH_STYLES, HEALTH_SYMBOLS, STYLES, SYMBOLS
from pratique.report.text import age, count, day, listed, printable
from pratique.report.views import licenses, questions, severities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from pratique.model.bill import BillOfHealth

PLACES = 3
"""Places named for one thing before the rest is counted."""

LICENSES = 12
"""Licence expressions listed before the rest is counted."""

DOCUMENTS = 30
"""Documents listed before the rest is counted."""

SUBJECTS = 6
"""Things named that share one reason before the rest is counted."""

QUESTIONS = 50
"""Reasons for unknowns listed before the rest is counted."""

_TROUBLE_STYLES = {Trouble.UNREADABLE: "red", Trouble.UNKNOWN: "yellow", Trouble.NOTICE: "dim"}


def grid(*styles: str) -> Table:
    """Rows of a label and a text, indented by two."""
    table = Table.grid(padding=(0, 2, 0, 0), expand=False)
    for style in styles:
        table.add_column(style=style, overflow="fold")
    table.columns[0].no_wrap = True
    return table


def heading(text: str, note: str = "") -> Text:
    """A section's name, after an empty line."""
    return Text.assemble("\n", (text, "bold underline"), f"  {note}" if note else "", "\n")


def head(bill: BillOfHealth) -> Iterator[RenderableType]:
    """The answer, then what it rests on."""
    style = HEALTH_STYLES[bill.health]
    yield Text.assemble(
        (f"{HEALTH_SYMBOLS[bill.health]} {bill.health.value.upper()}", style),
        ("  " + printable(bill.subject), "bold"),
    )
    yield Text(printable(bill.headline))
    if not bill.complete:
        yield Text(
            "Incomplete: not everything could be determined. This is no clean bill.",
            style="bold yellow",
        )
    yield Text()
    table = grid("bold", "")
    table.add_row("Findings", _tally(bill))
    table.add_row("Components", _components(bill))
    table.add_row("Advisories", _advisories(bill))
    yield table


def _tally(bill: BillOfHealth) -> RenderableType:
    parts = [
        Text(f"{SYMBOLS[one]} {number:,} {one.value}", style=STYLES[one])
        for one, number in severities(bill)
    ]
    return Columns(parts, padding=(0, 2, 0, 0)) if parts else "none"


def _components(bill: BillOfHealth) -> str:
    counts = bill.counts
    parts = [
        f"{counts.components:,} in {count(counts.documents, 'document')}",
        f"{counts.direct:,} direct",
        f"{counts.affected:,} affected",
    ]
    if counts.unknown:
        parts.append(f"{counts.unknown:,} not fully determined")
    return ", ".join(parts)


def _advisories(bill: BillOfHealth) -> Text:
    status = bill.advisories
    if status is None:
        return Text("none consulted: nothing was found to check")
    text = Text(
        f"{printable(status.generation)}, {count(status.records, 'record')}, "
        f"complete to {day(status.as_of)} ({age(status.age_days)})",
    )
    if status.ecosystems:
        text.append(f"\n{printable(listed(status.ecosystems, 12))}", style="dim")
    if status.stale:
        text.append("\n! STALE: ", style="bold yellow")
        text.append("vulnerabilities published since then are not in this report.", style="yellow")
    return text


def unknowns(bill: BillOfHealth) -> Iterator[RenderableType]:
    """What could not be determined, a line a reason, with its places."""
    found = questions(bill)
    if not found:
        return
    yield heading("COULD NOT BE DETERMINED")
    table = grid("", "")
    for question in found[:QUESTIONS]:
        text = Text(printable(question.message))
        if question.subjects:
            text.append(f"\n{printable(listed(question.subjects, SUBJECTS))}")
        places = [printable(str(place)) for place in question.locations[: PLACES + 1]]
        more = len(question.locations) - len(places[:PLACES])
        said = ", ".join(places[:PLACES]) + (f" and {more:,} more" if more > 0 else "")
        text.append(f"\n{said}", style="dim")
        style = _TROUBLE_STYLES[question.trouble]
        table.add_row(Text(question.trouble.value, style=style), text)
    yield Padding(table, (0, 0, 0, 2))
    if len(found) > QUESTIONS:
        yield Text(f"  and {count(len(found) - QUESTIONS, 'more reason')}", style="bold")


def license_lines(bill: BillOfHealth) -> Iterator[RenderableType]:
    """Components by licence, the unknown ones last."""
    found = licenses(bill)
    if not found:
        return
    yield heading("LICENCES")
    table = grid("", "")
    table.columns[0].justify = "right"
    known = [item for item in found if item[0]]
    for name, number in known[:LICENSES]:
        table.add_row(f"{number:,}", printable(name))
    rest = known[LICENSES:]
    if rest:
        number = sum(number for _, number in rest)
        table.add_row(f"{number:,}", f"under {count(len(rest), 'other expression')}")
    unknown = bill.licenses.get("", 0)
    if unknown:
        table.add_row(Text(f"{unknown:,}", style="yellow"), Text("unknown", style="yellow"))
    yield Padding(table, (0, 0, 0, 2))


def documents(bill: BillOfHealth) -> Iterator[RenderableType]:
    """What was read."""
    found = bill.inventory.documents
    if not found:
        return
    yield heading("DOCUMENTS")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold", ratio=None)
    table.add_column(style="dim", overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for document in found[:DOCUMENTS]:
        table.add_row(
            printable(document.path),
            printable(document.format),
            count(document.components, "component"),
        )
    yield Padding(table, (0, 0, 0, 2))
    if len(found) > DOCUMENTS:
        yield Text(f"  and {count(len(found) - DOCUMENTS, 'more document')}")
