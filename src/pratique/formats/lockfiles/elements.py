"""Elements of an XML document by local name, whatever its namespace.

POMs and project files are written with and without their namespace, and the
tools that own them take both.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from pratique.formats.text import parse_xml
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element


MAX_TAG_LINES = 40
"""Most lines of one start tag; one attribute a line makes under ten."""


def root_of(data: bytes, name: str) -> _Element:
    """Root element of a document, which must have a given local name.

    Raises:
        InputError: It is not well-formed XML, declares a document type, or is
            something else.
    """
    try:
        root = parse_xml(data)
    except InputError as error:
        raise type(error)(" ".join(error.message.split())) from None
    if local(root) != name:
        raise InputError(f"is <{local(root)[:40]}>, not <{name}>")
    return root


def local(element: _Element) -> str:
    """Name of an element without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: _Element | None, *names: str) -> Iterator[_Element]:
    """Children of an element, those of the names given where any is; none of nothing."""
    if element is not None:
        for child in element:
            if not names or local(child) in names:
                yield child


def child(element: _Element | None, name: str) -> _Element | None:
    """First child of a name."""
    return next(children(element, name), None)


def text_of(element: _Element | None, name: str) -> str:
    """Text of the first child of a name, without surrounding space; empty where absent."""
    found = child(element, name)
    return (found.text or "").strip() if found is not None else ""


def line_of(element: _Element) -> int:
    """Line on which the start tag of an element ends; 0 where the parser has none."""
    return cast("int | None", element.sourceline) or 0


class StartLines:
    """Lines on which start tags begin; the parser has only those on which they end.

    Args:
        data: The document.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._lines: list[str] | None = None

    def of(self, element: _Element) -> int:
        """Line on which an element begins; where its tag ends if that cannot be found."""
        end = line_of(element)
        if self._lines is None:
            # Tags and line ends are ASCII in every encoding met but UTF-16, which adds NULs.
            self._lines = self._data.replace(b"\0", b"").decode("latin-1").split("\n")
        tag = _start_tag(local(element))
        for line in range(min(end, len(self._lines)), max(0, end - MAX_TAG_LINES), -1):
            if tag.search(self._lines[line - 1]):
                return line
        return end


@lru_cache(maxsize=64)
def _start_tag(name: str) -> re.Pattern[str]:
    return re.compile(rf"<(?:[\w.-]+:)?{re.escape(name)}(?![\w.-])")
