"""An artifact on its way: read from upstream, verified, and read by clients as it grows."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from pratique.gate.errors import AwayError, BrokenError, GateError, OutageError
from pratique.gate.fetch import Fetcher, shown
from pratique.gate.models import File

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from pratique.gate.models import Pin

MAX_ARTIFACT_BYTES = 16 * 1024 * 1024 * 1024
"""Largest artifact; wheels with GPU code have some 3 GB."""

WITHHELD = 64 * 1024
"""Bytes at the end that no client gets before the whole is verified: without
them an artifact is of no use, and the client sees that it is cut short."""

ATTEMPTS = 3
"""Requests made before an artifact is given up; package managers ask again themselves."""

BACKOFF_SECONDS = 0.3
"""Pause before the second request, doubled before each further one, and varied
by half so that those who failed together do not come back together."""

_BLOCK = 256 * 1024
_ORDER = ("sha512", "sha256", "sha384", "blake2b", "sha3_512", "sha3_256", "sha1", "md5")


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


class Receiver(msgspec.Struct):
    """Brings one artifact into a file."""

    fetcher: Fetcher
    file: File
    download: Download
    handle: int
    """Of the file, open for reading and writing, empty."""

    room: Callable[[int], Awaitable[None]]
    """Called with how many bytes it will have at least, before they are written."""

    async def bring(self) -> str:
        """Write what upstream gives; return its SHA-256 once it is what the index says.

        An upstream that breaks off is asked again.  What clients may already
        have of it must then come once more: they would else get halves of two.

        Raises:
            AwayError: Upstream does not answer, or breaks off each time.
            BrokenError: It is not what the index says, or changes while it is read.
        """
        for attempt in range(ATTEMPTS):
            try:
                return await self._receive()
            except AwayError as error:
                if attempt + 1 == ATTEMPTS or isinstance(error, OutageError):
                    raise
                pause = BACKOFF_SECONDS * 2**attempt
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        raise AssertionError  # the loop returns or raises

    async def _receive(self) -> str:
        file, download = self.file, self.download
        hashes = {"sha256": hashlib.sha256()}
        for name in _ORDER:
            if name in file.digests:
                hashes.setdefault(name, hashlib.new(name))
        # Content encodings are not asked for: the digest is of the artifact itself.
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        place = 0
        async with self.fetcher.stream(file.url, headers) as answer:
            length = answer.headers.get("content-length", "")
            encoded = answer.headers.get("content-encoding", "identity") != "identity"
            announced = (
                int(length)
                if length.isascii() and length.isdigit() and len(length) < 16 and not encoded
                else None
            )
            if download.written and announced != download.size:
                raise BrokenError(f"{file.name} changes while it is fetched")
            await self.room(self._bounded(announced or 0))
            download.size = announced
            async for block in answer.aiter_bytes(_BLOCK):
                await self.room(self._bounded(place + len(block)))
                known = min(max(0, download.written - place), len(block))
                if known and await asyncio.to_thread(self._differs, block[:known], place):
                    raise BrokenError(f"{file.name} changes while it is fetched")
                await asyncio.to_thread(self._write, block, known, list(hashes.values()))
                place += len(block)
                download.written = max(download.written, place)
                await download.tell()
        if announced is not None and place != announced:
            raise AwayError(f"{shown(file.url)} is cut short")
        if place != download.written:
            raise BrokenError(f"{file.name} changes while it is fetched")
        for name, digest in hashes.items():
            wanted = file.digests.get(name)
            if wanted is not None and digest.hexdigest() != wanted.lower():
                raise BrokenError(
                    f"{file.name} is not what the index says: {name} {digest.hexdigest()}, "
                    f"not {wanted[:128]}"
                )
        return hashes["sha256"].hexdigest()

    def _bounded(self, size: int) -> int:
        if size > MAX_ARTIFACT_BYTES:
            raise BrokenError(f"{self.file.name} is over {MAX_ARTIFACT_BYTES:,} bytes")
        return size

    def _differs(self, block: bytes, place: int) -> bool:
        return os.pread(self.handle, len(block), place) != block

    def _write(self, block: bytes, known: int, hashes: list[hashlib._Hash]) -> None:
        for digest in hashes:
            digest.update(block)
        view = memoryview(block)[known:]
        while view:
            view = view[os.write(self.handle, view) :]
