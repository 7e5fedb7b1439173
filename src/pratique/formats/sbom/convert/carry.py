"""What a format has no field for, carried in its annotations or properties as text.

Another program's reader sees an annotation (SPDX 2.3, clause 12) or a property
(CycloneDX, ``properties``) with a JSON text; :func:`from_spdx` and
:func:`from_cyclonedx` put each value back where it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.base import MAX_DEPTH
from pratique.formats.sbom.convert.delta import Delta, copied

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

MARK = "pratique:carried:"
"""Start of the comment of annotations and of the name of properties; ``cyclonedx``
or ``spdx`` follows: whose fields they are."""


_META = "/metadata"
_WITHOUT_OWN_PROPERTIES = frozenset({"1.3", "1.4"})
"""Versions of CycloneDX whose JSON documents have properties in ``metadata`` only."""

KINDS = ("cyclonedx", "spdx", "spdx3")
"""Whose fields are carried."""


def split(change: Delta, places: Mapping[str, str], owners: Container[str]) -> dict[str, Delta]:
    """The changes by element, each relative to it; those of no element under an empty key.

    Args:
        change: To the whole document.
        places: Element to its JSON Pointer.
        owners: Elements that can carry their own.
    """
    by_pointer = {p: element for element, p in places.items() if element in owners}
    sets: dict[str, dict[str, Any]] = {}
    drops: dict[str, list[str]] = {}
    for pointer, value in change.set.items():
        element, rest = _owner(pointer, by_pointer)
        sets.setdefault(element, {})[rest] = value
    for pointer in change.drop:
        element, rest = _owner(pointer, by_pointer)
        drops.setdefault(element, []).append(rest)
    return {
        element: Delta(sets.get(element, {}), tuple(drops.get(element, ())))
        for element in dict.fromkeys((*sets, *drops))
    }


def _owner(pointer: str, by_pointer: dict[str, str]) -> tuple[str, str]:
    end = len(pointer)
    while (end := pointer.rfind("/", 0, end)) > 0:
        if element := by_pointer.get(pointer[:end]):
            return element, pointer[end:]
    return "", pointer


def joined(parts: Iterable[tuple[str, Delta]], places: Mapping[str, str]) -> Delta:
    """The changes to the whole document, of those of its elements."""
    sets: dict[str, Any] = {}
    drops: list[str] = []
    for element, change in parts:
        if element and element not in places:
            continue
        prefix = places[element] if element else ""
        sets |= {prefix + pointer: value for pointer, value in change.set.items()}
        drops += [prefix + pointer for pointer in change.drop]
    return Delta(sets, tuple(drops))


def to_spdx(document: dict[str, Any], parts: dict[str, Delta], kind: str, creator: str) -> None:
    """Write changes into the annotations of a document and of its elements.

    Args:
        document: An SPDX 2 value, which is changed.
        parts: SPDXID to the changes; the empty key is the document's.
        kind: What they are changes to: ``cyclonedx`` or ``spdx``.
        creator: The program, as ``name-version``.
    """
    places = {"": "", **elements(document)}
    info = document.get("creationInfo")
    date = info.get("created") if isinstance(info, dict) else None
    for element, change in parts.items():
        owner = _at(document, places[element])
        notes = owner.get("annotations")
        owner["annotations"] = [
            *(notes if isinstance(notes, list) else ()),
            {
                "annotationDate": date if isinstance(date, str) else "1970-01-01T00:00:00Z",
                "annotationType": "OTHER",
                "annotator": f"Tool: {creator}",
                "comment": written(change, kind),
            },
        ]


def written(change: Delta, kind: str) -> str:
    """The text of an annotation that carries changes."""
    return f"{MARK}{kind} {_packed(change)}"


def from_spdx(document: dict[str, Any], kind: str) -> list[tuple[str, Delta]]:
    """Take the changes of a kind out of the annotations of a document, which is changed."""
    mark = f"{MARK}{kind} "

    def carried(note: Any) -> Delta | None:
        comment = note.get("comment") if isinstance(note, dict) else None
        if isinstance(comment, str) and comment.startswith(mark):
            return _unpacked(comment.removeprefix(mark))
        return None

    return [
        (element, change)
        for element, pointer in {"": "", **elements(document)}.items()
        for change in _taken(_at(document, pointer), "annotations", carried)
    ]


def without_carried(document: dict[str, Any]) -> dict[str, Any]:
    """An SPDX 2 value without anything that is carried in it; a copy."""
    plain: dict[str, Any] = copied(document)
    for kind in KINDS:
        from_spdx(plain, kind)
    return plain


def bom_without_carried(bom: dict[str, Any]) -> dict[str, Any]:
    """A CycloneDX value without anything that is carried in it; a copy."""
    plain: dict[str, Any] = copied(bom)
    for kind in KINDS:
        from_cyclonedx(plain, kind)
    return plain


def to_cyclonedx(bom: dict[str, Any], parts: dict[str, Delta], kind: str) -> None:
    """Write changes into the properties of a document and of its components.

    Args:
        bom: A CycloneDX value, which is changed.
        parts: ``bom-ref`` to the changes; the empty key is the document's.
        kind: What they are changes to: ``cyclonedx`` or ``spdx``.
    """
    places = {"": "", **components(bom)}
    for ref, wanted in parts.items():
        owner, change = _at(bom, places[ref]), wanted
        if not ref and bom.get("specVersion") in _WITHOUT_OWN_PROPERTIES:
            owner, change = _in_metadata(bom, wanted)
        notes = owner.get("properties")
        owner["properties"] = [
            *(notes if isinstance(notes, list) else ()),
            {"name": MARK + kind, "value": _packed(change)},
        ]


def _in_metadata(bom: dict[str, Any], change: Delta) -> tuple[dict[str, Any], Delta]:
    """Where a document carries what is its own whose version gives it no properties."""
    if isinstance(metadata := bom.get("metadata"), dict):
        return metadata, change
    bom["metadata"] = {}
    added = Delta(change.set, change.drop if "/metadata" in change.set else (*change.drop, _META))
    return bom["metadata"], added


def from_cyclonedx(bom: dict[str, Any], kind: str) -> list[tuple[str, Delta]]:
    """Take the changes of a kind out of the properties of a document, which is changed."""

    def carried(note: Any) -> Delta | None:
        if isinstance(note, dict) and note.get("name") == MARK + kind:
            return _unpacked(note.get("value"))
        return None

    places = [("", ""), *components(bom).items()]
    if isinstance(bom.get("metadata"), dict):
        places.insert(1, ("", _META))
    return [
        (ref, change)
        for ref, pointer in places
        for change in _taken(_at(bom, pointer), "properties", carried)
    ]


def _taken(
    owner: dict[str, Any], key: str, carried: Callable[[Any], Delta | None]
) -> Iterator[Delta]:
    notes = owner.get(key)
    if not isinstance(notes, list):
        return
    rest = []
    for note in notes:
        if (change := carried(note)) is not None:
            yield change
        else:
            rest.append(note)
    if len(rest) == len(notes):
        return
    if rest:
        owner[key] = rest
    else:
        del owner[key]


def _packed(change: Delta) -> str:
    """The changes as a text that does not depend on the order of keys."""
    change = Delta(change.set, tuple(sorted(change.drop)))
    return msgspec.json.encode(change, order="deterministic").decode()


def _unpacked(text: Any) -> Delta | None:
    """The changes of a text; ``None`` where it was damaged, so that it stays where it is."""
    try:
        return msgspec.json.decode(text, type=Delta)
    except (msgspec.DecodeError, TypeError, RecursionError):
        return None


def elements(document: dict[str, Any]) -> dict[str, str]:
    """SPDXID to the JSON Pointer of each package and file; of several, of the first."""
    found: dict[str, str] = {}
    for key in ("packages", "files"):
        items = document.get(key)
        for number, item in enumerate(items if isinstance(items, list) else ()):
            id = item.get("SPDXID") if isinstance(item, dict) else None
            if isinstance(id, str) and id:
                found.setdefault(id, f"/{key}/{number}")
    return found


def components(bom: dict[str, Any]) -> dict[str, str]:
    """``bom-ref`` to the JSON Pointer of each component whose reference is its own."""
    metadata = bom.get("metadata")
    main = metadata.get("component") if isinstance(metadata, dict) else None
    waiting: list[tuple[Any, str]] = [(main, "/metadata/component"), *_inner(bom, "")]
    found: dict[str, str] = {}
    twice = set()
    while waiting:
        item, at = waiting.pop()
        if not isinstance(item, dict):
            continue
        ref = item.get("bom-ref")
        if isinstance(ref, str) and ref and found.setdefault(ref, at) != at:
            twice.add(ref)
        if at.count("/") < 2 * MAX_DEPTH:
            waiting += _inner(item, at)
    return {ref: at for ref, at in found.items() if ref not in twice}


def _inner(item: dict[str, Any], at: str) -> Iterator[tuple[Any, str]]:
    inner = item.get("components")
    for number, one in enumerate(inner if isinstance(inner, list) else ()):
        yield one, f"{at}/components/{number}"


def _at(value: Any, pointer: str) -> dict[str, Any]:
    for part in pointer.split("/")[1:]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    found: dict[str, Any] = value
    return found
