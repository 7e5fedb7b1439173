"""Asks again about the packages whose answer may be another than last time, and no others."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from pratique.advisories.changes import key_of
from pratique.graph.witnesses import lowered
from pratique.health.matching import query_of
from pratique.health.record_findings import findings_of
from pratique.watch.documents import Documents
from pratique.watch.facts import Tracked, facts_of, joined, paired, rated
from pratique.watch.models import Facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.advisories.changes import Changes
    from pratique.health.record_findings import Held
    from pratique.store.watching import Watched
    from pratique.watch.comparing import Terms
    from pratique.watch.state import State

NEVER_ASKED = 0xFFFF_FFFF_FFFF_FFFF
"""Key of a package that the advisories cannot be asked about."""

_facts = msgspec.json.Decoder(Facts).decode


class Asking:
    """What is said of the record's packages now, beside what was said last time.

    Args:
        watched: The record.
        terms: By what to hold it.
        state: Of the last run.
        said: What changed in the index; ``None``: ask about everything.
        inside: Bills that are others than last time, with their packages.
    """

    def __init__(
        self,
        watched: Watched,
        terms: Terms,
        state: State,
        said: Changes | None,
        inside: Mapping[int, set[int]],
    ) -> None:
        self._record = watched.record
        self._terms = terms
        self.documents = Documents(watched, state)
        self.known = state.known()
        """Keys of the packages that were ever asked about."""

        self.unclear = state.unclear()
        """Packages of which it cannot be told whether they are affected."""

        self.news = {node for nodes in inside.values() for node in nodes} - self.known.keys()
        """Packages that were in no bill before."""

        self.kept = 0
        """Vulnerabilities that stay because it cannot be told that they are gone."""

        self.tracked = self._tracked(watched, rated_anew=terms.stamps != state.stamps)
        """By package all vulnerabilities that it had or has."""

        texts = self._texts(said)
        self.asked = len(texts)
        for number in self.news:
            query = query_of(texts[number])
            self.known[number] = NEVER_ASKED if isinstance(query, str) else key_of(query)
        held = findings_of(
            self._record,
            texts,
            terms.advisories,
            self.documents.ingested,
            self.documents.scanned,
        )
        self.replaced = held.revisions.newer
        """Ids of ingested advisories that count in the place of the index's."""

        self.unclear.difference_update(texts)
        self.unclear.update(held.undetermined, held.undecided)
        self._pair(texts, held)

    @property
    def dirty(self) -> list[Tracked]:
        """Vulnerabilities of which something else is said."""
        return [one for row in self.tracked.values() for one in row if one.before != one.after]

    def _tracked(self, watched: Watched, *, rated_anew: bool) -> dict[int, list[Tracked]]:
        found: dict[int, list[Tracked]] = defaultdict(list)
        for row in watched.matches():
            facts = _facts(row.facts)
            after = rated(facts, self._terms.exploitation) if rated_anew else facts
            found[row.package].append(Tracked(row.id, row.package, facts, after))
        return found

    def _texts(self, said: Changes | None) -> dict[int, str]:
        """Packages whose answer may differ from last time."""
        if said is None:
            texts = self._record.packages()
            self.news |= texts.keys() - self.known.keys()
            return texts
        renewed = self.documents.renewed(said)
        wanted = {*self.news, *(self.documents.touched(renewed) & self.known.keys())}
        if said.packages or said.names:
            wanted.update(number for number, key in self.known.items() if said.touch(key))
        if said.names or renewed:
            wanted.update(
                one.package
                for row in self.tracked.values()
                for one in row
                if one.before is not None
                and (
                    said.name((*one.before.ids, one.before.rated_by))
                    or not renewed.isdisjoint(one.before.ids)
                )
            )
        return self._record.texts(wanted)

    def _pair(self, texts: Mapping[int, str], held: Held) -> None:
        """Set what is said now beside what was said."""
        number = 0
        for package in texts:
            known = self.tracked.get(package, [])
            row = held.found.get(package, ())
            if not known and not row:
                continue
            fresh = paired(known, [facts_of(one, self._terms.exploitation) for one in row], package)
            for one in known:
                if one.after is None and not joined(one, known) and _is_open(one, held):
                    one.after = one.before  # unknown is not gone
                    self.kept += 1
            for one in fresh:
                number -= 1
                one.id = number
            if fresh:
                self.tracked[package] = [*known, *fresh]


def _is_open(one: Tracked, held: Held) -> bool:
    """Whether who said so, and says nothing now, cannot tell."""
    assert one.before is not None
    if one.before.indexed and one.package in held.undetermined:
        return True
    open = {id for each in held.undecided.get(one.package, ()) for id in each.ids}
    return not lowered(one.before.ids).isdisjoint(lowered(open))
