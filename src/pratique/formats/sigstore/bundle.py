"""Sigstore bundles 0.1 to 0.3 (sigstore/protobuf-specs, ``sigstore_bundle.proto``).

A bundle of a version must have what that version demands: an inclusion promise
in 0.1, an inclusion proof with a checkpoint from 0.2 on, one certificate
instead of a chain in 0.3.  Members the format does not have are refused.
"""

from __future__ import annotations

import msgspec

from pratique.formats.dsse import Envelope, Signature
from pratique.formats.dsse.wire import convert, decode_json, refuse_repeated
from pratique.formats.sigstore.wire import WireBundle, WireEntry, WireMaterial
from pratique.model.errors import InputError, LimitError, UnsupportedError

MEDIA_TYPES = {
    "application/vnd.dev.sigstore.bundle+json;version=0.1": (0, 1),
    "application/vnd.dev.sigstore.bundle+json;version=0.2": (0, 2),
    "application/vnd.dev.sigstore.bundle+json;version=0.3": (0, 3),
    "application/vnd.dev.sigstore.bundle.v0.3+json": (0, 3),
}
"""Media type to version; 0.3 has two spellings."""

MAX_ENTRIES = 32
"""Most log entries of a bundle; the limit of sigstore-go."""

MAX_TIMESTAMPS = 32
"""Most timestamps of a bundle; the limit of sigstore-go."""

MAX_CERTIFICATES = 10
"""Most certificates of a chain; Sigstore's have three."""

MAX_PROOF_HASHES = 64
"""Most hashes of an inclusion proof: a tree of 2^64 leaves has no longer path."""


class InclusionProof(msgspec.Struct, frozen=True):
    """That an entry is in a log of a size (RFC 6962, section 2.1.1)."""

    index: int
    tree_size: int
    root_hash: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str
    """Signed note with the log's size and root hash; empty only in version 0.1."""


class LogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a transparency log, and what proves it."""

    index: int
    log_id: bytes
    kind: str
    version: str
    body: bytes
    """Canonical JSON that the log's leaf is the hash of."""

    integrated_time: int = 0
    """Seconds since 1970; 0 where the log gives none (Rekor v2).  Only the promise
    vouches for it."""

    promise: bytes = b""
    """Signed entry timestamp, or empty."""

    proof: InclusionProof | None = None


class MessageSignature(msgspec.Struct, frozen=True):
    """A signature over an artifact's bytes."""

    algorithm: str
    """Of the digest: ``sha256``, ``sha384``, ``sha512``."""

    digest: bytes
    signature: bytes


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A signature with everything needed to verify it offline."""

    version: tuple[int, int]
    certificates: tuple[bytes, ...] = ()
    """DER, the signer's first; empty where a managed key signed."""

    key_hint: str | None = None
    """Unauthenticated name of the managed key; None where a certificate is there."""

    entries: tuple[LogEntry, ...] = ()
    timestamps: tuple[bytes, ...] = ()
    """RFC 3161 responses, DER."""

    envelope: Envelope | None = None
    envelope_hash: str = ""
    """Hexadecimal SHA-256 of the envelope's JSON, where it was kept as it was signed."""

    message: MessageSignature | None = None


_DIGESTS = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}


def read_bundle(data: bytes) -> Bundle:
    """Bundle of a JSON document.

    Raises:
        UnsupportedError: Its media type is of no version known here.
        LimitError: It exceeds a limit of this module or of the JSON reader.
        InputError: It is not a bundle, or lacks what its version demands.
    """
    wire = decode_json(data, WireBundle, "Sigstore bundle")
    refuse_repeated(data, "Sigstore bundle")
    return _bundle(wire)


def bundle_of(value: object) -> Bundle:
    """Bundle of a JSON value that was parsed already; raises as :func:`read_bundle`."""
    return _bundle(convert(value, WireBundle, "Sigstore bundle"))


def _bundle(wire: WireBundle) -> Bundle:
    version = MEDIA_TYPES.get(wire.media_type)
    if version is None:
        raise UnsupportedError(f"Sigstore bundle has the unknown type {wire.media_type[:80]!r}")
    material = wire.verification_material
    if len(material.tlog_entries or ()) > MAX_ENTRIES:
        raise LimitError(f"Sigstore bundle has over {MAX_ENTRIES} log entries")
    timestamps = material.timestamp_verification_data
    responses = (timestamps.rfc3161_timestamps or ()) if timestamps else ()
    if len(responses) > MAX_TIMESTAMPS:
        raise LimitError(f"Sigstore bundle has over {MAX_TIMESTAMPS} timestamps")
    if (wire.dsse_envelope is None) == (wire.message_signature is None):
        raise InputError("Sigstore bundle must have one of an envelope and a message signature")
    certificates, hint = _signer(material, version)
    return Bundle(
        version=version,
        certificates=certificates,
        key_hint=hint,
        entries=tuple(entry_of(one, version) for one in material.tlog_entries or ()),
        timestamps=tuple(one.signed_timestamp for one in responses),
        envelope=_envelope(wire),
        message=_message(wire),
    )


def _signer(
    material: WireMaterial, version: tuple[int, int]
) -> tuple[tuple[bytes, ...], str | None]:
    given = [
        one
        for one in (material.certificate, material.x509_certificate_chain, material.public_key)
        if one is not None
    ]
    if len(given) != 1:
        raise InputError("Sigstore bundle must have one of a certificate, a chain and a public key")
    if material.public_key is not None:
        return (), material.public_key.hint or ""
    if material.certificate is not None:
        return (material.certificate.raw_bytes,), None
    if version >= (0, 3):
        raise InputError("Sigstore bundle 0.3 has a certificate chain instead of a certificate")
    chain = material.x509_certificate_chain
    if chain is None or not chain.certificates:
        raise InputError("Sigstore bundle has an empty certificate chain")
    if len(chain.certificates) > MAX_CERTIFICATES:
        raise LimitError(f"Sigstore bundle has over {MAX_CERTIFICATES} certificates")
    return tuple(one.raw_bytes for one in chain.certificates), None


def entry_of(wire: WireEntry, version: tuple[int, int]) -> LogEntry:
    """A log entry as the format gives it, with what a bundle version demands of it.

    Raises:
        LimitError: Its proof has over ``MAX_PROOF_HASHES`` hashes.
        InputError: It lacks something, or has a negative index, size or time.
    """
    proof = None
    if wire.inclusion_proof is not None:
        given = wire.inclusion_proof
        hashes = given.hashes or ()
        if len(hashes) > MAX_PROOF_HASHES:
            raise LimitError(f"inclusion proof has over {MAX_PROOF_HASHES} hashes")
        if given.log_index < 0 or given.tree_size <= given.log_index:
            raise InputError("inclusion proof is for an index outside its tree")
        checkpoint = given.checkpoint.envelope if given.checkpoint else ""
        proof = InclusionProof(
            given.log_index, given.tree_size, given.root_hash, tuple(hashes), checkpoint
        )
    promise = wire.inclusion_promise.signed_entry_timestamp if wire.inclusion_promise else b""
    if wire.log_index < 0 or (wire.integrated_time or 0) < 0:
        raise InputError("log entry has a negative index or time")
    if version == (0, 1) and not promise:
        raise InputError("log entry of a bundle 0.1 has no inclusion promise")
    if version >= (0, 2) and (proof is None or not proof.checkpoint):
        raise InputError("log entry has no inclusion proof with a checkpoint")
    return LogEntry(
        index=wire.log_index,
        log_id=wire.log_id.key_id,
        kind=wire.kind_version.kind,
        version=wire.kind_version.version,
        body=wire.canonicalized_body,
        integrated_time=wire.integrated_time or 0,
        promise=promise,
        proof=proof,
    )


def _envelope(wire: WireBundle) -> Envelope | None:
    given = wire.dsse_envelope
    if given is None:
        return None
    if len(given.signatures) != 1:
        raise InputError("DSSE envelope of a Sigstore bundle must have exactly one signature")
    signatures = tuple(Signature(one.sig, one.keyid or "") for one in given.signatures)
    return Envelope(given.payload, given.payload_type, signatures)


def _message(wire: WireBundle) -> MessageSignature | None:
    given = wire.message_signature
    if given is None:
        return None
    if given.message_digest is None:
        raise InputError("message signature has no digest")
    algorithm = _DIGESTS.get(given.message_digest.algorithm)
    if algorithm is None:
        raise UnsupportedError(
            f"message signature has the unknown digest {given.message_digest.algorithm[:40]!r}"
        )
    return MessageSignature(algorithm, given.message_digest.digest, given.signature)
