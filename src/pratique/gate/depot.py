"""Artifacts: brought once, verified, kept by their content, the same for ever.

``blobs/ab/abcd…`` is a file named by its SHA-256; ``pins/ECOSYSTEM/…`` says,
for each file of a project, which blob it is.  A blob is synced and renamed
before its pin, the pin before the last byte reaches a client: whatever a
client has got whole is here after any crash.  Its entry in the log is written
between the two: nothing is pinned that is not on record.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique.gate.download import Download, Receiver
from pratique.gate.errors import AwayError, BrokenError, BusyError, GateError
from pratique.gate.fetch import shown
from pratique.gate.files import publish, write_whole
from pratique.gate.models import Pin
from pratique.gate.space import Space

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pratique.gate.clock import Clock
    from pratique.gate.fetch import Fetcher
    from pratique.gate.models import File, Release

ARTIFACT_SECONDS = 3600.0
"""Longest that one may take, whoever drips it."""

MAX_DOWNLOADS = 32
"""Fetched from upstream at once; more wait."""

MAX_WAITING = 1024
"""Fetched or waiting; more are told to come again."""

_pins = msgspec.json.Decoder(dict[str, Pin])


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """How much may be kept."""

    limit: int | None = None
    """Bytes of all artifacts together."""

    keeps: Callable[[str, str, str], bool] | None = None
    """Whether a version is kept whatever there is room for: ecosystem, project, version."""


class Depot:
    """Keeps artifacts.

    Args:
        folder: Of the data.
        fetcher: Calls upstream.
        clock: Tells when something was stored.
        quota: How much may be kept, and what for ever.
        record: Puts on record that a blob goes, before it does.
    """

    def __init__(
        self,
        folder: Path,
        fetcher: Fetcher,
        clock: Clock,
        quota: Quota | None = None,
        record: Callable[[str, int], None] = lambda *_: None,
    ) -> None:
        self._blobs = folder / "blobs"
        self._pins = folder / "pins"
        self._scratch = folder / "incoming"
        for place in (self._blobs, self._pins, self._scratch):
            place.mkdir(parents=True, exist_ok=True)
        for left in self._scratch.iterdir():
            left.unlink()
        self._fetcher = fetcher
        self._clock = clock
        self._quota = quota or Quota()
        self._record = record
        self.space = Space(self._blobs, self._quota.limit)
        self._slots = asyncio.Semaphore(MAX_DOWNLOADS)
        self._running: dict[tuple[str, str, str], Download] = {}
        self._known: dict[tuple[str, str], dict[str, Pin]] = {}
        self._write = asyncio.Lock()
        self.generation = 0
        """Changes whenever something was stored."""

        if self._quota.limit is not None and self._quota.keeps is not None:
            self._keep_all(self._quota.keeps)

    def _keep_all(self, keeps: Callable[[str, str, str], bool]) -> None:
        """Find what of that which is here is to be kept."""
        for path in self._pins.rglob("*.json"):
            try:
                pins = _pins.decode(path.read_bytes())
            except (OSError, msgspec.DecodeError):
                continue  # said when it is asked for; what cannot be read frees nothing
            for pin in pins.values():
                if pin.project and keeps(pin.ecosystem, pin.project, pin.release.version):
                    self.space.kept.add(pin.sha256)

    @property
    def running(self) -> int:
        """How many artifacts are fetched or wait to be."""
        return len(self._running)

    def pins(self, ecosystem: str, project: str) -> dict[str, Pin]:
        """What is kept of a project, by file name."""
        key = (ecosystem, project)
        found = self._known.get(key)
        if found is None:
            try:
                found = _pins.decode(self._place(ecosystem, project).read_bytes())
            except FileNotFoundError:
                found = {}
            except msgspec.DecodeError as error:
                raise BrokenError(f"what is kept of {project} cannot be read: {error}") from None
            if len(self._known) > 50_000:
                self._known.clear()
            self._known[key] = found
        return found

    def blob(self, pin: Pin) -> Path:
        """Where the content is."""
        return self._blobs / pin.sha256[:2] / pin.sha256

    def has(self, pin: Pin) -> bool:
        """Whether the content is here; it may have gone to make room."""
        return self.blob(pin).exists()

    def using(self, pin: Pin) -> AbstractContextManager[None]:
        """Hold the content for as long as somebody reads it."""
        return self.space.using(pin.sha256)

    def download(
        self,
        ecosystem: str,
        project: str,
        release: Release,
        file: File,
        stored: Callable[[Pin], None],
    ) -> Download:
        """Begin to fetch an artifact, or join those who wait for it.

        Args:
            ecosystem: OSV ecosystem.
            project: Normalised name.
            release: That the file is of.
            file: As the index lists it.
            stored: Told once it is verified and kept, before any client has it whole.

        Raises:
            BusyError: Too many are on their way.
        """
        key = (ecosystem, project, file.name)
        running = self._running.get(key)
        if running is not None:
            return running
        if len(self._running) >= MAX_WAITING:
            raise BusyError("too many artifacts are being fetched; try again")
        handle, name = tempfile.mkstemp(dir=self._scratch)
        download = Download(Path(name))
        self._running[key] = download
        download.task = asyncio.create_task(
            self._bring(key, release, file, download, handle, stored)
        )
        return download

    async def _bring(
        self,
        key: tuple[str, str, str],
        release: Release,
        file: File,
        download: Download,
        handle: int,
        stored: Callable[[Pin], None],
    ) -> None:
        async def room(size: int) -> None:
            await self._make_room(id(download), size)

        try:
            async with self._slots, asyncio.timeout(ARTIFACT_SECONDS):
                receiver = Receiver(self._fetcher, file, download, handle, room)
                sha256 = await receiver.bring()
            await asyncio.to_thread(os.fsync, handle)
            pin = Pin(
                sha256=sha256,
                size=download.written,
                ecosystem=key[0],
                project=key[1],
                release=msgspec.structs.replace(release, files=()),
                digests=file.digests,
                url=shown(file.url),
                stored=self._clock.earlier(),
            )
            async with self._write:
                download.pin = await asyncio.to_thread(self._store, key, download.path, pin, stored)
        except GateError as error:
            download.error = error
        except TimeoutError:
            download.error = AwayError(f"{shown(file.url)} takes too long")
        except OSError as error:
            download.error = BusyError(f"it cannot be stored: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 - those who wait are told whatever it was
            download.error = GateError(f"it cannot be stored: {type(error).__name__}")
        finally:
            os.close(handle)
            self.space.settle(id(download))
            if download.pin is None:
                download.path.unlink(missing_ok=True)
            self._running.pop(key, None)
            await download.tell()

    async def _make_room(self, key: int, size: int) -> None:
        if self.space.limit is None or self.space.promised(key) >= size:
            return
        async with self._write:  # what is stored at this moment must not be what goes
            gone = self.space.promise(key, size)
            if gone:
                await asyncio.to_thread(self.space.remove, gone, self._record)

    def _store(
        self,
        key: tuple[str, str, str],
        temporary: Path,
        pin: Pin,
        stored: Callable[[Pin], None],
    ) -> Pin:
        """Keep the content, put it on record, then pin it: nothing is pinned unrecorded."""
        ecosystem, project, name = key
        pins = self.pins(ecosystem, project)
        known = pins.get(name)
        if known is not None and known.sha256 != pin.sha256:
            raise BrokenError(f"{name} is kept already, with another content")
        target = self.blob(pin)
        fresh = not target.exists()
        if fresh:
            publish(temporary, target)
            target.chmod(0o444)
        else:
            temporary.unlink()
        try:
            stored(pin)
        except BaseException:
            if fresh:
                target.unlink(missing_ok=True)
            raise
        self.space.added(pin.sha256, pin.size)
        keeps = self._quota.keeps
        if keeps is not None and keeps(ecosystem, project, pin.release.version):
            self.space.kept.add(pin.sha256)
        if known is None:
            pins = pins | {name: pin}
            data = msgspec.json.format(msgspec.json.encode(pins))
            write_whole(self._place(ecosystem, project), data, self._scratch)
            self._known[ecosystem, project] = pins
        self.generation += 1
        return known or pin

    def _place(self, ecosystem: str, project: str) -> Path:
        """Names of projects become digests: none can lead out of the folder."""
        digest = hashlib.sha256(project.encode()).hexdigest()
        return self._pins / ecosystem.replace("/", "_") / f"{digest}.json"

    async def close(self) -> None:
        """Give up what is on its way."""
        tasks = [one.task for one in self._running.values() if one.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
