"""OSV records that were ingested, held against packages of the record.

Source: OSV schema 1.7.5.  Of a record that came in several times the last
modified counts; one that was withdrawn affects nothing.  Every question that
asks what they say asks here: ``pratique affected``, ``rematch``, ``triage list``.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pratique.formats.osv.severity import MALICIOUS_PREFIX, UNRATED, rate
from pratique.graph.osv_filing import (
    Filed,
    filed,
    is_of_place,
    key_of_commit,
    key_of_name,
    key_of_repository,
    left_open,
    newest,
)
from pratique.graph.osv_matching import fixes
from pratique.graph.osv_places import verdict_of
from pratique.graph.sources_of import may_state, places_of
from pratique.graph.witnesses import ADVISORY, Said, Told, Undecided, Witness
from pratique.model.advisory import Advisory, Match
from pratique.model.ecosystem_tables import CASELESS, LANGUAGES
from pratique.model.ecosystems import (
    advisory_name,
    ecosystem_of,
    package_of,
    purl_type,
)
from pratique.model.errors import InputError, PratiqueError
from pratique.model.evidence import Verb
from pratique.model.purl import Package
from pratique.model.severity import Severity
from pratique.store import nouns
from pratique.store.documents import DocumentKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from pratique.formats.osv import Affected, OsvRecord
    from pratique.graph.sources_of import Place
    from pratique.store.answers import StoredDocument
    from pratique.store.record import Record

MAX_RECORDS = 100_000
"""Most ingested OSV records that count; whoever has more builds an index of them
(``pratique advisories build``), which is made for millions."""


_EXACT = frozenset(LANGUAGES) - CASELESS - {"OSS-Fuzz", "PyPI", "SwiftURL", "crates.io"}
"""Ecosystems whose names as advisories are found by are those in package URLs."""


class Ingested:
    """The OSV records of a tenant.

    Args:
        record: What the tenant sees.
        before: Those that were filed earlier, by digest: they are not read again.
        digests: Of these documents alone; all where it is ``None``.
    """

    def __init__(
        self,
        record: Record,
        before: Mapping[str, Filed] | None = None,
        digests: Collection[str] | None = None,
    ) -> None:
        self._record = record
        self._claimed: dict[str, list[str]] | None = None
        self.documents = _documents(record, digests)
        before = before or {}
        self.unclear: list[str] = []
        """What they leave open about no package in particular, in a line each."""

        if len(self.documents) > MAX_RECORDS:
            self.unclear.append(f"over {MAX_RECORDS:,} OSV records were ingested; the rest is left")
        self.filed: dict[str, Filed] = {}
        for digest in list(self.documents)[:MAX_RECORDS]:
            known = before.get(digest)
            self.filed[digest] = known if known is not None else self._file(digest)
        self.current = newest(self.filed)
        self.unclear += left_open(self.filed)
        self._by_place = any(
            is_of_place(key) for digest in self.current.values() for key in self.filed[digest].keys
        )

    def _file(self, digest: str) -> Filed:
        try:
            return filed(digest, self._record.raw(digest))[0]
        except PratiqueError as error:
            line = f"the ingested advisory {digest} cannot be read: {error.message}"
            return Filed(digest, 0.0, open=(line,))

    def revision(self, id: str) -> tuple[str, Filed] | None:
        """The document that counts for an id, and what is filed of it."""
        digest = self.current.get(id)
        return None if digest is None else (digest, self.filed[digest])

    def keys(self, ids: Iterable[str]) -> set[str]:
        """What the records of some ids may be found by."""
        return {
            key for id in ids if id in self.current for key in self.filed[self.current[id]].keys
        }

    def found_by(self, keys: AbstractSet[str]) -> dict[int, str]:
        """The packages of the record that have one of some keys: numbers and texts."""
        names, starts, by_place = [], set(), False
        for key in keys:
            ecosystem, _, name = key.partition("\0")
            if is_of_place(key):
                by_place = True
            elif ecosystem in _EXACT and (package := package_of(ecosystem, name)) is not None:
                names.append(nouns.package_name(package))
            elif type := purl_type(ecosystem):
                starts.add(f"pkg:{type}/")
        texts = self._record.below(self._record.find(names).values())
        if starts or by_place:
            begin, claimed = tuple(starts), self._sources() if by_place else {}
            texts |= {
                number: text
                for number, text in self._record.packages().items()
                if text.startswith(begin) or (by_place and (may_state(text) or text in claimed))
            }
        texts = {
            number: text
            for number, text in texts.items()
            if not keys.isdisjoint(self._keys_of_package(text))
        }
        held = self._record.inside(texts)  # nouns are shared: others' packages are among them
        held.update(self._record.subjects(self._record.described_by(texts)).values())
        return {number: text for number, text in texts.items() if number in held}

    def of(self, packages: Mapping[int, str], *, without: Collection[str] = ()) -> Said:
        """What they say of packages.

        Args:
            packages: Numbers and package URLs.
            without: Ids of records that do not count.
        """
        said = Said.nothing()
        places: dict[str, list[str]] = defaultdict(list)
        for id, digest in self.current.items():
            if id not in without and not self.filed[digest].withdrawn:
                for key in self.filed[digest].keys:
                    places[key].append(digest)
        asked: dict[str, list[int]] = defaultdict(list)
        for number, text in packages.items() if places else ():
            digests = {d for key in self._keys_of_package(text) for d in places.get(key, ())}
            for digest in digests:
                asked[digest].append(number)
        for digest in sorted(asked, key=lambda each: self.filed[each].id):
            _, advisory = filed(digest, self._record.raw(digest))
            for number in asked[digest]:
                self._judge(said, digest, advisory, number, packages[number])
        return said

    def _judge(self, said: Said, digest: str, advisory: OsvRecord, number: int, purl: str) -> None:
        package, id = Package.parse(purl), advisory.id or digest
        verdict, entries = verdict_of(advisory.affected, package, self._places(package, purl), id)
        if verdict.holds is None:
            ids = (id, *advisory.aliases)
            said.undecided[number].append(Undecided(ids, f"{verdict.reason} (ingested)"))
        elif verdict.holds:
            match = Match(
                advisories=(_facts(advisory, id, entries),),
                fixed=fixes(entries, package),
                reason=verdict.reason,
            )
            said.told[number].append(Told(match, (self._witness(digest),)))

    def _witness(self, digest: str) -> Witness:
        document = self.documents[digest]
        return Witness(ADVISORY, digest, document.collector, document.signer)

    # What packages are found by

    def sources(self) -> dict[str, list[str]]:
        """Where claims say that packages come from, where any record names a repository."""
        return self._sources() if self._by_place else {}

    def _sources(self) -> dict[str, list[str]]:
        if self._claimed is None:
            rows = self._record.claimed(Verb.HAS_SOURCE_AT)
            texts = self._record.texts({number for number, _ in rows})
            self._claimed = defaultdict(list)
            for number, source in rows:
                self._claimed[texts[number]].append(source)
        return self._claimed

    def _places(self, package: Package, purl: str) -> tuple[Place, ...]:
        return places_of(package, self.sources().get(purl, ()))

    def _keys_of_package(self, purl: str) -> list[str]:
        try:
            package = Package.parse(purl)
        except InputError:
            return []
        ecosystem = ecosystem_of(package)
        found = [key_of_name(ecosystem, advisory_name(package))] if ecosystem else []
        for place in self._places(package, purl):
            found.append(key_of_repository(place.repository))
            if place.commit:
                found.append(key_of_commit(place.commit))
        return found


def _documents(record: Record, digests: Collection[str] | None) -> dict[str, StoredDocument]:
    if digests is None:
        return {one.digest: one for one in record.documents(kind=DocumentKind.ADVISORY)}
    rows = (one for digest in sorted(digests) for one in record.documents(digest=digest))
    return {one.digest: one for one in rows if one.kind == DocumentKind.ADVISORY}


def _facts(advisory: OsvRecord, id: str, entries: Iterable[Affected]) -> Advisory:
    malicious = id.startswith(MALICIOUS_PREFIX)
    rating = rate(advisory.severity, advisory.rating)
    own = [
        each
        for one in entries
        if (each := rate(one.severity, one.rating)) != UNRATED
        and (one.severity or rating.score is None)
    ]
    rating = min(own, key=lambda each: (each.severity.rank, -(each.score or 0.0)), default=rating)
    return Advisory(
        id=id,
        aliases=advisory.aliases,
        related=advisory.related,
        upstream=advisory.upstream,
        summary=advisory.summary,
        published=advisory.published,
        modified=advisory.modified,
        severity=Severity.MALICIOUS if malicious else rating.severity,
        score=rating.score,
        vector=rating.vector,
        malicious=malicious,
    )
