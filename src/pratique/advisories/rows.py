"""Rows of the index tables, written while records come in and merged at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.advisories.entries import broader, commits, entries
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
from pratique.advisories.table import TableWriter
from pratique.formats.osv.severity import UNRATED, rate
from pratique.model.ecosystems import normalise_name

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable
    from pathlib import Path

    from pratique.advisories.layout import StoredRecord
    from pratique.advisories.orders import Orders
    from pratique.formats.osv import OsvRecord
    from pratique.formats.osv.severity import Rating

_UNORDERED = Flag.UNEVALUATED | Flag.NO_ORDERING


class PackageRow(msgspec.Struct, array_like=True, gc=False):
    """An entry of a package, or a pointer to the package under a suffix."""

    ecosystem: str
    name: str
    also: str = ""
    entry: Entry | None = None


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


class Rows:
    """Collects the rows of all tables of a generation.

    Args:
        folder: Of the generation.
        orders: The version orderings.
    """

    def __init__(self, folder: Path, orders: Orders) -> None:
        self._orders = orders
        self._folder = folder
        self._packages = TableWriter(folder, PACKAGES)
        self._commits = TableWriter(folder, COMMITS)
        self.ecosystems: set[str] = set()
        """Of all records that are not withdrawn, with their suffixes."""

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

    def finish(self, numbers: array[int], heads: array[int]) -> int:
        """Write the tables of packages and commits.

        Args:
            numbers: Of each record as added: its number in the generation, or
                -1 where another record of its id was taken.
            heads: Of each record of the generation: the first of its alias group.

        Returns:
            How many packages there are.
        """

        def merge_packages(payloads: list[bytes]) -> Iterable[bytes]:
            found: dict[tuple[str, str], tuple[list[Entry], set[str]]] = {}
            for payload in payloads:
                row = _package_row(payload)
                listed, also = found.setdefault((row.ecosystem, row.name), ([], set()))
                if row.entry is None:
                    also.add(row.also)
                elif (number := numbers[row.entry.advisory]) >= 0:
                    listed.append(
                        msgspec.structs.replace(row.entry, advisory=number, group=heads[number])
                    )
            for (ecosystem, name), (listed, also) in sorted(found.items()):
                if listed or also:
                    yield _encode(PackageBlob(ecosystem, name, _sorted(listed), sorted(also)))

        def merge_commits(payloads: list[bytes]) -> Iterable[bytes]:
            found: dict[str, set[CommitRow]] = {}
            for payload in payloads:
                row = _commit_row(payload)
                number = numbers[row.advisory]
                if number >= 0:
                    found.setdefault(row.commit, set()).add(
                        msgspec.structs.replace(row, advisory=number, group=heads[number])
                    )
            for _, rows in sorted(found.items()):
                yield _encode(sorted(rows, key=msgspec.structs.astuple))

        self._commits.finish(merge_commits)
        return self._packages.finish(merge_packages)


def write_names(folder: Path, records: Iterable[StoredRecord]) -> None:
    """Write the table of ids and aliases.

    Args:
        folder: Of the generation.
        records: In the order of their numbers.
    """
    table = TableWriter(folder, NAMES)
    for number, record in enumerate(records):
        for name in (record.id, *record.aliases):
            table.add(text_hash(name), _encode((name, number)))

    def merge(payloads: list[bytes]) -> Iterable[bytes]:
        found: dict[str, set[int]] = {}
        for payload in payloads:
            name, number = _name_row(payload)
            found.setdefault(name, set()).add(number)
        for name, numbers in sorted(found.items()):
            yield _encode((name, sorted(numbers)))

    table.finish(merge)


def _sorted(listed: list[Entry]) -> list[Entry]:
    """Entries in the order of their records, each once (records of equal time repeat them)."""
    unique = {_encode(entry): entry for entry in listed}
    return [unique[key] for key in sorted(unique, key=lambda key: (unique[key].advisory, key))]
