"""A source distribution into a folder, and nothing out of it."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from typing import TYPE_CHECKING

from pratique.model.errors import InputError
from pratique.provenance.rebuild.comparing import MAX_MEMBER_BYTES, MAX_MEMBERS, MAX_TOTAL_BYTES

if TYPE_CHECKING:
    from pathlib import Path


def unpack(data: bytes, folder: Path, name: str) -> Path:
    """Unpack a gzipped tar; regular files and folders only, with their times.

    Args:
        data: It.
        folder: Empty.
        name: For messages.

    Returns:
        The one folder that everything is in.

    Raises:
        InputError: It cannot be read, leads out of the folder, holds too much, or
            has no single folder at its top.
    """
    total = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for count, row in enumerate(archive, 1):
                total += row.size
                if count > MAX_MEMBERS or total > MAX_TOTAL_BYTES or row.size > MAX_MEMBER_BYTES:
                    raise InputError(f"{name} holds too much")
                parts = row.name.split("/")
                if row.name.startswith("/") or ".." in parts or "\0" in row.name:
                    raise InputError(f"{name}: {row.name[:80]!r} leads out of it")
                target = folder.joinpath(*(part for part in parts if part not in {"", "."}))
                if row.isdir():
                    target.mkdir(parents=True, exist_ok=True)
                elif row.isfile():
                    _write(archive, row, target)
                # Links are left out: a wheel has none, and they lead elsewhere.
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{name} cannot be read: {error}") from None
    except OSError as error:
        raise InputError(f"{name} cannot be unpacked: {error.strerror or error}") from None
    tops = sorted(folder.iterdir())
    if len(tops) != 1 or not tops[0].is_dir():
        raise InputError(f"{name} has no single folder at its top")
    return tops[0]


def _write(archive: tarfile.TarFile, row: tarfile.TarInfo, target: Path) -> None:
    import os

    target.parent.mkdir(parents=True, exist_ok=True)
    file = archive.extractfile(row)
    target.write_bytes(file.read() if file else b"")
    target.chmod(0o755 if row.mode & 0o100 else 0o644)
    os.utime(target, (max(0, row.mtime), max(0, row.mtime)))
