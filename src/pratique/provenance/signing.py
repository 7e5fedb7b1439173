"""Keys that sign: made, kept in PEM, read again.

Private keys are PKCS#8 (RFC 5958) in PEM, encrypted where a passphrase is
given.  The key id is the SHA-256 of the public key's SubjectPublicKeyInfo in
hexadecimal, which anybody can recompute from the public key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.dsse import IN_TOTO_PAYLOAD, Envelope, Signature, pae
from pratique.model.errors import InputError, UsageError
from pratique.provenance.keys import digest_of, key_id, load_key, spki

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("ed25519", "ecdsa-p256")
"""Kinds of keys that are made."""

MAX_KEY_BYTES = 64 * 1024
"""Largest private key file that is read; one of these kinds has under 1 kB."""

PASSPHRASE_VARIABLE = "PRATIQUE_KEY_PASSPHRASE"  # noqa: S105 - a name, no secret
"""Environment variable that a passphrase is read from, where no file is named."""


class SigningKey:
    """A private key that signs statements.

    Args:
        key: An Ed25519 or an elliptic-curve key of ``cryptography``.
    """

    def __init__(self, key: Any) -> None:
        self._key = key
        self.public = load_key(spki(key.public_key()))
        self.id = key_id(self.public)

    def sign(self, data: bytes) -> bytes:
        """A signature over data; DER for ECDSA, with the digest of the key's curve."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        if not isinstance(self._key, ec.EllipticCurvePrivateKey):
            return bytes(self._key.sign(data))
        digests = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
        return bytes(self._key.sign(data, ec.ECDSA(digests[digest_of(self.public)])))

    def envelope(self, statement: bytes, payload_type: str = IN_TOTO_PAYLOAD) -> Envelope:
        """An envelope around a statement, with one signature (DSSE protocol v1)."""
        signature = Signature(self.sign(pae(payload_type, statement)), self.id)
        return Envelope(statement, payload_type, (signature,))

    def public_pem(self) -> bytes:
        """The public key, as ``pratique verify --key`` takes it."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return bytes(self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def private_pem(self, passphrase: bytes | None) -> bytes:
        """The private key in PKCS#8, encrypted where a passphrase is given."""
        from cryptography.hazmat.primitives.serialization import (
            BestAvailableEncryption,
            Encoding,
            NoEncryption,
            PrivateFormat,
        )

        lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        return bytes(self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))


def generate(kind: str) -> SigningKey:
    """A new key.

    Args:
        kind: One of :data:`KINDS`.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if kind == "ed25519":
        return SigningKey(ed25519.Ed25519PrivateKey.generate())
    return SigningKey(ec.generate_private_key(ec.SECP256R1()))


def load_signing_key(data: bytes, passphrase: bytes | None = None) -> SigningKey:
    """A private key of PEM: PKCS#8, SEC 1, or OpenSSH's own form.

    Args:
        data: The file.
        passphrase: Of an encrypted key; not used on one that is not encrypted.

    Raises:
        InputError: It is no private key, or of a kind that does not sign here.
        UsageError: The passphrase is missing or wrong.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.serialization import (
        load_pem_private_key,
        load_ssh_private_key,
    )

    load = load_ssh_private_key if b"BEGIN OPENSSH PRIVATE KEY" in data else load_pem_private_key
    encrypted = _is_encrypted(data)
    if encrypted and passphrase is None:
        raise UsageError(
            "the private key is encrypted.",
            remedy=f"Give its passphrase in {PASSPHRASE_VARIABLE}, or with --passphrase-file.",
        )
    try:
        key = load(data, passphrase if encrypted else None)
    except TypeError:  # raised for an encrypted key that does not look like one
        raise UsageError("the private key is encrypted.") from None
    except UnsupportedAlgorithm as error:
        raise InputError(f"private key cannot be read: {str(error)[:120]}") from None
    except ValueError as error:
        if encrypted:
            raise UsageError(
                "the private key cannot be opened with this passphrase.",
                remedy="Check the passphrase.",
            ) from None
        if b"-----BEGIN" not in data[:4096]:
            raise InputError("private key cannot be read: it is no PEM (-----BEGIN …)") from None
        raise InputError(f"private key cannot be read: {str(error)[:120].rstrip('. ')}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
        raise InputError("private key is of a kind that does not sign here")
    return SigningKey(key)


def _is_encrypted(data: bytes) -> bool:
    if b"ENCRYPTED" in data:
        return True
    if b"BEGIN OPENSSH PRIVATE KEY" not in data:
        return False
    import binascii

    body = b"".join(line for line in data.splitlines() if b"-----" not in line)
    try:
        head = binascii.a2b_base64(body)[:64]
    except ValueError:
        return False
    return b"openssh-key-v1\x00\x00\x00\x00\x04none" not in head


def read_signing_key(path: Path, passphrase: bytes | None = None) -> SigningKey:
    """A private key of a file; raises as :func:`load_signing_key`.

    Raises:
        InputError: The file cannot be read, or holds no key.
        UsageError: The passphrase is missing or wrong.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY_BYTES)
    except OSError as error:
        raise InputError(f"key {path} cannot be read: {error.strerror}.") from None
    try:
        return load_signing_key(data, passphrase)
    except InputError as error:
        raise InputError(f"{path}: {error.message}.") from None
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", remedy=error.remedy) from None
