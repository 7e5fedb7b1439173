"""What each package is to one bill of materials, as a small blob beside its graph.

For each package: what it is needed for (scope), whether the subject needs it by
itself (relation), and the package before it on the shortest path from where the
bill's paths begin.  In the order of :class:`~pratique.store.adjacency.Adjacency`'s
nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from pratique.model.inventory import Relation, Scope
from pratique.store.adjacency import MAX_BYTES, packed_numbers, unpacked_numbers
from pratique.store.errors import DamageError

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable

SCOPES: dict[Scope, int] = {scope: number for number, scope in enumerate(Scope, 1)}
"""Number of each scope in the blobs, the widest first; new ones are added at the end."""

RELATIONS: dict[Relation, int] = {relation: number for number, relation in enumerate(Relation, 1)}
"""Number of each relation in the blobs."""

_WIDTH = {
    scope: width
    for width, scope in enumerate(
        (
            Scope.RUNTIME,
            Scope.UNKNOWN,  # may be any, so that none but the widest goes before it
            Scope.OPTIONAL,
            Scope.BUILD,
            Scope.TEST,
            Scope.DEVELOPMENT,
        )
    )
}
_NEARNESS = {Relation.DIRECT: 0, Relation.UNKNOWN: 1, Relation.TRANSITIVE: 2}

BEGINS = -1
"""In place of the package before: a path begins here."""

UNREACHED = -2
"""In place of the package before: no path leads here."""

_SCOPE_OF = {number: scope for scope, number in SCOPES.items()}
_RELATION_OF = {number: relation for relation, number in RELATIONS.items()}
_LEVEL = 3


def widest(scopes: Iterable[Scope]) -> Scope:
    """The widest of some scopes; unknown where there are none."""
    return min(scopes, key=_WIDTH.__getitem__, default=Scope.UNKNOWN)


def nearest(relations: Iterable[Relation]) -> Relation:
    """The nearest of some relations; unknown where there are none."""
    return min(relations, key=_NEARNESS.__getitem__, default=Relation.UNKNOWN)


class Roles(msgspec.Struct, frozen=True):
    """What each package is to a bill; all empty for a bill that came in before they were kept."""

    scopes: bytes = b""
    """A number of :data:`SCOPES` for each package; empty: not kept."""

    relations: bytes = b""
    """A number of :data:`RELATIONS` for each package; empty: not kept."""

    before: Sequence[int] = ()
    """Position of the package before each, :data:`BEGINS` or :data:`UNREACHED`; empty: not
    worked out."""

    def scope(self, place: int) -> Scope:
        """What a package is needed for, by its position."""
        return _SCOPE_OF[self.scopes[place]] if self.scopes else Scope.UNKNOWN

    def relation(self, place: int) -> Relation:
        """Whether the subject needs a package by itself, by its position."""
        return _RELATION_OF[self.relations[place]] if self.relations else Relation.UNKNOWN

    def way(self, place: int) -> list[int] | None:
        """Positions from where a path begins to a package; ``None`` where none leads there.

        Raises:
            DamageError: The packages before it lead round in a circle.
        """
        found = [place]
        while (place := self.before[place]) >= 0:
            found.append(place)
            if len(found) > len(self.before):
                raise DamageError(
                    "the roles in a bill of materials are damaged: a path never ends."
                )
        return found[::-1] if place == BEGINS else None


def pack_roles(
    order: Sequence[int],
    scopes: Sequence[Scope],
    relations: Sequence[Relation],
    before: Sequence[int],
) -> bytes:
    """The blob of the roles of a bill; empty where nothing is stated.

    Args:
        order: For each node of the stored graph its position in what follows.
        scopes: One for each package, or none at all.
        relations: One for each package, or none at all.
        before: See :attr:`Roles.before`.
    """
    import zstandard

    if not (scopes or relations or before):
        return b""
    place = [0] * len(order)
    for new, old in enumerate(order):
        place[old] = new
    fields = (
        bytes(SCOPES[scopes[old]] for old in order) if scopes else b"",
        bytes(RELATIONS[relations[old]] for old in order) if relations else b"",
        packed_numbers(
            "i",
            [at if (at := before[old]) < 0 else place[at] for old in order] if before else [],
        ),
    )
    return zstandard.compress(msgspec.msgpack.encode(fields), _LEVEL)


def unpack_roles(blob: bytes, count: int) -> Roles:
    """The roles of a blob.

    Args:
        blob: What :func:`pack_roles` made.
        count: Number of packages of the bill.

    Raises:
        DamageError: It is something else.
    """
    import zstandard

    if not blob:
        return Roles()
    try:
        if zstandard.get_frame_parameters(blob).content_size > MAX_BYTES:
            raise DamageError("the roles in a bill of materials are damaged: too large.")
        raw = zstandard.ZstdDecompressor().decompress(blob, max_output_size=MAX_BYTES)
        scopes, relations, packed = msgspec.msgpack.decode(raw, type=tuple[bytes, bytes, bytes])
        before: array[int] = unpacked_numbers("i", packed)
    except (zstandard.ZstdError, msgspec.MsgspecError, ValueError) as error:
        raise DamageError(f"the roles in a bill of materials are damaged: {error}.") from None
    fits = all(len(part) in {0, count} for part in (scopes, relations, before))
    known = set(scopes) <= set(_SCOPE_OF) and set(relations) <= set(_RELATION_OF)
    inside = not before or (min(before) >= UNREACHED and max(before) < count)
    if not (fits and known and inside):
        raise DamageError("the roles in a bill of materials are damaged: they do not fit it.")
    return Roles(scopes, relations, before)
