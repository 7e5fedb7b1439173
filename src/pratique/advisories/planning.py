"""How one ecosystem is brought up to date: by its changes, or as a whole."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from pratique.advisories.delta import Change
from pratique.advisories.layout import Watermark
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError
from pratique.sources.parts import Validators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Self

    from pratique.advisories.downloads import Downloads
    from pratique.advisories.ground import Ground
    from pratique.sources.osv_changes import Row

RECORD_COST = 16 * 1024
"""What a record fetched by itself counts for against the bytes of a zip: some
4 kB of record and headers, and the time of a request."""

UNKNOWN_SIZE_CHANGES = 1_000
"""Most changes taken one by one where the size of the zip is not known."""

FULL_DAYS = 30
"""Days after which an ecosystem is taken as a whole: what was removed is in no
list of changes."""

OVERLAP = timedelta(days=2)
"""How far before the watermark lists are read again: a record can appear in the
export some time after the moment at which it says that it was modified."""


class Place(Protocol):
    """Where OSV's files are: its bucket, a mirror, or a folder."""

    url: str

    def __enter__(self) -> Self:
        """Begin to read."""

    def __exit__(self, *_: object) -> None:
        """Give back what is held."""

    def ecosystems(self) -> list[str]:
        """Names of the ecosystems there."""

    def archive(self, ecosystem: str, target: Path, known: Validators) -> Validators | None:
        """Bring the zip of an ecosystem; ``None`` where it has not changed."""

    def archive_size(self, ecosystem: str) -> int:
        """Size of the zip; 0 where it is not known."""

    def changes(self, ecosystem: str, stop: Callable[[Row], bool]) -> list[Row] | None:
        """What has changed; ``None`` where there is no list."""

    def records(
        self, ecosystem: str, identifiers: Iterable[str]
    ) -> Iterator[tuple[str, bytes | None]]:
        """Records by id."""

    def until(self, ecosystem: str) -> datetime | None:
        """Up to when a copy can be complete; ``None`` where it is no copy."""


class Plan(msgspec.Struct, kw_only=True):
    """What is known of an ecosystem when it was looked at: nothing new."""

    watermark: Watermark
    changes: list[Change] = []

    @property
    def news(self) -> bool:
        """Whether anything is new."""
        return False


class ByChanges(Plan, kw_only=True):
    """Records that have changed, fetched one by one."""

    @property
    def news(self) -> bool:
        """Whether anything is new."""
        return True


class Whole(Plan, kw_only=True):
    """All records in one zip."""

    archive: Path

    @property
    def news(self) -> bool:
        """Whether anything is new."""
        return True


def cheaper_whole(changes: int, size: int) -> bool:
    """Whether a zip of a size (0: not known) costs less than so many changes."""
    if not size:
        return changes > UNKNOWN_SIZE_CHANGES
    return changes * RECORD_COST > size


class Planner:
    """Looks at ecosystems, and fetches what is new.

    Args:
        place: Where the files are.
        downloads: What was fetched, also by an update before that was interrupted.
        ground: The generation in use, if there is one that changes can be laid over.
        now: The moment from which on changes may be missing.
    """

    def __init__(
        self, place: Place, downloads: Downloads, ground: Ground | None, now: datetime
    ) -> None:
        self._place = place
        self._downloads = downloads
        self._ground = ground
        self._now = now

    def plan(self, name: str, *, whole: bool) -> Plan:
        """Bring what is new of an ecosystem.

        Raises:
            UsageError: The name is no ecosystem's.
            UpstreamError: It cannot be had.
        """
        before = self._ground.manifest.watermarks.get(name) if self._ground else None
        if before is None or whole or self._now - before.full > timedelta(days=FULL_DAYS):
            return self._whole(name, None)
        rows = self._place.changes(name, self._known(before))
        if rows is None:
            return self._whole(name, before)
        rows = [row for row in rows if self._is_new(row)]
        newest = max([row.modified for row in rows], default=before.modified)
        until = self._until(name, before)
        mark = msgspec.structs.replace(before, checked=until, modified=_later(newest, before))
        if not rows:
            return Plan(watermark=mark)
        if cheaper_whole(len(rows), self._place.archive_size(name)):
            return self._whole(name, before)
        changes = self._fetch(name, rows)
        if changes is None:
            return self._whole(name, before)
        return ByChanges(watermark=mark, changes=changes)

    def _known(self, before: Watermark) -> Callable[[Row], bool]:
        since = before.modified
        return lambda row: since is not None and row.modified < since - OVERLAP

    def _is_new(self, row: Row) -> bool:
        assert self._ground is not None
        number = self._ground.number(row.id)
        if number is None:
            return True
        modified = self._ground[number].modified
        return modified is None or modified < row.modified

    def _until(self, name: str, before: Watermark | None) -> datetime:
        """Up to when what is here will be complete.

        A copy is as old as it is, and one that is older than what is here
        makes nothing of it newer.
        """
        copied = self._place.until(name)
        if copied is None:
            return self._now
        until = min(copied, self._now)
        return until if before is None else max(until, before.checked)

    def _whole(self, name: str, before: Watermark | None) -> Plan:
        """All of an ecosystem, unless its zip is the one that was taken before."""
        known = Validators()
        if before is not None and before.url == self._place.url:
            known = Validators(before.etag, before.last_modified)
        # What changes while the zip is made is in no zip: the mark is set before it is fetched.
        newest = _Newest()
        self._place.changes(name, newest)
        found = self._downloads.archive(self._place, name, known)
        if found is None:
            assert before is not None
            return Plan(
                watermark=msgspec.structs.replace(
                    before, checked=self._until(name, before), full=self._now
                )
            )
        archive, validators = found
        mark = Watermark(
            url=self._place.url,
            checked=self._until(name, None),
            full=self._now,
            modified=newest.row.modified if newest.row else None,
            etag=validators.etag,
            last_modified=validators.last_modified,
        )
        return Whole(watermark=mark, archive=archive)

    def _fetch(self, name: str, rows: list[Row]) -> list[Change] | None:
        """Changed records; ``None`` where one that is listed cannot be had, or is another.

        The zip is then taken instead, in which one broken record costs only itself.
        """
        wanted = {row.id: row.modified for row in rows}
        with self._downloads.records(name, wanted) as kept:
            for identifier, data in self._place.records(name, kept.missing()):
                record = _record(identifier, data)
                if record is None:
                    return None
                kept.add(identifier, record)
            return [Change(record, name) for record in kept.all()]


def _record(identifier: str, data: bytes | None) -> dict[str, Any] | None:
    try:
        record = parse_json(decode(data)) if data else None
    except InputError:
        return None
    return record if isinstance(record, dict) and record.get("id") == identifier else None


class _Newest:
    """Stops after the first row, and keeps it."""

    def __init__(self) -> None:
        self.row: Row | None = None

    def __call__(self, row: Row) -> bool:
        if self.row is not None:
            return True
        self.row = row
        return False


def _later(moment: datetime | None, before: Watermark) -> datetime | None:
    known = [each for each in (moment, before.modified) if each is not None]
    return max(known, default=None)
