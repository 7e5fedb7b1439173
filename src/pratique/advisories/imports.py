"""What is wrong with the records of a generation, by source and record.

The types are those of OSV.dev's import findings (``ImportFindingType`` of its
service description), without their common prefix.
"""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Any

import msgspec

from pratique.advisories import generation
from pratique.advisories.errors import GenerationError
from pratique.advisories.files import sync
from pratique.advisories.layers import layered
from pratique.advisories.layout import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PREFIX = "IMPORT_FINDING_TYPE_"
"""Of OSV.dev's names."""

MAX_BYTES = 1024 * 1024 * 1024
"""Most that the findings unpack to: some ten millions of them."""


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """What is wrong with one record."""

    source: str
    id: str
    """Empty where the record has none."""

    types: tuple[str, ...]


_encode = msgspec.msgpack.Encoder().encode


class Findings:
    """Writes the findings of a generation.

    Args:
        folder: Of the generation.
        name: Of the file.
        kept: Bytes of a checkpoint to go on from.
    """

    def __init__(self, folder: Path, name: str = FINDINGS, kept: int = 0) -> None:
        self._path = folder / name
        self._file: IO[bytes] | None = None
        self._stream: Any = None
        if kept:
            self._kept(kept)

    def _kept(self, size: int) -> None:
        try:
            if self._path.stat().st_size < size:
                raise GenerationError(f"{self._path} is not what was written.")
            os.truncate(self._path, size)
        except OSError:
            raise GenerationError(f"{self._path} is not what was written.") from None

    def checkpoint(self) -> int:
        """Have all findings on disk; gives the size of the file, 0 where there is none."""
        self.close()
        if not self._path.exists():
            return 0
        sync(self._path)
        return self._path.stat().st_size

    def add(self, finding: Finding) -> None:
        """Keep what is wrong with a record."""
        if self._stream is None:
            import zstandard

            self._file = self._path.open("ab")
            self._stream = zstandard.ZstdCompressor(level=6, write_checksum=True).stream_writer(
                self._file
            )
        data = _encode(finding)
        self._stream.write(len(data).to_bytes(4, "little") + data)

    def finish(self, *, keep: bool) -> None:
        """Write what is left; a file without any where all is well.

        Args:
            keep: Whether there is to be a file at all: findings on facts whose
                originals are not here tell nothing.
        """
        self.close()
        if not keep:
            self._path.unlink(missing_ok=True)
        elif not self._path.exists():
            self._path.write_bytes(b"")

    def close(self) -> None:
        """Give the file back."""
        if self._stream is not None and self._file is not None:
            self._stream.close()
            self._file.close()
            self._stream = self._file = None


def read_findings(folder: Path, source: str) -> Iterator[Finding]:
    """What is wrong with the records of a source.

    Args:
        folder: Of the generation.
        source: Its name, as the status of the advisories has it.

    Raises:
        GenerationError: They are not there, or damaged.
    """
    layers = generation.read_manifest(folder).layers
    replaced: set[str] = set()
    for layer in (*reversed(layers), None):
        own = set()
        for finding in all_findings(folder, layered(FINDINGS, layer)):
            own.add(finding.id)
            if finding.source == source and finding.types and finding.id not in replaced:
                yield finding
        # A record without an id cannot be replaced.
        replaced |= own - {""}


def all_findings(folder: Path, name: str = FINDINGS) -> Iterator[Finding]:
    """What is wrong with the records of a generation or of a layer.

    Args:
        folder: Of the generation.
        name: Of the file.

    Raises:
        GenerationError: They are not there, or damaged.
    """
    import zstandard

    decode = msgspec.msgpack.Decoder(Finding).decode
    path = folder / name
    left = MAX_BYTES
    try:
        with path.open("rb") as file:
            stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
            while head := stream.read(4):
                size = int.from_bytes(head, "little")
                left -= size
                data = stream.read(size) if len(head) == 4 and left >= 0 else b""
                if not data or len(data) != size:
                    raise GenerationError(f"{path.name} of the advisories is truncated.")
                yield decode(data)
    except (OSError, zstandard.ZstdError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise GenerationError(f"{path.name} of the advisories cannot be read: {error}") from None
