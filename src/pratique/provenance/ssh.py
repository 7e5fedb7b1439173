"""Verification of SSH signatures by a list of allowed signers (PROTOCOL.sshsig).

What the signature is for, its namespace, must be what the caller expects: a
signature over a Git commit is none over a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.ssh import PublicKey, SshSignature, public_key_of, read_ssh_signature
from pratique.formats.ssh.signature import ecdsa_numbers
from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import InputError
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.keys import key_id, load_key, spki, verify, verify_digest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pratique.formats.ssh import AllowedSigner
    from pratique.provenance.request import Request
    from pratique.provenance.subject import Subject

KIND = "ssh-signature"

_DIGESTS = {
    "rsa-sha2-256": "sha256",
    "rsa-sha2-512": "sha512",
    "ecdsa-sha2-nistp256": "sha256",
    "ecdsa-sha2-nistp384": "sha384",
    "ecdsa-sha2-nistp521": "sha512",
}
"""Algorithm to the digest that it signs; ``ssh-rsa``, which is SHA-1, is not accepted."""


def judge_ssh(data: bytes, subject: Subject, request: Request, now: datetime) -> VerifiedEvidence:
    """Evidence of a signature file.

    Args:
        data: The armored signature.
        subject: The artifact.
        request: Whose allowed signers and namespace count.
        now: When, in UTC: nothing else says when the signature was made.

    Raises:
        VerificationError: The signature does not hold, or is of nobody who may sign.
        UnsupportedEvidenceError: Nobody is allowed to sign, or the key is of a kind that is
            not verified here.
        InputError: It cannot be read.
    """
    signature = read_ssh_signature(data)
    if request.identity or request.issuer:
        raise VerificationError("an SSH key has no issuer", error="ErrorMismatchCertificate")
    if not request.allowed_signers:
        raise UnsupportedEvidenceError(
            "whose SSH key this is is not known here",
            remedy="Give the signers you trust with --allowed-signers.",
        )
    verify_ssh(signature, subject, request.ssh_namespace)
    signer = _signer(signature, request.allowed_signers, now)
    return VerifiedEvidence(
        grade=Grade.VERIFIED,
        kind=KIND,
        subject=str(subject),
        identity=f"{signer.principals} (key:{key_id(_loaded(public_key_of(signer.key_blob)))})",
    )


def verify_ssh(signature: SshSignature, subject: Subject, namespace: str) -> None:
    """Check that a signature is its key's, over an artifact, for a namespace.

    Raises:
        VerificationError: It is not.
        UnsupportedEvidenceError: The artifact's digest of that kind is not known, or the
            algorithm is not verified here.
        InputError: The key cannot be read.
    """
    if signature.namespace != namespace:
        raise VerificationError(
            f"the signature is for {signature.namespace[:60]!r}, not for {namespace!r}"
        )
    known = subject.digests.get(signature.hash)
    if known is None:
        raise UnsupportedEvidenceError(f"the signature is over a {signature.hash} digest")
    public = public_key_of(signature.key_blob)
    key = _loaded(public)
    data = signature.signed(bytes.fromhex(known))
    kind = "ssh-rsa" if signature.algorithm.startswith("rsa-sha2-") else signature.algorithm
    if kind != public.kind:
        raise VerificationError("the signature is of another algorithm than its key")
    if signature.algorithm == "ssh-ed25519":
        verify(key, signature.signature, data)
        return
    digest = _DIGESTS.get(signature.algorithm)
    if digest is None:
        raise UnsupportedEvidenceError(
            f"signatures of the algorithm {signature.algorithm[:40]} are not accepted"
        )
    verify_digest(key, _encoded(signature), digest, _hashed(digest, data))


def _hashed(name: str, data: bytes) -> bytes:
    import hashlib

    return hashlib.new(name, data).digest()


def _encoded(signature: SshSignature) -> bytes:
    """The signature as ``cryptography`` takes it."""
    if not signature.algorithm.startswith("ecdsa-"):
        return signature.signature
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    return encode_dss_signature(*ecdsa_numbers(signature.signature))


def _loaded(public: PublicKey) -> Any:
    """The key, by the same rules of kind and length as every other."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    curves = {
        "ecdsa-sha2-nistp256": ec.SECP256R1(),
        "ecdsa-sha2-nistp384": ec.SECP384R1(),
        "ecdsa-sha2-nistp521": ec.SECP521R1(),
    }
    key: Any
    try:
        if public.kind == "ssh-ed25519":
            key = ed25519.Ed25519PublicKey.from_public_bytes(public.point)
        elif public.kind == "ssh-rsa":
            key = rsa.RSAPublicNumbers(public.exponent, public.modulus).public_key()
        else:
            key = ec.EllipticCurvePublicKey.from_encoded_point(curves[public.kind], public.point)
    except ValueError as error:
        raise InputError(f"SSH key cannot be read: {str(error)[:80]}") from None
    return load_key(spki(key))


def _signer(
    signature: SshSignature, allowed: Iterable[AllowedSigner], now: datetime
) -> AllowedSigner:
    """The line that allows the key to sign now."""
    causes = []
    for one in allowed:
        if one.key_blob != signature.key_blob or one.authority:
            continue
        if not one.takes_namespace(signature.namespace):
            causes.append(f"{one.principals} may not sign for {signature.namespace}")
        elif one.valid_after is not None and now < one.valid_after:
            causes.append(f"the key of {one.principals} is not valid yet")
        elif one.valid_before is not None and now > one.valid_before:
            causes.append(f"the key of {one.principals} is valid no more")
        else:
            return one
    raise VerificationError(
        causes[0] if causes else "the signer is none that is allowed",
        remedy="Find out who should have signed; do not use the artifact until then.",
    )
