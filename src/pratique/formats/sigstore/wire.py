"""The JSON members of Sigstore bundles, as protobuf's JSON mapping writes them.

The names are those of ``sigstore_bundle.proto``, ``sigstore_common.proto`` and
``sigstore_rekor.proto``; ``null`` means absent.  Types are closed: a member the
format does not have is an error.
"""

from __future__ import annotations

import msgspec


class _Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Closed, with the names of the JSON mapping."""


class WireCertificate(_Wire, frozen=True, kw_only=True):
    """X509Certificate."""

    raw_bytes: bytes


class WireChain(_Wire, frozen=True, kw_only=True):
    """X509CertificateChain."""

    certificates: list[WireCertificate] | None = None


class WireKeyHint(_Wire, frozen=True, kw_only=True):
    """PublicKeyIdentifier."""

    hint: str | None = None


class WireLogId(_Wire, frozen=True, kw_only=True):
    """LogId."""

    key_id: bytes


class WireKind(_Wire, frozen=True, kw_only=True):
    """KindVersion."""

    kind: str
    version: str


class WirePromise(_Wire, frozen=True, kw_only=True):
    """InclusionPromise."""

    signed_entry_timestamp: bytes


class WireCheckpoint(_Wire, frozen=True, kw_only=True):
    """Checkpoint."""

    envelope: str


class WireProof(_Wire, frozen=True, kw_only=True):
    """InclusionProof."""

    log_index: int = 0
    root_hash: bytes
    tree_size: int
    hashes: list[bytes] | None = None
    checkpoint: WireCheckpoint | None = None


class WireEntry(_Wire, frozen=True, kw_only=True):
    """TransparencyLogEntry."""

    log_index: int = 0
    log_id: WireLogId
    kind_version: WireKind
    integrated_time: int | None = None
    inclusion_promise: WirePromise | None = None
    inclusion_proof: WireProof | None = None
    canonicalized_body: bytes


class WireTimestamp(_Wire, frozen=True, kw_only=True):
    """RFC3161SignedTimestamp."""

    signed_timestamp: bytes


class WireTimestamps(_Wire, frozen=True, kw_only=True):
    """TimestampVerificationData."""

    rfc3161_timestamps: list[WireTimestamp] | None = None


class WireMaterial(_Wire, frozen=True, kw_only=True):
    """VerificationMaterial."""

    public_key: WireKeyHint | None = None
    x509_certificate_chain: WireChain | None = None
    certificate: WireCertificate | None = None
    tlog_entries: list[WireEntry] | None = None
    timestamp_verification_data: WireTimestamps | None = None


class WireSignature(_Wire, frozen=True, kw_only=True):
    """A signature of the DSSE envelope."""

    sig: bytes
    keyid: str | None = None


class WireEnvelope(_Wire, frozen=True, kw_only=True):
    """The DSSE envelope."""

    payload: bytes
    payload_type: str
    signatures: list[WireSignature]


class WireDigest(_Wire, frozen=True, kw_only=True):
    """HashOutput."""

    algorithm: str
    digest: bytes


class WireMessage(_Wire, frozen=True, kw_only=True):
    """MessageSignature."""

    message_digest: WireDigest | None = None
    signature: bytes


class WireBundle(_Wire, frozen=True, kw_only=True):
    """Bundle."""

    media_type: str
    verification_material: WireMaterial
    message_signature: WireMessage | None = None
    dsse_envelope: WireEnvelope | None = None
