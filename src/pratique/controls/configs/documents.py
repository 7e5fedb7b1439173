"""Documents as plain values, with the line and column of what is in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from pratique.controls.configs.models import Place
from pratique.formats.text import parse_json, parse_xml
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from pratique.policy.documents import Node

MAX_DEPTH = 64
"""Deepest nesting of XML elements, as for every reader."""


class Document(NamedTuple):
    """A value, and the places of its parts by the keys and indexes that lead there."""

    path: str
    value: Any
    places: dict[tuple[str | int, ...], tuple[int, int]]

    def at(self, *keys: str | int) -> Place:
        """Place of a part, or of the nearest one around it that has a place."""
        for length in range(len(keys), 0, -1):
            found = self.places.get(keys[:length])
            if found:
                return Place(self.path, *found)
        return Place(self.path)

    def get(self, *keys: str | int) -> Any:
        """A part, or ``None`` where there is none."""
        value = self.value
        for key in keys:
            if isinstance(value, dict):
                value = value.get(key)
            elif isinstance(value, list) and isinstance(key, int) and key < len(value):
                value = value[key]
            else:
                return None
        return value

    def text(self, *keys: str | int) -> str:
        """A part that is a text; empty for any other."""
        value = self.get(*keys)
        return value if isinstance(value, str) else ""

    def table(self, *keys: str | int) -> dict[str, Any]:
        """A part that is a table; an empty one for any other."""
        value = self.get(*keys)
        return value if isinstance(value, dict) else {}

    def list(self, *keys: str | int) -> list[Any]:
        """A part that is a list; an empty one for any other."""
        value = self.get(*keys)
        return value if isinstance(value, list) else []


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, from 1."""
    start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, offset) + 1, offset - start + 1


def read_toml(text: str, path: str) -> Document:
    """A TOML document.

    Raises:
        InputError: It is none.
    """
    from pratique.formats.edit.tomltext import Scan
    from pratique.formats.text import parse_toml

    value = parse_toml(text)
    places: dict[tuple[str | int, ...], tuple[int, int]] = {}
    try:
        scan = Scan(text)
    except InputError:
        return Document(path, value, places)
    for spot in scan.strings:
        places[spot.path] = position(text, spot.start)
    for array in scan.arrays:
        places.setdefault(array.path, position(text, array.start))
    for table, end in scan.tables.items():
        line, _ = position(text, max(end - 1, 0))
        places.setdefault(table, (line, 1))
    for spot in scan.strings:
        for length in range(len(spot.path) - 1, 0, -1):
            places.setdefault(spot.path[:length], places[spot.path])
    return Document(path, value, places)


def read_yaml(text: str, path: str) -> Document:
    """A YAML document; every scalar is the text that is written.

    Raises:
        InputError: It is none, or uses tags, anchors or aliases.
    """
    from pratique.policy.documents import parse
    from pratique.policy.errors import PolicyError

    if not re.search(r"^[^#\s-]", text, re.MULTILINE):
        return Document(path, {}, {})
    places: dict[tuple[str | int, ...], tuple[int, int]] = {}
    try:
        value = _plain(parse(text.encode(), path), (), places)
    except PolicyError as error:
        defect = error.defects[0]
        raise InputError(f"line {defect.line}: {defect.message}") from None
    return Document(path, value, places)


def _plain(node: Node, path: tuple[str | int, ...], places: dict[Any, tuple[int, int]]) -> Any:
    from pratique.policy.documents import Mapping, Scalar, Sequence

    places.setdefault(path, (node.line, node.column))
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [_plain(one, (*path, place), places) for place, one in enumerate(node.items)]
    assert isinstance(node, Mapping)
    found = {}
    for name, (key, value) in node.entries.items():
        if not isinstance(value, Scalar):
            places[(*path, name)] = (key.line, key.column)
        found[name] = _plain(value, (*path, name), places)
    return found


def read_json(text: str, path: str) -> Document:
    """A JSON document; keys have the place of their first occurrence in the order of nesting.

    Raises:
        InputError: It is none.
    """
    value = parse_json(text)
    places: dict[tuple[str | int, ...], tuple[int, int]] = {}
    _find(text, value, (), 0, places)
    return Document(path, value, places)


def _find(
    text: str,
    value: Any,
    path: tuple[str | int, ...],
    start: int,
    places: dict[tuple[str | int, ...], tuple[int, int]],
) -> int:
    """Walk the value along the text, from the key found last.  Depth is the parser's."""
    if isinstance(value, dict) and len(path) < 16:
        for key, one in value.items():
            match = re.compile(rf'"{re.escape(key)}"\s*:\s*').search(text, start)
            if match is not None:
                places[(*path, key)] = position(text, match.end())
                start = match.end()
            start = _find(text, one, (*path, key), start, places)
    elif isinstance(value, list) and len(path) < 16:
        for place, one in enumerate(value):
            start = _find(text, one, (*path, place), start, places)
    return start


class Element(msgspec.Struct):
    """An XML element with its place."""

    name: str
    """Without its prefix."""

    place: Place
    attributes: dict[str, str] = {}
    text: str = ""
    children: list[Element] = []

    def all(self, *names: str) -> list[Element]:
        """Elements on a path of names below this one."""
        found = [self]
        for name in names:
            found = [
                child
                for one in found
                for child in one.children
                if child.name.lower() == name.lower()
            ]
        return found

    def value(self, name: str) -> str:
        """Text of the first child of a name, without surrounding space; empty where absent."""
        found = self.all(name)
        return found[0].text.strip() if found else ""

    def attribute(self, name: str) -> str:
        """An attribute, whatever its letter case; empty where absent."""
        for key, value in self.attributes.items():
            if key.lower() == name.lower():
                return value
        return ""


def read_xml(text: str, path: str) -> Element:
    """The root of an XML document with places.

    Raises:
        InputError: It is not well-formed, declares a document type, or is nested too deeply.
    """
    from xml.parsers import expat  # what declares a document type was refused before

    text = re.sub(r"^\s*<\?xml[^>]*\?>", lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    # A declaration may name another encoding than the text now has; spaces keep the places.
    data = text.lstrip("\ufeff").encode()
    parse_xml(data.lstrip())
    top = Element("", Place(path))
    stack = [top]
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True

    def begin(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > MAX_DEPTH:
            raise LimitError(f"is nested over {MAX_DEPTH} deep")
        place = Place(path, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
        element = Element(name.rpartition(":")[2], place, dict(attributes))
        stack[-1].children.append(element)
        stack.append(element)

    def finish(_: str) -> None:
        stack.pop()

    def characters(part: str) -> None:
        stack[-1].text += part

    parser.StartElementHandler = begin
    parser.EndElementHandler = finish
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise InputError(f"is not well-formed XML: {error}") from None
    return top.children[0]
