"""What is known against a version: the advisory index, asked as plans ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.model.advisory import Match, Query

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.advisories import Index


class Verdict(msgspec.Struct, frozen=True):
    """What the index says of one version."""

    matches: tuple[Match, ...] = ()
    unknown: str = ""
    """Why the answer is incomplete; such a version is never called clean."""

    @property
    def ids(self) -> frozenset[str]:
        """The primary id of each vulnerability; aliases are one."""
        return frozenset(match.advisories[0].id for match in self.matches)

    @property
    def clean(self) -> bool:
        """Whether nothing is known against it, and the question could be answered."""
        return not self.matches and not self.unknown

    @property
    def malicious(self) -> bool:
        """Whether it was published as an attack."""
        return any(record.malicious for match in self.matches for record in match.advisories)


class Advisor:
    """Asks the index, and each question once.

    Args:
        index: The advisories.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: dict[tuple[str, str, str], Verdict] = {}

    def ask(self, places: Iterable[tuple[str, str, str]]) -> None:
        """Look up many versions at once, each an ecosystem, a name and a version."""
        new = [place for place in dict.fromkeys(places) if place not in self._known]
        queries = [Query(ecosystem=one, name=name, version=version) for one, name, version in new]
        for place, answer in zip(new, self._index.match(queries), strict=True):
            reason = answer.unknown.reason if answer.unknown else ""
            self._known[place] = Verdict(answer.matches, reason)

    def of(self, ecosystem: str, name: str, version: str) -> Verdict:
        """What is known against a version."""
        place = (ecosystem, name, version)
        if place not in self._known:
            self.ask([place])
        return self._known[place]
