"""Verification of detached OpenPGP signatures, by Sequoia's Python binding if it is there.

Which algorithms are good enough is Sequoia's standard policy: no SHA-1 in
signatures over documents, no short keys.  The time of a signature is the
signer's own claim: where the key has expired or was revoked since, nothing
shows that the signature was made before.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import InputError, UsageError
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from types import ModuleType

    from pratique.provenance.request import Request
    from pratique.provenance.subject import Subject

KIND = "openpgp-signature"
BEGIN = b"-----BEGIN PGP SIGNATURE-----"

MAX_SIGNATURE_BYTES = 64 * 1024
"""Largest signature file; one of RSA with 16,384 bits has 4 kB."""

_PACKETS = frozenset({0x88, 0x89, 0x8A, 0xC2})
"""First bytes of a signature packet (RFC 9580, section 4.2), binary."""

_BINARY = "SignatureType.Binary"


def is_openpgp(data: bytes) -> bool:
    """Whether a file is a detached signature, armored or binary, judged by its start."""
    return data[:1024].lstrip().startswith(BEGIN) or data[:1] in map(_byte, _PACKETS)


def _byte(number: int) -> bytes:
    return bytes([number])


def certificates(data: bytes) -> tuple[Any, ...]:
    """The certificates (public keys) of a keyring, armored or binary.

    Raises:
        UsageError: The library is not installed.
        InputError: It holds none, or cannot be read.
    """
    try:
        found = tuple(_library().Cert.split_bytes(data))
    except (RuntimeError, ValueError, OSError) as error:
        raise InputError(f"OpenPGP certificate cannot be read: {_line(error)}") from None
    if not found:
        raise InputError("holds no OpenPGP certificate")
    return found


def judge_openpgp(
    data: bytes, subject: Subject, request: Request, now: datetime
) -> VerifiedEvidence:
    """Evidence of a detached signature.

    Args:
        data: The signature, armored or binary.
        subject: The artifact.
        request: Whose keyring counts.
        now: In UTC, for keys that have expired.

    Raises:
        VerificationError: The signature is of nobody in the keyring, or of other content.
        UnsupportedEvidenceError: It is of a type that is not verified here.
        InputError: It cannot be read.
    """
    if request.identity or request.issuer:
        raise VerificationError("an OpenPGP key has no issuer", error="ErrorMismatchCertificate")
    library = _library()
    if len(data) > MAX_SIGNATURE_BYTES:
        raise InputError(f"OpenPGP signature is over the limit of {MAX_SIGNATURE_BYTES:,} bytes")
    try:
        signature = library.Sig.from_bytes(data)
        kind = str(signature.signature_type)
    except (RuntimeError, ValueError, OSError) as error:
        raise InputError(f"OpenPGP signature cannot be read: {_line(error)}") from None
    if kind != _BINARY:
        raise UnsupportedEvidenceError("the OpenPGP signature is not over the file's very bytes")
    content = _content(subject)
    try:
        result = library.verify(
            bytes=content, store=lambda _: list(request.keyring), signature=signature
        )
        signers = {one.certificate.lower() for one in result.valid_sigs}
    except (RuntimeError, ValueError, OSError) as error:
        raise VerificationError(
            f"the OpenPGP signature does not hold, or is of nobody in the keyring: {_line(error)}",
            remedy="Check the file, and whether the keyring has the signer's certificate.",
        ) from None
    return _evidence(subject, _signer(signers, request.keyring), now)


def _signer(fingerprints: set[str], keyring: Iterable[Any]) -> Any:
    for one in keyring:
        if one.fingerprint.lower() in fingerprints:
            return one
    raise VerificationError("the OpenPGP signature is of nobody in the keyring")


def _evidence(subject: Subject, certificate: Any, now: datetime) -> VerifiedEvidence:
    try:
        cause = _doubt(certificate, now)
        names = [str(one) for one in certificate.user_ids]
    except (RuntimeError, ValueError) as error:
        raise VerificationError(
            f"the signer's certificate cannot be judged: {_line(error)}"
        ) from None
    name = names[0] if names else "nobody named"
    return VerifiedEvidence(
        grade=Grade.TIME_UNPROVEN if cause else Grade.VERIFIED,
        kind=KIND,
        subject=str(subject),
        identity=f"{name} (key:{certificate.fingerprint.lower()})",
        cause=cause,
        next_action="Ask the publisher to sign with a key that is valid." if cause else "",
    )


def _doubt(certificate: Any, now: datetime) -> str:
    """Why a signature of a certificate might be younger than it says; empty where it is not."""
    if certificate.is_revoked:
        return "the signer's key was revoked, and nothing shows that the signature is older"
    if certificate.expiration is not None and certificate.expiration <= now:
        return "the signer's key has expired, and nothing shows that the signature is older"
    return ""


def _content(subject: Subject) -> bytes:
    """The artifact's bytes, which must still be those whose digest is known."""
    content = subject.content()
    if hashlib.sha256(content).hexdigest() != subject.digests.get("sha256"):
        raise InputError("the artifact changed while it was read")
    return content


def _line(error: Exception) -> str:
    """First line of the library's message: the rest is a stack trace."""
    return str(error).strip().partition("\n")[0][:160]


def _library() -> ModuleType:
    try:
        import pysequoia
    except ImportError:
        raise UsageError(
            "OpenPGP signatures need the library pysequoia, which is not installed.",
            remedy="Install pysequoia beside pratique, or leave out --keyring.",
        ) from None
    return pysequoia  # type: ignore[no-any-return, unused-ignore]
