"""The record's own documents between two runs: of which packages they say something else.

Advisories that were ingested and scans of others are held like the index of
advisories: what came, went or is newer names the packages that are to be asked
about again; nothing else is.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from pratique.graph.ingested import Ingested
from pratique.graph.osv_filing import newest
from pratique.graph.scanned import equal_names
from pratique.store.nouns import Noun, NounKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from pratique.advisories.changes import Changes
    from pratique.store.watching import Watched
    from pratique.watch.state import State


class Documents:
    """What the documents say, beside what they said when the record was last held.

    Args:
        watched: The record.
        state: Of the last run.
    """

    def __init__(self, watched: Watched, state: State) -> None:
        self._record = watched.record
        self._before = state
        self.ingested = Ingested(self._record, state.filed)
        self._scans = watched.scans()
        names: dict[str, set[int]] = defaultdict(set)
        for package, name, _, _ in self._scans:
            names[name].add(package)
        self._named = names
        self._equal = {
            name: _digest(others) for name, others in equal_names(self._record, names).items()
        }
        self._sources = {
            purl: _digest(sorted(row)) for purl, row in self.ingested.sources().items()
        }

    @property
    def scanned(self) -> set[int]:
        """Packages that scans name a vulnerability for."""
        return {package for package, *_ in self._scans}

    def renewed(self, said: Changes) -> set[str]:
        """Ids of ingested advisories of which another revision counts than last time.

        Args:
            said: What changed in the index: it may take over, or give up, an advisory
                that was ingested as well.
        """
        before, now = newest(self._before.filed), self.ingested.current
        ids = {id for id in before.keys() | now.keys() if before.get(id) != now.get(id)}
        if said.names:
            ids.update(id for id in now if said.name((id,)))
        return ids

    def touched(self, ids: AbstractSet[str]) -> set[int]:
        """Packages of which anything may be said otherwise than last time.

        Args:
            ids: Of the advisories that are others.
        """
        keys = self.ingested.keys(ids)
        old = newest(self._before.filed)
        keys.update(key for id in ids & old.keys() for key in self._before.filed[old[id]].keys)
        return set(self.ingested.found_by(keys)) | self._rescanned() | self._moved()

    def _rescanned(self) -> set[int]:
        """Packages of which a scan came, was taken back, or is of a vulnerability renamed."""
        marks = {_mark(*row) for row in self._scans}
        found = {package for package, _ in marks ^ self._before.scanned()}
        renamed = (
            name
            for name in self._equal.keys() | self._before.equal.keys()
            if self._equal.get(name) != self._before.equal.get(name)
        )
        return found.union(*(self._named.get(name, ()) for name in renamed))

    def _moved(self) -> set[int]:
        """Packages that are said to come from elsewhere than last time."""
        old, new = self._before.sources, self._sources
        texts = [purl for purl in old.keys() | new.keys() if old.get(purl) != new.get(purl)]
        return set(self._record.find(Noun(NounKind.PACKAGE, text) for text in texts).values())

    def packed(self) -> dict[str, Any]:
        """The fields of a state that hold what they say."""
        marks = sorted(_mark(*row) for row in self._scans)
        return {
            "filed": self.ingested.filed,
            "scans": array("Q", (number for pair in marks for number in pair)).tobytes(),
            "equal": self._equal,
            "sources": self._sources,
        }


def _mark(package: int, name: str, evidence: int, document: int) -> tuple[int, int]:
    text = f"{name}\0{evidence}\0{document}".encode()
    return package, int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def _digest(texts: Iterable[str]) -> str:
    return blake2b("\0".join(texts).encode(), digest_size=8).hexdigest()
