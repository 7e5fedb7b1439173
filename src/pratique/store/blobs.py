"""The bytes of documents as the record keeps them."""

from __future__ import annotations

import hashlib

from pratique.store.errors import DamageError

MAX_RAW_BYTES = 1 << 30
"""Most that a stored document unpacks to; none larger is ever taken in."""


def unpacked(packed: bytes, digest: str) -> bytes:
    """The bytes of a document.

    Args:
        packed: As they are kept.
        digest: What they are known by.

    Raises:
        DamageError: They are not what came in.
    """
    import zstandard

    try:
        data = zstandard.ZstdDecompressor().decompress(packed, max_output_size=MAX_RAW_BYTES)
    except zstandard.ZstdError as error:
        raise DamageError(f"document {digest} is damaged: {error}.") from None
    if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
        raise DamageError(f"document {digest} is damaged: its digest is another.")
    return data
