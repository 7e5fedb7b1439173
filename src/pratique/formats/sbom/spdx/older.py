"""The form of SPDX 2 in JSON, YAML and XML from before the standard described one.

Packages stand within ``documentDescribes``, and their files within them, each
in an object that names its class.  Widespread tools wrote it for versions 2.1
and 2.2, under either version's name.
"""

from __future__ import annotations

import re
from typing import Any

from pratique.formats.sbom.spdx import wire

_JSON = re.compile(r'"documentDescribes"\s*:\s*\[\s*\{')


class Described(wire.Wire):
    """An object that names the class of the one within."""

    Package: Package | None = None
    File: wire.Element | None = None


class Package(wire.Package):
    """A package with its files."""

    files: list[Described] | None = None


class Document(wire.Document, rename={"wrapped": "Document"}):
    """A whole document, or the wrapper that holds one."""

    documentDescribes: list[Described] | None = None  # type: ignore[assignment]  # noqa: N815
    wrapped: Document | None = None


def is_older_json(text: str) -> bool:
    """Whether a JSON text is of this form."""
    return _JSON.search(text) is not None


def is_older_value(value: Any) -> bool:
    """Whether a plain value is of this form."""
    if isinstance(value, dict) and isinstance(value.get("Document"), dict):
        value = value["Document"]
    described = value.get("documentDescribes") if isinstance(value, dict) else None
    return isinstance(described, list) and any(isinstance(one, dict) for one in described)


def current(document: Document) -> wire.Document:
    """The document in the form that the standard describes (SPDX 2.3, clause 4.4)."""
    document = document.wrapped or document
    described = document.documentDescribes or []
    packages = [one.Package for one in described if one.Package]
    files = [one.File for one in described if one.File]
    for package in packages:
        files += [one.File for one in package.files or () if one.File]
        for checksum in package.checksums or ():
            checksum.algorithm = (checksum.algorithm or "").removeprefix("checksumAlgorithm_")
    return wire.Document(
        spdxVersion=document.spdxVersion,
        SPDXID=document.SPDXID,
        documentDescribes=[package.SPDXID for package in packages if package.SPDXID],
        packages=[*(document.packages or ()), *packages],
        files=[*(document.files or ()), *files],
        snippets=document.snippets,
        relationships=document.relationships,
    )
