"""Keys that stay where they are: in a KMS, an HSM or a vault, named by a URI.

A reference file holds the URI and the public key.  securesystemslib signs by the URI; what it
needs for a scheme (a cloud's own library) is installed apart.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.json_writing import indented_json
from pratique.repository.errors import UNREADABLE, RepositoryError
from pratique.repository.keys import MAX_KEY_BYTES, REFERENCE, KeyFile, read_key

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.repository.models import CryptoSigner, SSlibKey

EXTRAS = {
    "awskms": "securesystemslib[awskms]",
    "azurekms": "securesystemslib[azurekms]",
    "gcpkms": "securesystemslib[gcpkms]",
    "hv": "securesystemslib[vault]",
    "hsm": "securesystemslib[hsm]",
    "file2": "",
}
"""Schemes that are taken, and what each needs."""


class Reference(msgspec.Struct, frozen=True):
    """The content of a reference file."""

    uri: str
    keyid: str
    keytype: str
    scheme: str
    public: str
    """The public key, PEM or hexadecimal as TUF has it."""


def write_reference(path: Path, uri: str, public: Path) -> KeyFile:
    """Write a reference to a key.

    Args:
        path: Its file, which must not exist; the name ends in ``.keyref``.
        uri: Where the private key is: ``awskms:…``, ``gcpkms:…``, ``azurekms:…``, ``hv:…``,
            ``hsm:…``, ``file2:…``.
        public: PEM file of the public key.

    Raises:
        RepositoryError: The scheme or the key is not known, or the file cannot be written.
    """
    if path.suffix != REFERENCE:
        raise RepositoryError(f"{path} must end in {REFERENCE}.")
    _scheme(uri)
    key = read_key(public).public
    reference = Reference(uri, key.keyid, key.keytype, key.scheme, key.keyval["public"])
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(indented_json(reference))
    except OSError as error:
        raise RepositoryError(f"{path} cannot be written: {error.strerror}.") from None
    return KeyFile(key, None)


def read_reference(path: Path) -> KeyFile:
    """The key that a reference file names, ready to sign.

    Raises:
        RepositoryError: It cannot be read, its scheme is not known, what the scheme needs is not
            installed, or the key cannot be reached.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY_BYTES + 1)
        reference = msgspec.json.decode(data[: MAX_KEY_BYTES + 1], type=Reference)
    except (OSError, *UNREADABLE) as error:
        raise RepositoryError(f"{path} is no key reference that can be read: {error}.") from None
    key = _public(reference)
    return KeyFile(key, _signer(path, reference, key))


def _public(reference: Reference) -> SSlibKey:
    from pratique.repository.models import SSlibKey

    return SSlibKey(
        reference.keyid, reference.keytype, reference.scheme, {"public": reference.public}
    )


def _scheme(uri: str) -> str:
    scheme = uri.partition(":")[0]
    if scheme not in EXTRAS:
        raise RepositoryError(
            f"{uri[:80]!r} names a key in no place that is known.",
            remedy=f"Schemes: {', '.join(EXTRAS)}.",
        )
    return scheme


def _signer(path: Path, reference: Reference, key: SSlibKey) -> CryptoSigner:
    from securesystemslib.exceptions import UnsupportedLibraryError

    from pratique.repository.models import Signer

    scheme = _scheme(reference.uri)
    try:
        # Every signer of securesystemslib signs and has its public key, as CryptoSigner does.
        return Signer.from_priv_key_uri(reference.uri, key)  # type: ignore[return-value]
    except (UnsupportedLibraryError, ImportError):
        raise RepositoryError(
            f"{path} names a key by {scheme}:, for which a library is absent.",
            remedy=f"Install '{EXTRAS[scheme]}'.",
        ) from None
    except Exception as error:  # noqa: BLE001 - each cloud's library has its own errors
        raise RepositoryError(f"{path}: the key cannot be reached: {error}.") from None
