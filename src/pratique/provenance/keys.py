"""Public keys and signatures, by ``cryptography``.

The digest of an ECDSA signature follows from its curve (NIST SP 800-57:
P-256 with SHA-256, P-384 with SHA-384, P-521 with SHA-512) or is SHA-256, unless
the caller knows better.  A signature that is two numbers of fixed length instead of DER
(IEEE P1363, "raw r‖s") is taken as well: one published VSA and all of PKCS#11
write it so.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pratique.model.errors import InputError
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cryptography.hazmat.primitives.hashes import HashAlgorithm

MIN_RSA_BITS = 2048
"""Shortest RSA modulus that is accepted (NIST SP 800-131A rev. 2, section 3)."""

MAX_RSA_BITS = 16384
"""Longest RSA modulus that is accepted; a verification then takes about a millisecond."""


MAX_KEY_BYTES = 64 * 1024
"""Most that is read of a key's file; the largest keys have some kilobytes."""


def _no_public_key(data: bytes, error: Exception) -> str:
    """Why it is none; what OpenSSL says of a private key or of text helps nobody."""
    if b"PRIVATE KEY-----" in data[:4096]:
        return "is a private key, where the public one is wanted: name its .pub file"
    if not data.lstrip().startswith(b"-----BEGIN"):
        return "public key cannot be read: it is neither PEM (-----BEGIN PUBLIC KEY-----) nor DER"
    return f"public key cannot be read: {str(error)[:120].rstrip('. ')}"


@lru_cache(maxsize=512)
def load_key(data: bytes) -> Any:
    """Public key of PEM or DER (SubjectPublicKeyInfo, or PKCS#1 for RSA).

    Raises:
        InputError: It is neither, or is of a kind or length that is not accepted.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import (
        load_der_public_key,
        load_pem_public_key,
    )

    try:
        pem = data.lstrip().startswith(b"-----BEGIN")
        key = load_pem_public_key(data) if pem else load_der_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(_no_public_key(data, error)) from None
    if isinstance(key, rsa.RSAPublicKey):
        if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
            raise InputError(f"RSA key of {key.key_size} bits is not accepted")
        return key
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in {"secp256r1", "secp384r1", "secp521r1"}:
            raise InputError(f"elliptic curve {key.curve.name} is not accepted")
        return key
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    raise InputError("public key is of a kind that is not accepted")


def read_key(path: Path) -> Any:
    """A public key from a file, see :func:`load_key`.

    Raises:
        InputError: The file cannot be read, or holds no such key.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY_BYTES)
    except OSError as error:
        raise InputError(f"key {path} cannot be read: {error.strerror}.") from None
    try:
        return load_key(data)
    except InputError as error:
        raise InputError(f"{path}: {error.message}.") from None


def spki(key: Any) -> bytes:
    """DER SubjectPublicKeyInfo of a key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def key_id(key: Any) -> str:
    """Name of a public key: hexadecimal SHA-256 of its SubjectPublicKeyInfo."""
    return hashlib.sha256(spki(key)).hexdigest()


def digest_of(key: Any) -> str:
    """Name of the digest that signatures of a key are made over; ``sha256`` for RSA and Ed25519."""
    curve = getattr(getattr(key, "curve", None), "name", "")
    return {"secp384r1": "sha384", "secp521r1": "sha512"}.get(curve, "sha256")


def verify(key: Any, signature: bytes, data: bytes, *, algorithm: str = "") -> None:
    """Check a signature over data.

    Args:
        key: From :func:`load_key` or of a certificate.
        signature: DER for ECDSA, or raw r‖s.
        data: What was signed.
        algorithm: Of the digest, where it does not follow from the key.

    Raises:
        VerificationError: It is not the key's signature over the data.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if isinstance(key, Ed25519PublicKey):
        _verify_ed25519(key, signature, data)
        return
    name = algorithm or digest_of(key)
    try:
        verify_digest(key, signature, name, hashlib.new(name, data).digest())
    except VerificationError:
        if algorithm or name == "sha256":
            raise
        # cosign signs with SHA-256 whatever the curve
        verify_digest(key, signature, "sha256", hashlib.sha256(data).digest())


def verify_digest(key: Any, signature: bytes, algorithm: str, digest: bytes) -> None:
    """Check a signature over data whose digest is known.

    Raises:
        UnsupportedEvidenceError: The key signs data, not digests (Ed25519).
        VerificationError: It is not the key's signature over the data.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    kind = Prehashed(_hash(algorithm))
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(_der(key, signature), digest, ec.ECDSA(kind))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, digest, padding.PKCS1v15(), kind)
        else:
            raise UnsupportedEvidenceError(
                "the key's signatures can only be checked against the whole artifact"
            )
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        raise VerificationError("the signature is not the key's over this content") from None


def _verify_ed25519(key: Any, signature: bytes, data: bytes) -> None:
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, data)
    except (InvalidSignature, ValueError):
        raise VerificationError("the signature is not the key's over this content") from None


def _hash(name: str) -> HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    kinds: dict[str, Callable[[], HashAlgorithm]] = {
        "sha256": hashes.SHA256,
        "sha384": hashes.SHA384,
        "sha512": hashes.SHA512,
    }
    kind = kinds.get(name)
    if kind is None:
        raise UnsupportedEvidenceError(f"signatures over {name} are not verified")
    return kind()


def _der(key: Any, signature: bytes) -> bytes:
    """DER of an ECDSA signature that may be raw r‖s of the curve's length."""
    width = (key.key_size + 7) // 8
    if len(signature) == 2 * width:
        from cryptography.hazmat.primitives.asymmetric.utils import (
            decode_dss_signature,
            encode_dss_signature,
        )

        try:
            decode_dss_signature(signature)
        except ValueError:
            r = int.from_bytes(signature[:width], "big")
            s = int.from_bytes(signature[width:], "big")
            return encode_dss_signature(r, s)
    return signature
