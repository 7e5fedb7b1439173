"""The bill on a terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from pratique.report.text import minute, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from pratique.model.bill import BillOfHealth

MIN_WIDTH = 40
"""Narrowest that is laid out; a narrower terminal wraps by itself."""


def render(bill: BillOfHealth, *, color: bool = False, width: int = 100) -> str:
    """Headline, findings by package, unknowns, licences and documents.

    Args:
        bill: What to draw.
        color: Whether to use the terminal's sixteen colours.
        width: Columns; at least :data:`MIN_WIDTH` are used.
    """
    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out,
        width=max(width, MIN_WIDTH),
        color_system="standard" if color else None,
        force_terminal=color,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )
    for part in _parts(bill):
        console.print(part)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _parts(bill: BillOfHealth) -> Iterator[RenderableType]:
    from rich.text import Text

    from pratique.report.table_findings import findings, settled_findings
    from pratique.report.table_summary import documents, head, license_lines, unknowns

    yield from head(bill)
    yield from findings(bill)
    yield from unknowns(bill)
    yield from settled_findings(bill)
    yield from license_lines(bill)
    yield from documents(bill)
    yield Text(f"\n{printable(bill.tool)}, {minute(bill.created)}", style="dim")
