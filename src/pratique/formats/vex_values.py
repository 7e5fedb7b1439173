"""What the readers of VEX documents share: values of the right type, and what is kept apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.instants import has_offset, parse_instant
from pratique.model.vex import Justification, Statement, Status

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.formats.base import Notes

MAX_QUOTED = 80
"""Characters of a document's own text that a message repeats."""


def shown(value: object) -> str:
    """A value of a document for a one-line message."""
    text = repr(value)
    return text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…"


def text_of(record: dict[str, Any], key: str, place: str, notes: Notes) -> str:
    """The text under a key; empty where there is none, or something else (named)."""
    value = record.get(key)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    at = f"{place}.{key}" if place else key
    notes.unreadable(f"{at} is {shown(value)} where a text was expected; it is left out")
    return ""


def texts_of(record: dict[str, Any], key: str, place: str, notes: Notes) -> tuple[str, ...]:
    """The texts of a list under a key, each once; what is no text is named."""
    value = record.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        notes.unreadable(f"{place}.{key} is no list; it is left out")
        return ()
    found = [item for item in value if isinstance(item, str) and item]
    if len(found) != len(value):
        notes.unreadable(f"{place}.{key} has items that are no text; they are left out")
    return tuple(dict.fromkeys(found))


def record_of(value: Any, place: str, notes: Notes) -> dict[str, Any]:
    """An object; an empty one where there is none, or something else (named)."""
    if isinstance(value, dict):
        return value
    if value is not None:
        notes.unreadable(f"{place} is {shown(value)} where an object was expected")
    return {}


def records_of(
    record: dict[str, Any], key: str, place: str, notes: Notes
) -> list[tuple[str, dict[str, Any]]]:
    """Place and object of every object in the list under a key; others are named."""
    value = record.get(key)
    at = f"{place}.{key}" if place else key
    if value is None:
        return []
    if not isinstance(value, list):
        notes.unreadable(f"{at} is no list; it is left out")
        return []
    found = []
    for index, item in enumerate(value):
        if isinstance(item, dict):
            found.append((f"{at}[{index}]", item))
        else:
            notes.unreadable(f"{at}[{index}] is {shown(item)} where an object was expected")
    return found


def instant(record: dict[str, Any], key: str, place: str, notes: Notes) -> datetime | None:
    """The date and time under a key; ``None`` where there is none that can be read (named)."""
    value = record.get(key)
    if value is None or value == "":
        return None
    text = value.isoformat() if hasattr(value, "isoformat") else value  # YAML has dates
    moment = parse_instant(text) if isinstance(text, str) else None
    if moment is None:
        notes.unknown(f"{place} {shown(value)} is no date and time")
        return None
    if moment.year <= 1:
        return None  # what Go writes for a time that was never set
    if isinstance(value, str) and not has_offset(value):
        notes.notice(f"{place} {shown(value)} has no offset; it is read as UTC")
    return moment


def status_of(value: Any, place: str, notes: Notes) -> Status | None:
    """One of the four statuses; any other word is named, and its statement kept apart."""
    try:
        return Status(value)
    except ValueError:
        said = "no status" if value is None else f"the unknown status {shown(value)}"
        notes.unknown(f"{place} has {said}; it is kept apart")
        return None


def justification_of(value: Any, place: str, notes: Notes) -> tuple[Justification | None, str]:
    """A justification and the word as written; an unknown word is named and kept as written."""
    if value is None or value == "":
        return None, ""
    if not isinstance(value, str):
        notes.unreadable(f"{place}.justification is {shown(value)}, which is no text")
        return None, ""
    try:
        return Justification(value), value
    except ValueError:
        notes.unknown(f"{place} has the unknown justification {shown(value)}")
        return None, value


def kept_apart(statements: list[Statement], notes: Notes) -> list[Statement]:
    """Statements that can be used; those whose parts contain each other are named and left out.

    A product that is its own subcomponent, directly or through another product
    of the document, gives no one thing that the statement could be about.
    """
    inside: dict[str, set[str]] = {}
    for one in statements:
        for product in one.products:
            if product.subcomponents and product.part.id:
                names = inside.setdefault(product.part.id, set())
                names.update(sub.id for sub in product.subcomponents if sub.id)
    looping = in_themselves(inside)
    if not looping:
        return statements
    kept = []
    for one in statements:
        bad = [p.part.id for p in one.products if p.subcomponents and p.part.id in looping]
        if bad:
            notes.unknown(
                f"{one.place}: {shown(bad[0])} is, by its subcomponents, a part of itself; "
                "the statement is kept apart"
            )
        else:
            kept.append(one)
    return kept


MAX_SEARCHED = 1_000
"""Parts that hang together in cycles and are each searched for the way back to themselves;
where there are more, all of them are taken to be on one."""


def in_themselves(inside: dict[str, set[str]]) -> set[str]:
    """Parts that contain themselves, over any number of steps.

    Args:
        inside: Name of a part to the names of what is in it.
    """
    left = _peeled(_peeled(inside, down=True), down=False)
    if len(left) > MAX_SEARCHED:
        return set(left)
    return {name for name in left if _reaches(name, left)}


def _peeled(inside: dict[str, set[str]], *, down: bool) -> dict[str, set[str]]:
    """Without the parts that have nothing in them, or are in nothing, again and again."""
    above: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    edges = [(a, b) for a, inner in inside.items() for b in inner if b in inside]
    for a, b in edges:
        first, second = (a, b) if down else (b, a)
        above.setdefault(second, []).append(first)
        counts[first] = counts.get(first, 0) + 1
    waiting = [name for name in inside if not counts.get(name)]
    gone = set(waiting)
    while waiting:
        for name in above.get(waiting.pop(), ()):
            counts[name] -= 1
            if not counts[name]:
                gone.add(name)
                waiting.append(name)
    return {name: inner - gone for name, inner in inside.items() if name not in gone}


def _reaches(start: str, inside: dict[str, set[str]]) -> bool:
    """Whether a part contains itself, over any number of steps."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for sub in inside.get(waiting.pop(), ()):
            if sub == start:
                return True
            if sub in inside and sub not in seen:
                seen.add(sub)
                waiting.append(sub)
    return False
