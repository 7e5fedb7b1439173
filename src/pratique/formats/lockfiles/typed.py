"""Values of a parsed document, taken only where they have the type they should have.

A wrong type costs its own value: it becomes a problem with the entry's line,
and what is beside it is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pratique.formats.base import Notes

_KINDS = {
    "dict": "a table",
    "list": "an array",
    "str": "a string",
    "int": "a number",
    "float": "a number",
    "bool": "a boolean",
    "NoneType": "null",
}


def kind(value: object) -> str:
    """What a value is, in the words of TOML and JSON, such as ``a table`` or ``null``."""
    return _KINDS.get(type(value).__name__, "a date")


def text_of(table: Mapping[str, Any], key: str, notes: Notes, line: int) -> str:
    """String of a key without surrounding space; empty where absent or of another type."""
    value = table.get(key)
    if isinstance(value, str):
        return value.strip()
    if value is not None:
        notes.unreadable(f"{key} is {kind(value)}, not a string", line)
    return ""


def table_of(table: Mapping[str, Any], key: str, notes: Notes, line: int) -> dict[str, Any]:
    """Table of a key; empty where absent or of another type."""
    value = table.get(key)
    if isinstance(value, dict):
        return value
    if value is not None:
        notes.unreadable(f"{key} is {kind(value)}, not a table", line)
    return {}


def items_of(table: Mapping[str, Any], key: str, notes: Notes, line: int) -> list[Any]:
    """Items of an array; empty where absent or of another type."""
    value = table.get(key)
    if isinstance(value, list):
        return value
    if value is not None:
        notes.unreadable(f"{key} is {kind(value)}, not an array", line)
    return []


def tables_of(
    table: Mapping[str, Any], key: str, notes: Notes, line: int
) -> Iterator[dict[str, Any]]:
    """The tables of an array of tables, without items of another type."""
    for item in items_of(table, key, notes, line):
        if isinstance(item, dict):
            yield item
        else:
            notes.unreadable(f"an item of {key} is {kind(item)}, not a table", line)


def strings_of(table: Mapping[str, Any], key: str, notes: Notes, line: int) -> Iterator[str]:
    """The strings of an array of strings, without items of another type."""
    for item in items_of(table, key, notes, line):
        if isinstance(item, str):
            yield item
        else:
            notes.unreadable(f"an item of {key} is {kind(item)}, not a string", line)
