"""Adding a string to an array of a TOML document, with the array and table it needs."""

from __future__ import annotations

import copy
from typing import Any

from pratique.formats.edit.base import EditError, splice
from pratique.formats.edit.tomltext import Array, Path, Scan, quoted
from pratique.formats.text import parse_toml
from pratique.model.errors import InputError


def append(text: str, table: Path, key: str, value: str) -> str:
    """Add a string at the end of an array.

    Args:
        text: The document.
        table: Path of the table that has the array.
        key: Of the array; it is made where it is not there, and so is the table.
        value: The string.

    Raises:
        EditError: There is something else in that place.
        InputError: The document is no TOML.
    """
    scan = Scan(text)
    array = next((one for one in scan.arrays if one.path == (*table, key)), None)
    if array is not None:
        out = _longer(scan, array, value)
    elif table in scan.tables:
        at = scan.tables[table]
        out = splice(text, [(at, at, f"{key} = [{quoted(value, '')}]\n")])
    else:
        end = "" if not text or text.endswith("\n") else "\n"
        gap = "\n" if text.strip() else ""
        name = ".".join(str(part) for part in table)
        out = f"{text}{end}{gap}[{name}]\n{key} = [{quoted(value, '')}]\n"
    return _checked(scan, out, table, key, value)


def _longer(scan: Scan, array: Array, value: str) -> str:
    text, (path, start, end) = scan.text, array
    items = [spot for spot in scan.strings if spot.path[:-1] == path]
    item = quoted(value, "")
    if not items:
        return splice(text, [(start + 1, end - 1, item)])
    last = items[-1]
    comma = text[last.end : end].lstrip().startswith(",")
    separator = [] if comma else [(last.end, last.end, ",")]
    line = text.rfind("\n", 0, end - 1) + 1
    if line <= last.end:
        return splice(text, [(last.end, last.end, f", {item}")])
    own = text[text.rfind("\n", 0, last.start) + 1 : last.start]
    indent = own if not own.strip() else "    "
    return splice(text, [*separator, (line, line, f"{indent}{item},\n")])


def _checked(scan: Scan, out: str, table: Path, key: str, value: str) -> str:
    expected: dict[str, Any] = copy.deepcopy(scan.value)
    at: Any = expected
    for part in table:
        at = at.setdefault(part, {}) if isinstance(at, dict) else None
    if not isinstance(at, dict) or not isinstance(at.setdefault(key, []), list):
        raise EditError(f"{key} is no array")
    at[key].append(value)
    try:
        same = parse_toml(out) == expected
    except InputError:
        same = False
    if not same:
        raise EditError(f"{key} cannot be added to without changing something else")
    return out
