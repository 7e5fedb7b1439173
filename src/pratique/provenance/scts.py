"""Signed certificate timestamps: that a certificate is in a public log (RFC 6962, section 3.2)."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC
from typing import TYPE_CHECKING, Any

from pratique.model.errors import InputError
from pratique.provenance.errors import VerificationError
from pratique.provenance.keys import spki, verify

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.x509 import Certificate

    from pratique.provenance.certificates import SigningCertificate
    from pratique.provenance.trust import TrustRoot

MAX_SCTS = 16
"""Most timestamps of a certificate that are looked at; Fulcio embeds one."""


def verify_scts(leaf: SigningCertificate, issuer: Certificate, root: TrustRoot) -> datetime | None:
    """When a trusted certificate log saw a certificate, in UTC.

    None where the trusted root lists no certificate logs at all: a private
    instance may go without.

    Raises:
        VerificationError: No log of the trusted root that was valid then has signed for it.
    """
    if not root.certificate_logs:
        return None
    timestamps = embedded(leaf)
    if not timestamps:
        raise VerificationError(
            "the certificate holds no signed certificate timestamp",
            error="ErrorInvalidCertificate",
        )
    cause = "no certificate log of the trusted root has signed for the certificate"
    for one in timestamps[:MAX_SCTS]:
        log = root.certificate_logs.get(bytes(one.log_id))
        if log is None:
            continue
        when: datetime = one.timestamp.replace(tzinfo=UTC)
        if not log.validity.covers(when):
            cause = "the certificate log's key was not valid when it signed"
            continue
        try:
            _verify(one, leaf.certificate, issuer, log.key)
        except (VerificationError, InputError, ValueError):
            cause = "the signed certificate timestamp is not the log's"
            continue
        return when
    raise VerificationError(cause, error="ErrorInvalidCertificate")


def embedded(leaf: SigningCertificate) -> tuple[Any, ...]:
    """The timestamps that a certificate holds; empty where it holds none."""
    from cryptography import x509

    try:
        found = leaf.extensions.get_extension_for_class(
            x509.PrecertificateSignedCertificateTimestamps
        )
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.value)


def _verify(sct: Any, certificate: Certificate, issuer: Certificate, key: Any) -> None:
    """Check a timestamp over the certificate without its timestamps."""
    from cryptography.x509.certificate_transparency import LogEntryType, Version

    if sct.version is not Version.v1 or sct.entry_type is not LogEntryType.PRE_CERTIFICATE:
        raise VerificationError("the signed certificate timestamp is of an unknown kind")
    try:
        body = certificate.tbs_precertificate_bytes
    except ValueError:
        raise VerificationError("the certificate cannot be taken apart") from None
    milliseconds = int(sct.timestamp.replace(tzinfo=UTC).timestamp() * 1000 + 0.5)
    extensions = sct.extension_bytes
    signed = b"".join(
        (
            struct.pack(">BBQH", 0, 0, milliseconds, 1),
            hashlib.sha256(spki(issuer.public_key())).digest(),
            len(body).to_bytes(3, "big"),
            body,
            struct.pack(">H", len(extensions)),
            extensions,
        )
    )
    algorithm = sct.signature_hash_algorithm
    verify(key, sct.signature, signed, algorithm=algorithm.name if algorithm else "")
