"""cosign's attestations in image registries and layouts: annotations instead of a bundle.

The layer is the DSSE envelope; its annotations hold the certificate, the chain
and the log entry with its inclusion promise (cosign, ``specs/ATTESTATION_SPEC.md``
and ``BUNDLE``).
"""

from __future__ import annotations

import hashlib

import msgspec

from pratique.formats.dsse import read_envelope
from pratique.formats.dsse.wire import base64_bytes, decode_json
from pratique.formats.sigstore.bundle import Bundle, LogEntry
from pratique.model.errors import InputError, LimitError

CERTIFICATE = "dev.sigstore.cosign/certificate"
CHAIN = "dev.sigstore.cosign/chain"
ENTRY = "dev.sigstore.cosign/bundle"

MAX_CERTIFICATES = 8
"""Most certificates of a chain."""

_BEGIN = "-----BEGIN CERTIFICATE-----"
_END = "-----END CERTIFICATE-----"


class _Payload(msgspec.Struct, frozen=True, rename={"log_id": "logID"}):
    body: bytes
    log_id: str
    integrated_time: int = msgspec.field(name="integratedTime")
    log_index: int = msgspec.field(name="logIndex")


class _Entry(msgspec.Struct, frozen=True, rename="pascal"):
    signed_entry_timestamp: bytes
    payload: _Payload


class _Kind(msgspec.Struct, frozen=True, rename="camel"):
    kind: str
    api_version: str


def cosign_bundle(blob: bytes, annotations: dict[str, str]) -> Bundle:
    """Bundle of an attestation layer.

    Args:
        blob: The layer: a DSSE envelope.
        annotations: Of the layer in its manifest.

    Raises:
        InputError: It is not an envelope, or lacks its certificate or log entry.
    """
    for name in (CERTIFICATE, ENTRY):
        if not annotations.get(name):
            raise InputError(f"cosign attestation has no annotation {name}")
    certificates = pem_certificates(annotations[CERTIFICATE] + annotations.get(CHAIN, ""))
    envelope = read_envelope(blob)
    if len(envelope.signatures) != 1:
        raise InputError("cosign attestation must have exactly one signature")
    return Bundle(
        version=(0, 1),
        certificates=certificates,
        entries=(log_entry(annotations[ENTRY]),),
        envelope=envelope,
        envelope_hash=hashlib.sha256(blob).hexdigest(),
    )


def log_entry(annotation: str) -> LogEntry:
    """Log entry of an annotation: with a promise, and without a proof.

    Raises:
        InputError: It is none.
    """
    entry = decode_json(annotation.encode(), _Entry, "cosign log entry")
    kind = decode_json(entry.payload.body, _Kind, "body of the log entry")
    try:
        log_id = bytes.fromhex(entry.payload.log_id)
    except ValueError:
        raise InputError("cosign log entry names no log") from None
    return LogEntry(
        index=entry.payload.log_index,
        log_id=log_id,
        kind=kind.kind,
        version=kind.api_version,
        body=entry.payload.body,
        integrated_time=entry.payload.integrated_time,
        promise=entry.signed_entry_timestamp,
    )


def pem_certificates(text: str) -> tuple[bytes, ...]:
    """DER of the certificates of a PEM text, in its order.

    Raises:
        LimitError: There are over ``MAX_CERTIFICATES``.
        InputError: It holds none, or one that is not base64.
    """
    parts = text.split(_BEGIN)[1:]
    if not parts:
        raise InputError("there is no PEM certificate")
    if len(parts) > MAX_CERTIFICATES:
        raise LimitError(f"there are over {MAX_CERTIFICATES} certificates")
    return tuple(
        base64_bytes("".join(part.partition(_END)[0].split()), "PEM certificate") for part in parts
    )
