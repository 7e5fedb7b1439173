"""Signatures over small documents by a key in a file: Ed25519, or ECDSA on P-256 or P-384.

Source: DSSE protocol v1.0.2; the key's hint is the SHA-256 of its public half
(SubjectPublicKeyInfo, DER), as securesystemslib's key ids for such keys are digests too.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pratique.formats.dsse import Envelope, Signature, pae
from pratique.model.errors import EvidenceError, InputError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE_VARIABLE = "PRATIQUE_KEY_PASSPHRASE"  # noqa: S105 - the name, not the word
"""Environment variable with the passphrase of an encrypted key."""

MAX_KEY_BYTES = 64 * 1024
"""Largest file taken for a key; an Ed25519 key has 120 bytes."""


def sign(payload: bytes, payload_type: str, key: Path) -> Envelope:
    """Sign a document.

    Args:
        payload: The document.
        payload_type: What it is.
        key: PEM file of a private key (PKCS #8).

    Raises:
        UsageError: The key cannot be read, or is of another kind.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    passphrase = os.environ.get(PASSPHRASE_VARIABLE, "").encode() or None
    try:
        loaded: Any = serialization.load_pem_private_key(_key_bytes(key), passphrase)
    except (ValueError, TypeError) as error:
        reason = str(error).splitlines()[0][:100]
        raise UsageError(
            f"{key} is not a private key that can be read: {reason}.",
            remedy=f"Name a PEM file; {PASSPHRASE_VARIABLE} has its passphrase.",
        ) from None
    signed = pae(payload_type, payload)
    if isinstance(loaded, ed25519.Ed25519PrivateKey):
        sig = loaded.sign(signed)
    elif isinstance(loaded, ec.EllipticCurvePrivateKey) and _hash(loaded.curve) is not None:
        sig = loaded.sign(signed, ec.ECDSA(_hash(loaded.curve)))
    else:
        raise UsageError(f"{key} is of another kind than Ed25519, P-256 and P-384.")
    return Envelope(payload, payload_type, (Signature(sig, key_id(loaded.public_key())),))


def verify(envelope: Envelope, key: Path) -> None:
    """Check that a key has signed a document.

    Args:
        envelope: The document with its signatures.
        key: PEM file of a public key.

    Raises:
        UsageError: The key cannot be read, or is of another kind.
        EvidenceError: None of the signatures is its.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    try:
        loaded: Any = serialization.load_pem_public_key(_key_bytes(key))
    except (ValueError, TypeError):
        raise UsageError(
            f"{key} is not a public key that can be read.", remedy="Name its PEM file."
        ) from None
    signed = pae(envelope.payload_type, envelope.payload)
    for one in envelope.signatures:
        try:
            if isinstance(loaded, ed25519.Ed25519PublicKey):
                loaded.verify(one.sig, signed)
            elif isinstance(loaded, ec.EllipticCurvePublicKey) and _hash(loaded.curve) is not None:
                loaded.verify(one.sig, signed, ec.ECDSA(_hash(loaded.curve)))
            else:
                raise UsageError(f"{key} is of another kind than Ed25519, P-256 and P-384.")
        except InvalidSignature:
            continue
        return
    raise EvidenceError(
        f"it is not signed by the key in {key}.",
        remedy="Check where it is from, and that the key is the one that was agreed upon.",
    )


def key_id(public: Any) -> str:
    """Digest of a public key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    data = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(data).hexdigest()


def _hash(curve: Any) -> Any:
    from cryptography.hazmat.primitives import hashes

    return {"secp256r1": hashes.SHA256(), "secp384r1": hashes.SHA384()}.get(curve.name)


def _key_bytes(key: Path) -> bytes:
    try:
        if key.stat().st_size > MAX_KEY_BYTES:
            raise InputError(f"{key} is too large for a key.")
        return key.read_bytes()
    except OSError as error:
        raise UsageError(f"{key} cannot be read: {error.strerror}.") from None
