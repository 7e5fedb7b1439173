"""Reads SPDX 2 documents in XML, whose elements have the names of the JSON form's keys.

An array is a row of elements of one name.  Source: SPDX 2.3, clause 4.4; the
examples of the specification are the only description of the form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec

from pratique.formats.base import Notes
from pratique.formats.sbom.elements import children, line_of, text_of
from pratique.formats.sbom.places import Places
from pratique.formats.sbom.salvage import fields_of, read_value
from pratique.formats.sbom.spdx import older
from pratique.formats.sbom.spdx.read import reading, recognised
from pratique.formats.sbom.spdx.wire import Document
from pratique.formats.text import parse_xml
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from lxml import etree

    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading


def read_xml(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file says all
    """Read an SPDX 2 XML document.

    Args:
        data: The document, in any encoding that it declares.
        path: Where it is, for the problems and locations.
        tree: Not used: other documents that it refers to are not followed.

    Raises:
        InputError: It is not well-formed, or its root is another than ``Document``.
        LimitError: It exceeds the limits of size or depth.
    """
    root = parse_xml(data)
    name = root.tag.rpartition("}")[2]
    if name not in {"Document", "SpdxDocument"}:
        raise InputError("is not an SPDX XML document: its root is not Document")
    notes = Notes(path)
    lines: dict[str, int] = {}
    if name == "SpdxDocument":
        value = _value(root, older.Document, lines)
        document = older.current(read_value(value, older.Document, notes))
    else:
        document = read_value(_value(root, Document, lines), Document, notes)
    document, format = recognised(document, notes)
    return reading(document, format, notes, Places(lines=lines))


def _value(element: etree._Element, form: type[msgspec.Struct], lines: dict[str, int]) -> Any:
    """An element as the plain value that a struct can be made of."""
    found: dict[str, Any] = {}
    kinds = {key: type for _, key, type in fields_of(form)}
    for _, name, child in children(element):
        kind = kinds.get(name)
        if kind is None:
            continue
        repeated = get_origin(kind) is list
        item = get_args(kind)[0] if repeated else kind
        value: Any
        if issubclass(item, msgspec.Struct):
            value = (
                _value(child, item, lines) if len(child) or not text_of(child) else text_of(child)
            )
        else:
            value = text_of(child)
        if repeated:
            found.setdefault(name, []).append(value)
        else:
            found.setdefault(name, value)
        if name == "SPDXID":
            lines.setdefault(value, line_of(child))
    return found
