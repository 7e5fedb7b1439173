"""A CycloneDX XML document as the value of its JSON form.

Source: CycloneDX 1.7, XML and JSON schemas.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DEPTH
from pratique.formats.sbom.cyclonedx.grammar import GRAMMAR
from pratique.formats.sbom.elements import children, line_of
from pratique.formats.text import parse_xml
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from lxml import etree

    from pratique.formats.sbom.cyclonedx.fields import Field

_ROOT = re.compile(r"\{(https?://cyclonedx\.org/schema/bom/([^}]{0,40}))\}bom\Z")


class Values:
    """The value of a document, and what of it the value does not hold."""

    def __init__(self, value: dict[str, Any], left: list[tuple[int, str, str]]) -> None:
        self.value = value
        self.left = left
        """Line, text and reason of each element that has no key here."""


def xml_values(data: bytes) -> Values:
    """Take an XML document for what it is in JSON.

    Raises:
        InputError: It is not well-formed, or not CycloneDX.
        LimitError: It exceeds the limits of size or depth.
    """
    root = parse_xml(data)
    found = _ROOT.match(str(root.tag))
    if not found:
        raise InputError("is not a CycloneDX document: its root is not bom")
    reader = _Reader(found[1])
    value = {"bomFormat": "CycloneDX", "specVersion": found[2]} | reader.object(root, "bom", 0)
    if isinstance(number := value.get("version"), str):
        value["version"] = int(number) if number.isdecimal() and len(number) < 16 else number
    return Values(value, reader.left)


class _Reader:
    """Reads elements by the grammar."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self.left: list[tuple[int, str, str]] = []

    def object(self, element: etree._Element, type: str, depth: int) -> dict[str, Any]:
        if depth > 2 * MAX_DEPTH:
            raise LimitError("is nested too deeply")
        fields = GRAMMAR[type]
        found: dict[str, Any] = {}
        attributes = {one.name: one for one in fields if one.form == "attribute"}
        for name, text in element.attrib.items():
            if name in attributes:
                found[attributes[str(name)].key] = str(text)
            elif not str(name).startswith("{"):
                self._leave(element, str(text), f"attribute {name!s} of {type}")
        elements = {one.name: one for one in fields if one.form not in {"attribute", "content"}}
        for namespace, name, child in children(element):
            field = elements.get(name) if namespace == self._namespace else None
            if field is None:
                self._leave(
                    child, "".join(map(str, child.itertext()))[:200], f"element {name} of {type}"
                )
            elif field.form in {"bare", "depends"}:
                found.setdefault(field.key, []).append(self._one(child, field, depth))
            elif field.key in found:
                self._leave(child, "", f"a second {name} of {type}")
            else:
                found[field.key] = self._field(child, field, depth)
        for field in fields:
            if field.form == "content":
                found[field.key] = element.text or ""
        return found

    def _one(self, child: etree._Element, field: Field, depth: int) -> Any:
        if field.form == "depends":
            return child.get("ref") or ""
        return self.object(child, field.type, depth + 1) if field.type else child.text or ""

    def _field(self, child: etree._Element, field: Field, depth: int) -> Any:
        form, text = field.form, child.text or ""
        if form == "object":
            return self.object(child, field.type, depth + 1)
        if form == "licenses":
            return self._licenses(child, depth)
        if form == "tools":
            return self._tools(child, depth)
        if form == "datasets":
            return self._datasets(child, field, depth)
        if form in {"list", "refs", "numbers"}:
            return [self._item(one, field, depth) for one in self._items(child, field.item)]
        if form == "truth":
            plain = text.strip()
            return {"true": True, "1": True, "false": False, "0": False}.get(plain, text)
        if form in {"number", "decimal"}:
            return _number(text)
        return text

    def _item(self, child: etree._Element, field: Field, depth: int) -> Any:
        if field.form == "refs":
            return child.get("ref") or ""
        if field.form == "numbers":
            return _number(child.text or "")
        return self.object(child, field.type, depth + 1) if field.type else child.text or ""

    def _items(self, element: etree._Element, name: str) -> list[etree._Element]:
        found = []
        for namespace, local, child in children(element):
            if namespace == self._namespace and local == name:
                found.append(child)
            else:
                self._leave(child, "", f"element {local} among {name}")
        return found

    def _licenses(self, element: etree._Element, depth: int) -> list[Any]:
        found: list[Any] = []
        for _, name, child in children(element):
            if name == "license":
                found.append({"license": self.object(child, "license", depth + 1)})
            elif name == "expression":
                found.append(self.object(child, "expression", depth + 1))
            else:
                self._leave(child, "", f"element {name} among licenses")
        return found

    def _datasets(self, element: etree._Element, field: Field, depth: int) -> list[Any]:
        found: list[Any] = []
        for namespace, name, child in children(element):
            if namespace == self._namespace and name == "ref":
                found.append({"ref": child.text or ""})
            elif namespace == self._namespace and name == field.item:
                found.append(self.object(child, field.type, depth + 1))
            else:
                self._leave(child, "", f"element {name} among {field.key}")
        return found

    def _tools(self, element: etree._Element, depth: int) -> Any:
        names = [name for _, name, _ in children(element)]
        if "tool" in names or not names:
            return [self.object(one, "tool", depth + 1) for one in self._items(element, "tool")]
        return self.object(element, "tools", depth + 1)

    def _leave(self, element: etree._Element, text: str, what: str) -> None:
        self.left.append((line_of(element), " ".join(text.split()), f"{what} is not read"))


def _number(text: str) -> Any:
    text = text.strip()
    if re.fullmatch(r"-?\d{1,15}", text):
        return int(text)
    if re.fullmatch(r"-?\d{1,15}\.\d{1,15}", text):
        return float(text)
    return text
