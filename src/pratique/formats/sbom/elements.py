"""Text, local name and line of XML elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree


def children(element: etree._Element) -> Iterator[tuple[str, str, etree._Element]]:
    """Namespace, local name and element of each child that is one."""
    child: Any
    for child in element:
        tag = child.tag
        if isinstance(tag, str):  # what is left of comments and entities has no name
            namespace, _, name = tag.rpartition("}")
            yield namespace[1:], name, child


def text_of(element: etree._Element) -> str:
    """Text of an element up to its first child, without white space around it."""
    return (element.text or "").strip()


def line_of(element: Any) -> int:
    """Line of an element's start tag; 0 where it is not known."""
    return element.sourceline or 0
