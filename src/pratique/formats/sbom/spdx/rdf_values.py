"""What quality is judged by, of an SPDX 2 RDF/XML document, as in the JSON form.

Not every field: snippets, files' own fields, annotations and extracted licences
are left out, so that such a value is neither converted nor validated.
Source: SPDX 2.3, clauses 6 and 7, and the RDF terms that they state.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.formats.base import Notes
from pratique.formats.sbom.spdx.rdf import Converter
from pratique.formats.sbom.spdx.statements import Link, Statements
from pratique.formats.text import parse_xml

_TEXTS = {
    "supplier": "supplier",
    "originator": "originator",
    "copyrightText": "copyrightText",
    "packageFileName": "packageFileName",
    "sourceInfo": "sourceInfo",
}
"""Keys of a package and the terms of each; those that the reader takes are added to them."""


def rdf_value(data: bytes) -> dict[str, Any]:
    """The value of an RDF/XML document, as far as quality looks at it.

    Raises:
        InputError: It is not well-formed, or describes no ``SpdxDocument``.
        LimitError: It exceeds the limits of size, depth or number.
    """
    statements = Statements(parse_xml(data))
    value: dict[str, Any] = _stated(
        msgspec.to_builtins(Converter(statements, Notes("")).document(), enc_hook=str)
    )
    resources = statements.resources.values()
    head = next(one for one in resources if one.kind == "SpdxDocument")
    value["name"] = head.first("name")
    value["documentNamespace"] = head.about.partition("#")[0]
    if license := head.first("dataLicense"):
        value["dataLicense"] = license.rpartition("/")[2]
    info = next((one for one in resources if one.kind == "CreationInfo"), None)
    if info is not None:
        value["creationInfo"] = {
            "created": info.first("created"),
            "creators": [str(one) for one in info.values.get("creator", ())],
            "comment": info.first("comment"),
        }
    packages = (one for one in resources if one.kind == "Package")
    for item, resource in zip(value.get("packages", ()), packages, strict=False):
        for key, term in _TEXTS.items():
            text = resource.first(term)
            if text and not isinstance(text, Link):
                item[key] = text
        if resource.first("packageVerificationCode"):
            item["packageVerificationCode"] = {}
    return value


def _stated(value: Any) -> Any:
    """A value without what is not stated."""
    if isinstance(value, dict):
        return {key: _stated(inner) for key, inner in value.items() if inner not in (None, "")}
    if isinstance(value, list):
        return [_stated(inner) for inner in value]
    return value
