"""The graph of one bill of materials as a small blob.

The numbers of the packages are delta-coded, edges are in compressed sparse
rows, and the whole is zstd-compressed: a bill of 2,000 packages and 4,000
edges takes about 15 KB.
"""

from __future__ import annotations

import sys
from array import array
from itertools import accumulate, pairwise

import msgspec

from pratique.store.errors import DamageError

MAX_BYTES = 256 * 1024 * 1024
"""Most that a blob unpacks to: a million nodes and as many edges take 20 MB."""

_LEVEL = 3


class Adjacency(msgspec.Struct, frozen=True):
    """Who depends on whom inside one bill of materials."""

    nodes: tuple[int, ...]
    """Noun numbers of the packages, ascending."""

    roots: tuple[int, ...]
    """Positions of what the subject depends on directly, ascending."""

    targets: tuple[tuple[int, ...], ...]
    """For each node the positions of what it depends on, ascending."""

    @property
    def edges(self) -> int:
        """Number of edges."""
        return sum(map(len, self.targets))


class Rows(msgspec.Struct, frozen=True):
    """A graph as it is packed: what :class:`Adjacency` has, in arrays of machine numbers."""

    nodes: array[int]
    """Noun numbers, ascending (64 bits)."""

    roots: array[int]
    """Positions (32 bits)."""

    ends: array[int]
    """Where the targets of each node begin, and of the last end (64 bits; one more than nodes)."""

    targets: array[int]
    """Positions, node by node (32 bits)."""

    def of(self, place: int) -> array[int]:
        """Positions of what a node depends on."""
        return self.targets[self.ends[place] : self.ends[place + 1]]


def pack(nodes: list[int], roots: list[int], edges: list[tuple[int, int]]) -> bytes:
    """The blob of a graph.

    Args:
        nodes: Noun numbers in any order, each once.
        roots: Positions in ``nodes``.
        edges: Positions of dependent and dependency.
    """
    import zstandard

    order = sorted(range(len(nodes)), key=nodes.__getitem__)
    place = [0] * len(nodes)
    for new, old in enumerate(order):
        place[old] = new
    ascending = [nodes[old] for old in order]
    pairs = sorted({(place[a], place[b]) for a, b in edges})
    counts = [0] * len(nodes)
    for dependent, _ in pairs:
        counts[dependent] += 1
    fields = (
        packed_numbers("q", [b - a for a, b in pairwise([0, *ascending])]),
        packed_numbers("I", sorted({place[root] for root in roots})),
        packed_numbers("I", counts),
        packed_numbers("I", [dependency for _, dependency in pairs]),
    )
    return zstandard.compress(msgspec.msgpack.encode(fields), _LEVEL)


def unpack(blob: bytes) -> Adjacency:
    """The graph of a blob.

    Raises:
        DamageError: It is not what :func:`pack` made.
    """
    rows = unpack_rows(blob)
    targets = tuple(tuple(rows.targets[a:b]) for a, b in pairwise(rows.ends))
    return Adjacency(tuple(rows.nodes), tuple(rows.roots), targets)


def unpack_rows(blob: bytes) -> Rows:
    """The graph of a blob, in arrays.

    Raises:
        DamageError: It is not what :func:`pack` made.
    """
    import zstandard

    try:
        # What a frame claims is allocated before it is unpacked.
        if zstandard.get_frame_parameters(blob).content_size > MAX_BYTES:
            raise DamageError("the graph of a bill of materials is damaged: it claims too much.")
        raw = zstandard.ZstdDecompressor().decompress(blob, max_output_size=MAX_BYTES)
        deltas, roots, counts, flat = msgspec.msgpack.decode(
            raw, type=tuple[bytes, bytes, bytes, bytes]
        )
        nodes = array("q", accumulate(unpacked_numbers("q", deltas)))
        ends = array("q", [0, *accumulate(unpacked_numbers("I", counts))])
        every, first = unpacked_numbers("I", flat), unpacked_numbers("I", roots)
    except (zstandard.ZstdError, msgspec.MsgspecError, ValueError, OverflowError) as error:
        raise DamageError(f"the graph of a bill of materials is damaged: {error}.") from None
    if len(ends) != len(nodes) + 1 or ends[-1] != len(every):
        raise DamageError("the graph of a bill of materials is damaged: its parts do not fit.")
    if max(max(every, default=0), max(first, default=0)) >= max(len(nodes), 1):
        raise DamageError("the graph of a bill of materials is damaged: an edge leads nowhere.")
    return Rows(nodes, first, ends, every)


def packed_numbers(code: str, numbers: list[int]) -> bytes:
    """Numbers as little-endian bytes, by the type code of :mod:`array`."""
    packed = array(code, numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def unpacked_numbers(code: str, data: bytes) -> array[int]:
    """The numbers that :func:`packed_numbers` made bytes of.

    Raises:
        ValueError: The bytes are no whole numbers.
    """
    packed = array(code)
    packed.frombytes(data)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed
