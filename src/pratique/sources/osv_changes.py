"""OSV's lists of changes: ``modified_id.csv``, newest first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from pratique.model.errors import UpstreamError
from pratique.sources.osv_places import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_NAME = 100
"""Longest name of an ecosystem or a record that is taken into an address."""


class Row(NamedTuple):
    """One line of a list of changes."""

    modified: datetime
    id: str


def newest_rows(where: str, lines: Iterable[bytes], stop: Callable[[Row], bool]) -> list[Row]:
    """Rows of a list of changes up to the first one that is known.

    A list that is not in order is read to its end: what is new might come last.

    Args:
        where: It is, for messages.
        lines: Of the list.
        stop: Whether a row, and all after it, is known already.

    Raises:
        UpstreamError: It is not such a list.
    """
    rows: list[Row] = []
    previous: Row | None = None
    ordered = True
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _row(line)
        if row is None:
            raise UpstreamError(
                f"{where} is not a list of changes: line {number} is not a time and an id.",
                remedy=f"Check {VARIABLE}.",
            )
        ordered &= previous is None or row.modified <= previous.modified
        previous = row
        if not stop(row):
            rows.append(row)
        elif ordered:
            break
    return rows


def _row(line: bytes) -> Row | None:
    """A line ``TIME,ID`` or, as in the list of all ecosystems, ``TIME,ECOSYSTEM/ID``."""
    try:
        time, comma, name = line.decode().strip().partition(",")
        moment = datetime.fromisoformat(time)
    except ValueError:
        return None
    identifier = name.rpartition("/")[2]
    if not comma or not is_name(identifier):
        return None
    return Row(moment if moment.tzinfo else moment.replace(tzinfo=UTC), identifier)


def is_name(text: str) -> bool:
    """Whether a text can be one part of the path of a file: of an ecosystem, or of an id."""
    return (
        0 < len(text) <= MAX_NAME
        and text.isprintable()
        and not any(c in text for c in "/\\?#")
        and ".." not in text
    )
