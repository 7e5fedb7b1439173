"""The structure of CSAF 2.0 and 2.1 documents: required fields, types, words, patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DEPTH
from pratique.formats.csaf.schema import PATTERNS, SHAPES, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FAULTS = 200
"""Faults of the structure that are named in one document."""


def check_structure(value: Any, version: str) -> list[tuple[str, str]]:
    """What the schema of a version of CSAF forbids in a document.

    Args:
        value: The parsed document.
        version: ``2.0`` or ``2.1``.

    Returns:
        JSON pointer and fault, at most ``MAX_FAULTS`` of them.
    """
    found = []
    for fault in _check(value, "csaf", "", SHAPES[version], version == "2.1", 0):
        found.append(fault)
        if len(found) >= MAX_FAULTS:
            break
    return found


def _check(
    value: Any, kind: Any, path: str, shapes: dict[str, Shape], closed: bool, depth: int
) -> Iterator[tuple[str, str]]:
    if kind == "any":
        return
    if depth > MAX_DEPTH * 3:
        yield path, "is nested too deeply"
    elif isinstance(kind, list | set):
        yield from _check_list(value, kind, path, shapes, closed, depth)
    elif isinstance(kind, frozenset):
        if not isinstance(value, str) or value not in kind:
            yield path, f"is {str(value)[:60]!r}, which is none of {', '.join(sorted(kind))}"
    elif kind in shapes:
        yield from _check_object(value, shapes[kind], path, shapes, closed, depth)
    elif not isinstance(value, str):
        yield path, "is no text"
    elif not value:
        yield path, "is empty"
    elif kind in PATTERNS and not PATTERNS[kind].match(value):
        yield path, f"{value[:60]!r} is no {kind}"


def _check_list(
    value: Any, kind: Any, path: str, shapes: dict[str, Shape], closed: bool, depth: int
) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list):
        yield path, "is no list"
        return
    if not value:
        yield path, "is empty"
    if isinstance(kind, set) and len(value) > 1:
        import msgspec

        if len({msgspec.json.encode(one, order="sorted") for one in value}) != len(value):
            yield path, "has an item twice"
    inner = next(iter(kind))
    for at, one in enumerate(value):
        yield from _check(one, inner, f"{path}/{at}", shapes, closed, depth + 1)


def _check_object(
    value: Any, shape: Shape, path: str, shapes: dict[str, Shape], closed: bool, depth: int
) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield path, "is no object"
        return
    for name in shape.required.split():
        if name not in value:
            yield f"{path}/{name}", "is absent"
    if len(value) < shape.least:
        yield path, f"has fewer than {shape.least} properties"
    for name, one in value.items():
        kind = shape.fields.get(name)
        if kind is not None:
            yield from _check(one, kind, f"{path}/{name}", shapes, closed, depth + 1)
        elif closed:
            yield f"{path}/{str(name)[:60]}", "is not a property of the schema"
