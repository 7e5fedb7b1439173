"""Laying an organisation's own records over the generation in use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.advisories import generation
from pratique.advisories.build import build
from pratique.advisories.delta import Change, Removal, apply_delta
from pratique.advisories.documents import from_facts
from pratique.advisories.ground import Ground
from pratique.advisories.layout import DOCUMENTS, Manifest
from pratique.advisories.merging import merge_layers
from pratique.advisories.snapshot import (
    FACTS,
    SOURCES,
    SourceInfo,
    open_root,
    read_facts,
    shipped,
    source_of,
)
from pratique.formats.osv import read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pratique.advisories.builder import Builder
    from pratique.advisories.inputs import Source
    from pratique.advisories.own_records import OwnRecords

_NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)


def apply_own(
    root: Path, sources: Sequence[OwnRecords], *, forget: Sequence[str] = (), now: datetime
) -> tuple[Manifest, int]:
    """Have a generation say of own sources what they hold now.

    Where nothing but the starter is in use, it is first built with whole records.

    Args:
        root: Folder of the advisories' data.
        sources: As they are now.
        forget: Names of own sources that are to be left out from now on.
        now: The moment of building.

    Returns:
        The manifest of the generation in use, and how many records were changed in it.

    Raises:
        GenerationError: The generation in use is damaged, or was built without whole records.
    """
    _with_whole_records(root, now)
    folder = generation.current(root)
    assert folder is not None
    manifest = generation.read_manifest(folder)
    ground = Ground(folder, manifest)
    try:
        changes = [
            Change(record, each.source.name)
            for each in sources
            for identifier, record in each.records.items()
            if not _same(ground, identifier, record, each.source.name)
        ]
        removals = [
            Removal(identifier, each.source.name)
            for each in sources
            for identifier in manifest.local.get(each.source.name, ())
            if identifier not in each.records
        ]
        removals += [Removal(i, name) for name in forget for i in manifest.local.get(name, ())]
    finally:
        ground.close()
    local = dict(manifest.local) | {each.source.name: tuple(each.records) for each in sources}
    local = {name: ids for name, ids in local.items() if name not in forget}
    if not changes and not removals and local == manifest.local:
        return manifest, 0

    def revise(made: Manifest) -> Manifest:
        return msgspec.structs.replace(made, local=local)

    apply_delta(root, changes, removals, now=now, revise=revise, accept_shrinking=True)
    return merge_layers(root, now=now), len(changes) + len(removals)


def _same(ground: Ground, identifier: str, record: dict[str, Any], source: str) -> bool:
    number = ground.number(identifier)
    if number is None or ground.originals(number) != [record]:
        return False
    names = [each.name for each in ground.manifest.sources]
    return source in {names[place] for place in ground[number].sources}


def _with_whole_records(root: Path, now: datetime) -> None:
    index = open_root(root)
    whole = f"{DOCUMENTS}.idx" in index.manifest.files
    manifest, folder = index.manifest, index.folder
    index.close()
    if whole or not folder.name.startswith("starter"):
        return
    build(
        root,
        [],
        as_of=manifest.as_of,
        now=now,
        feeds=[_Starter()],
        dates=manifest.ecosystem_as_of,
        partial=manifest.partial,
    )


class _Starter:
    """Feeds a builder with the facts that come with the program, written as records."""

    def __init__(self) -> None:
        listed = msgspec.json.decode((shipped() / SOURCES).read_bytes(), type=list[SourceInfo])
        self.sources: tuple[Source, ...] = tuple(map(source_of, listed))
        self.identity = "starter"

    def feed(self, builder: Builder, skip: int, taken: Callable[[], None]) -> None:
        """Add all records; see :class:`pratique.advisories.feeding.Feed`."""
        first = builder.begun - len(self.sources)
        for position, fact in enumerate(read_facts(shipped() / FACTS), 1):
            if position <= skip:
                continue
            original = from_facts([fact.record], fact.record.aliases, _NO_DATE)
            record, defects = read_record(original)
            builder.add(record, defects, source=first + fact.source, original=original)
            taken()
