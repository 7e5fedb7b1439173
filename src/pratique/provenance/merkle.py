"""Merkle tree hashes and inclusion proofs (RFC 6962, section 2.1; RFC 9162, section 2.1.3.2)."""

from __future__ import annotations

import hashlib


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_proof(leaf: bytes, index: int, size: int, hashes: tuple[bytes, ...]) -> bytes | None:
    """Root hash that follows from a leaf's hash and its proof; None where the proof does not fit.

    Args:
        leaf: From :func:`leaf_hash`.
        index: Of the leaf, from 0.
        size: Leaves of the tree.
        hashes: The audit path, from the leaf's sibling up.
    """
    if not 0 <= index < size:
        return None
    node, last, value = index, size - 1, leaf
    for sibling in hashes:
        if last == 0 or len(sibling) != 32:
            return None
        if node & 1 or node == last:
            value = _node(sibling, value)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            value = _node(value, sibling)
        node >>= 1
        last >>= 1
    return value if last == 0 else None
