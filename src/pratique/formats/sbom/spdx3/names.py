"""SPDXIDs of a document as the IRIs of SPDX 3, such that they can be read back."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID, uuid5

import msgspec

from pratique.formats.sbom.convert.identifiers import bom_ref, spdx_id
from pratique.formats.sbom.spdx3.words import INDIVIDUALS, turned

_NAMESPACE = UUID("51b2c0de-8a4e-5c1a-9b7f-0d6f2f6f3a11")
"""Of documents that state no namespace; any constant serves."""

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+\Z")
_ABSOLUTE = re.compile(r"(?:https?://|urn:)[^\s<>\"{}|\\^`]+\Z")
_PLAIN = re.compile(r"SPDXRef-([A-Za-z0-9.-]+)\Z")
_LICENSE = re.compile(r"LicenseRef-[A-Za-z0-9.-]+\Z")
_NOTHING = turned(INDIVIDUALS)


def namespace_of(document: dict[str, Any]) -> str:
    """The namespace of an SPDX 2 document; where it states none that is one, one is made."""
    stated = document.get("documentNamespace")
    if isinstance(stated, str) and _IRI.match(stated) and "#" not in stated:
        return stated
    content = msgspec.json.encode(document, order="deterministic")
    return f"urn:uuid:{uuid5(_NAMESPACE, content.decode())}"


def to_iri(id: str, base: str) -> str:
    """The IRI of an SPDXID.

    Args:
        id: As a document states it; one that was made of an IRI becomes that again.
        base: Namespace of the document and ``#``.
    """
    if id in INDIVIDUALS:
        return INDIVIDUALS[id]
    stated = bom_ref(id)
    if stated != id and _ABSOLUTE.match(stated) and spdx_id(stated) == id:
        return stated
    if plain := _PLAIN.match(id):
        return base + plain[1]
    if _LICENSE.match(id):
        return base + id
    return f"{base}~{quote(id, safe='')}"


def from_iri(iri: str, base: str) -> str:
    """The SPDXID of an IRI; see :func:`to_iri`."""
    if iri in _NOTHING:
        return _NOTHING[iri]
    if iri.startswith(base):
        rest = iri.removeprefix(base)
        if rest.startswith("~"):
            return unquote(rest[1:])
        if _LICENSE.match(rest):
            return rest
        if _PLAIN.match(f"SPDXRef-{rest}"):
            return f"SPDXRef-{rest}"
    return spdx_id(iri)
