"""One runner at a time: a lock that a process loses when it ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.store.engine import explained
from pratique.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.store.engine import Store


class BusyError(StoreError):
    """Another process does the same for the same tenant."""


@contextmanager
def sole(store: Store, tenant: str, work: str) -> Iterator[None]:
    """Be the only process that does something for a tenant.

    SQLite: a lock on a file beside the record.  PostgreSQL: an advisory lock of a
    session of its own (manual, 13.3.5), which the server gives back when the process
    is gone.

    Args:
        store: The record.
        tenant: By name.
        work: What is done, for the lock's name and the message.

    Raises:
        BusyError: Another process does it now.
    """
    busy = BusyError(
        f"another process runs {work!r} for tenant {tenant!r}.", remedy="Wait for it to end."
    )
    name = blake2b(f"{work}\0{tenant}".encode(), digest_size=7).digest()
    if store.dialect == "sqlite":
        with _beside(store, name.hex(), busy):
            yield
        return
    from sqlalchemy import text

    number = {"lock": int.from_bytes(name, "big")}
    with explained():
        connection = store.engine.connect()
    with connection:
        with explained():
            free = connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), number).scalar()
            connection.commit()
        if not free:
            raise busy
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), number)
            connection.commit()


@contextmanager
def _beside(store: Store, name: str, busy: BusyError) -> Iterator[None]:
    path = Path(f"{Path(store.engine.url.database or '').resolve()}.{name}.lock")
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise busy from None
        yield
    finally:
        os.close(handle)
