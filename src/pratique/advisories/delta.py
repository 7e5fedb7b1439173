"""Changes laid over a generation: a new one that shares all files of the old.

What a change touches is written into a layer: the packages, commits and names
that the records before or after it speak of, and the records themselves.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.advisories import generation
from pratique.advisories.builder import store, together
from pratique.advisories.documents import write_documents
from pratique.advisories.errors import GenerationError
from pratique.advisories.ground import Ground
from pratique.advisories.imports import Finding, Findings
from pratique.advisories.layers import layered
from pratique.advisories.layout import (
    DICTIONARY,
    DOCUMENTS,
    DOCUMENTS_DICTIONARY,
    FINDINGS,
    LAYERED_FORMAT,
    RECORDS,
    Layer,
    Manifest,
    StoredRecord,
)
from pratique.advisories.orders import Orders
from pratique.advisories.records import write_records
from pratique.advisories.regrouping import Regrouping
from pratique.advisories.rows import Rows, rated, write_layer_names
from pratique.formats.osv import Defect, DefectKind, OsvRecord, read_record
from pratique.model.bill import AdvisorySource
from pratique.model.errors import EvidenceError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path


MAX_WITHDRAWN = 0.1
"""A delta that withdraws a larger part of a source's records is refused: nobody
withdraws so much at once, but a broken export or a hostile mirror does."""

_json = msgspec.json.Encoder().encode


class Change(msgspec.Struct, frozen=True):
    """One record as a source has it now."""

    original: dict[str, Any]
    source: str


class Removal(msgspec.Struct, frozen=True):
    """One record that a source does not have any more."""

    identifier: str
    source: str


class _Next(msgspec.Struct):
    """One id as it will be."""

    originals: list[dict[str, Any]]
    records: list[tuple[OsvRecord, tuple[Defect, ...]]]
    sources: set[str]
    before: int | None


def apply_delta(
    root: Path,
    changes: Iterable[Change],
    removals: Sequence[Removal] = (),
    *,
    now: datetime,
    revise: Callable[[Manifest], Manifest] = lambda manifest: manifest,
    accept_shrinking: bool = False,
) -> Manifest:
    """Lay changes over the current generation, and make the result the current one.

    Args:
        root: Folder of the advisories' data, with a generation built with whole records.
        changes: Records as they are now.
        removals: Records that are gone.
        now: The moment of building.
        revise: Writes into the new manifest what else is known.
        accept_shrinking: Take a delta that withdraws much.

    Raises:
        EvidenceError: It withdraws more than a tenth of a source.
        GenerationError: There is no such generation, or it is damaged.
        TooManyError: Too many records are joined with those that change.
    """
    folder = generation.current(root)
    if folder is None:
        raise GenerationError(f"{root} holds no advisories to change.")
    manifest = generation.read_manifest(folder)
    ground = Ground(folder, manifest)
    try:
        following = _following(ground, changes, removals)
        if not accept_shrinking:
            _refuse_withdrawing(ground, following)
        name = generation.next_name(root, now)
        with generation.workshop(root) as built:
            known = generation.share(folder, built)
            made = _lay(ground, following, built)
            made = msgspec.structs.replace(revise(made), generation=name, created=now)
            sealed = generation.seal(built, made, known)
            generation.publish(root, built, name)
    finally:
        ground.close()
    generation.prune(root, name)
    return sealed


def _following(
    ground: Ground, changes: Iterable[Change], removals: Sequence[Removal]
) -> dict[str, _Next]:
    """Ids that change, as they will be; the latest ``modified`` of several wins."""
    names = [source.name for source in ground.manifest.sources]
    found: dict[str, _Next] = {}

    def begin(identifier: str) -> _Next:
        number = ground.number(identifier)
        if number is None:
            return _Next([], [], set(), None)
        sources = {names[each] for each in ground[number].sources}
        return _Next(ground.originals(number), ground.read(number), sources, number)

    for change in changes:
        try:
            record, defects = read_record(change.original)
        except InputError:
            continue
        if not record.id:
            continue
        item = found.get(record.id) or begin(record.id)
        found[record.id] = item
        _take(item, record, defects, change)
    for removal in removals:
        item = found.get(removal.identifier) or begin(removal.identifier)
        item.sources.discard(removal.source)
        if not item.sources:
            item.originals, item.records = [], []
        found[removal.identifier] = item
    return {name: item for name, item in found.items() if item.records or item.before is not None}


def _take(item: _Next, record: OsvRecord, defects: tuple[Defect, ...], change: Change) -> None:
    """Take a change, unless another source knows a later state of its record."""
    old = item.records[0][0].modified if item.records else None
    elsewhere = item.sources - {change.source}
    item.sources.add(change.source)
    if old is not None and elsewhere and (record.modified is None or record.modified < old):
        return
    if old == record.modified and elsewhere and change.original not in item.originals:
        item.originals.append(change.original)
        item.records.append((record, defects))
        return
    item.originals, item.records = [change.original], [(record, defects)]


def _refuse_withdrawing(ground: Ground, following: dict[str, _Next]) -> None:
    lost: dict[str, int] = {}
    for item in following.values():
        if item.before is None or ground[item.before].withdrawn is not None:
            continue
        if not item.records or all(record.withdrawn for record, _ in item.records):
            for place in ground[item.before].sources:
                name = ground.manifest.sources[place].name
                lost[name] = lost.get(name, 0) + 1
    for source in ground.manifest.sources:
        if lost.get(source.name, 0) > MAX_WITHDRAWN * source.records:
            raise EvidenceError(
                f"{source.name}: the changes withdraw {lost[source.name]:,} of {source.records:,} "
                "records, more than a tenth.",
                remedy="The advisories before it stay in use; --accept-shrinking takes the new.",
            )


def _lay(ground: Ground, following: dict[str, _Next], built: Path) -> Manifest:
    """Write the layer; gives the manifest with it."""
    changed = {name: [record for record, _ in item.records] for name, item in following.items()}
    regrouping = Regrouping(ground, changed)
    names = [source.name for source in ground.manifest.sources]
    items = dict(following)
    for identifier, number in regrouping.moved().items():
        sources = {names[each] for each in ground[number].sources}
        items[identifier] = _Next(ground.originals(number), ground.read(number), sources, number)
    names += sorted({each for item in items.values() for each in item.sources} - set(names))
    layer, packages, ecosystems = _Writer(ground, built, items, regrouping, names).write()
    return _described(ground, items, names, layer, (packages, ecosystems))


class _Writer:
    """Writes the files of one layer.

    Args:
        ground: What it lies over.
        built: Folder of the new generation, with the files of the old one.
        items: By id, what is written.
        regrouping: Of their aliases.
        names: Of the sources.
    """

    def __init__(
        self,
        ground: Ground,
        built: Path,
        items: dict[str, _Next],
        regrouping: Regrouping,
        names: list[str],
    ) -> None:
        self._ground = ground
        self._built = built
        self._items = items
        self._groups = regrouping.groups
        self._places = {name: number for number, name in enumerate(names)}
        self._ids = sorted(name for name, item in items.items() if item.records)
        self._dead = frozenset(i.before for i in items.values() if i.before is not None)
        taken = [layer.name for layer in ground.manifest.layers]
        name = f"{max(map(int, taken), default=0) + 1:06d}"
        self._layer = Layer(name, ground.count, len(self._ids))

    def write(self) -> tuple[Layer, int, set[str]]:
        """Write all; gives the layer, how many packages it has more, and its ecosystems."""
        rows = Rows(self._built, Orders(), layer=self._layer, below=self._ground, dead=self._dead)
        stored = self._rows(rows)
        heads, first = array("Q"), dict[int, int]()
        for place, identifier in enumerate(self._ids):
            group = self._groups.group(identifier)
            heads.append(place if group is None else first.setdefault(group, place))
        rows.finish(array("q", range(len(self._ids))), heads, self._layer.start)
        rows.discard()
        self._texts(stored)
        before = [self._ground[number] for number in sorted(self._dead)]
        numbered = ((self._layer.start + place, each) for place, each in enumerate(stored))
        write_layer_names(self._built, self._layer, numbered, before, self._ground, self._dead)
        return self._layer, rows.balance, rows.ecosystems

    def _rows(self, rows: Rows) -> list[StoredRecord]:
        """Rows and findings of all records; gives what is stored of each."""
        findings = Findings(self._built, layered(FINDINGS, self._layer))
        stored = []
        for number in sorted(self._dead):
            for record, _ in self._ground.read(number):
                rows.touch(record)
        for place, identifier in enumerate(self._ids):
            item = self._items[identifier]
            types: set[str] = set()
            for position, (record, defects) in enumerate(item.records):
                ratings, chosen = rated(record)
                types |= {defect.kind.finding for defect in defects}
                if rows.add(record, place, chosen):
                    types.add(DefectKind.UNORDERABLE_VERSION.finding)
                if not position:
                    facts = store(record, ratings)
                    sources = sorted(self._places[name] for name in item.sources)
                    stored.append(
                        msgspec.structs.replace(
                            facts,
                            aliases=together(facts, self._groups),
                            sources=tuple(sources),
                        )
                    )
            findings.add(Finding(min(item.sources), identifier, tuple(sorted(types))))
        for identifier in sorted(self._items.keys() - set(self._ids)):
            findings.add(Finding("", identifier, ()))
        findings.finish(keep=True)
        return stored

    def _texts(self, stored: list[StoredRecord]) -> None:
        """The records' facts and originals, packed with the dictionaries that are there."""
        write_records(
            self._built,
            len(stored),
            stored.__getitem__,
            name=layered(RECORDS, self._layer),
            shared=(self._built / DICTIONARY).read_bytes(),
        )

        def document(place: int) -> bytes:
            originals = self._items[self._ids[place]].originals
            return _json(originals[0] if len(originals) == 1 else originals)

        write_documents(
            self._built,
            len(stored),
            document,
            name=layered(DOCUMENTS, self._layer),
            shared=(self._built / DOCUMENTS_DICTIONARY).read_bytes(),
        )


def _described(
    ground: Ground,
    items: dict[str, _Next],
    names: list[str],
    layer: Layer,
    packages: tuple[int, set[str]],
) -> Manifest:
    """The manifest of the generation with one layer more."""
    manifest = ground.manifest
    counts = [source.records for source in manifest.sources] + [0] * len(names)
    newest = [source.newest for source in manifest.sources] + [None] * len(names)
    gained = 0
    for item in items.values():
        gained += bool(item.records) - (item.before is not None)
        if item.before is not None:
            for place in ground[item.before].sources:
                counts[place] -= 1
        for name in item.sources if item.records else ():
            place = names.index(name)
            counts[place] += 1
            moments = [record.modified for record, _ in item.records if record.modified]
            newest[place] = max([*moments, *filter(None, [newest[place]])], default=None)
    sources = [*manifest.sources, *[AdvisorySource(name="", records=0)] * len(names)]
    return msgspec.structs.replace(
        manifest,
        format=LAYERED_FORMAT,
        records=manifest.records + gained,
        packages=manifest.packages + packages[0],
        ecosystems=tuple(sorted({*manifest.ecosystems, *packages[1]})),
        sources=tuple(
            msgspec.structs.replace(sources[n], name=name, records=counts[n], newest=newest[n])
            for n, name in enumerate(names)
        ),
        layers=(*manifest.layers, layer),
    )
