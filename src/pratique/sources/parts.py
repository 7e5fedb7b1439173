"""A file that is being fetched: what came before an interruption is kept and gone on from.

Source: RFC 9110, sections 13.1.5 (If-Range) and 14 (range requests): a part is
continued only where the server still has the same file, by its strong ETag or
its time of modification.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Validators(msgspec.Struct, frozen=True):
    """What a server said of a file, to ask whether it has changed."""

    etag: str = ""
    last_modified: str = ""


class Part:
    """The part of a file that is here.

    Args:
        target: The file, whole.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self.path = target.with_name(f".{target.name}.part")
        self._about = target.with_name(f".{target.name}.part.json")

    def headers(self) -> dict[str, str]:
        """What to ask for to go on; empty where nothing is here that could be gone on from."""
        try:
            size = self.path.stat().st_size
            known = msgspec.json.decode(self._about.read_bytes(), type=Validators)
        except (OSError, msgspec.DecodeError):
            return {}
        same = known.etag if not known.etag.startswith("W/") else ""
        same = same or known.last_modified
        return {"Range": f"bytes={size}-", "If-Range": same} if size and same else {}

    @contextmanager
    def opened(self, validators: Validators, *, more: bool) -> Iterator[IO[bytes]]:
        """The part, to write what comes.

        Args:
            validators: Of the file that comes.
            more: Whether it goes on from the part, rather than from its beginning.
        """
        with self.path.open("ab" if more else "wb") as file:
            self._about.write_bytes(msgspec.json.encode(validators))
            try:
                yield file
            finally:
                file.flush()
                os.fsync(file.fileno())

    def finish(self) -> None:
        """Put the part in the file's place, in one step."""
        self.path.replace(self._target)
        self._about.unlink(missing_ok=True)

    def discard(self) -> None:
        """Begin anew."""
        self._about.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
