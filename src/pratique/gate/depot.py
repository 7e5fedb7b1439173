"""Artifacts: brought once, verified, kept by their content, the same for ever.

``blobs/ab/abcd…`` is a file named by its SHA-256; ``pins/ECOSYSTEM/…`` says,
for each file of a project, which blob it is.  A blob is synced and renamed
before its pin, the pin before the last byte reaches a client: whatever a
client has got whole is here after any crash.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique.gate.errors import AwayError, BrokenError, BusyError, GateError
from pratique.gate.fetch import shown
from pratique.gate.files import publish, write_whole
from pratique.gate.models import Pin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from pratique.gate.clock import Clock
    from pratique.gate.fetch import Fetcher
    from pratique.gate.models import File, Release

MAX_ARTIFACT_BYTES = 16 * 1024 * 1024 * 1024
"""Largest artifact; wheels with GPU code have some 3 GB."""

ARTIFACT_SECONDS = 3600.0
"""Longest that one may take, whoever drips it."""

WITHHELD = 64 * 1024
"""Bytes at the end that no client gets before the whole is verified: without
them an artifact is of no use, and the client sees that it is cut short."""

MAX_DOWNLOADS = 32
"""Fetched from upstream at once; more wait."""

MAX_WAITING = 1024
"""Fetched or waiting; more are told to come again."""

_BLOCK = 256 * 1024
_ORDER = ("sha512", "sha256", "sha384", "blake2b", "sha3_512", "sha3_256", "sha1", "md5")
_pins = msgspec.json.Decoder(dict[str, Pin])


class Download:
    """An artifact on its way; any number of clients read it as it grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size: int | None = None
        """What upstream announces."""

        self.written = 0
        self.pin: Pin | None = None
        self.error: GateError | None = None
        self._changed = asyncio.Condition()
        self.task: asyncio.Task[None] | None = None

    async def tell(self) -> None:
        """Wake those who wait."""
        async with self._changed:
            self._changed.notify_all()

    def available(self) -> int:
        """How many bytes a client may have now."""
        return self.written if self.pin is not None else max(0, self.written - WITHHELD)

    async def begun(self) -> None:
        """Wait until there is something to send.

        Raises:
            GateError: There will not be.
        """
        async with self._changed:
            await self._changed.wait_for(
                lambda: self.error or self.pin or (self.size is not None and self.available())
            )
        if self.error is not None:
            raise self.error

    async def settled(self) -> None:
        """Wait until it is verified and kept.

        Raises:
            GateError: It will not be.
        """
        async with self._changed:
            await self._changed.wait_for(lambda: self.error or self.pin)
        if self.error is not None:
            raise self.error

    async def read(self, file: int) -> AsyncIterator[bytes]:
        """The bytes, as they come; whoever has all of them has what was verified.

        Raises:
            GateError: It turned out not to be what it should.
        """
        sent = 0
        while True:
            async with self._changed:
                while not (self.error or self.pin or self.available() > sent):
                    await self._changed.wait()
            if self.error is not None:
                raise self.error
            while sent < (limit := self.available()):
                block = await asyncio.to_thread(os.pread, file, min(_BLOCK, limit - sent), sent)
                sent += len(block)
                yield block
            if self.pin is not None and sent >= self.pin.size:
                return


class Depot:
    """Keeps artifacts.

    Args:
        folder: Of the data.
        fetcher: Calls upstream.
        clock: Tells when something was stored.
    """

    def __init__(self, folder: Path, fetcher: Fetcher, clock: Clock) -> None:
        self._blobs = folder / "blobs"
        self._pins = folder / "pins"
        self._scratch = folder / "incoming"
        for place in (self._blobs, self._pins, self._scratch):
            place.mkdir(parents=True, exist_ok=True)
        for left in self._scratch.iterdir():
            left.unlink()
        self._fetcher = fetcher
        self._clock = clock
        self._slots = asyncio.Semaphore(MAX_DOWNLOADS)
        self._running: dict[tuple[str, str, str], Download] = {}
        self._known: dict[tuple[str, str], dict[str, Pin]] = {}
        self._write = asyncio.Lock()
        self.generation = 0
        """Changes whenever something was stored."""

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
        try:
            async with self._slots, asyncio.timeout(ARTIFACT_SECONDS):
                sha256 = await self._receive(file, download, handle)
            await asyncio.to_thread(os.fsync, handle)
            pin = Pin(
                sha256=sha256,
                size=download.written,
                release=msgspec.structs.replace(release, files=()),
                digests=file.digests,
                url=shown(file.url),
                stored=self._clock.earlier(),
            )
            async with self._write:
                await asyncio.to_thread(self._store, key, download.path, pin)
            await asyncio.to_thread(stored, pin)
            download.pin = pin
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
            if download.pin is None:
                download.path.unlink(missing_ok=True)
            self._running.pop(key, None)
            await download.tell()

    async def _receive(self, file: File, download: Download, handle: int) -> str:
        """Write what upstream gives; return its SHA-256 once it is what the index says."""
        hashes = {"sha256": hashlib.sha256()}
        for name in _ORDER:
            if name in file.digests:
                hashes.setdefault(name, hashlib.new(name))
        # Content encodings are not asked for: the digest is of the artifact itself.
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        async with self._fetcher.stream(file.url, headers) as answer:
            length = answer.headers.get("content-length", "")
            encoded = answer.headers.get("content-encoding", "identity") != "identity"
            if length.isascii() and length.isdigit() and not encoded:
                if int(length) > MAX_ARTIFACT_BYTES:
                    raise BrokenError(f"{file.name} is over {MAX_ARTIFACT_BYTES:,} bytes")
                download.size = int(length)
            async for block in answer.aiter_bytes(_BLOCK):
                if download.written + len(block) > MAX_ARTIFACT_BYTES:
                    raise BrokenError(f"{file.name} is over {MAX_ARTIFACT_BYTES:,} bytes")
                await asyncio.to_thread(_write, handle, block, list(hashes.values()))
                download.written += len(block)
                await download.tell()
        if download.size is not None and download.written != download.size:
            raise AwayError(f"{shown(file.url)} is cut short")
        for name, digest in hashes.items():
            wanted = file.digests.get(name)
            if wanted is not None and digest.hexdigest() != wanted.lower():
                raise BrokenError(
                    f"{file.name} is not what the index says: {name} {digest.hexdigest()}, "
                    f"not {wanted[:128]}"
                )
        return hashes["sha256"].hexdigest()

    def _store(self, key: tuple[str, str, str], temporary: Path, pin: Pin) -> None:
        ecosystem, project, name = key
        target = self.blob(pin)
        if target.exists():
            temporary.unlink()
        else:
            publish(temporary, target)
            target.chmod(0o444)
        pins = self.pins(ecosystem, project)
        if name in pins:
            raise BrokenError(f"{name} is kept already")
        pins = pins | {name: pin}
        data = msgspec.json.format(msgspec.json.encode(pins))
        write_whole(self._place(ecosystem, project), data, self._scratch)
        self._known[ecosystem, project] = pins
        self.generation += 1

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


def _write(handle: int, block: bytes, hashes: list[hashlib._Hash]) -> None:
    view = memoryview(block)
    for digest in hashes:
        digest.update(view)
    while view:
        view = view[os.write(handle, view) :]
