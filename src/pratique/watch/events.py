"""From findings that differ to events: what, where, since what, and how it came in."""

from __future__ import annotations

from bisect import bisect_left
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from pratique.formats.instants import parse_instant, write_instant
from pratique.graph.exposure import ways
from pratique.graph.witnesses import ADVISORY
from pratique.watch.facts import Difference, cause_of, differences, joined
from pratique.watch.models import Cause, Event, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pratique.store.record import Record
    from pratique.store.watching import PlaceRow
    from pratique.watch.comparing import Comparison, Seen, Terms
    from pratique.watch.facts import Tracked
    from pratique.watch.models import Facts


class _Group(NamedTuple):
    """What makes one event: the same change, in some environments of the same team."""

    difference: Difference
    product: str
    version: str
    owners: tuple[str, ...]
    tracked: int
    status: str


class Teller:
    """Makes a run's events.

    Args:
        record: What the tenant sees.
        terms: By what the record was held.
        run: Number of the run before.
    """

    def __init__(self, record: Record, terms: Terms, run: int) -> None:
        self._record = record
        self._terms = terms
        self._run = run

    def tell(self, done: Comparison) -> tuple[Event, ...]:
        """The events of a comparison, sorted by product, then worst first."""
        by_package: dict[int, list[Tracked]] = {}
        for seen in done.seen:
            by_package.setdefault(seen.tracked.package, []).append(seen.tracked)
        groups: dict[_Group, list[tuple[PlaceRow, Tracked]]] = {}
        for seen in done.seen:
            place = seen.now or seen.before
            assert place is not None
            for one in self._said(seen, done, by_package[seen.tracked.package]):
                key = _Group(
                    one,
                    place.product,
                    place.version,
                    place.owners,
                    seen.tracked.id,
                    seen.decision.status,
                )
                groups.setdefault(key, []).append((place, seen.tracked))
        texts = self._record.texts({rows[0][1].package for rows in groups.values()})
        paths = self._paths(groups)
        made = [self._event(key, rows, texts, paths) for key, rows in groups.items()]
        made.sort(key=lambda one: (one.product, one.severity.rank, one.vulnerability, one.id))
        return tuple(made)

    def _said(
        self, seen: Seen, done: Comparison, others: Iterable[Tracked]
    ) -> Iterator[Difference]:
        one = seen.tracked
        if seen.after is None:
            if not (one.after is None and joined(one, list(others))):
                yield self._gone(seen, done)
            return
        assert one.after is not None
        if seen.was is None:
            yield _new(seen, done)
            return
        assert one.before is not None
        yield from differences(one.before, one.after, self._terms.stamps)
        status = self._status(seen)
        if status is not None:
            yield status

    def _gone(self, seen: Seen, done: Comparison) -> Difference:
        one, facts = seen.tracked, seen.tracked.before
        assert facts is not None
        assert seen.before is not None
        was = seen.was.status if seen.was else ""
        if one.after is not None or seen.by_bill:
            if seen.now is None:
                said, bill = "the product's bill was taken back, or is of another", seen.before
            else:
                said, bill = "the product's bill does not contain it any more", seen.now
            return Difference(Kind.GONE, was, "", Cause(kind="bill", id=bill.digest, detail=said))
        return _unsaid(facts, was, done, self._terms)

    def _status(self, seen: Seen) -> Difference | None:
        was, now = seen.was, seen.decision
        assert was is not None
        until = parse_instant(was.until)
        if was.document != now.document and until is not None and until <= self._terms.now:
            cause = Cause(kind="expiry", id=was.document, detail=f"held until {was.until}")
            return Difference(Kind.EXPIRED, was.status, now.status, cause)
        if was.status == now.status:
            return None
        if now.document:
            why = f"{now.author}: {now.justification}".strip(" :")
            cause = Cause(kind="vex", id=now.document, detail=why)
        else:
            cause = Cause(kind="vex", id=was.document, detail="it does not hold any more")
        return Difference(Kind.STATUS, was.status, now.status, cause)

    def _paths(
        self, groups: dict[_Group, list[tuple[PlaceRow, Tracked]]]
    ) -> dict[tuple[int, int], tuple[str, ...]]:
        """The shortest path of each bill and package that an event speaks of."""
        wanted: dict[int, set[int]] = {}
        for rows in groups.values():
            place, tracked = rows[0]
            wanted.setdefault(tracked.package, set()).add(place.sbom)
        sboms = {sbom for row in wanted.values() for sbom in row}
        bills = {bill[0]: bill for bill in self._record.roles(sboms)}
        about = self._record.subjects(sboms)
        routes: dict[tuple[int, int], list[int]] = {}
        found: dict[tuple[int, int], tuple[str, ...]] = {}
        for package, inside in wanted.items():
            older = []
            for sbom in sorted(inside & bills.keys()):
                _, nodes, roles = bills[sbom]
                at = _position(nodes, package)
                if at < 0:
                    continue
                if about.get(sbom) == package or not roles.before:
                    older.append(sbom)
                elif (way := roles.way(at)) is not None:
                    routes[sbom, package] = [nodes[place] for place in way]
            if older:
                some = {sbom: {package} for sbom in older}
                paths = ways(self._record, [bills[sbom] for sbom in older], some, about)
                found.update({(sbom, package): path for sbom, path in paths.items()})
        texts = self._record.texts({node for way in routes.values() for node in way})
        found.update({key: tuple(texts[node] for node in way) for key, way in routes.items()})
        return found

    def _event(
        self,
        key: _Group,
        rows: list[tuple[PlaceRow, Tracked]],
        texts: dict[int, str],
        paths: dict[tuple[int, int], tuple[str, ...]],
    ) -> Event:
        place, tracked = rows[0]
        facts = tracked.after or tracked.before
        assert facts is not None
        package = texts[tracked.package]
        path = paths.get((place.sbom, tracked.package), (package,))
        environments = tuple(sorted({each.environment for each, _ in rows} - {""}))
        parts = (
            self._record.tenant,
            str(self._run),
            key.difference.kind,
            key.product,
            key.version,
            *sorted({each.environment for each, _ in rows}),
            *key.owners,
            package,
            *facts.ids,
            key.difference.before,
            key.difference.after,
            key.difference.cause.id,
        )
        return Event(
            id=sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32],
            at=write_instant(self._terms.now),
            tenant=self._record.tenant,
            kind=key.difference.kind,
            product=key.product,
            version=key.version,
            environments=environments,
            owners=key.owners,
            package=package,
            vulnerability=facts.vulnerability,
            aliases=facts.ids[1:],
            title=facts.title,
            severity=facts.severity,
            score=facts.score,
            exploited=facts.exploited,
            epss=facts.epss,
            fixed=facts.fixed,
            status=key.status,
            before=key.difference.before,
            after=key.difference.after,
            path=(key.product, *path),
            document=place.digest,
            indexed=facts.indexed,
            witnesses=facts.witnesses,
            cause=key.difference.cause,
        )


def _position(nodes: Sequence[int], package: int) -> int:
    at = bisect_left(nodes, package)
    return at if at < len(nodes) and nodes[at] == package else -1


def _unsaid(facts: Facts, was: str, done: Comparison, terms: Terms) -> Difference:
    """What became of a finding that nobody names any more, in a bill that stayed."""
    if (ingested := _revision(facts, done)) is not None:
        id, document, withdrawn = ingested
        said = f"withdrawn {withdrawn}" if withdrawn else "it does not cover this version any more"
        cause = Cause(kind=ADVISORY, id=id, detail=said, document=document)
        return Difference(Kind.WITHDRAWN if withdrawn else Kind.GONE, was, "", cause)
    if not facts.indexed:
        return Difference(Kind.GONE, was, "", cause_of(facts, "it is not in the record any more"))
    advisory = terms.advisories.advisory(facts.vulnerability)
    if advisory is None:
        said = "the advisory is not there any more"
    elif advisory.withdrawn is not None:
        moment = write_instant(advisory.withdrawn)
        cause = Cause(kind=ADVISORY, id=advisory.id, detail=f"withdrawn {moment}")
        return Difference(Kind.WITHDRAWN, was, "", cause)
    else:
        said = "the advisory does not cover this version any more"
    cause = Cause(kind=ADVISORY, id=facts.vulnerability, detail=said)
    return Difference(Kind.GONE, was, "", cause)


def _revision(facts: Facts, done: Comparison) -> tuple[str, str, str] | None:
    """Id, document and withdrawal of the ingested advisory that a finding hung on."""
    for id in facts.ids:
        found = done.asking.documents.ingested.revision(id)
        if found is not None and (not facts.indexed or id in done.asking.replaced):
            digest, filed = found
            return id, digest, filed.withdrawn
    return None


def _new(seen: Seen, done: Comparison) -> Difference:
    one, facts = seen.tracked, seen.tracked.after
    assert facts is not None
    assert seen.after is not None
    kind = Kind.MALICIOUS if facts.malicious else Kind.NEW
    came_in = seen.by_bill and (one.before is not None or one.package in done.asking.news)
    if came_in:
        cause = Cause(kind="bill", id=seen.after.digest, detail=facts.reason)
    else:
        cause = cause_of(facts, facts.reason)
    return Difference(kind, "", seen.decision.status, cause)
