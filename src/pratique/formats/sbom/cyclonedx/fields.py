"""What a key of CycloneDX's JSON form is in its XML."""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """One key of an object."""

    key: str
    form: str = "text"
    """``attribute``, ``text``, ``number``, ``truth``, ``content`` (the element's own
    text), ``object``, ``list`` (items in a wrapper), ``bare`` (items without one),
    ``refs`` (items that are references), ``depends``, ``provides``,
    ``datasets`` or ``licenses``."""

    element: str = ""
    """Its name in XML, where that is another."""

    item: str = ""
    """Name of the items of a list."""

    type: str = ""
    """Grammar of the object or of the items; empty for texts."""

    @property
    def name(self) -> str:
        """Its name in XML."""
        return self.element or self.key


def items(key: str, item: str, type: str = "") -> Field:
    """A list of items in a wrapper."""
    return Field(key, "list", item=item, type=type)


def one(key: str, type: str) -> Field:
    """An object."""
    return Field(key, "object", type=type)


REF = Field("bom-ref", "attribute")
PROPERTIES = items("properties", "property", "property")
REFERENCES = items("externalReferences", "reference", "reference")
