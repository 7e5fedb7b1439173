"""Snapshots on disk: a folder with Parquet files and a manifest that names their digests.

A snapshot is written to a folder of another name and then renamed, so that there
is no half one.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_hex
from typing import TYPE_CHECKING

import msgspec

from pratique.graph.snapshots import duck
from pratique.graph.snapshots.tables import TABLES, gathered
from pratique.model.errors import EvidenceError, UsageError
from pratique.store.location import data_folder

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.store.record import Record

SCHEMA = "pratique/snapshot/1"

MANIFEST = "manifest.json"

MAX_MANIFEST_BYTES = 64 * 1024
"""A manifest names five files; it has some 1,000 bytes."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a snapshot."""

    rows: int
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot says of itself."""

    schema: str
    tenant: str
    token: str
    """State of the record it was made from."""

    made: str
    files: dict[str, File]
    """By the names of the tables."""


def place(record: Record) -> Path:
    """Folder of the snapshots of a tenant's record, in the user's data folder."""
    name = sha256(f"{record.address}\0{record.tenant}".encode()).hexdigest()[:32]
    return data_folder() / "snapshots" / name


def write(record: Record, folder: Path) -> Manifest:
    """Write a snapshot.

    Args:
        record: What the tenant sees now.
        folder: Absolute; a snapshot that is there is replaced.

    Raises:
        UsageError: The folder holds something else.
        EvidenceError: It cannot be written.
        StoreError: The record cannot be read.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
        raise UsageError(
            f"{folder} holds something that is no snapshot.", remedy="Name another folder."
        )
    scratch = folder.with_name(f".{folder.name}.{os.getpid()}.{token_hex(4)}")
    try:
        scratch.mkdir(parents=True, mode=0o700)
        manifest = _filled(record, scratch)
        if folder.exists():
            old = folder.with_name(f".{folder.name}.old.{token_hex(4)}")
            folder.rename(old)
            scratch.rename(folder)
            shutil.rmtree(old, ignore_errors=True)
        else:
            scratch.rename(folder)
    except OSError as error:
        raise EvidenceError(f"{folder} cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return manifest


def _filled(record: Record, scratch: Path) -> Manifest:
    files = {}
    with duck.opened(scratch) as connection:
        for table in TABLES:
            columns = gathered(record, table)
            path = scratch / f"{table}.parquet"
            duck.write(connection, path, columns)
            rows = len(next(iter(columns.values()))[1])
            files[table] = File(rows=rows, size=path.stat().st_size, sha256=_digest(path))
    manifest = Manifest(
        schema=SCHEMA,
        tenant=record.tenant,
        token=record.token(),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        files=files,
    )
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    (scratch / MANIFEST).write_bytes(data + b"\n")
    return manifest


def check(folder: Path) -> Manifest:
    """The manifest of a snapshot all of whose files are what was written.

    Raises:
        EvidenceError: There is none, or it is damaged; the message names the file.
    """
    path = folder / MANIFEST
    try:
        with path.open("rb") as file:
            manifest = msgspec.json.decode(file.read(MAX_MANIFEST_BYTES), type=Manifest)
        if manifest.schema != SCHEMA or set(manifest.files) != set(TABLES):
            raise EvidenceError(f"{path} is of another version of the program.")
        for name, said in manifest.files.items():
            path = folder / f"{name}.parquet"
            if path.stat().st_size != said.size or _digest(path) != said.sha256:
                raise EvidenceError(f"{path} is damaged: its digest is another.")
    except msgspec.MsgspecError:
        raise EvidenceError(f"{path} is damaged.") from None
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}.") from None
    return manifest


def current(record: Record) -> tuple[Path, Manifest, str]:
    """The snapshot of the record as it is now; made where there is none or it is damaged.

    Returns:
        Its folder, its manifest, and why it was made anew: empty where it was not.

    Raises:
        EvidenceError: It cannot be written.
        StoreError: The record cannot be read.
    """
    folder = place(record)
    why = ""
    if folder.exists():
        try:
            manifest = check(folder)
        except EvidenceError as error:
            why = f"{error.message.rstrip('.')}; it was made anew"
            shutil.rmtree(folder, ignore_errors=True)
        else:
            if (manifest.tenant, manifest.token) == (record.tenant, record.token()):
                return folder, manifest, ""
            why = "the record has changed since the last snapshot; it was made anew"
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder, write(record, folder), why


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()
