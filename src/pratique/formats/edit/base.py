"""What all writers share: entries with their place, changes, and splicing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable


class EditError(InputError):
    """A change cannot be written without guessing or without changing something else."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement as a manifest writes it."""

    name: str
    requirement: str
    """The constraint as written; empty where there is none."""

    start: int
    """Place of what a change replaces: index of its first character …"""

    end: int
    """… and of the one after its last."""

    group: str = ""
    """Section it stands in: an extra, ``dev``, ``overrides``, ``management`` …"""

    locked: bool = False
    """Whether something beside it (a hash) fits this version only."""

    spaced: bool = False
    """Whether the file sets spaces between name, operator and version."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A requirement to put in place of another."""

    name: str
    before: str = ""
    """The requirement as written; empty changes every entry of the name."""

    after: str


def splice(text: str, pieces: Iterable[tuple[int, int, str]]) -> str:
    """The text with some spans replaced; spans must not overlap.

    Raises:
        EditError: They overlap or lie outside.
    """
    out, end = [], 0
    for start, stop, new in sorted(pieces):
        if start < end or stop < start or stop > len(text):
            raise EditError("changes overlap")
        out += [text[end:start], new]
        end = stop
    return "".join([*out, text[end:]])


def wanted(entries: Iterable[Entry], change: Change, *, same: object = None) -> list[Entry]:
    """Entries that a change is about.

    Args:
        entries: Of the document.
        change: The change.
        same: Function that makes two spellings of a name equal; identity by default.

    Raises:
        EditError: There is none.
    """
    spelled = same if callable(same) else str
    found = [
        one
        for one in entries
        if spelled(one.name) == spelled(change.name)
        and (not change.before or one.requirement == change.before)
    ]
    if not found:
        text = f" {change.before}" if change.before else ""
        raise EditError(f"{change.name}{text} is not required there")
    return found
