"""Keeping layers few: small ones are made one, and many changes become a new base.

Layers are merged like the digits of a binary counter: the newest with the one
before it while that is not larger, so that a record is written again a number
of times that grows with the logarithm of the number of changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.advisories import generation
from pratique.advisories.documents import Documents, write_documents
from pratique.advisories.errors import GenerationError
from pratique.advisories.imports import Findings, all_findings
from pratique.advisories.layers import layered
from pratique.advisories.layout import (
    COMMITS,
    DICTIONARY,
    DOCUMENTS,
    DOCUMENTS_DICTIONARY,
    FINDINGS,
    NAMES,
    PACKAGES,
    RECORDS,
    Layer,
    Manifest,
)
from pratique.advisories.records import Records, write_records
from pratique.advisories.table import Table, TableWriter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from pratique.advisories.layout import StoredRecord

MAX_LAYERS = 6
"""Each costs one more search in a small table for every package asked about."""

MIN_COMPACTED = 20_000
"""Records of layers that are always worth keeping as such."""

COMPACTED_PART = 0.2
"""Part of the base's records that layers may have before all is built anew."""


def too_many(manifest: Manifest) -> bool:
    """Whether the layers should be built into a new base."""
    changed = sum(layer.records for layer in manifest.layers)
    base = manifest.layers[0].start if manifest.layers else 0
    return changed > max(MIN_COMPACTED, COMPACTED_PART * base)


def to_merge(layers: Sequence[Layer]) -> Sequence[Layer]:
    """The layers on top that should be one; none, or at least two."""
    if len(layers) <= MAX_LAYERS:
        return ()
    size, at = layers[-1].records + layers[-2].records, len(layers) - 2
    while at and layers[at - 1].records <= size:
        at -= 1
        size += layers[at].records
    return layers[at:]


def merge_layers(root: Path, *, now: datetime) -> Manifest:
    """Make the topmost layers of the current generation one, where there are many.

    Raises:
        GenerationError: It is damaged.
    """
    folder = generation.current(root)
    if folder is None:
        raise GenerationError(f"{root} holds no advisories.")
    manifest = generation.read_manifest(folder)
    merged = to_merge(manifest.layers)
    if not merged:
        return manifest
    name = generation.next_name(root, now)
    with generation.workshop(root) as built:
        known = generation.share(folder, built, tuple(f"{each.name}." for each in merged))
        kept = manifest.layers[: len(manifest.layers) - len(merged)]
        one = Layer(
            f"{int(merged[-1].name) + 1:06d}", merged[0].start, sum(m.records for m in merged)
        )
        for table in (PACKAGES, NAMES, COMMITS):
            _merge_table(folder, built, table, merged, one)
        _merge_records(folder, built, merged, one)
        _merge_findings(folder, built, merged, one)
        sealed = generation.seal(
            built,
            msgspec.structs.replace(manifest, generation=name, created=now, layers=(*kept, one)),
            known,
        )
        generation.publish(root, built, name)
    generation.prune(root, name)
    return sealed


def _merge_table(folder: Path, built: Path, name: str, merged: Sequence[Layer], one: Layer) -> None:
    writer = TableWriter(built, layered(name, one))
    # Newest first; rows of a key stay in the order in which they came.
    for age, layer in enumerate(reversed(merged)):
        table = Table(folder, layered(name, layer))
        try:
            for key, blob in table.items():
                writer.add(key, age.to_bytes(2, "little") + blob)
        finally:
            table.close()

    def newest(rows: list[bytes]) -> list[bytes]:
        age = min(row[:2] for row in rows)
        return [row[2:] for row in rows if row[:2] == age]

    writer.finish(newest)
    writer.discard()


def _merge_records(folder: Path, built: Path, merged: Sequence[Layer], one: Layer) -> None:
    records = [Records(folder, layered(RECORDS, layer)) for layer in merged]
    documents = [Documents(folder, layered(DOCUMENTS, layer)) for layer in merged]
    places = [(at, n) for at, layer in enumerate(merged) for n in range(layer.records)]

    def record(number: int) -> StoredRecord:
        at, place = places[number]
        return records[at][place]

    def document(number: int) -> bytes:
        at, place = places[number]
        return documents[at].raw(place)

    try:
        dictionary = (built / DICTIONARY).read_bytes()
        name = layered(RECORDS, one)
        write_records(built, len(places), record, name=name, shared=dictionary)
        dictionary = (built / DOCUMENTS_DICTIONARY).read_bytes()
        name = layered(DOCUMENTS, one)
        write_documents(built, len(places), document, name=name, shared=dictionary)
    finally:
        for each in records:
            each.close()
        for text in documents:
            text.close()


def _merge_findings(folder: Path, built: Path, merged: Sequence[Layer], one: Layer) -> None:
    findings = Findings(built, layered(FINDINGS, one))
    seen: set[str] = set()
    for layer in reversed(merged):
        own = set()
        for finding in all_findings(folder, layered(FINDINGS, layer)):
            own.add(finding.id)
            if finding.id not in seen:
                findings.add(finding)
        seen |= own
    findings.finish(keep=True)
