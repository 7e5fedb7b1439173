"""Which advisories are here: printed by every command that changes or shows them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.formats.json_writing import indented_json

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.model.bill import AdvisoryStatus


def add_data(parser: ArgumentParser) -> None:
    """Add where they are, and how to print what became of them."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="data folder to use instead of the user's own",
    )
    parser.add_argument(
        "--format", "-f", choices=("table", "json"), default="table", help="how to print the result"
    )


def print_status(options: Namespace, *, verify: bool = False) -> None:
    """Print which advisories are in use.

    Args:
        options: Those of :func:`add_data`.
        verify: Whether to check every byte of the index first.

    Raises:
        GenerationError: There are none, or they are damaged.
    """
    from pratique.advisories import open_index

    index = open_index(options.data)
    if verify:
        index.verify()
    state = index.status(datetime.now(UTC))
    text = indented_json(state).decode() if options.format == "json" else _table(state)
    sys.stdout.write(text.rstrip("\n") + "\n")


def _table(state: AdvisoryStatus) -> str:
    stale = "  (older than seven days: run 'pratique advisories update')" if state.stale else ""
    lines = [
        f"generation  {state.generation}",
        f"records     {state.records:,}",
        f"as of       {state.as_of:%Y-%m-%d %H:%M} UTC, {state.age_days:.1f} days ago{stale}",
        f"ecosystems  {', '.join(state.ecosystems)}",
        *_dates(state),
        "sources",
    ]
    for source in state.sources:
        newest = f"{source.newest:%Y-%m-%d}" if source.newest else "no dates"
        license = source.license or "-"
        lines.append(f"{source.records:>10,}  {newest:<10}  {license:<22}  {source.name}")
    return "\n".join(lines)


def _dates(state: AdvisoryStatus) -> list[str]:
    """Up to when each ecosystem is complete, where they differ."""
    each: dict[datetime, list[str]] = {}
    for name, moment in state.ecosystem_as_of.items():
        each.setdefault(moment, []).append(name)
    if len(each) < 2:
        return []
    return ["complete to", *(f"{m:%Y-%m-%d %H:%M}  {', '.join(each[m])}" for m in sorted(each))]
