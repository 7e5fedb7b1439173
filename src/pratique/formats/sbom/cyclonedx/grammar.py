"""Which elements and attributes of CycloneDX XML are which keys of its JSON form.

Source: ``bom-1.6.xsd`` and ``bom-1.6.schema.json``; fields stand in the order
of the XML schema.  What is not here has no plain value in XML documents, and is
named where it is met: model cards, cryptographic properties, declarations,
formulation, patents.
"""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """One key of an object."""

    key: str
    form: str = "text"
    """``attribute``, ``text``, ``number``, ``truth``, ``content`` (the element's own
    text), ``object``, ``list`` (items in a wrapper), ``bare`` (items without one),
    ``refs`` (items that are references), ``depends``, ``provides`` or ``licenses``."""

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


def _list(key: str, item: str, type: str = "") -> Field:
    return Field(key, "list", item=item, type=type)


def _object(key: str, type: str) -> Field:
    return Field(key, "object", type=type)


_REF = Field("bom-ref", "attribute")
_LICENSES = Field("licenses", "licenses")
_PROPERTIES = _list("properties", "property", "property")
_REFERENCES = _list("externalReferences", "reference", "reference")
_HASHES = _list("hashes", "hash", "hash")
_DESCRIBED = (Field("name"), Field("version"), Field("description"))

GRAMMAR: dict[str, tuple[Field, ...]] = {
    "bom": (
        Field("serialNumber", "attribute"),
        Field("version", "attribute"),
        _object("metadata", "metadata"),
        _list("components", "component", "component"),
        _list("services", "service", "service"),
        _REFERENCES,
        _list("dependencies", "dependency", "dependency"),
        _list("compositions", "composition", "composition"),
        _PROPERTIES,
        _list("vulnerabilities", "vulnerability", "vulnerability"),
    ),
    "metadata": (
        Field("timestamp"),
        _list("lifecycles", "lifecycle", "lifecycle"),
        Field("tools", "tools"),
        _list("authors", "author", "contact"),
        _object("component", "component"),
        _object("manufacturer", "entity"),
        _object("manufacture", "entity"),
        _object("supplier", "entity"),
        _LICENSES,
        _PROPERTIES,
    ),
    "tools": (
        _list("components", "component", "component"),
        _list("services", "service", "service"),
    ),
    "tool": (Field("vendor"), Field("name"), Field("version"), _HASHES, _REFERENCES),
    "lifecycle": (Field("phase"), Field("name"), Field("description")),
    "contact": (_REF, Field("name"), Field("email"), Field("phone")),
    "entity": (
        _REF,
        Field("name"),
        _object("address", "address"),
        Field("url", "bare"),
        Field("contact", "bare", type="contact"),
    ),
    "address": (
        _REF,
        Field("country"),
        Field("region"),
        Field("locality"),
        Field("postOfficeBoxNumber"),
        Field("postalCode"),
        Field("streetAddress"),
    ),
    "component": (
        Field("type", "attribute"),
        Field("mime-type", "attribute"),
        _REF,
        _object("supplier", "entity"),
        _object("manufacturer", "entity"),
        _list("authors", "author", "contact"),
        Field("author"),
        Field("publisher"),
        Field("group"),
        *_DESCRIBED,
        Field("scope"),
        _HASHES,
        _LICENSES,
        Field("copyright"),
        Field("cpe"),
        Field("purl"),
        Field("omniborId", "bare"),
        Field("swhid", "bare"),
        _object("swid", "swid"),
        Field("modified", "truth"),
        _object("pedigree", "pedigree"),
        _REFERENCES,
        _PROPERTIES,
        _list("components", "component", "component"),
        _object("evidence", "evidence"),
        _list("tags", "tag"),
    ),
    "hash": (Field("alg", "attribute"), Field("content", "content")),
    "property": (Field("name", "attribute"), Field("value", "content")),
    "reference": (Field("type", "attribute"), Field("url"), Field("comment"), _HASHES),
    "license": (
        _REF,
        Field("acknowledgement", "attribute"),
        Field("id"),
        Field("name"),
        _object("text", "attachment"),
        Field("url"),
        _PROPERTIES,
    ),
    "expression": (
        _REF,
        Field("acknowledgement", "attribute"),
        Field("expression", "content"),
    ),
    "attachment": (
        Field("contentType", "attribute", "content-type"),
        Field("encoding", "attribute"),
        Field("content", "content"),
    ),
    "swid": (
        Field("tagId", "attribute"),
        Field("name", "attribute"),
        Field("version", "attribute"),
        _object("text", "attachment"),
        Field("url"),
    ),
    "pedigree": (
        _list("ancestors", "component", "component"),
        _list("descendants", "component", "component"),
        _list("variants", "component", "component"),
        _list("commits", "commit", "commit"),
        _list("patches", "patch", "patch"),
        Field("notes"),
    ),
    "commit": (
        Field("uid"),
        Field("url"),
        _object("author", "action"),
        _object("committer", "action"),
        Field("message"),
    ),
    "action": (Field("timestamp"), Field("name"), Field("email")),
    "patch": (
        Field("type", "attribute"),
        _object("diff", "diff"),
        _list("resolves", "issue", "issue"),
    ),
    "diff": (_object("text", "attachment"), Field("url")),
    "issue": (
        Field("type", "attribute"),
        Field("id"),
        Field("name"),
        Field("description"),
        _object("source", "source"),
        _list("references", "url"),
    ),
    "source": (Field("name"), Field("url")),
    "evidence": (_list("occurrences", "occurrence", "occurrence"), _LICENSES),
    "occurrence": (
        _REF,
        Field("location"),
        Field("line", "number"),
        Field("offset", "number"),
        Field("symbol"),
        Field("additionalContext"),
    ),
    "service": (
        _REF,
        _object("provider", "entity"),
        Field("group"),
        *_DESCRIBED,
        _list("endpoints", "endpoint"),
        Field("authenticated", "truth"),
        Field("x-trust-boundary", "truth"),
        Field("trustZone"),
        _LICENSES,
        _REFERENCES,
        _PROPERTIES,
        _list("services", "service", "service"),
        _list("tags", "tag"),
    ),
    "dependency": (
        Field("ref", "attribute"),
        Field("dependsOn", "depends", "dependency"),
        Field("provides", "depends", "provides"),
    ),
    "composition": (
        _REF,
        Field("aggregate"),
        Field("assemblies", "refs", item="assembly"),
        Field("dependencies", "refs", item="dependency"),
        Field("vulnerabilities", "refs", item="vulnerability"),
    ),
    "vulnerability": (
        _REF,
        Field("id"),
        _object("source", "source"),
        _list("references", "reference", "vulnerability-reference"),
        _list("ratings", "rating", "rating"),
        Field("cwes", "numbers", item="cwe"),
        Field("description"),
        Field("detail"),
        Field("recommendation"),
        Field("workaround"),
        _list("advisories", "advisory", "advisory"),
        Field("created"),
        Field("published"),
        Field("updated"),
        Field("rejected"),
        _object("analysis", "analysis"),
        _list("affects", "target", "target"),
        _PROPERTIES,
    ),
    "vulnerability-reference": (Field("id"), _object("source", "source")),
    "rating": (
        _object("source", "source"),
        Field("score", "decimal"),
        Field("severity"),
        Field("method"),
        Field("vector"),
        Field("justification"),
    ),
    "advisory": (Field("title"), Field("url")),
    "analysis": (
        Field("state"),
        Field("justification"),
        Field("response", "list", "responses", "response"),
        Field("detail"),
        Field("firstIssued"),
        Field("lastUpdated"),
    ),
    "target": (Field("ref"), _list("versions", "version", "affected")),
    "affected": (Field("version"), Field("range"), Field("status")),
}
"""Fields of each kind of object."""
