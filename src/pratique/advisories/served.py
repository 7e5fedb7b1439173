"""A generation as the API asks it: record numbers for questions, whole records for numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.advisories import open_index
from pratique.advisories.commits import Checkout
from pratique.advisories.documents import FactDocuments, from_facts, from_originals
from pratique.advisories.entries import VERSIONS_ONLY
from pratique.advisories.errors import GenerationError
from pratique.advisories.index import STARTER, Index, Place
from pratique.advisories.layout import MANIFEST, PackageBlob, package_hash, text_hash
from pratique.advisories.matching import Asked, Hit, evaluate
from pratique.advisories.repositories import alike_text
from pratique.advisories.segments import Segments
from pratique.formats.osv.affected import is_commit
from pratique.formats.osv.writer import timestamp
from pratique.model.ecosystems import GIT, normalise_name
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pratique.model.advisory import Advisory, Query

MAX_PLACES = 1000
"""Ecosystems remembered as they were asked; there are about 300 with their suffixes."""

MAX_HEADS = 200_000
"""Ids with their times kept ready; all go when there are more.  About 30 MB."""

WARM_HEADS = 50_000
"""Ids made ready before the first request: they are most of what a first batch
would wait for, and take less than half a second."""

MAX_PACKAGES = 50_000
"""Packages kept decoded; all go when there are more.  About 50 MB."""

MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
"""Whole records kept ready, as JSON; all go when there are more."""

_JAVASCRIPT = 64 - 53
"""Bits of a number that JavaScript would lose."""

_AFFECTED_EVENTS = frozenset({"introduced", "last_affected"})
_json = msgspec.json.Encoder().encode


class Found(msgspec.Struct, frozen=True, gc=False):
    """What the index knows to one question."""

    numbers: tuple[int, ...] = ()
    """Of the records, in the order of their ids."""

    incomplete: bool = False
    """Whether more may affect what was asked than is listed: unknown is not clean."""


_NOTHING = Found()
_UNKNOWN = Found((), incomplete=True)


class ServedIndex(Index):
    """One generation, with its whole records.  Use :func:`open_served`."""

    _facts: FactDocuments | None = None

    def prepare(self) -> None:
        """Have at hand what the first request would wait for.

        Raises:
            GenerationError: The whole records are not there, or are damaged.
        """
        self._places: dict[str, Place] = {}
        self._heads: dict[int, bytes] = {}
        self._whole: dict[int, bytes] = {}
        self._whole_bytes = 0
        self._by_name: dict[tuple[str, str], list[Segments]] = {}
        if self.documents is None:
            if self.manifest.generation != STARTER:
                raise GenerationError(
                    f"{self.folder} was built without the whole records.",
                    remedy="Run 'pratique advisories update' or 'build' once more.",
                )
            from pratique.advisories.snapshot import FACTS, read_facts, shipped

            self._facts = FactDocuments(fact.record for fact in read_facts(shipped() / FACTS))
        for number in range(min(self.manifest.records, WARM_HEADS)):
            self.head(number)
        self._records.load()

    def find(self, query: Query) -> Found:
        """Records that affect what a query asks.

        Without a version: all of the package.  Without an ecosystem: in any.

        Raises:
            GenerationError: The index is damaged.
        """
        found = self._found(query)
        if self.manifest.layers and len(found.numbers) > 1:
            # The numbers of a layer go on from those of the base.
            ordered = tuple(sorted(found.numbers, key=self.identifier))
            return msgspec.structs.replace(found, numbers=ordered)
        return found

    def _found(self, query: Query) -> Found:
        if query.commit:
            return self._of_commit("", query.commit)
        if query.ecosystem == GIT and is_commit(query.version):
            return self._of_commit(query.name, query.version)
        if not query.ecosystem:
            return self._anywhere(query)
        place = self._places.get(query.ecosystem)
        if place is None:
            place = self._place(query.ecosystem)
            if len(self._places) < MAX_PLACES:
                self._places[query.ecosystem] = place
        segments = self._segments(place.ecosystem, query.name)
        if not segments:
            return _UNKNOWN if place.unknown else _NOTHING
        if not query.version:
            entries = (entry for part in segments for entry in part.package.entries)
            return Found(tuple(sorted({entry.advisory for entry in entries})))
        return self._affecting(segments, place.ecosystem, query.version)

    def _of_commit(self, repository: str, commit: str) -> Found:
        """Records that name a commit; those of its repository that do not may yet affect it."""
        rows = self._commit_rows(commit)
        numbers = {row.advisory for row in rows if row.event in _AFFECTED_EVENTS}
        known = self.match_commit(Checkout(repository, commit))
        for match in known.answer.matches:
            found = (self._number(each.id) for each in match.advisories)
            numbers.update(number for number in found if number is not None)
        unknown = known.answer.unknown is not None or not known.repositories
        return Found(tuple(sorted(numbers)), incomplete=unknown)

    def _affecting(self, segments: list[Segments], ecosystem: str, version: str) -> Found:
        numbers: tuple[int, ...] = ()
        doubtful = False
        for part in segments:
            found, unsure = part.find(self._asked(part.package, ecosystem, version))
            if ecosystem == GIT:
                # OSV.dev takes tags of one version for the same, within one repository.
                more, _ = part.find(self._asked(part.package, GIT, alike_text(version)))
                found = tuple(sorted({*found, *more}))
            numbers = tuple(sorted({*numbers, *found})) if numbers and found else numbers or found
            doubtful |= unsure
        if not numbers:
            return _UNKNOWN if doubtful else _NOTHING
        return Found(numbers, incomplete=doubtful)

    def _asked(self, package: PackageBlob, ecosystem: str, version: str) -> Asked:
        return Asked(
            version,
            self._orders.of(package.ecosystem),
            self._orders.semver(),
            ecosystem in VERSIONS_ONLY and package.ecosystem != ecosystem,
        )

    def hits(self, packages: Iterable[PackageBlob], ecosystem: str, version: str) -> list[Hit]:
        """Entries of packages that hold for a version."""
        found: list[Hit] = []
        for package in packages:
            found += evaluate(package.entries, self._asked(package, ecosystem, version))[0]
        return found

    def _anywhere(self, query: Query) -> Found:
        found: set[int] = set()
        doubtful = False
        for ecosystem in self.ecosystems:
            if segments := self._segments(ecosystem, query.name):
                each = self._affecting(segments, ecosystem, query.version)
                found.update(each.numbers)
                doubtful |= each.incomplete
        return Found(tuple(sorted(found)), incomplete=doubtful)

    def packages(self, ecosystem: str, name: str) -> list[PackageBlob]:
        """What the index says of a package, also under the suffixes of its ecosystem.

        Raises:
            GenerationError: The index is damaged.
        """
        return [part.package for part in self._segments(ecosystem, name)]

    def _segments(self, ecosystem: str, name: str) -> list[Segments]:
        found = self._by_name.get((ecosystem, name))
        if found is None:
            key = package_hash(ecosystem, normalise_name(ecosystem, name))
            blobs = self._packages.find(key)
            if not blobs:  # names that nobody has an advisory for are without number
                return []
            found = [Segments(each) for each in self._decoded(blobs, ecosystem, name)]
            if len(self._by_name) >= MAX_PACKAGES:
                self._by_name.clear()
            self._by_name[ecosystem, name] = found
        return found

    def identifier(self, number: int) -> str:
        """Id of a record."""
        return self._records[number].id

    def head(self, number: int) -> bytes:
        """Id of a record and when it was modified, as JSON.

        Raises:
            GenerationError: The index is damaged.
        """
        made = self._heads.get(number)
        if made is None:
            record = self._records[number]
            modified = timestamp(record.modified or self.manifest.as_of)
            if len(self._heads) >= MAX_HEADS:
                self._heads.clear()
            made = self._heads[number] = _json({"id": record.id, "modified": modified})
        return made

    def number_of(self, identifier: str) -> int:
        """A number that names an id to clients that know numbers only; the same for ever."""
        return text_hash(identifier) >> _JAVASCRIPT

    def order(self, advisory: Advisory) -> tuple[int, str]:
        """Sorts advisories of one vulnerability, the primary one first."""
        return self._advisories.order(advisory)

    def number(self, identifier: str) -> int | None:
        """Number of the record of an id.

        Raises:
            GenerationError: The index is damaged.
        """
        return self._number(identifier)

    def aliased(self, identifier: str) -> list[str]:
        """Ids of the records that have an id as an alias.

        Raises:
            GenerationError: The index is damaged.
        """
        found: set[str] = set()
        for blob in self._names.find(text_hash(identifier)):
            name, numbers = self._read(_names, blob)
            if name == identifier:
                found.update(self._records[number].id for number in numbers)
        return sorted(found)

    def document(self, number: int) -> bytes:
        """The whole record of a number, valid by the schema, as JSON.

        Raises:
            GenerationError: The index is damaged, or has no such record.
        """
        made = self._whole.get(number)
        if made is None:
            made = _json(self._write(number))
            self._whole_bytes += len(made)
            if self._whole_bytes > MAX_DOCUMENT_BYTES:
                self._whole.clear()
                self._whole_bytes = len(made)
            self._whole[number] = made
        return made

    def _write(self, number: int) -> dict[str, Any]:
        stored = self._records[number]
        modified = self.manifest.as_of
        try:
            if self._facts is not None:
                return from_facts(self._facts.records(stored.id), stored.aliases, modified)
            assert self.documents is not None
            return from_originals(self.documents.originals(number), stored.aliases, modified)
        except InputError as error:
            raise GenerationError(f"the whole record of {stored.id} is damaged: {error}.") from None


_names: Any = msgspec.msgpack.Decoder(tuple[str, list[int]]).decode


def open_served(path: Path | None = None) -> ServedIndex:
    """Open advisories to serve them; see :func:`pratique.advisories.open_index`.

    Raises:
        GenerationError: There are none at the path, they are damaged, or they
            were built without the whole records.
        FormatError: They were built by another version of the program.
    """
    found = open_index(path)
    folder = found.folder
    found.close()
    served = ServedIndex.open(folder)
    served.prepare()
    return served


def is_generation(path: Path) -> bool:
    """Whether a folder is one generation, which never changes."""
    return (path / MANIFEST).exists()
