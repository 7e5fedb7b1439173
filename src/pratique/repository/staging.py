"""Changes that are not yet published: an append-only journal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.repository.errors import UNREADABLE, RepositoryError
from pratique.repository.layout import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.repository.layout import Layout


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One artifact to add (or replace), or to remove."""

    path: str
    length: int = -1
    """Bytes; -1 removes the artifact."""

    sha256: str = ""
    hashes: dict[str, str] = {}
    """Further digests by algorithm; alone where the content is held elsewhere."""

    custom: dict[str, Any] = {}
    """What else is said of it (TUF §4.5, ``custom``)."""

    @property
    def removes(self) -> bool:
        """Whether it takes the artifact away."""
        return self.length < 0


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Change)


def stage(layout: Layout, changes: Iterable[Change]) -> None:
    """Append changes durably; the caller holds the lock."""
    data = _ENCODER.encode_lines(list(changes))
    if not data:
        return
    handle = os.open(layout.staged, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    with os.fdopen(handle, "r+b") as file:
        _drop_torn(file.fileno())
        file.write(data)
        file.flush()
        os.fsync(handle)
    sync_folder(layout.folder)


def staged(layout: Layout) -> list[Change]:
    """All changes in the order they were made; a line torn by a crash was never promised.

    Raises:
        RepositoryError: The journal is damaged.
    """
    try:
        data = layout.staged.read_bytes()
    except FileNotFoundError:
        return []
    whole = data[: data.rfind(b"\n") + 1]
    try:
        return _DECODER.decode_lines(whole) if whole else []
    except UNREADABLE as error:
        raise RepositoryError(
            f"{layout.staged} is damaged: {error}.",
            remedy="Remove it and add the artifacts again; what is published is not touched.",
        ) from None


def _drop_torn(handle: int) -> None:
    """Cut a last line that a crash left without its end, before another is appended."""
    size = os.fstat(handle).st_size
    end = size
    while end:
        start = max(0, end - 4096)
        block = os.pread(handle, end - start, start)
        found = block.rfind(b"\n")
        if found >= 0:
            end = start + found + 1
            break
        end = start
    if end != size:
        os.ftruncate(handle, end)
