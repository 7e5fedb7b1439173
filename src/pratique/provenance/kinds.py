"""What sort of evidence a document is, judged by its members."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pratique.formats.dsse.wire import MAX_SIGNED_BYTES, decode_json
from pratique.model.errors import InputError, LimitError, UnsupportedError

MAX_DOCUMENTS = 1_000
"""Most documents of one file of lines; a release of many files has some hundred."""


class Kind(StrEnum):
    """A sort of evidence that is verified here."""

    BUNDLE = "sigstore-bundle"
    ENVELOPE = "dsse"
    NPM = "npm-attestations"
    INDEX_PROVENANCE = "pep740-provenance"
    INDEX_ATTESTATION = "pep740-attestation"
    GCB = "gcb-provenance"


def documents(data: bytes) -> tuple[bytes, ...]:
    """The documents of a file: one JSON document, or one a line.

    Raises:
        LimitError: It is too large, or has over ``MAX_DOCUMENTS``.
    """
    if len(data) > MAX_SIGNED_BYTES:
        raise LimitError(f"is {len(data):,} bytes, over the limit of {MAX_SIGNED_BYTES:,}")
    lines = [line for line in data.splitlines() if line.strip()]
    whole = len(lines) < 2 or not all(line.lstrip().startswith(b"{") for line in lines)
    if whole:
        return (data,)
    if len(lines) > MAX_DOCUMENTS:
        raise LimitError(f"has over {MAX_DOCUMENTS:,} documents")
    return tuple(lines)


def kind_of(data: bytes) -> Kind:
    """Sort of a document.

    Raises:
        UnsupportedError: It is JSON of no sort that is verified here.
        InputError: It is not JSON.
    """
    value = decode_json(data, Any, "document")
    if not isinstance(value, dict):
        raise UnsupportedError("is JSON, but no evidence that is known here")
    members = set(value)
    if isinstance(value.get("mediaType"), str) and "verificationMaterial" in members:
        return Kind.BUNDLE
    if {"payload", "payloadType", "signatures"} <= members:
        return Kind.ENVELOPE
    if "attestation_bundles" in members:
        return Kind.INDEX_PROVENANCE
    if {"version", "verification_material", "envelope"} <= members:
        return Kind.INDEX_ATTESTATION
    if "attestations" in members:
        return Kind.NPM
    if "provenance_summary" in members:
        return Kind.GCB
    if {"media_type", "verification_material"} <= members:
        raise UnsupportedError("is a bundle in a serialisation that no standard has")
    if "base64Signature" in members or "rekorBundle" in members:
        raise UnsupportedError("is cosign's own bundle, which came before Sigstore's")
    raise UnsupportedError("is JSON, but no evidence that is known here")


def attested_name(data: bytes, digest: str) -> str:
    """Name that a PEP 740 document claims for a digest; empty where it claims none.

    Args:
        data: The document.
        digest: Hexadecimal SHA-256.
    """
    from pratique.formats.intoto import read_statement
    from pratique.formats.sigstore.pep740 import attestation_of, read_index_provenance

    try:
        value = decode_json(data, dict[str, Any], "document")
        if "attestation_bundles" in value:
            bundles = read_index_provenance(data).attestation_bundles
            given = [one for each in bundles for one in each.attestations]
        else:
            given = [value]
        for one in given:
            envelope = attestation_of(one).envelope
            if envelope is None:
                continue
            for subject in read_statement(envelope.payload).subject:
                if subject.digests.get("sha256") == digest:
                    return subject.name or ""
    except InputError:
        return ""
    return ""


SIGNATURES = {
    ".asc": "OpenPGP signature",
    ".gpg": "OpenPGP signature",
    ".sig": "detached signature",
    ".minisig": "minisign signature",
    ".sshsig": "SSH signature",
}
"""Suffix to what stands beside an artifact and is not verified here."""
