"""Where the strings of a TOML document stand.

Format: TOML 1.0.0.  ``tomllib`` says what a document means and nothing of
places; this finds the places of string values, by the path of keys and indexes
that leads to each, and the writers let ``tomllib`` judge the result.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, NamedTuple

from pratique.formats.edit.base import EditError
from pratique.formats.text import parse_toml
from pratique.model.errors import InputError

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
_OTHER = re.compile(r"[^,\]}\s#]+(?:[ ][0-9:.+Z-]+)?")
MAX_DEPTH = 32
"""Deepest nesting of arrays and inline tables."""


class Spot(NamedTuple):
    """A string value and its place, quotes included."""

    path: Path
    value: str
    start: int
    end: int


class Array(NamedTuple):
    """An array and its place, brackets included."""

    path: Path
    start: int
    end: int


class Scan:
    """The places of a document's values.

    Args:
        text: The document.

    Raises:
        InputError: It is no TOML, or its places cannot be told.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.value: dict[str, Any] = parse_toml(text)
        self.strings: list[Spot] = []
        self.arrays: list[Array] = []
        self.tables: dict[Path, int] = {}
        """Tables with a header, and where the header's line ends."""

        self._at = 0
        self._counts: dict[Path, int] = {}
        try:
            self._document()
        except (IndexError, AttributeError, RecursionError, tomllib.TOMLDecodeError) as error:
            raise EditError("the places of its values cannot be told") from error

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self._at)
        if match is None:
            raise EditError(f"cannot be followed at character {self._at}")
        self._at = match.end()
        return match[0]

    def _document(self) -> None:
        table: Path = ()
        while True:
            self._take(_BLANK)
            if self._at >= len(self.text):
                return
            if self.text[self._at] != "[":
                self._pair(table, 0)
                continue
            double = self.text.startswith("[[", self._at)
            self._at += 2 if double else 1
            self._take(_SPACE)
            table = self._placed(self._key(), double=double)
            self._take(_SPACE)
            self._at += 2 if double else 1
            stop = self.text.find("\n", self._at)
            self.tables[table] = len(self.text) if stop < 0 else stop + 1

    def _placed(self, key: Path, *, double: bool) -> Path:
        """The path of a table, with the index of the array tables on its way."""
        path: Path = ()
        for place, part in enumerate(key):
            path = (*path, part)
            last = place == len(key) - 1
            if last and double:
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts and (double or not last):
                path = (*path, self._counts[path])
        return path

    def _key(self) -> Path:
        parts: list[str] = []
        while True:
            if self.text[self._at] in "\"'":
                raw = self._take(_STRING)
                parts.append(_meaning(raw))
            else:
                parts.append(self._take(_BARE))
            self._take(_SPACE)
            if not self.text.startswith(".", self._at):
                return tuple(parts)
            self._at += 1
            self._take(_SPACE)

    def _pair(self, table: Path, depth: int) -> None:
        key = self._key()
        if self.text[self._at] != "=":
            raise EditError(f"cannot be followed at character {self._at}")
        self._at += 1
        self._take(_SPACE)
        self._value((*table, *key), depth)

    def _value(self, path: Path, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise EditError("is nested too deeply")
        start = self._at
        match self.text[start]:
            case '"' | "'":
                raw = self._take(_STRING)
                self.strings.append(Spot(path, _meaning(raw), start, self._at))
            case "[":
                self._at += 1
                count = 0
                while not self._closed("]", _BLANK):
                    self._value((*path, count), depth + 1)
                    count += 1
                self.arrays.append(Array(path, start, self._at))
            case "{":
                self._at += 1
                while not self._closed("}", _BLANK):
                    self._pair(path, depth + 1)
            case _:
                self._take(_OTHER)

    def _closed(self, bracket: str, blank: re.Pattern[str]) -> bool:
        self._take(blank)
        if self.text[self._at] == ",":
            self._at += 1
            self._take(blank)
        if self.text[self._at] == bracket:
            self._at += 1
            return True
        return False


def _meaning(raw: str) -> str:
    value = tomllib.loads(f"a = {raw}")["a"]
    assert isinstance(value, str)
    return value


def quoted(value: str, like: str) -> str:
    """A string in the quotes of another, where they can hold it."""
    if (
        like.startswith("'")
        and not like.startswith("'''")
        and "'" not in value
        and value.isprintable()
    ):
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    if not value.isprintable():
        raise EditError("a value has characters that are not printed")
    return f'"{escaped}"'


def check(before: Scan, after: str, changed: dict[Path, str]) -> str:
    """The changed text, if nothing but some strings is different in it.

    Raises:
        EditError: Something else is.
    """
    expected = _replaced(before.value, (), changed)
    try:
        same = parse_toml(after) == expected
    except InputError:
        same = False
    if not same:
        raise EditError("the change cannot be written without changing something else")
    return after


def _replaced(value: Any, path: Path, changed: dict[Path, str]) -> Any:
    if path in changed:
        return changed[path]
    if isinstance(value, dict):
        return {key: _replaced(one, (*path, key), changed) for key, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one, (*path, place), changed) for place, one in enumerate(value)]
    return value
