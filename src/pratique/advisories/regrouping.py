"""Which records belong together anew when some of them change.

Source: OSV schema 1.7.5, ``aliases`` (symmetric and transitive).  A change can
join groups, part them, or make one so large that it is none any more: all
records that can be reached from those that change are looked at, through
aliases as they are and as they will be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.advisories.aliases import MAX_ALIASES, AliasGroups

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pratique.advisories.ground import Ground
    from pratique.formats.osv import OsvRecord

MAX_REACHED = 20_000
"""Ids looked at; where more are joined, everything is built anew instead."""


class TooManyError(Exception):
    """More records are joined with those that change than can be regrouped in place."""


class Regrouping:
    """Alias groups around the records that change.

    Args:
        ground: Before.
        changed: By id, the records as they will be; none where it will be gone.

    Raises:
        TooManyError: Too many are joined.
        GenerationError: The generation is damaged.
    """

    def __init__(self, ground: Ground, changed: Mapping[str, Sequence[OsvRecord]]) -> None:
        self._ground = ground
        self._changed = changed
        self._before = AliasGroups()
        self.groups = AliasGroups()
        """As they will be."""

        self._seen: dict[str, int] = {}
        self._looked_at: dict[int, tuple[str, list[OsvRecord]]] = {}
        self._waiting: list[str] = []
        for identifier, records in changed.items():
            number = ground.number(identifier)
            if number is not None:
                self._join(self._before, identifier, [record for record, _ in ground.read(number)])
            self._join(self.groups, identifier, records)
            self._waiting.append(identifier)
        self._spread()

    def _join(self, groups: AliasGroups, identifier: str, records: Sequence[OsvRecord]) -> None:
        for record in records:
            if record.withdrawn is None and len(record.aliases) <= MAX_ALIASES:
                groups.add(identifier, record.aliases)
                self._waiting.extend(record.aliases)

    def _spread(self) -> None:
        reached: set[str] = set()
        while self._waiting:
            name = self._waiting.pop()
            if name in reached:
                continue
            reached.add(name)
            if len(reached) > MAX_REACHED:
                raise TooManyError
            for number in self._ground.named(name):
                identifier, joining = self._joining(number)
                if identifier in self._changed or identifier in self._seen:
                    continue
                if name == identifier or any(name in record.aliases for record in joining):
                    self._seen[identifier] = number
                    self._waiting.append(identifier)
                    self._join(self._before, identifier, joining)
                    self._join(self.groups, identifier, joining)

    def _joining(self, number: int) -> tuple[str, list[OsvRecord]]:
        """Id of a record, and what of it joins others; looked up once, for many may name it."""
        found = self._looked_at.get(number)
        if found is None:
            records = [
                record
                for record, _ in self._ground.read(number)
                if record.withdrawn is None and len(record.aliases) <= MAX_ALIASES
            ]
            found = self._looked_at[number] = (self._ground[number].id, records)
        return found

    def moved(self) -> dict[str, int]:
        """Records that do not change, but whose group does: their numbers by id."""
        return {
            identifier: number
            for identifier, number in self._seen.items()
            if (after := set(self.groups.members(identifier)))
            != set(self._before.members(identifier))
            or not after.isdisjoint(self._changed)
        }
