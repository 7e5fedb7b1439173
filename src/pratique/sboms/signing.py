"""Statements that a bill of materials is of some artifacts (in-toto attestation framework 1.1)."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pratique.formats.jsf import strict_json
from pratique.formats.sbom import sniff
from pratique.model.errors import InputError, UnsupportedError
from pratique.provenance.statements import SHORT_TYPES, sbom

if TYPE_CHECKING:
    from collections.abc import Iterable

REFERENCE_TYPE = SHORT_TYPES["reference"]
SBOM_TYPES = frozenset(
    {
        "https://cyclonedx.org/bom",
        "https://cyclonedx.org/schema",
        "https://spdx.dev/Document",
        "https://spdx.dev/document",
    }
)
"""Predicate types of bills of materials; versions may follow after a slash."""

_MEDIA_TYPES = (
    (sniff.is_cyclonedx_json, "application/vnd.cyclonedx+json"),
    (sniff.is_cyclonedx_xml, "application/vnd.cyclonedx+xml"),
    (sniff.is_cyclonedx_protobuf, "application/x.vnd.cyclonedx+protobuf"),
    (sniff.is_spdx3_json, "application/spdx+json"),
    (sniff.is_spdx_json, "application/spdx+json"),
    (sniff.is_spdx_tag_value, "text/spdx"),
    (sniff.is_spdx_rdf, "application/rdf+xml"),
    (sniff.is_spdx_xml, "application/xml"),
    (sniff.is_spdx_yaml, "application/yaml"),
)
"""Forms with their media types (CycloneDX, *Media types*; SPDX 2.3, annex; IANA)."""


def predicate_of(data: bytes, name: str, *, reference: bool = False) -> tuple[str, dict[str, Any]]:
    """What is stated about the artifacts: the document itself, or its digest.

    Args:
        data: The document, as it is on disk.
        name: Its file name.
        reference: Whether only its digest is stated.

    Returns:
        Predicate type and predicate.  A document that is no JSON is stated by its
        digest, as predicates are JSON (*Reference* v0.1).

    Raises:
        UnsupportedError: It is no bill of materials.
        InputError: It is damaged, or has a member twice.
    """
    kind = media_type(data)
    if not reference and kind.endswith("json"):
        return sbom(unwrapped(strict_json(data)))
    return REFERENCE_TYPE, {
        "attester": {"id": "urn:pratique:sbom"},
        "references": [
            {
                "name": name,
                "downloadLocation": name,
                "digest": {"sha256": hashlib.sha256(data).hexdigest()},
                "mediaType": kind,
            }
        ],
    }


def media_type(data: bytes) -> str:
    """Media type of a bill of materials, by its content.

    Raises:
        UnsupportedError: It is none.
    """
    for recognised, kind in _MEDIA_TYPES:
        if recognised(data):
            return kind
    raise UnsupportedError("is no bill of materials that is known here.")


def unwrapped(value: Any) -> Any:
    """A document without the object that GitHub's exports have around it."""
    if (
        isinstance(value, dict)
        and "spdxVersion" not in value
        and isinstance(value.get("sbom"), dict)
    ):
        return value["sbom"]
    return value


def is_sbom_type(predicate_type: str) -> bool:
    """Whether a predicate type is that of a bill of materials."""
    return any(predicate_type == one or predicate_type.startswith(f"{one}/") for one in SBOM_TYPES)


def is_of(predicate_type: str, predicate: Any, data: bytes) -> bool:
    """Whether what is stated is a document, or its digest.

    Args:
        predicate_type: Of the statement.
        predicate: Of the statement.
        data: The document, as it is on disk.
    """
    if predicate_type == REFERENCE_TYPE:
        digest = hashlib.sha256(data).hexdigest()
        return digest in _digests(predicate)
    if isinstance(predicate, dict) and "Data" in predicate and "bomFormat" not in predicate:
        predicate = predicate["Data"]
    try:
        value = unwrapped(strict_json(data))
        if isinstance(predicate, str):
            predicate = strict_json(predicate.encode())
        return _plain(predicate) == _plain(value)
    except (InputError, RecursionError):
        return False


def _plain(value: Any) -> str:
    """A value as text in which ``1`` and ``true`` differ, and the order of members does not."""
    return json.dumps(value, sort_keys=True)


def _digests(predicate: Any) -> Iterable[str]:
    references = predicate.get("references") if isinstance(predicate, dict) else None
    for one in references if isinstance(references, list) else ():
        digests = one.get("digest") if isinstance(one, dict) else None
        if isinstance(digests, dict) and isinstance(value := digests.get("sha256"), str):
            yield value.lower()
