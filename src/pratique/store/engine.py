"""Opening the record, and its transactions."""

from __future__ import annotations

import errno
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pratique.store.errors import StoreError
from pratique.store.kept import Memory
from pratique.store.location import store_url, without_password

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from sqlalchemy import Connection, Engine

WAIT_SECONDS = 120
"""How long a writer waits for another; a batch of the largest documents takes some seconds."""

ATTEMPTS = 5
"""How often a transaction is tried that PostgreSQL ended to solve a deadlock."""

CACHE_KIBIBYTES = 65_536
"""SQLite's page cache; the hot part of indexes over a million packages fits."""

MAPPED_BYTES = 1 << 30
"""How much of the file SQLite maps; address space, not memory."""

T = TypeVar("T")


class Store:
    """An open record.  Use :func:`open_store`; close it, or use it as a context.

    Args:
        engine: Of SQLAlchemy.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.numbers: dict[str, dict[bytes, int]] = {}
        """Numbers of nouns and evidence that were looked up, by table; see ``bulk``."""

        self.memory = Memory()

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        self.forget()

    def forget(self) -> None:
        """Keep nothing in memory."""
        self.numbers.clear()
        self.memory.clear()

    @property
    def address(self) -> str:
        """The same for everyone who opens this record on this machine; without its password."""
        url = self.engine.url
        if self.dialect == "sqlite":
            return f"sqlite:{Path(url.database or '').resolve()}"
        return url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the record.

        Raises:
            StoreError: It cannot be read.
        """
        options = {"isolation_level": "REPEATABLE READ"} if self.dialect == "postgresql" else {}
        with explained(), self.engine.connect() as connection:
            reader = connection.execution_options(**options)
            with reader.begin():
                yield reader

    def write(self, change: Callable[[Connection], T]) -> T:
        """Run a change in one transaction; all of it is kept or nothing.

        Args:
            change: Takes the connection; is run anew where PostgreSQL ends the
                transaction to solve a deadlock.

        Raises:
            StoreError: It cannot be written.
        """
        from sqlalchemy.exc import OperationalError

        for attempt in range(1, ATTEMPTS + 1):
            try:
                with explained(), self.engine.connect() as connection:
                    writer = connection.execution_options(pratique_writes=True)
                    with writer.begin():
                        return change(writer)
            except StoreError as error:
                self.numbers.clear()
                cause = error.__cause__
                again = isinstance(cause, OperationalError) and _deadlock(cause)
                if not again or attempt == ATTEMPTS:
                    raise
                time.sleep(0.05 * attempt)
            except BaseException:
                self.numbers.clear()
                raise
        raise AssertionError  # pragma: no cover - the loop returns or raises


def open_store(url: str = "", *, create: bool = True) -> Store:
    """Open the record, with its schema as this program needs it.

    Args:
        url: See :func:`~pratique.store.location.store_url`.
        create: Whether to make one where there is none yet.

    Raises:
        UsageError: The URL is none.
        StoreError: It cannot be opened, or there is none.
    """
    from pratique.store import migrate

    store = Store(connect(url, create=create))
    try:
        migrate.ensure(store)
    except BaseException:
        store.close()
        raise
    return store


def connect(url: str = "", *, create: bool = True) -> Engine:
    """An engine for the record; nothing is asked of it yet.

    Raises:
        UsageError: The URL is none.
        StoreError: The URL cannot be read, there is no such file, or no driver.
    """
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    text = store_url(url)
    try:
        parsed = make_url(text)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed, create=create)
        return create_engine(parsed, pool_pre_ping=True)
    except ModuleNotFoundError:
        raise StoreError(
            "the driver for PostgreSQL is not installed.",
            remedy="Install pratique with its extra 'postgresql'.",
        ) from None
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise StoreError(f"{without_password(text)!r} is no address of a record.") from None


def _sqlite(url: Any, *, create: bool) -> Engine:
    from urllib.parse import unquote

    from sqlalchemy import create_engine, event

    path = Path(unquote(url.database or ""))
    if not path.exists():
        if not create:
            raise StoreError(
                f"there is no record at {path} yet.",
                remedy="'pratique ingest PATH' makes it; 'pratique verify --record' as well.",
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{path.parent} cannot be made: {error.strerror}.") from None
    elif not create and path.is_file() and path.stat().st_size == 0:
        # SQLite takes an empty file for a database without tables: it would know nothing of all.
        raise StoreError(
            f"{path} is empty: it is no record.",
            remedy="Name the record's own file; 'pratique ingest PATH' makes one of this.",
        )
    engine = create_engine(
        url.set(database=str(path)),
        connect_args={"timeout": WAIT_SECONDS, "cached_statements": 256},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    """Settings of a new SQLite connection.

    ``synchronous=NORMAL`` is safe against a killed process; a power cut may
    undo the last transactions, never a part of one.
    """
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for setting in (
        f"busy_timeout={WAIT_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        f"cache_size=-{CACHE_KIBIBYTES}",
        f"mmap_size={MAPPED_BYTES}",
    ):
        connection.execute(f"PRAGMA {setting}").close()


def _begin(connection: Connection) -> None:
    """Begin; a writer takes its lock at once, so that it waits here and never fails later."""
    writes = connection.get_execution_options().get("pratique_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def explained() -> Iterator[None]:
    """Turn the database's errors into one clear line.

    Raises:
        StoreError: Instead of any error of the driver.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:
        raise _story(error) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StoreError(_FULL, remedy=_FREE) from error
        raise


_FULL = "the disk with the record is full; what was committed before is kept."
_FREE = "Free some space, then run the same command again: it resumes."


def _story(error: Exception) -> StoreError:
    text = str(getattr(error, "orig", None) or error).strip().splitlines()[0][:300]
    lower = text.lower()
    if "disk is full" in lower or "no space left" in lower:
        return StoreError(_FULL, remedy=_FREE)
    if "disk i/o error" in lower:
        return StoreError(
            "the disk with the record could not be read or written: a quota, a limit on the size "
            "of files, or a fault of the disk; what was committed before is kept.",
            remedy="Look at 'df', 'ulimit -f' and the system's log, then run the same command "
            "again: it resumes.",
        )
    if "database is locked" in lower:
        return StoreError(
            f"another process held the record for over {WAIT_SECONDS} seconds.",
            remedy="Wait for it to end, then run the command again.",
        )
    if "readonly" in lower or "read-only" in lower:
        return StoreError("the record may not be written here.", remedy="Look at its permissions.")
    if "unable to open" in lower:
        return StoreError(
            "the file of the record cannot be opened.",
            remedy="Look at --store or PRATIQUE_STORE: is it a file, in a folder that is there, "
            "and may you read and write both?",
        )
    if "malformed" in lower or "not a database" in lower:
        return StoreError(
            f"the record is damaged or is none: {text}.", remedy="Restore it from a backup."
        )
    return StoreError(f"the record failed: {text}.")


def _deadlock(error: Exception) -> bool:
    state = getattr(getattr(error, "orig", None), "sqlstate", "")
    return state in {"40P01", "40001"}
