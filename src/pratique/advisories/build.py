"""Building a generation: records streamed in, an index written out.

Records are not kept in memory: their facts go to a spool file and their
entries to 256 partitions on disk, so that two million records need only their
ids and a few numbers each.
"""

from __future__ import annotations

from array import array
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from pratique.advisories import generation
from pratique.advisories.aliases import AliasGroups
from pratique.advisories.documents import write_documents
from pratique.advisories.imports import Finding, Findings
from pratique.advisories.inputs import Source, read_items
from pratique.advisories.layout import FORMAT, ORDERING_FORMAT, Manifest, StoredRecord
from pratique.advisories.orders import Orders, fingerprint
from pratique.advisories.records import write_records
from pratique.advisories.rows import Rows, rated, write_names
from pratique.advisories.spool import Spool
from pratique.formats.osv import DefectKind, OsvRecord, read_record
from pratique.formats.osv.severity import MALICIOUS_PREFIX
from pratique.formats.text import decode, parse_json
from pratique.model.bill import AdvisorySource
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pratique.formats.osv import Defect

PLACEHOLDER_YEAR = 1970
"""Times up to this year are place holders: Go's records say 0001-01-01."""

_encode = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode
_stored = msgspec.msgpack.Decoder(StoredRecord)


class _Tally(msgspec.Struct):
    """What was read of one source."""

    source: Source
    records: int = 0
    newest: datetime | None = None

    @property
    def name(self) -> str:
        """For reports."""
        return self.source.name or Path(self.source.path).name


class Builder:
    """Takes records and writes them as one generation; use as a context manager.

    Args:
        folder: Empty; receives the files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._orders = Orders()
        self._rows = Rows(folder, self._orders)
        self._groups = AliasGroups()
        self._facts = Spool(folder / ".facts")
        self._originals = Spool(folder / ".originals", packed=True)
        self._findings = Findings(folder)
        self._modified = array("q")
        self._winners: dict[str, int | tuple[int, ...]] = {}
        self._tallies: list[_Tally] = []
        self.defects: Counter[str] = Counter()
        """Defects of the records, by kind."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._facts.close()
        self._originals.close()
        self._findings.close()

    def source(self, source: Source) -> int:
        """Number of a new source, for the records that follow."""
        self._tallies.append(_Tally(source))
        return len(self._tallies) - 1

    def add(
        self,
        record: OsvRecord,
        defects: Iterable[Defect] = (),
        *,
        source: int = -1,
        original: dict[str, Any] | None = None,
    ) -> None:
        """Take one record of a source.

        Args:
            record: Its facts.
            defects: What is wrong with it.
            source: Number of the source; the one named last where none is given.
            original: The object as published, to be kept; of all records or none.
        """
        tally = self._tallies[source]
        found = [defect.kind for defect in defects]
        self.defects.update(kind.value for kind in found)
        if not record.id:
            self._finding(tally, "", found)
            return
        tally.records += 1
        moment = record.modified
        if moment is not None and moment.year > PLACEHOLDER_YEAR:
            tally.newest = max(moment, tally.newest or moment)
        if not self._wins(record.id, _microseconds(moment)):
            self._finding(tally, record.id, [*found, DefectKind.DUPLICATE_ID])
            return
        number = len(self._modified) - 1
        ratings, chosen = rated(record)
        self._facts.add(_encode(_store(record, ratings)))
        if original is not None:
            self._originals.add(_json(original))
        unordered = self._rows.add(record, number, chosen)
        if unordered:
            self.defects[DefectKind.UNORDERABLE_VERSION.value] += unordered
            found.append(DefectKind.UNORDERABLE_VERSION)
        self._finding(tally, record.id, found)
        if record.withdrawn is None:
            self._groups.add(record.id, record.aliases)

    def unreadable(self) -> None:
        """Take note of something in the source named last that is no JSON object."""
        self.defects[DefectKind.NOT_JSON.value] += 1
        self._finding(self._tallies[-1], "", [DefectKind.NOT_JSON])

    def _finding(self, tally: _Tally, identifier: str, kinds: list[DefectKind]) -> None:
        if kinds:
            names = tuple(sorted({kind.finding for kind in kinds}))
            self._findings.add(Finding(tally.name, identifier, names))

    def _wins(self, identifier: str, modified: int) -> bool:
        """Whether the record is to be taken, given those of its id taken before.

        The latest ``modified`` wins (OSV schema, ``modified``).  Records of
        equal time are kept all: dropping one would lose what it alone says.
        """
        number = len(self._modified)
        before = self._winners.get(identifier)
        if before is not None:
            self.defects[DefectKind.DUPLICATE_ID.value] += 1
            first = before if isinstance(before, int) else before[0]
            if self._modified[first] > modified:
                return False
            if self._modified[first] == modified:
                others = (before,) if isinstance(before, int) else before
                self._winners[identifier] = (*others, number)
                self._modified.append(modified)
                return True
        self._winners[identifier] = number
        self._modified.append(modified)
        return True

    def finish(
        self,
        name: str,
        as_of: datetime | None,
        created: datetime | None,
        *,
        packed: bool = True,
        partial: tuple[str, ...] = (),
    ) -> Manifest:
        """Write the files and seal them.

        Args:
            name: Of the generation.
            as_of: Up to when the sources are complete; where it is not known,
                the earliest of their latest modifications.
            created: For the manifest; the same as ``as_of`` where it is ``None``.
            packed: Whether to compress the records.
            partial: Ecosystems of whose advisories the sources are only a part.
        """
        ids = sorted(self._winners)
        first: dict[int, int] = {}
        numbers = array("q", [-1]) * len(self._modified)
        heads = array("Q")
        for number, identifier in enumerate(ids):
            winner = self._winners[identifier]
            for taken in (winner,) if isinstance(winner, int) else winner:
                numbers[taken] = number
            group = self._groups.group(identifier)
            heads.append(number if group is None else first.setdefault(group, number))
        self._write_records(ids, packed=packed)
        self._findings.finish(keep=len(self._originals) == len(self._facts))
        packages = self._rows.finish(numbers, heads)
        sources = tuple(
            AdvisorySource(
                name=tally.name,
                records=tally.records,
                license=tally.source.license,
                newest=tally.newest,
            )
            for tally in self._tallies
        )
        until = as_of or _complete_until(sources) or created or datetime.now(UTC)
        return generation.seal(
            self._folder,
            Manifest(
                format=FORMAT,
                ordering_format=ORDERING_FORMAT,
                fingerprint=fingerprint(),
                generation=name,
                created=created or until,
                as_of=until,
                records=len(ids),
                packages=packages,
                ecosystems=tuple(sorted(self._rows.ecosystems)),
                partial=partial,
                sources=sources,
                defects=dict(sorted(self.defects.items())),
                files={},
            ),
        )

    def _write_records(self, ids: Sequence[str], *, packed: bool) -> None:
        with self._facts.reading() as facts, self._originals.reading() as originals:

            def record(number: int) -> StoredRecord:
                stored = _stored.decode(facts(self._taken(ids[number])[0]))
                together = {*stored.aliases, *self._groups.members(stored.id)} - {stored.id}
                return msgspec.structs.replace(stored, aliases=tuple(sorted(together)))

            def document(number: int) -> bytes:
                kept = [originals(taken) for taken in self._taken(ids[number])]
                return kept[0] if len(kept) == 1 else b"[" + b",".join(kept) + b"]"

            write_records(self._folder, len(ids), record, packed=packed)
            write_names(self._folder, (record(number) for number in range(len(ids))))
            if len(self._originals) == len(self._facts) and ids:
                write_documents(self._folder, len(ids), document)

    def _taken(self, identifier: str) -> tuple[int, ...]:
        winner = self._winners[identifier]
        return (winner,) if isinstance(winner, int) else winner


def _microseconds(moment: datetime | None) -> int:
    if moment is None:
        return -(1 << 62)
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def _store(record: OsvRecord, ratings: tuple[object, ...]) -> StoredRecord:
    return StoredRecord(
        id=record.id,
        aliases=record.aliases,
        related=record.related,
        upstream=record.upstream,
        summary=record.summary,
        published=_real(record.published),
        modified=_real(record.modified),
        withdrawn=record.withdrawn,
        references=tuple(reference.url for reference in record.references),
        ratings=ratings,  # type: ignore[arg-type]
        malicious=record.id.startswith(MALICIOUS_PREFIX),
    )


def _real(moment: datetime | None) -> datetime | None:
    """A time that is not a place holder."""
    return None if moment is None or moment.year <= PLACEHOLDER_YEAR else moment


def _complete_until(sources: Sequence[AdvisorySource]) -> datetime | None:
    """Earliest of the sources' latest modifications: up to then none of them lacks anything."""
    return min((source.newest for source in sources if source.newest), default=None)


def build(
    root: Path,
    sources: Sequence[Source],
    *,
    as_of: datetime | None = None,
    now: datetime | None = None,
    check: Callable[[Manifest], None] | None = None,
) -> Manifest:
    """Build a generation from sources and make it the current one.

    A record that cannot be read is counted as a defect, and the others are taken.

    Args:
        root: Folder of the advisories' data.
        sources: Where the records are.
        as_of: Up to when the sources are complete, where that is known.
        now: Time of building; the clock's where it is not given.
        check: Raises where the generation must not be used; it is then removed.

    Raises:
        InputError: A source cannot be read at all, or none holds a record.
    """
    now = now or datetime.now(UTC)
    name = generation_name(now)
    with generation.workshop(root) as folder, Builder(folder) as builder:
        for source in sources:
            read_source(builder, source)
        manifest = builder.finish(name, as_of, now)
        if not manifest.records:
            raise InputError("the sources hold no OSV record.")
        if check is not None:
            check(manifest)
        generation.publish(root, folder, name)
    generation.prune(root, name)
    return manifest


def generation_name(now: datetime) -> str:
    """Name of a generation built at a moment; later ones sort after it."""
    return now.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def read_source(builder: Builder, source: Source) -> None:
    """Add all records of a source; those that are not JSON are counted as defects.

    Raises:
        InputError: The source as a whole cannot be read.
    """
    builder.source(source)
    for item in read_items(Path(source.path)):
        try:
            original = parse_json(decode(item.data))
            record, defects = read_record(original)
        except InputError:
            builder.unreadable()
            continue
        builder.add(record, defects, original=original)
