"""Where the elements of an XML document stand.

The document is first read by the limits of :func:`pratique.formats.text.parse_xml`
(no document type, so no entities); expat then gives the places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat  # the document was refused before if it declares a type

import msgspec

from pratique.formats.edit.base import EditError
from pratique.formats.text import decode, parse_xml

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 64
"""Deepest nesting, as for every reader."""


class Element(msgspec.Struct):
    """An element with the places of its content, as bytes of the document."""

    name: str
    """Without its prefix."""

    start: int
    """Of ``<`` of its start tag."""

    inside: int
    """Of what follows its start tag."""

    close: int = 0
    """Of ``<`` of its end tag; equal to ``inside`` where it has none."""

    text: str = ""
    children: list[Element] = []

    def child(self, name: str) -> Element | None:
        """First child of a name."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[Element]:
        """Children of a name."""
        return (one for one in self.children if one.name == name)

    def value(self, name: str) -> str:
        """Text of the first child of a name, without surrounding space; empty where absent."""
        found = self.child(name)
        return found.text.strip() if found else ""


def scan(data: bytes) -> Element:
    """The root element with its places.

    Raises:
        InputError: It is not well-formed, declares a document type, or is nested too deeply.
    """
    parse_xml(data)
    decode(data)
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise EditError("is not written in UTF-8")
    top = Element("", 0, 0)
    open_ones = [top]
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def begin(name: str, _: object) -> None:
        at = parser.CurrentByteIndex
        element = Element(name.rpartition(":")[2], at, _tag_end(data, at))
        open_ones[-1].children.append(element)
        open_ones.append(element)
        if len(open_ones) > MAX_DEPTH:
            raise EditError("is nested too deeply")

    def finish(_: str) -> None:
        element = open_ones.pop()
        at = parser.CurrentByteIndex
        element.close = max(at, element.inside)

    def characters(text: str) -> None:
        open_ones[-1].text += text

    parser.StartElementHandler = begin
    parser.EndElementHandler = finish
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise EditError(f"is not well-formed XML: {error}") from None
    return top.children[0]


def _tag_end(data: bytes, at: int) -> int:
    """Index after the ``>`` of a start tag; attribute values may have one too."""
    quote = 0
    for place in range(at, len(data)):
        byte = data[place]
        if quote:
            quote = 0 if byte == quote else quote
        elif byte in b"\"'":
            quote = byte
        elif byte == 0x3E:
            return place + 1
    return len(data)
