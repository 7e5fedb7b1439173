"""Products and subcomponents of OpenVEX ("Product Data Structure", 0.2.0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.model.errors import InputError
from pratique.model.nouns import Artifact
from pratique.model.vex import Part, Product, bad_purls

if TYPE_CHECKING:
    from pratique.formats.base import Notes

MAX_NESTED = 16
"""Levels of subcomponents in subcomponents that are looked through for a cycle; the
specification has one."""

MAX_SUBCOMPONENTS = 10_000
"""Subcomponents of one product; a whole distribution image has about 3,000 packages."""


def product_of(
    value: Any, shared: Any, place: str, known: dict[str, Part], notes: Notes
) -> Product | None:
    """A product, or ``None`` where it names nothing.

    Args:
        value: An object, or a text as version 0.0.1 has it.
        shared: Version 0.0.1's subcomponents of all products of the statement.
        place: Inside the document.
        known: Parts already read, by their id; parts that are an id alone are shared.
        notes: Takes what is wrong.
    """
    part = _part(value, place, known, notes)
    if part is None:
        return None
    rows = value.get("subcomponents") if isinstance(value, dict) else None
    rows = rows if rows is not None else shared
    if rows is None:
        return Product(part=part)
    if not isinstance(rows, list):
        notes.unreadable(f"{place}.subcomponents is no list; the product is left out")
        return None
    if len(rows) > MAX_SUBCOMPONENTS:
        notes.unreadable(
            f"{place} has {len(rows):,} subcomponents, over the limit of {MAX_SUBCOMPONENTS:,}; "
            "the product is left out"
        )
        return None
    found = [
        sub
        for at, row in enumerate(rows)
        if row != ""
        and (sub := _part(row, f"{place}.subcomponents[{at}]", known, notes)) is not None
    ]
    if rows and not found and any(row != "" for row in rows):
        # Without its subcomponents the statement would speak of the whole product.
        notes.unreadable(f"{place} has no subcomponent that can be read; the product is left out")
        return None
    if any(isinstance(row, dict) and row.get("subcomponents") for row in rows):
        if _leads_back(value, MAX_NESTED):
            text = f"{place} has parts that are parts of themselves; the product is left out"
            notes.unreadable(text)
            return None
        notes.notice(f"{place} nests subcomponents in subcomponents; only the first level counts")
    return Product(part=part, subcomponents=tuple(found))


def _leads_back(value: Any, deepest: int, above: frozenset[str] = frozenset()) -> bool:
    """Whether subcomponents nested in one another name again what they are nested in."""
    if not isinstance(value, dict):
        return isinstance(value, str) and value in above
    id = value.get("@id")
    if isinstance(id, str) and id:
        if id in above:
            return True
        above |= {id}
    rows = value.get("subcomponents")
    if not isinstance(rows, list) or not rows:
        return False
    return deepest <= 0 or any(_leads_back(row, deepest - 1, above) for row in rows)


def _part(value: Any, place: str, known: dict[str, Part], notes: Notes) -> Part | None:
    if isinstance(value, str):
        return _named(value, place, known, notes)
    if not isinstance(value, dict):
        notes.unreadable(f"{place} is neither an object nor an identifier; it is left out")
        return None
    id = value.get("@id", "")
    if not isinstance(id, str):
        notes.unreadable(f"{place}.@id is no text")
        id = ""
    if id and not (value.keys() - {"@id", "subcomponents"}):
        return _named(id, place, known, notes)
    supplier = value.get("supplier")
    part = Part.of(
        id.strip(),
        identifiers=_identifiers(value.get("identifiers"), place, notes),
        hashes=_hashes(value.get("hashes"), place, notes),
        supplier=supplier if isinstance(supplier, str) else "",
    )
    return _checked(part, place, notes)


def _named(id: str, place: str, known: dict[str, Part], notes: Notes) -> Part | None:
    """A part that is an id alone; hubs repeat the same few thousand times over."""
    part = known.get(id)
    if part is None:
        part = Part.of(id.strip())
        if _checked(part, place, notes) is None:
            return None
        known[id] = part
    return part


def _checked(part: Part, place: str, notes: Notes) -> Part | None:
    for message in bad_purls(part):
        notes.unreadable(f"{place}: {message}")
    if not part.id and not part.identifiers and not part.hashes:
        notes.unreadable(f"{place} identifies nothing; it is left out")
        return None
    return part


def _identifiers(value: Any, place: str, notes: Notes) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if not isinstance(value, dict):
        notes.unreadable(f"{place}.identifiers is no object; it is left out")
        return ()
    found = []
    for kind, text in value.items():
        if isinstance(text, str) and text.strip():
            found.append((str(kind), text.strip()))
        else:
            notes.unreadable(f"{place}.identifiers.{str(kind)[:40]} is no text; it is left out")
    return tuple(found)


def _hashes(value: Any, place: str, notes: Notes) -> tuple[Artifact, ...]:
    if value is None:
        return ()
    if not isinstance(value, dict):
        notes.unreadable(f"{place}.hashes is no object; it is left out")
        return ()
    found = []
    for algorithm, digest in value.items():
        try:
            found.append(Artifact.of(str(algorithm), digest if isinstance(digest, str) else ""))
        except InputError as error:
            notes.unreadable(f"{place}.hashes: {error.message}")
    return tuple(found)
