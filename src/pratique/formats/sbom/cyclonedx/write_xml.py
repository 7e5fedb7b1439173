"""Writes the value of a CycloneDX JSON document as XML.

Source: CycloneDX 1.7, XML and JSON schemas.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DEPTH
from pratique.formats.sbom.cyclonedx.grammar import GRAMMAR
from pratique.model.errors import LimitError

if TYPE_CHECKING:
    from lxml import etree

    from pratique.formats.sbom.cyclonedx.fields import Field

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 documents may not have (section 2.2)."""

_VERSION = re.compile(r"1\.\d\Z")


def write_xml(bom: dict[str, Any]) -> bytes:
    """A document as XML, in the namespace of its version.

    Args:
        bom: The value of a CycloneDX JSON document.  What the grammar has no
            element for is left out.

    Returns:
        UTF-8 text that ends in a newline.

    Raises:
        LimitError: It is nested too deeply.
    """
    from lxml import etree

    version = bom.get("specVersion")
    version = version if isinstance(version, str) and _VERSION.match(version) else "1.6"
    namespace = f"http://cyclonedx.org/schema/bom/{version}"
    root = etree.Element(f"{{{namespace}}}bom", nsmap={None: namespace})  # type: ignore[dict-item]
    _Writer(namespace).object(root, bom, "bom", 0)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


class _Writer:
    """Writes objects by the grammar."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._one_data = namespace.endswith("/1.5")
        """The XML schema of 1.5 takes one description of a component's data, its JSON schema any
        number."""

    def object(self, element: etree._Element, value: dict[str, Any], type: str, depth: int) -> None:
        if depth > 2 * MAX_DEPTH:
            raise LimitError("is nested too deeply")
        for field in GRAMMAR[type]:
            one = value.get(field.key)
            if one is None:
                continue
            if field.form == "attribute":
                if type == "bom" and field.key == "version" and isinstance(one, int):
                    one = str(one)
                if isinstance(one, str) and not _NOT_XML.search(one):
                    element.set(field.name, one)
            elif field.form == "content":
                if isinstance(one, str) and not _NOT_XML.search(one):
                    element.text = one
            elif field.form in {"bare", "depends"}:
                items = one if isinstance(one, list) else ()
                if self._one_data and field.type == "data":
                    items = items[:1]
                for item in items:
                    self._item(element, field.name, item, field, depth)
            else:
                self._field(element, one, field, depth)

    def _field(self, parent: etree._Element, value: Any, field: Field, depth: int) -> None:
        if field.form == "licenses":
            self._licenses(parent, value, depth)
        elif field.form == "tools":
            self._tools(parent, value, depth)
        elif field.form == "object":
            if isinstance(value, dict):
                self.object(self._child(parent, field.name), value, field.type, depth + 1)
        elif field.form == "datasets":
            self._datasets(parent, value, field, depth)
        elif field.form in {"list", "refs", "numbers"}:
            if isinstance(value, list):
                wrapper = self._child(parent, field.name)
                for item in value:
                    self._item(wrapper, field.item, item, field, depth)
        elif (text := _text(value, field.form)) is not None:
            self._child(parent, field.name).text = text

    def _item(
        self, parent: etree._Element, name: str, value: Any, field: Field, depth: int
    ) -> None:
        if field.form in {"depends", "refs"}:
            if isinstance(value, str) and not _NOT_XML.search(value):
                self._child(parent, name).set("ref", value)
        elif field.type:
            if isinstance(value, dict):
                self.object(self._child(parent, name), value, field.type, depth + 1)
        elif (text := _text(value, "number" if field.form == "numbers" else "text")) is not None:
            self._child(parent, name).text = text

    def _licenses(self, parent: etree._Element, value: Any, depth: int) -> None:
        if not isinstance(value, list):
            return
        wrapper = self._child(parent, "licenses")
        for choice in value:
            if not isinstance(choice, dict):
                continue
            named = choice.get("license")
            if isinstance(named, dict):
                self.object(self._child(wrapper, "license"), named, "license", depth + 1)
            elif isinstance(choice.get("expression"), str):
                self.object(self._child(wrapper, "expression"), choice, "expression", depth + 1)

    def _datasets(self, parent: etree._Element, value: Any, field: Field, depth: int) -> None:
        """Data of a model, or references to it; in XML the two are elements of their own."""
        wrapper = self._child(parent, field.name)
        for one in value if isinstance(value, list) else ():
            if isinstance(one, dict) and isinstance(one.get("ref"), str):
                self._child(wrapper, "ref").text = _text(one["ref"], "text")
            else:
                self._item(wrapper, field.item, one, field, depth)

    def _tools(self, parent: etree._Element, value: Any, depth: int) -> None:
        if isinstance(value, dict):
            self.object(self._child(parent, "tools"), value, "tools", depth + 1)
        elif isinstance(value, list):
            wrapper = self._child(parent, "tools")
            for one in value:
                if isinstance(one, dict):
                    self.object(self._child(wrapper, "tool"), one, "tool", depth + 1)

    def _child(self, parent: etree._Element, name: str) -> etree._Element:
        from lxml import etree

        return etree.SubElement(parent, f"{{{self._namespace}}}{name}")


def _text(value: Any, form: str) -> str | None:
    """Text of a value that is of its form; ``None`` if it is not."""
    if form == "truth":
        return str(value).lower() if isinstance(value, bool) else None
    if form in {"number", "decimal"}:
        return str(value) if isinstance(value, int | float) and value is not True else None
    if not isinstance(value, str) or _NOT_XML.search(value):
        return None
    return value
