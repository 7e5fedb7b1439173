"""Building a generation: records streamed in, an index written out.

Records are not kept in memory: their facts go to a spool file and their
entries to 256 partitions on disk, so that two million records need only their
ids and a few numbers each.
"""

from __future__ import annotations

from array import array
from collections import Counter
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from pratique.advisories import generation
from pratique.advisories.aliases import AliasGroups
from pratique.advisories.checkpoints import LEDGER, Checkpoint, TallyState, write_checkpoint
from pratique.advisories.documents import write_documents
from pratique.advisories.errors import GenerationError
from pratique.advisories.imports import Finding, Findings
from pratique.advisories.inputs import Source
from pratique.advisories.layout import FORMAT, ORDERING_FORMAT, Manifest, StoredRecord
from pratique.advisories.ledger import Ledger, Outcome
from pratique.advisories.orders import Orders, fingerprint
from pratique.advisories.records import write_records
from pratique.advisories.rows import Rows, rated, write_names
from pratique.advisories.spool import Spool
from pratique.formats.osv import DefectKind, OsvRecord
from pratique.formats.osv.severity import MALICIOUS_PREFIX
from pratique.model.bill import AdvisorySource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pratique.advisories.layout import Watermark
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

    @property
    def until(self) -> datetime | None:
        """Up to when it is complete, as far as that is known."""
        return self.source.as_of or self.newest


class Builder:
    """Takes records and writes them as one generation; use as a context manager.

    Args:
        folder: Empty; receives the files.
        work: For what is set aside; the same folder where none is given.
        checkpoint: Of a build to go on from, whose files are in the folders.

    Raises:
        GenerationError: They are not as the checkpoint says.
    """

    def __init__(
        self, folder: Path, work: Path | None = None, checkpoint: Checkpoint | None = None
    ) -> None:
        self._folder = folder
        self._work = work or folder
        self._rows = Rows(folder, Orders(), self._work)
        self._facts, self._originals = self._spools(checkpoint)
        self._findings = Findings(folder, kept=checkpoint.findings if checkpoint else 0)
        self._ledger = Ledger()
        self._covered: dict[str, set[int]] = {}
        self._tallies: list[_Tally] = []
        self._states = checkpoint.tallies if checkpoint else []
        self._stages = set(checkpoint.stages) if checkpoint else set()
        self._last = checkpoint
        self.defects: Counter[str] = Counter()
        """Defects of the records, by kind."""
        if checkpoint is not None:
            try:
                self._restore(checkpoint)
            except (GenerationError, OSError):
                self.__exit__()
                raise

    def _spools(self, checkpoint: Checkpoint | None) -> tuple[Spool, Spool]:
        kept, originals = (checkpoint.records, checkpoint.originals) if checkpoint else (0, 0)
        facts = Spool(self._work / ".facts", kept=kept)
        try:
            return facts, Spool(self._work / ".originals", packed=True, kept=originals)
        except (GenerationError, OSError):
            facts.close()
            raise

    def _restore(self, checkpoint: Checkpoint) -> None:
        self._rows.restore(checkpoint.tables, checkpoint.ecosystems)
        self._covered = {name: set(each) for name, each in checkpoint.covered.items()}
        self.defects.update(checkpoint.defects)
        more = {int(number): each for number, each in checkpoint.more.items()}
        with self._facts.peeking() as facts:
            ids = (_stored.decode(facts(number)).id for number in range(checkpoint.records))
            self._ledger.restore(self._work / LEDGER, ids, more)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._facts.close()
        self._originals.close()
        self._findings.close()

    def checkpoint(self, item: int) -> None:
        """Have everything on disk, so that another builder can go on.

        Args:
            item: Things taken from the source named last.
        """
        self._facts.checkpoint()
        self._originals.checkpoint()
        self._last = Checkpoint(
            source=len(self._tallies),
            item=item,
            records=len(self._facts),
            originals=len(self._originals),
            tables=self._rows.checkpoint(),
            findings=self._findings.checkpoint(),
            ecosystems=sorted(self._rows.ecosystems),
            covered={name: sorted(each) for name, each in self._covered.items()},
            tallies=[TallyState(tally.records, tally.newest) for tally in self._tallies],
            defects=dict(self.defects),
            more={str(n): each for n, each in self._ledger.checkpoint(self._work / LEDGER).items()},
        )
        write_checkpoint(self._work, self._last)

    @property
    def taken(self) -> int:
        """Records taken so far."""
        return len(self._ledger)

    @property
    def begun(self) -> int:
        """Sources that were told."""
        return len(self._tallies)

    @property
    def marked(self) -> bool:
        """Whether there is a checkpoint."""
        return self._last is not None

    def _finished(self, stage: str) -> None:
        self._stages.add(stage)
        if self._last is not None:
            self._last.stages = sorted(self._stages)
            write_checkpoint(self._work, self._last)

    def source(self, source: Source) -> int:
        """Number of a new source, for the records that follow."""
        number = len(self._tallies)
        tally = _Tally(source)
        if number < len(self._states):
            tally.records, tally.newest = self._states[number].records, self._states[number].newest
        self._tallies.append(tally)
        return number

    def add(
        self,
        record: OsvRecord,
        defects: Iterable[Defect] = (),
        *,
        source: int = -1,
        original: dict[str, Any] | None = None,
        also: Sequence[int] = (),
    ) -> None:
        """Take one record of a source.

        Args:
            record: Its facts.
            defects: What is wrong with it.
            source: Number of the source; the one named last where none is given.
            original: The object as published, to be kept; of all records or none.
            also: Further sources of it.
        """
        sources = (source % len(self._tallies), *also)
        tally = self._tallies[sources[0]]
        found = [defect.kind for defect in defects]
        self.defects.update(kind.value for kind in found)
        if not record.id:
            self._finding(tally, "", found)
            return
        moment = record.modified
        for number in sources:
            self._count(number, moment)
        text = _json(original) if original is not None else b""
        digest = int.from_bytes(blake2b(text, digest_size=8).digest(), "little") if text else 0
        outcome = self._ledger.offer(record.id, _microseconds(moment), digest, sources)
        self._cover(record, sources)
        if outcome in (Outcome.REPLACES, Outcome.OLDER):
            self.defects[DefectKind.DUPLICATE_ID.value] += 1
        if outcome in (Outcome.OLDER, Outcome.COPY):
            extra = [DefectKind.DUPLICATE_ID] if outcome is Outcome.OLDER else []
            self._finding(tally, record.id, [*found, *extra])
            return
        number = len(self._ledger) - 1
        ratings, chosen = rated(record)
        self._facts.add(_encode(store(record, ratings)))
        if original is not None:
            self._originals.add(text)
        unordered = self._rows.add(record, number, chosen)
        if unordered:
            self.defects[DefectKind.UNORDERABLE_VERSION.value] += unordered
            found.append(DefectKind.UNORDERABLE_VERSION)
        self._finding(tally, record.id, found)

    def _count(self, source: int, moment: datetime | None) -> None:
        tally = self._tallies[source]
        tally.records += 1
        if moment is not None and moment.year > PLACEHOLDER_YEAR:
            tally.newest = max(moment, tally.newest or moment)

    def _cover(self, record: OsvRecord, sources: Sequence[int]) -> None:
        for affected in record.affected:
            if affected.ecosystem:
                name = affected.ecosystem.partition(":")[0]
                self._covered.setdefault(name, set()).update(sources)

    def unreadable(self) -> None:
        """Take note of something in the source named last that is no JSON object."""
        self.defects[DefectKind.NOT_JSON.value] += 1
        self._finding(self._tallies[-1], "", [DefectKind.NOT_JSON])

    def refused(self, identifier: str, defects: Iterable[Defect]) -> None:
        """Take note of a record of the source named last that is not taken."""
        kinds = [defect.kind for defect in defects]
        self.defects.update(kind.value for kind in kinds)
        self._finding(self._tallies[-1], identifier, kinds)

    def _finding(self, tally: _Tally, identifier: str, kinds: list[DefectKind]) -> None:
        if kinds:
            names = tuple(sorted({kind.finding for kind in kinds}))
            self._findings.add(Finding(tally.name, identifier, names))

    def finish(
        self,
        name: str,
        as_of: datetime | None,
        created: datetime | None,
        *,
        packed: bool = True,
        partial: tuple[str, ...] = (),
        watermarks: Mapping[str, Watermark] | None = None,
        dates: Mapping[str, datetime] | None = None,
    ) -> Manifest:
        """Write the files and seal them.

        Args:
            name: Of the generation.
            as_of: Up to when the sources are complete; where it is not known,
                the earliest of their latest modifications.
            created: For the manifest; the same as ``as_of`` where it is ``None``.
            packed: Whether to compress the records.
            partial: Ecosystems of whose advisories the sources are only a part.
            watermarks: Up to where the sources were taken.
            dates: Up to when ecosystems are complete, where that is known otherwise.
        """
        ids = self._ledger.ids()
        groups = self._grouped(ids)
        self._write_records(ids, groups, packed=packed)
        whole = len(self._originals) == len(self._facts)
        self._findings.finish(keep=whole)
        if whole and ids and "documents" not in self._stages:
            self._write_documents(ids)
            self._finished("documents")
        packages = self._rows.finish(*self._numbered(ids, groups))
        for part in (self._facts, self._originals, self._rows):
            part.discard()
        sources = tuple(map(_summary, self._tallies))
        until = as_of or self._complete_until() or created or datetime.now(UTC)
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
                watermarks=dict(watermarks or {}),
                ecosystem_as_of=self._as_of_each() | dict(dates or {}),
                local=self._local(ids),
            ),
        )

    def _grouped(self, ids: Sequence[str]) -> AliasGroups:
        groups = AliasGroups()
        with self._facts.reading() as facts:
            for identifier in ids:
                for number in self._ledger.taken(identifier):
                    stored = _stored.decode(facts(number))
                    if stored.withdrawn is None:
                        groups.add(stored.id, stored.aliases)
        return groups

    def _numbered(self, ids: Sequence[str], groups: AliasGroups) -> tuple[array[int], array[int]]:
        """Numbers of the records as added in the generation, and heads of their groups."""
        first: dict[int, int] = {}
        numbers = array("q", [-1]) * len(self._ledger)
        heads = array("Q")
        for number, identifier in enumerate(ids):
            for taken in self._ledger.taken(identifier):
                numbers[taken] = number
            group = groups.group(identifier)
            heads.append(number if group is None else first.setdefault(group, number))
        return numbers, heads

    def _write_records(self, ids: Sequence[str], groups: AliasGroups, *, packed: bool) -> None:
        if "records" in self._stages:
            return
        with self._facts.reading() as facts:

            def record(number: int) -> StoredRecord:
                taken = self._ledger.taken(ids[number])
                stored = _stored.decode(facts(taken[0]))
                return msgspec.structs.replace(
                    stored,
                    aliases=together(stored, groups),
                    sources=self._ledger.sources(taken),
                )

            write_records(self._folder, len(ids), record, packed=packed)
            names = write_names(self._folder, map(record, range(len(ids))), self._work)
        self._finished("records")
        names.discard()

    def _write_documents(self, ids: Sequence[str]) -> None:
        with self._originals.reading() as originals:

            def document(number: int) -> bytes:
                kept = [originals(taken) for taken in self._ledger.taken(ids[number])]
                return kept[0] if len(kept) == 1 else b"[" + b",".join(kept) + b"]"

            write_documents(self._folder, len(ids), document)

    def _local(self, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Ids of the records of own sources."""
        found: dict[str, list[str]] = {t.name: [] for t in self._tallies if t.source.local}
        for identifier in ids if found else ():
            for number in self._ledger.sources(self._ledger.taken(identifier)):
                if self._tallies[number].source.local:
                    found[self._tallies[number].name].append(identifier)
        return {name: tuple(each) for name, each in found.items()}

    def _complete_until(self) -> datetime | None:
        """Up to when none of the sources lacks anything; an organisation's own are not asked."""
        dates = (tally.until for tally in self._tallies if not tally.source.local)
        return min(filter(None, dates), default=None)

    def _as_of_each(self) -> dict[str, datetime]:
        """Up to when each ecosystem is complete.

        The source that is the ecosystem's own says so; where there is none, the
        oldest of those that have anything on it.  An organisation's own records
        make nothing complete.
        """
        found: dict[str, datetime] = {}
        own = {tally.name: tally.source.as_of for tally in self._tallies}
        for name, sources in sorted(self._covered.items()):
            dates = [
                until
                for number in sources
                if not self._tallies[number].source.local and (until := self._tallies[number].until)
            ]
            until = own.get(name) or min(dates, default=None)
            if until is not None:
                found[name] = until
        return found


def together(stored: StoredRecord, groups: AliasGroups) -> tuple[str, ...]:
    """All ids by which the vulnerability of a record goes, but its own."""
    return tuple(sorted({*stored.aliases, *groups.members(stored.id)} - {stored.id}))


def _summary(tally: _Tally) -> AdvisorySource:
    return AdvisorySource(
        name=tally.name,
        records=tally.records,
        license=tally.source.license,
        newest=tally.newest,
    )


def _microseconds(moment: datetime | None) -> int:
    if moment is None:
        return -(1 << 62)
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def store(record: OsvRecord, ratings: tuple[object, ...]) -> StoredRecord:
    """The facts of a record as the index keeps them, with its own aliases."""
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
