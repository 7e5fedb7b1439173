"""Key files: PEM, private (PKCS #8, perhaps with a passphrase) or public."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.repository.errors import RepositoryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pratique.repository.models import CryptoSigner, SSlibKey

MAX_KEY_BYTES = 64 * 1024
"""Largest key file; an RSA key of 16,384 bits has about 13 kB."""


REFERENCE = ".keyref"
"""End of the name of a file that says where a key is, instead of holding it."""


class KeyFile(NamedTuple):
    """A key as a ceremony takes it."""

    public: SSlibKey
    signer: CryptoSigner | None
    """Signs with the private key; None where only the public one was given."""


def create_key(path: Path, passphrase: bytes = b"") -> KeyFile:
    """Make an Ed25519 key: private at ``path`` (mode 0600), public at ``path``.pub.

    Args:
        path: File of the private key; must not exist.
        passphrase: Encrypts it, unless empty.

    Raises:
        RepositoryError: It exists or cannot be written.
    """
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    secret: form.KeySerializationEncryption = form.NoEncryption()
    if passphrase:
        secret = form.BestAvailableEncryption(passphrase)
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, secret)
    public = key.public_key().public_bytes(
        form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for name, content, mode in ((path, private, 0o600), (public_path(path), public, 0o644)):
            handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)
    except OSError as error:
        raise RepositoryError(f"{path} cannot be written: {error.strerror}.") from None
    return _private(key)


def public_path(path: Path) -> Path:
    """Where the public half of a private key file is put."""
    return Path(f"{path}.pub")


def read_key(path: Path, passphrase: Callable[[Path], bytes] | None = None) -> KeyFile:
    """Read a private or public key of any kind that TUF clients verify.

    Args:
        path: A PEM file.
        passphrase: Asked for the passphrase of an encrypted key.

    Raises:
        RepositoryError: It cannot be read, or its kind is not supported.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import (
        load_pem_private_key,
        load_pem_public_key,
    )

    from pratique.repository.models import SSlibKey

    if path.suffix == REFERENCE:
        from pratique.repository.key_references import read_reference

        return read_reference(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY_BYTES + 1)
    except OSError as error:
        raise RepositoryError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_KEY_BYTES:
        raise RepositoryError(f"{path} is over {MAX_KEY_BYTES:,} bytes: no key.")
    try:
        if b"PRIVATE KEY" not in data:
            public: Any = load_pem_public_key(data)
            return KeyFile(SSlibKey.from_crypto(public), None)
        secret = passphrase(path) if b"ENCRYPTED" in data and passphrase else None
        return _private(load_pem_private_key(data, secret or None))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise RepositoryError(
            f"{path} is no PEM key that can be used: {str(error).partition('.')[0]}.",
            remedy="Give an Ed25519, ECDSA or RSA key, and its passphrase if it has one.",
        ) from None


def read_signers(paths: Iterable[Path]) -> dict[str, CryptoSigner]:
    """Signers of the online keys that are there, by key id; what is absent is left out."""
    signers = {}
    for path in paths:
        if not path.exists():
            continue
        signer = read_key(path).signer
        if signer is not None:
            signers[signer.public_key.keyid] = signer
    return signers


def _private(key: Any) -> KeyFile:
    from pratique.repository.models import CryptoSigner

    signer = CryptoSigner(key)
    return KeyFile(signer.public_key, signer)
