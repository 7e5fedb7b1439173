"""Compares what was found where with what is, only where something may differ."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pratique.advisories.changes import changes, mark_of
from pratique.formats.instants import parse_instant
from pratique.graph.osv_filing import left_open
from pratique.store.documents import instant
from pratique.store.watching import FindingRow, MatchRow, Moves, PlaceRow
from pratique.watch.asking import Asking
from pratique.watch.deciding import Deciding, Decision, Statements, noun_of
from pratique.watch.facts import Tracked
from pratique.watch.state import READS, State, packed, read_state

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pratique.advisories import Index
    from pratique.advisories.exploitation import Exploitation
    from pratique.store.watching import Watched

Key = tuple[str, str]
"""A product and an environment."""

_encode = msgspec.json.Encoder().encode


class Terms(NamedTuple):
    """By what the record is held."""

    advisories: Index
    exploitation: Exploitation
    now: datetime

    @property
    def stamps(self) -> tuple[str, str]:
        """Versions of the catalogue of exploited vulnerabilities and of the EPSS scores."""
        state = self.exploitation.state()
        return state.kev_version, state.epss_date


class Seen(msgspec.Struct, frozen=True):
    """One finding: as it was at a place, and as it is; the other where it was or is not."""

    tracked: Tracked
    before: PlaceRow | None
    after: PlaceRow | None
    now: PlaceRow | None
    """The place as it is, whether the finding is there or not."""

    was: FindingRow | None
    decision: Decision
    by_bill: bool
    """Whether the place's bill is another one."""


class Comparison:
    """One run's comparison.

    Args:
        watched: The state and the record.
        terms: By what to hold it.
        whole: Hold all of it.
    """

    def __init__(self, watched: Watched, terms: Terms, *, whole: bool = False) -> None:
        self._watched = watched
        self._record = watched.record
        self._terms = terms
        found = watched.state()
        self.first = found is None
        self._run = found[0] if found else 0
        self._state = read_state(found[1]) if found else State()
        self._token = self._record.token()
        # A program that looked at less may have left something of the same record.
        self._same_record = (self._token, READS) == (self._state.token, self._state.reads)
        self._mark = mark_of(terms.advisories)
        self._changes = None if self.first else changes(terms.advisories, self._state.mark)
        self.why_whole = (
            "there was no run before"
            if self.first
            else "it was asked for"
            if whole
            else "the advisories were built anew"
            if self._changes is None
            else ""
        )
        self.whole = bool(self.why_whole)
        self._before = {(one.product, one.environment): one for one in watched.places()}
        self.now = self._before if self._same_record else self._places()
        self.changed: set[Key] = {
            key
            for key in self._before.keys() | self.now.keys()
            if _bill(self._before.get(key)) != _bill(self.now.get(key))
        }
        self.asking: Asking
        """What is said of packages; there once it ran."""

        self.seen: list[Seen] = []

    @property
    def problems(self) -> list[str]:
        """What ingested advisories leave open about no package in particular."""
        if self.idle:
            return left_open(self._state.filed)
        return self.asking.documents.ingested.unclear

    @property
    def idle(self) -> bool:
        """Whether nothing can have changed."""
        return (
            not self.whole
            and self._same_record
            and self._mark.generation == self._state.mark.generation
            and self._terms.stamps == self._state.stamps
            and not self._expired()
        )

    def _expired(self) -> bool:
        until = parse_instant(self._state.expiry)
        return until is not None and until <= self._terms.now

    def _places(self) -> dict[Key, PlaceRow]:
        newest = self._record.newest()
        found: dict[Key, PlaceRow] = {}
        for one in self._record.shipments():
            key = (one.product, one.environment)
            if newest.get(key) != one.digest:
                continue
            known, old = found.get(key), self._before.get(key)
            owners = {*(known.owners if known else ()), one.owner} - {""}
            found[key] = PlaceRow(
                id=old.id if old else -len(found) - 1,
                product=one.product,
                environment=one.environment,
                version=one.version,  # shipments are sorted: the last of several
                owners=tuple(sorted(owners)),
                sbom=one.sbom,
                digest=one.digest,
            )
        return found

    @property
    def state(self) -> State:
        """That the last run left."""
        return self._state

    def run(self) -> Moves:
        """Compare; :attr:`seen` has then every finding that differs or may.

        Returns:
            What is to be written, without events.
        """
        inside = self._inside()
        said = None if self.whole else self._changes
        self.asking = Asking(self._watched, self._terms, self._state, said, inside)
        dirty = self.asking.dirty
        self._compare(self.asking.tracked, dirty, inside)
        return self._moves(dirty)

    def _inside(self) -> dict[int, set[int]]:
        """Packages of the bills that are others than last time."""
        sboms = {self.now[key].sbom for key in self.changed if key in self.now}
        return {sbom: set(nodes) for sbom, nodes, _ in self._record.roles(sboms)}

    # Where it is

    def _compare(
        self,
        tracked: dict[int, list[Tracked]],
        dirty: list[Tracked],
        inside: dict[int, set[int]],
    ) -> None:
        by_id = {one.id: one for row in tracked.values() for one in row}
        statements = Statements(self._record, self._terms.now)
        self._said, self._expiry = statements.marks(), statements.next_expiry()
        said_of = {
            name
            for name in self._said.keys() | self._state.said.keys()
            if self._said.get(name) != self._state.said.get(name)
        }
        decided = {
            number
            for number, one in by_id.items()
            if said_of and not said_of.isdisjoint(map(noun_of, one.ids))
        }
        own = {one.id for one in dirty if one.id > 0} | {n for n in decided if n > 0}
        old = {self._before[key].id for key in self.changed if key in self._before}
        rows = self._watched.findings(places=old, matches=own)
        where = {place.id: key for key, place in self._before.items()}
        pairs: dict[tuple[Key, int], None] = {(where[p], m): None for p, m in rows if p in where}
        for key, number in self._fresh(dirty, inside, tracked):
            pairs.setdefault((key, number))
        places = ((self.now[key], by_id[number]) for key, number in pairs if key in self.now)
        decide = Deciding(self._record, statements, places)
        for key, number in pairs:
            one, before, after = by_id[number], self._before.get(key), self.now.get(key)
            was = rows.get((before.id, number)) if before else None
            there = after if self._holds(key, one, inside) else None
            if was is None and there is None:
                continue
            if there is None:
                decision = Decision()
            elif was is None or key in self.changed or number in decided or one.id < 0:
                decision = decide(there, one)
            else:
                decision = Decision(was.status, was.document, was.until)
            self.seen.append(
                Seen(one, before if was else None, there, after, was, decision, key in self.changed)
            )

    def _holds(self, key: Key, one: Tracked, inside: dict[int, set[int]]) -> bool:
        place = self.now.get(key)
        if place is None or one.after is None:
            return False
        return key not in self.changed or one.package in inside[place.sbom]

    def _fresh(
        self,
        dirty: list[Tracked],
        inside: dict[int, set[int]],
        tracked: dict[int, list[Tracked]],
    ) -> Iterable[tuple[Key, int]]:
        """Places and matches that may be together for the first time."""
        fresh: dict[int, list[Tracked]] = defaultdict(list)
        for one in dirty:
            if one.before is None:
                fresh[one.package].append(one)
        by_sbom: dict[int, list[Key]] = defaultdict(list)
        for key, place in self.now.items():
            by_sbom[place.sbom].append(key)
        for package, sbom in self._record.holders(fresh):
            for key in by_sbom.get(sbom, ()):
                for one in fresh[package]:
                    yield key, one.id
        for key in self.changed & self.now.keys():
            for package in inside[self.now[key].sbom] & tracked.keys():
                for one in tracked[package]:
                    yield key, one.id

    # What is written

    def _moves(self, dirty: list[Tracked]) -> Moves:
        moves = Moves(run=self._run, body=b"")
        for key in sorted(self._before.keys() | self.now.keys()):
            before, after = self._before.get(key), self.now.get(key)
            if after is None:
                assert before is not None
                moves.places_gone.append(before.id)
            elif before != after:
                moves.places.append(after)
        for one in dirty:
            if one.after is not None:
                facts = _encode(one.after).decode()
                moves.matches.append(MatchRow(id=one.id, package=one.package, facts=facts))
            elif one.id > 0:
                moves.matches_gone.append(one.id)
        for seen in self.seen:
            if seen.after is None:
                if seen.before is not None:
                    moves.findings_gone.append((seen.before.id, seen.tracked.id))
                continue
            row = FindingRow(
                place=seen.after.id,
                match=seen.tracked.id,
                status=seen.decision.status,
                document=seen.decision.document,
                until=seen.decision.until,
            )
            if row != seen.was:
                moves.findings.append(row)
        state = State(
            token=self._token,
            mark=self._mark,
            stamps=self._terms.stamps,
            at=instant(self._terms.now),
            expiry=self._expiry,
            said=self._said,
            reads=READS,
            **self.asking.documents.packed(),
            **packed(self.asking.known, self.asking.unclear),
        )
        moves.body = msgspec.msgpack.encode(state)
        return moves


def _bill(place: PlaceRow | None) -> tuple[str, str] | None:
    return None if place is None else (place.digest, place.version)
