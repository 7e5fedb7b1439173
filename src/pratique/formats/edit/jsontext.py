"""Where the values of a JSON document stand (RFC 8259)."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from pratique.formats.edit.base import EditError, splice
from pratique.formats.text import parse_json
from pratique.model.errors import InputError

Path = tuple[str | int, ...]

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_OTHER = re.compile(r"[^,\]}\s]+")
MAX_DEPTH = 64
"""Deepest nesting, as for every reader."""


class Member(NamedTuple):
    """A value with its place, and that of the key before it."""

    key: int
    """Where the key begins; where the value does in an array."""

    start: int
    end: int


class Scan:
    """The places of a document's values.

    Args:
        text: The document.

    Raises:
        InputError: It is no JSON, or its places cannot be told.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.value: Any = parse_json(text)
        self.members: dict[Path, Member] = {}
        self._at = 0
        self._skip()
        try:
            self._value((), self._at, 0)
        except IndexError as error:
            raise EditError("the places of its values cannot be told") from error

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self._at)
        self._at = match.end() if match else self._at

    def _string(self) -> str:
        match = _STRING.match(self.text, self._at)
        if match is None:
            raise EditError(f"cannot be followed at character {self._at}")
        self._at = match.end()
        value: str = json.loads(match[0], strict=False)
        return value

    def _value(self, path: Path, key: int, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise EditError("is nested too deeply")
        start = self._at
        match self.text[start]:
            case "{":
                self._items("}", path, depth)
            case "[":
                self._items("]", path, depth)
            case '"':
                self._string()
            case _:
                other = _OTHER.match(self.text, start)
                self._at = other.end() if other else start + 1
        self.members[path] = Member(key, start, self._at)

    def _items(self, bracket: str, path: Path, depth: int) -> None:
        self._at += 1
        self._skip()
        count = 0
        while self.text[self._at] != bracket:
            at = self._at
            part: str | int = count
            if bracket == "}":
                part = self._string()
                self._skip()
                self._at += 1
                self._skip()
            self._value((*path, part), at, depth + 1)
            count += 1
            self._skip()
            if self.text[self._at] == ",":
                self._at += 1
                self._skip()
        self._at += 1


def indentation(text: str) -> str:
    """What one level of a document is indented by; two spaces where nothing shows it."""
    match = re.search(r"[{\[]\r?\n([ \t]+)", text)
    return match[1] if match else "  "


def layout(value: Any, indent: str, level: int) -> str:
    """A value as ``JSON.stringify`` lays it out at some level."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return text.replace("\n", "\n" + indent * level)


def replaced(text: str, changes: dict[Path, Any]) -> str:
    """The document with some values replaced, added (at the end) or, by ``None``, removed.

    A value may be added to an object that is there.

    Raises:
        EditError: A place is not there, or something else would be different.
        InputError: The document is no JSON.
    """
    scan = Scan(text)
    indent = indentation(text)
    pieces: list[tuple[int, int, str]] = []
    added: dict[Path, list[tuple[str, Any]]] = {}
    for path, value in changes.items():
        member = scan.members.get(path)
        if member is None:
            if value is not None:
                added.setdefault(path[:-1], []).append((str(path[-1]), value))
        elif value is None:
            pieces.append(_removal(text, member))
        else:
            pieces.append((member.start, member.end, layout(value, indent, len(path))))
    for path, items in added.items():
        pieces.append(_addition(scan, path, items, indent))
    out = splice(text, pieces)
    try:
        same = parse_json(out) == _expected(scan.value, changes)
    except InputError:
        same = False
    if not same:
        raise EditError("the change cannot be written without changing something else")
    return out


def _removal(text: str, member: Member) -> tuple[int, int, str]:
    after = _SPACE.match(text, member.end)
    end = after.end() if after else member.end
    if text[end] == ",":
        more = _SPACE.match(text, end + 1)
        return (member.key, more.end() if more else end + 1, "")
    start = len(text[: member.key].rstrip())
    return (start - 1 if text[start - 1] == "," else start, member.end, "")


def _addition(
    scan: Scan, path: Path, items: list[tuple[str, Any]], indent: str
) -> tuple[int, int, str]:
    holder = scan.members.get(path)
    if holder is None or scan.text[holder.start] != "{":
        raise EditError("there is no object to add to")
    level = len(path) + 1
    lines = [
        f"{indent * level}{json.dumps(key, ensure_ascii=False)}: {layout(value, indent, level)}"
        for key, value in items
    ]
    inside = scan.text[holder.start + 1 : holder.end - 1]
    body = ",\n".join(lines)
    if inside.strip():
        at = holder.start + 1 + len(inside.rstrip())
        return (at, at, f",\n{body}")
    return (holder.start, holder.end, f"{{\n{body}\n{indent * (level - 1)}}}")


def _expected(value: Any, changes: dict[Path, Any]) -> Any:
    value = json.loads(json.dumps(value))
    for path, new in changes.items():
        at = value
        for part in path[:-1]:
            at = at[part]
        if new is None:
            if isinstance(at, dict):
                at.pop(path[-1], None)
        else:
            at[path[-1]] = new
    return value
