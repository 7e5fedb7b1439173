"""Alias groups: which records speak of one vulnerability.

Source: OSV schema 1.7.5, ``aliases`` (symmetric and transitive).
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_GROUP = 32
"""A group of more ids is not one vulnerability but a mistake; OSV.dev skips it."""

MAX_ALIASES = 5
"""A record that lists more aliases joins nothing, as in OSV.dev: mostly it
lists what it fixes, not what it is called."""


class AliasGroups:
    """Joins ids by union-find; the members of a group are linked in a ring.

    Ids are kept once, as texts; all else is arrays of numbers.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._parents = array("L")
        self._next = array("L")
        self._sizes = array("L")
        self.skipped = 0
        """Records that listed too many aliases."""

    def _number(self, identifier: str) -> int:
        number = self._numbers.setdefault(identifier, len(self._names))
        if number == len(self._names):
            self._names.append(identifier)
            self._parents.append(number)
            self._next.append(number)
            self._sizes.append(1)
        return number

    def _root(self, number: int) -> int:
        parents = self._parents
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    def add(self, identifier: str, aliases: Sequence[str]) -> None:
        """Join a record's id with its aliases."""
        if not aliases:
            return
        if len(aliases) > MAX_ALIASES:
            self.skipped += 1
            return
        for alias in aliases:
            self._join(self._root(self._number(identifier)), self._root(self._number(alias)))

    def _join(self, one: int, other: int) -> None:
        if one == other:
            return
        if self._sizes[one] < self._sizes[other]:
            one, other = other, one
        self._parents[other] = one
        self._sizes[one] += self._sizes[other]
        # Two rings become one where a link of each is exchanged.
        self._next[one], self._next[other] = self._next[other], self._next[one]

    def group(self, identifier: str) -> int | None:
        """Number of an id's group; ``None`` where it is alone or the group grew too large."""
        number = self._numbers.get(identifier)
        if number is None:
            return None
        root = self._root(number)
        return root if 1 < self._sizes[root] <= MAX_GROUP else None

    def members(self, identifier: str) -> list[str]:
        """All ids of an id's group with the id itself; empty where it has none."""
        if self.group(identifier) is None:
            return []
        start = number = self._numbers[identifier]
        found = [identifier]
        while (number := self._next[number]) != start:
            found.append(self._names[number])
        return found
