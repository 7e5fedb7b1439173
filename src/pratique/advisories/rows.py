"""Rows of the index tables, written while records come in and merged at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from pratique.advisories.entries import broader, commits, entries
from pratique.advisories.layers import GONE, layered
from pratique.advisories.layout import (
    COMMITS,
    NAMES,
    PACKAGES,
    CommitRow,
    Entry,
    Flag,
    PackageBlob,
    package_hash,
    text_hash,
)
from pratique.advisories.repositories import repositories, repository_entries
from pratique.advisories.table import TableWriter
from pratique.formats.osv.severity import UNRATED, rate
from pratique.model.ecosystems import GIT, normalise_name

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable
    from pathlib import Path

    from pratique.advisories.layout import Layer, StoredRecord
    from pratique.advisories.orders import Orders
    from pratique.formats.osv import OsvRecord
    from pratique.formats.osv.severity import Rating

_NO_RECORD = -1
"""Number in a row that only says that its key is to be written anew."""

_UNORDERED = Flag.UNEVALUATED | Flag.NO_ORDERING


class PackageRow(msgspec.Struct, array_like=True, gc=False):
    """An entry of a package, or a pointer to the package under a suffix."""

    ecosystem: str
    name: str
    also: str = ""
    entry: Entry | None = None
    drop: bool = False
    """The pointer may have lost what it points to."""


_encode = msgspec.msgpack.Encoder().encode
_package_row = msgspec.msgpack.Decoder(PackageRow).decode
_commit_row = msgspec.msgpack.Decoder(CommitRow).decode
_name_row: Any = msgspec.msgpack.Decoder(tuple[str, int]).decode


def rated(record: OsvRecord) -> tuple[tuple[Rating, ...], tuple[int, ...]]:
    """Ratings of a record, and for each of its packages which one holds.

    The first is the record's own; where it has none, the worst of its packages'.
    """
    own = rate(record.severity, record.rating)
    each = [
        rate(item.severity, item.rating) if item.severity or item.rating else UNRATED
        for item in record.affected
    ]
    if own == UNRATED and each:
        own = min(each, key=lambda rating: (rating.severity.rank, -(rating.score or 0.0)))
    ratings = {own: 0}
    chosen = []
    for item, rating in zip(record.affected, each, strict=True):
        # A package's word never outranks a score of the record.
        better = rating != UNRATED and (bool(item.severity) or own.score is None)
        chosen.append(ratings.setdefault(rating, len(ratings)) if better else 0)
    return tuple(ratings), tuple(chosen)


class Below(Protocol):
    """What lies under a layer: the tables of an open generation."""

    def package_blobs(self, key: int) -> list[PackageBlob]:
        """What is known under the key of a package."""

    def commit_rows(self, key: int) -> list[CommitRow]:
        """What is known under the key of a commit."""

    def names(self, key: int) -> list[tuple[str, list[int]]]:
        """Ids and aliases under a key, with their records."""


class Rows:
    """Collects the rows of all tables of a generation, or of a layer over one.

    Args:
        folder: For the tables.
        orders: The version orderings.
        work: For what is set aside; the same folder where none is given.
        layer: That the tables are of, with ``below``.
        below: What the layer lies over.
        dead: Numbers of records below that are replaced.
    """

    def __init__(
        self,
        folder: Path,
        orders: Orders,
        work: Path | None = None,
        *,
        layer: Layer | None = None,
        below: Below | None = None,
        dead: frozenset[int] = frozenset(),
    ) -> None:
        self._orders = orders
        self._folder = folder
        self._packages = TableWriter(folder, layered(PACKAGES, layer), work)
        self._commits = TableWriter(folder, layered(COMMITS, layer), work)
        self._below = below
        self._dead = dead
        self.ecosystems: set[str] = set()
        """Of all records that are not withdrawn, with their suffixes."""

    def checkpoint(self) -> list[list[int]]:
        """Have all rows on disk; gives what :meth:`restore` needs."""
        return [self._packages.checkpoint(), self._commits.checkpoint()]

    def restore(self, sizes: list[list[int]], ecosystems: Iterable[str]) -> None:
        """Go on from a checkpoint.

        Raises:
            GenerationError: What was set aside is not there any more.
        """
        for table, each in zip((self._packages, self._commits), sizes, strict=True):
            table.restore(each)
        self.ecosystems.update(ecosystems)

    def discard(self) -> None:
        """Remove what was set aside."""
        self._packages.discard()
        self._commits.discard()

    def touch(self, record: OsvRecord) -> None:
        """Have the keys of a record that is replaced written anew, without it."""
        for affected in record.affected:
            for commit in commits(affected, 0):
                blank = msgspec.structs.replace(commit, advisory=_NO_RECORD)
                self._commits.add(text_hash(commit.commit), _encode(blank))
            for name in repositories(affected):
                self._packages.add(package_hash(GIT, name), _encode(PackageRow(GIT, name)))
            if affected.ecosystem:
                ecosystem = affected.ecosystem
                name = normalise_name(ecosystem, affected.name)
                row = PackageRow(ecosystem, name)
                self._packages.add(package_hash(ecosystem, name), _encode(row))
                for other in broader(ecosystem):
                    row = PackageRow(other, name, ecosystem, drop=True)
                    self._packages.add(package_hash(other, name), _encode(row))

    def add(self, record: OsvRecord, number: int, ratings: tuple[int, ...]) -> int:
        """Write a record's rows.

        Returns:
            How many of its entries have a version that cannot be ordered.
        """
        if record.withdrawn is not None:
            return 0
        unordered = 0
        pointed: set[tuple[str, str]] = set()
        for affected, rating in zip(record.affected, ratings, strict=True):
            for commit in commits(affected, number):
                self._commits.add(text_hash(commit.commit), _encode(commit))
            for repository, entry in repository_entries(affected, number, rating):
                self.ecosystems.add(GIT)
                row = PackageRow(GIT, repository, "", entry)
                self._packages.add(package_hash(GIT, repository), _encode(row))
            if not affected.ecosystem:
                continue
            ecosystem = affected.ecosystem
            name = normalise_name(ecosystem, affected.name)
            self.ecosystems.add(ecosystem)
            key = package_hash(ecosystem, name)
            for entry in entries(affected, number, rating, self._orders):
                unordered += bool(entry.flags & _UNORDERED) and not affected.unreadable
                self._packages.add(key, _encode(PackageRow(ecosystem, name, "", entry)))
            if (ecosystem, name) not in pointed:
                pointed.add((ecosystem, name))
                for other in broader(ecosystem):
                    row = PackageRow(other, name, ecosystem)
                    self._packages.add(package_hash(other, name), _encode(row))
        return unordered

    def finish(self, numbers: array[int], heads: array[int], start: int = 0) -> int:
        """Write the tables of packages and commits.

        Args:
            numbers: Of each record as added: its number in the generation, or
                -1 where another record of its id was taken.
            heads: Of each record of the generation: the first of its alias group.
            start: Number of the first record; more than 0 in a layer.

        Returns:
            How many packages there are.
        """

        def merge_packages(payloads: list[bytes]) -> Iterable[bytes]:
            found: dict[tuple[str, str], tuple[list[Entry], set[str]]] = {}
            under = self._packages_under(payloads[0])
            for each in under:
                kept = [entry for entry in each.entries if entry.advisory not in self._dead]
                found[each.ecosystem, each.name] = (kept, set(each.also))
            # What is dropped comes first: a record that stays points again.
            rows = sorted(map(_package_row, payloads), key=lambda row: not row.drop)
            for row in rows:
                listed, also = found.setdefault((row.ecosystem, row.name), ([], set()))
                if row.drop:
                    if not self._lives(row.also, row.name):
                        also.discard(row.also)
                elif row.entry is None:
                    also.update((row.also,) if row.also else ())
                elif (number := numbers[row.entry.advisory]) >= 0:
                    listed.append(
                        msgspec.structs.replace(
                            row.entry, advisory=start + number, group=start + heads[number]
                        )
                    )
            left = 0
            for (ecosystem, name), (listed, also) in sorted(found.items()):
                if listed or also:
                    left += 1
                    yield _encode(PackageBlob(ecosystem, name, _sorted(listed), sorted(also)))
            self._balance += left - len(under)
            if under and not left:
                yield GONE

        def merge_commits(payloads: list[bytes]) -> Iterable[bytes]:
            found: dict[str, set[CommitRow]] = {}
            under = self._commits_under(payloads[0])
            for row in under:
                if row.advisory not in self._dead:
                    found.setdefault(row.commit, set()).add(row)
            for payload in payloads:
                row = _commit_row(payload)
                number = numbers[row.advisory] if row.advisory != _NO_RECORD else -1
                if number >= 0:
                    found.setdefault(row.commit, set()).add(
                        msgspec.structs.replace(
                            row, advisory=start + number, group=start + heads[number]
                        )
                    )
            for _, rows in sorted(found.items()):
                yield _encode(sorted(rows, key=msgspec.structs.astuple))
            if under and not found:
                yield GONE

        self._commits.finish(merge_commits)
        return self._packages.finish(merge_packages)

    def _lives(self, ecosystem: str, name: str) -> bool:
        """Whether anything of a package stays of what lies below."""
        under = self._below.package_blobs(package_hash(ecosystem, name)) if self._below else []
        return any(
            (each.ecosystem, each.name) == (ecosystem, name)
            and (each.also or any(entry.advisory not in self._dead for entry in each.entries))
            for each in under
        )

    def _packages_under(self, payload: bytes) -> list[PackageBlob]:
        if self._below is None:
            return []
        row = _package_row(payload)
        return self._below.package_blobs(package_hash(row.ecosystem, row.name))

    def _commits_under(self, payload: bytes) -> list[CommitRow]:
        if self._below is None:
            return []
        return self._below.commit_rows(text_hash(_commit_row(payload).commit))

    _balance = 0

    @property
    def balance(self) -> int:
        """How many packages a finished layer has more than what it lies over."""
        return self._balance


def write_names(
    folder: Path, records: Iterable[StoredRecord], work: Path | None = None
) -> TableWriter:
    """Write the table of ids and aliases.

    Args:
        folder: Of the generation.
        records: In the order of their numbers.
        work: For what is set aside; the same folder where none is given.

    Returns:
        The table's writer, whose partitions are still to be discarded.
    """
    table = TableWriter(folder, NAMES, work)
    for number, record in enumerate(records):
        for name in (record.id, *record.aliases):
            table.add(text_hash(name), _encode((name, number)))

    def merge(payloads: list[bytes]) -> Iterable[bytes]:
        return _named(payloads, {})

    table.finish(merge)
    return table


def write_layer_names(
    folder: Path,
    layer: Layer,
    records: Iterable[tuple[int, StoredRecord]],
    before: Iterable[StoredRecord],
    below: Below,
    dead: frozenset[int],
) -> None:
    """Write the names of a layer.

    Args:
        folder: Of the generation.
        layer: That they are of.
        records: Of the layer, with their numbers.
        before: Those that are replaced or gone.
        below: What the layer lies over.
        dead: Numbers of the records before.
    """
    table = TableWriter(folder, layered(NAMES, layer))
    for record in before:
        for name in (record.id, *record.aliases):
            table.add(text_hash(name), _encode((name, -1)))
    for number, record in records:
        for name in (record.id, *record.aliases):
            table.add(text_hash(name), _encode((name, number)))

    def merge(payloads: list[bytes]) -> Iterable[bytes]:
        first, _ = _name_row(payloads[0])
        under = below.names(text_hash(first))
        found = {name: {each for each in numbers if each not in dead} for name, numbers in under}
        left = list(_named(payloads, found))
        return left or ([GONE] if under else [])

    table.finish(merge)
    table.discard()


def _named(payloads: list[bytes], found: dict[str, set[int]]) -> Iterable[bytes]:
    for payload in payloads:
        name, number = _name_row(payload)
        found.setdefault(name, set()).update((number,) if number >= 0 else ())
    for name, numbers in sorted(found.items()):
        if numbers:
            yield _encode((name, sorted(numbers)))


def _sorted(listed: list[Entry]) -> list[Entry]:
    """Entries in the order of their records, each once (records of equal time repeat them)."""
    unique = {_encode(entry): entry for entry in listed}
    return [unique[key] for key in sorted(unique, key=lambda key: (unique[key].advisory, key))]
