"""Which records of each id are taken, while records come in from several sources.

The latest ``modified`` wins (OSV schema, ``modified``).  Records of equal time
are kept all, for dropping one would lose what it alone says; but the same
record found in two sources (OSV exports it under each of its ecosystems) is
one record of both.
"""

from __future__ import annotations

from array import array
from enum import Enum, auto
from typing import TYPE_CHECKING

from pratique.advisories.errors import GenerationError
from pratique.advisories.files import sync

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path


class Outcome(Enum):
    """What becomes of a record that is offered."""

    TAKEN = auto()
    """It has the next number."""

    REPLACES = auto()
    """It has the next number, and others of its id and time or before it were there."""

    OLDER = auto()
    COPY = auto()
    """Another source gave the same."""


class Ledger:
    """Numbers records as they are taken."""

    def __init__(self) -> None:
        self._winners: dict[str, int | tuple[int, ...]] = {}
        self._modified = array("q")
        self._digests = array("Q")
        self._sources = array("L")
        self._more: dict[int, list[int]] = {}
        self._saved = 0

    def __len__(self) -> int:
        return len(self._modified)

    def offer(self, identifier: str, modified: int, digest: int, sources: Sequence[int]) -> Outcome:
        """Decide about a record.

        Args:
            identifier: Its id.
            modified: When, in microseconds.
            digest: Of its original; 0 where that is not here.
            sources: That it is from.
        """
        number = len(self._modified)
        before = self._winners.get(identifier)
        outcome = Outcome.TAKEN
        if before is not None:
            outcome = Outcome.REPLACES
            taken = (before,) if isinstance(before, int) else before
            if self._modified[taken[0]] > modified:
                return Outcome.OLDER
            if self._modified[taken[0]] == modified:
                for other in taken:
                    if digest and digest == self._digests[other] and self._joins(other, sources):
                        return Outcome.COPY
                self._winners[identifier] = (*taken, number)
        if outcome is Outcome.TAKEN or self._modified[taken[0]] < modified:
            self._winners[identifier] = number
        self._modified.append(modified)
        self._digests.append(digest)
        self._sources.append(sources[0])
        if len(sources) > 1:
            self._more[number] = list(sources[1:])
        return outcome

    def _joins(self, number: int, sources: Sequence[int]) -> bool:
        """Note further sources of a record; false where it repeats one of its own."""
        known = set(self.sources((number,)))
        if known.intersection(sources):
            return False
        self._more.setdefault(number, []).extend(sources)
        return True

    def ids(self) -> list[str]:
        """All ids, sorted."""
        return sorted(self._winners)

    def taken(self, identifier: str) -> tuple[int, ...]:
        """Numbers of the records of an id."""
        winner = self._winners[identifier]
        return (winner,) if isinstance(winner, int) else winner

    def sources(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """All sources of records."""
        found = {each for n in numbers for each in (self._sources[n], *self._more.get(n, ()))}
        return tuple(sorted(found))

    def checkpoint(self, path: Path) -> dict[int, list[int]]:
        """Have on disk what cannot be had from the records; gives the rest."""
        with path.open("r+b" if self._saved else "wb") as file:
            file.seek(24 * self._saved)
            for at in range(self._saved, len(self._modified)):
                array("q", [self._modified[at]]).tofile(file)
                array("Q", [self._digests[at], self._sources[at]]).tofile(file)
            file.truncate()
        self._saved = len(self._modified)
        sync(path)
        return self._more

    def restore(self, path: Path, ids: Iterator[str], more: dict[int, list[int]]) -> None:
        """Go on from a checkpoint.

        Args:
            path: Of the file.
            ids: Of the records taken, in their order.
            more: As :meth:`checkpoint` gave it.

        Raises:
            GenerationError: The file is not what was written.
        """
        data = array("q")
        try:
            data.frombytes(path.read_bytes())
        except (OSError, ValueError):
            raise GenerationError(f"{path} is not what was written.") from None
        for number, identifier in enumerate(ids):
            if 3 * number + 2 >= len(data):
                raise GenerationError(f"{path} is not what was written.")
            modified = data[3 * number]
            before = self._winners.get(identifier)
            first = before if before is None or isinstance(before, int) else before[0]
            if first is not None and self._modified[first] == modified:
                others = (before,) if isinstance(before, int) else before or ()
                self._winners[identifier] = (*others, number)
            else:
                self._winners[identifier] = number
            self._modified.append(modified)
            self._digests.append(data[3 * number + 1] & 0xFFFFFFFFFFFFFFFF)
            self._sources.append(data[3 * number + 2])
        self._more = more
        self._saved = len(self._modified)
