"""Hash bins: which artifact is listed where, and the bytes that list it.

The metadata are written in canonical JSON at once, so that what is signed is
what is in the file; python-tuf gives the same bytes when it verifies.  That
holds because names with control characters are refused: there canonical JSON
and JSON differ.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.repository.errors import UNREADABLE, RepositoryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from pratique.repository.models import CryptoSigner, Key

PREFIX = "bin"

SPEC_VERSION = "1.0.31"

MAX_BIN_BYTES = 5_000_000
"""Largest bin published: the limit of python-tuf's client for targets metadata."""

MAX_PATH = 1024
"""Longest target path in characters; URLs beyond about 2,000 fail in proxies."""

MAX_NAME_BYTES = 255 - 65
"""Longest last segment: with ``SHA256.`` before it, it must be a file name of 255 bytes."""


class Envelope(msgspec.Struct, frozen=True):
    """A metadata file: signatures and the signed part as it stands (TUF §4.2.1)."""

    signatures: list[dict[str, str]]
    signed: msgspec.Raw


class BinPart(msgspec.Struct, frozen=True):
    """The signed part of a bin (TUF §4.5), its targets undecoded."""

    expires: str
    version: int
    targets: dict[str, msgspec.Raw]


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of one artifact."""

    length: int
    hashes: dict[str, str]
    custom: dict[str, Any] = {}


_ENVELOPE = msgspec.json.Decoder(Envelope)
_BIN = msgspec.json.Decoder(BinPart)
_ENCODER = msgspec.json.Encoder(order="sorted")


def bin_names(bins: int) -> list[str]:
    """Names of all bins in order (TAP 15)."""
    digits = len(f"{bins - 1:x}")
    return [f"{PREFIX}-{number:0{digits}x}" for number in range(bins)]


def bin_of(path: str, bins: int) -> int:
    """Number of the bin of a target: the first bits of the SHA-256 of its path (TAP 15)."""
    start = int.from_bytes(hashlib.sha256(path.encode()).digest()[:4], "big")
    return start >> (32 - (bins.bit_length() - 1))


def check_path(path: str) -> str:
    """Why a target path is refused; empty if it is fine."""
    if not path or len(path) > MAX_PATH:
        return f"its path has no or over {MAX_PATH} characters"
    if not path.isprintable() or any(sign in path for sign in "\\?#%"):
        return "its path has control characters or one of \\ ? # %"
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        return "its path has empty or dotted segments"
    if any(len(part.encode()) > MAX_NAME_BYTES for part in parts):
        return f"a segment of its path is over {MAX_NAME_BYTES} bytes"
    return ""


def canonical(value: object) -> bytes:
    """Canonical JSON of values without floats and control characters."""
    return _ENCODER.encode(value)


def instant(when: datetime) -> str:
    """A time as TUF writes it."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def sealed(signed: bytes, signers: Iterable[CryptoSigner]) -> bytes:
    """A metadata file: the signed bytes, and a signature of each signer."""
    marks = [signer.sign(signed).to_dict() for signer in signers]
    return b'{"signatures":' + canonical(marks) + b',"signed":' + signed + b"}"


def opened(data: bytes, keys: Mapping[str, Key], threshold: int, name: str) -> bytes:
    """The signed bytes of a file that this room wrote, once its signatures are verified.

    Args:
        data: The file.
        keys: The keys of its role, by id.
        threshold: How many of them must have signed.
        name: For messages.

    Raises:
        RepositoryError: It cannot be read, or too few signatures are valid.
    """
    from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError

    from pratique.repository.models import Signature

    try:
        envelope = _ENVELOPE.decode(data)
    except UNREADABLE as error:
        raise RepositoryError(f"{name} cannot be read: {error}.") from None
    signed = bytes(envelope.signed)
    valid = set()
    for mark in envelope.signatures:
        key = keys.get(mark.get("keyid", ""))
        if key is None:
            continue
        try:
            key.verify_signature(Signature(key.keyid, mark.get("sig", "")), signed)
        except (UnverifiedSignatureError, VerificationError, ValueError):
            continue
        valid.add(key.keyid)
    if len(valid) < threshold:
        raise RepositoryError(
            f"{name} has {len(valid)} valid signatures of {threshold} needed: it was changed.",
            remedy="Restore it from a copy; nothing was signed.",
        )
    return signed


def read_bin(signed: bytes, name: str) -> BinPart:
    """Decode the signed part of a bin.

    Raises:
        RepositoryError: It is malformed.
    """
    try:
        return _BIN.decode(signed)
    except UNREADABLE as error:
        raise RepositoryError(f"{name} cannot be read: {error}.") from None


def write_bin(targets: Mapping[str, msgspec.Raw], version: int, expires: datetime) -> bytes:
    """The signed part of a bin.

    Raises:
        RepositoryError: It would be larger than clients take.
    """
    signed = canonical(
        {
            "_type": "targets",
            "expires": instant(expires),
            "spec_version": SPEC_VERSION,
            "targets": targets,
            "version": version,
        }
    )
    if len(signed) > MAX_BIN_BYTES:
        raise RepositoryError(
            f"A bin of {len(targets):,} targets exceeds the {MAX_BIN_BYTES:,} bytes clients take.",
            remedy="Make a repository with more bins.",
        )
    return signed
