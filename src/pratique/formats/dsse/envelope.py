"""The envelope and what its signatures are made over."""

from __future__ import annotations

import msgspec

from pratique.formats.dsse.wire import base64_bytes, convert, decode_json, refuse_repeated
from pratique.model.errors import InputError, LimitError

IN_TOTO_PAYLOAD = "application/vnd.in-toto+json"
"""Payload type of in-toto statements (in-toto attestation framework, envelope v1)."""

MAX_SIGNATURES = 64
"""Most signatures of one envelope; each costs an elliptic-curve operation."""


class Signature(msgspec.Struct, frozen=True):
    """One signature of an envelope."""

    sig: bytes
    keyid: str = ""
    """Unauthenticated hint of the key; empty where none is given."""

    certificate: str = ""
    """PEM chain that slsa-github-generator adds beside the signature (member ``cert``)."""


class Envelope(msgspec.Struct, frozen=True):
    """A payload, its type, and the signatures over both."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]


class _WireSignature(msgspec.Struct, frozen=True):
    sig: str
    keyid: str | None = None
    cert: str | None = None


class _WireEnvelope(msgspec.Struct, frozen=True, rename="camel"):
    payload: str
    payload_type: str
    signatures: list[_WireSignature]


def read_envelope(data: bytes) -> Envelope:
    """Envelope of a JSON document.

    Raises:
        LimitError: It is too large, nested too deeply, or has over ``MAX_SIGNATURES``.
        InputError: It is not a DSSE envelope.
    """
    wire = decode_json(data, _WireEnvelope, "DSSE envelope")
    refuse_repeated(data, "DSSE envelope")
    return _envelope(wire)


def envelope_of(value: object) -> Envelope:
    """Envelope of a JSON value that was parsed already; raises as :func:`read_envelope`."""
    return _envelope(convert(value, _WireEnvelope, "DSSE envelope"))


def _envelope(wire: _WireEnvelope) -> Envelope:
    if len(wire.signatures) > MAX_SIGNATURES:
        raise LimitError(f"DSSE envelope has over {MAX_SIGNATURES} signatures")
    if not wire.signatures:
        raise InputError("DSSE envelope has no signatures")
    return Envelope(
        payload=base64_bytes(wire.payload, "payload of the DSSE envelope"),
        payload_type=wire.payload_type,
        signatures=tuple(
            Signature(
                base64_bytes(one.sig, "signature of the DSSE envelope"),
                one.keyid or "",
                one.cert or "",
            )
            for one in wire.signatures
        ),
    )


def pae(payload_type: str, payload: bytes) -> bytes:
    """Pre-authentication encoding: the bytes that are signed (DSSE protocol v1, section 2)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
