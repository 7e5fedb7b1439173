"""Building a generation from sources, and making it the current one.

A build that is killed goes on where it was, see :mod:`pratique.advisories.checkpoints`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pratique.advisories import generation
from pratique.advisories.builder import PLACEHOLDER_YEAR, Builder
from pratique.advisories.checkpoints import MADE, clear, read_checkpoint, work_folder
from pratique.advisories.errors import GenerationError
from pratique.advisories.feeding import Feed, read_source
from pratique.advisories.layout import FORMAT
from pratique.advisories.orders import fingerprint
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pratique.advisories.inputs import Source
    from pratique.advisories.layout import Manifest, Watermark

__all__ = ["PLACEHOLDER_YEAR", "Builder", "build"]

CHECKPOINT_RECORDS = 50_000
"""A killed build loses at most what it read of so many records: some ten seconds."""

TOLD_RECORDS = 500
"""Records between two words to whoever watches; every one would slow the build."""


def build(
    root: Path,
    sources: Sequence[Source],
    *,
    as_of: datetime | None = None,
    now: datetime | None = None,
    check: Callable[[Manifest], None] | None = None,
    feeds: Sequence[Feed] = (),
    watermarks: Mapping[str, Watermark] | None = None,
    dates: Mapping[str, datetime] | None = None,
    partial: tuple[str, ...] = (),
    progress: Callable[[int], None] = lambda _count: None,
) -> Manifest:
    """Build a generation from sources and make it the current one.

    A record that cannot be read is counted as a defect, and the others are
    taken.  A build that was killed goes on where it was.

    Args:
        root: Folder of the advisories' data.
        sources: Where the records are.
        as_of: Up to when the sources are complete, where that is known.
        now: Time of building; the clock's where it is not given.
        check: Raises where the generation must not be used; it is then removed.
        feeds: Further records, that are had from elsewhere.
        watermarks: Up to where the sources were taken.
        dates: Up to when ecosystems are complete, where that is known otherwise.
        partial: Ecosystems of whose advisories the sources are only a part.
        progress: Told now and then how many records were taken.

    Raises:
        InputError: A source cannot be read at all, or none holds a record.
    """
    now = now or datetime.now(UTC)
    name = generation.next_name(root, now)
    all_feeds: list[Feed] = [*(_PathFeed(source) for source in sources), *feeds]
    build_key = "\n".join([f"{FORMAT} {fingerprint()}", *(feed.identity for feed in all_feeds)])

    def finish(builder: Builder) -> Manifest:
        return builder.finish(name, as_of, now, watermarks=watermarks, dates=dates, partial=partial)

    with work_folder(root, build_key) as work:
        try:
            manifest = _made(work, all_feeds, finish, progress)
        except _LostError:
            clear(work)
            manifest = _made(work, all_feeds, finish, progress)
        if not manifest.records:
            named = ", ".join(source.path or source.name for f in all_feeds for source in f.sources)
            raise InputError(f"{named or 'the sources'}: no OSV record is in it.")
        if check is not None:
            check(manifest)
        generation.publish(root, work / MADE, name)
    generation.prune(root, name)
    return manifest


class _LostError(Exception):
    """What was set aside by the build before is not there any more."""


def _made(
    work: Path,
    feeds: Sequence[Feed],
    finish: Callable[[Builder], Manifest],
    progress: Callable[[int], None],
) -> Manifest:
    before = read_checkpoint(work)
    try:
        builder = Builder(work / MADE, work, before)
    except (GenerationError, OSError):
        raise _LostError from None
    with builder:
        begun, item = (before.source, before.item) if before else (0, 0)
        marker = _Marker(builder, before.records if before else 0, progress)
        place = 0
        for feed in feeds:
            count = len(feed.sources)
            for source in feed.sources:
                builder.source(source)
            place += count
            if place < begun:
                continue
            marker.item = item if place == begun else 0
            feed.feed(builder, marker.item, marker)
        if builder.marked:
            marker.save()
        return finish(builder)


class _Marker:
    """Makes a checkpoint now and then, and says more often how far it is."""

    def __init__(self, builder: Builder, records: int, progress: Callable[[int], None]) -> None:
        self._builder = builder
        self._progress = progress
        self._next = records + CHECKPOINT_RECORDS
        self.item = 0

    def __call__(self) -> None:
        """Note that one more thing of the source was taken."""
        self.item += 1
        if self.item % TOLD_RECORDS == 0:
            self._progress(self._builder.taken)
        if self._builder.taken >= self._next:
            self.save()

    def save(self) -> None:
        self._builder.checkpoint(self.item)
        self._next = self._builder.taken + CHECKPOINT_RECORDS


class _PathFeed:
    """Feeds a builder from a source on disk."""

    def __init__(self, source: Source) -> None:
        self.sources = (source,)
        self.identity = source.identity()

    def feed(self, builder: Builder, skip: int, taken: Callable[[], None]) -> None:
        read_source(builder, self.sources[0], skip, taken)
