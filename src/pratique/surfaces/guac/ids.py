"""The ids of nodes, as the interface shows them.

An id is a letter and bytes in URL-safe base64.  The bytes are digests of what
the node is, so that an id says nothing of how much else there is in the record.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import NamedTuple

from pratique.surfaces.guac.errors import NotFoundError

NOUN, CLAIM, BILL, EDGE = "n", "c", "b", "d"
SOURCE_LEVEL, VULNERABILITY_TYPE = "s", "v"

KEY_BYTES = 16
"""Bytes of a key; an edge of a bill has three."""

MAX_ID = 4096
"""Characters of an id; only the levels of a source carry text, which is a namespace."""

CACHE = 65_536
"""Ids that are remembered, some 20 MB: a client names each several times."""

SHORT = 80
"""Characters up to which an id is remembered; that of an edge has 65."""

_LENGTHS = {NOUN: 1, CLAIM: 1, BILL: 1, EDGE: 3}


class Id(NamedTuple):
    """An id, taken apart."""

    kind: str
    key: bytes


def write_id(kind: str, key: bytes) -> str:
    """The id of a node."""
    return kind + urlsafe_b64encode(key).rstrip(b"=").decode()


def read_id(text: str) -> Id:
    """What an id says.

    Raises:
        NotFoundError: It is none of ours.
    """
    return _short_id(text) if len(text) <= SHORT else _read_id(text)


def _read_id(text: str) -> Id:
    kind, rest = text[:1], text[1:MAX_ID]
    try:
        key = urlsafe_b64decode(rest + "=" * (-len(rest) % 4))
    except ValueError:
        raise NotFoundError from None
    length = _LENGTHS.get(kind)
    textual = kind in {SOURCE_LEVEL, VULNERABILITY_TYPE}
    if not textual and (length is None or len(key) != length * KEY_BYTES):
        raise NotFoundError
    return Id(kind, key)


_short_id = lru_cache(maxsize=CACHE)(_read_id)


def bill_id(digest: str) -> str:
    """The id of a bill of materials by its document's digest."""
    return write_id(BILL, bytes.fromhex(digest.partition(":")[2][: 2 * KEY_BYTES]))


def bill_prefix(key: bytes) -> str:
    """How the digest of a bill begins."""
    return f"sha256:{key[:KEY_BYTES].hex()}"
