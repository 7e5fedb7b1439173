"""The records of the generation in use, as a source of the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.advisories.ground import Ground
from pratique.advisories.inputs import Source
from pratique.formats.osv import read_record
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pratique.advisories.builder import Builder
    from pratique.advisories.delta import Change
    from pratique.advisories.layout import Manifest


class Retained:
    """Feeds a builder with what a generation has of some sources, and with changes.

    Args:
        folder: Of the generation.
        manifest: Of the generation.

    Raises:
        GenerationError: It is damaged, or was built without whole records.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.ground = Ground(folder, manifest)
        self.sources: tuple[Source, ...] = ()
        self._changes: Sequence[Change] = ()

    @property
    def identity(self) -> str:
        """The same text means the same records in the same order."""
        names = "\0".join(source.name for source in self.sources)
        changed = "\0".join(
            f"{each.source} {each.original.get('id')} {each.original.get('modified')}"
            for each in self._changes
        )
        return f"{self.manifest.generation}\0{names}\0{changed}"

    def keep(self, names: Sequence[str]) -> None:
        """Choose the sources whose records are kept."""
        licenses = {source.name: source.license for source in self.manifest.sources}
        self.sources = tuple(
            Source(
                path="",
                name=name,
                license=licenses.get(name, ""),
                as_of=mark.checked if (mark := self.manifest.watermarks.get(name)) else None,
                local=name in self.manifest.local,
            )
            for name in names
        )

    def change(self, changes: Sequence[Change]) -> None:
        """Records that replace those kept of their ids, or come to them."""
        self._changes = changes

    def feed(self, builder: Builder, skip: int, taken: Callable[[], None]) -> None:
        """Add all records; see :class:`pratique.advisories.feeding.Feed`."""
        first = builder.begun - len(self.sources)
        places = {source.name: first + n for n, source in enumerate(self.sources)}
        names = [source.name for source in self.manifest.sources]
        changed = {each.original.get("id") for each in self._changes}
        position = 0
        for number in self.ground.living():
            position += 1
            if position <= skip:
                continue
            stored = self.ground[number]
            kept = [places[n] for each in stored.sources if (n := names[each]) in places]
            if kept and stored.id not in changed:
                for original, (record, defects) in zip(
                    self.ground.originals(number), self.ground.read(number), strict=True
                ):
                    builder.add(record, defects, source=kept[0], also=kept[1:], original=original)
            taken()
        for change in self._changes:
            position += 1
            if position <= skip:
                continue
            taken()
            try:
                record, defects = read_record(change.original)
            except InputError:
                builder.unreadable()
                continue
            if change.source in places:
                source = places[change.source]
                builder.add(record, defects, source=source, original=change.original)

    def close(self) -> None:
        """Give the files back."""
        self.ground.close()
