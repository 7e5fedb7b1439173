"""Inclusion proofs against a tree that is built leaf by leaf (RFC 6962, section 2.1.1)."""

from __future__ import annotations

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.provenance.merkle import leaf_hash, root_from_proof


def split(count: int) -> int:
    """Largest power of two smaller than a number."""
    return 1 << (count - 1).bit_length() - 1


def root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    at = split(len(leaves))
    return hashlib.sha256(b"\x01" + root(leaves[:at]) + root(leaves[at:])).digest()


def path(leaves: list[bytes], index: int) -> list[bytes]:
    if len(leaves) == 1:
        return []
    at = split(len(leaves))
    if index < at:
        return [*path(leaves[:at], index), root(leaves[at:])]
    return [*path(leaves[at:], index - at), root(leaves[:at])]


@settings(max_examples=120, deadline=None)
@given(st.integers(1, 70).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1))))
def test_every_leaf_leads_to_the_root(case: tuple[int, int]) -> None:
    size, index = case
    leaves = [bytes([number]) for number in range(size)]
    hashes = tuple(path(leaves, index))
    leaf = leaf_hash(leaves[index])
    assert root_from_proof(leaf, index, size, hashes) == root(leaves)
    assert root_from_proof(leaf_hash(b"other"), index, size, hashes) != root(leaves)
    for wrong in (index - 1, index + 1):
        assert root_from_proof(leaf, wrong, size, hashes) != root(leaves)
    assert root_from_proof(leaf, index, size, (*hashes, b"\0" * 32)) is None
    if hashes:
        assert root_from_proof(leaf, index, size, hashes[:-1]) is None
        assert root_from_proof(leaf, index, size, (b"short", *hashes[1:])) is None


def test_an_index_outside_the_tree() -> None:
    for index, size in ((0, 0), (1, 1), (-1, 4), (5, 4)):
        assert root_from_proof(leaf_hash(b""), index, size, ()) is None
