"""Many rows at once: executemany on SQLite, COPY on PostgreSQL.

Rows that are there already are left alone.  On PostgreSQL rows are copied into
a temporary table and inserted from it in the order of their keys, so that two
writers meet the same rows in the same order and neither waits for the other in
a circle; COPY has no limit on the number of parameters.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Table

FEW = 3
"""Rows that PostgreSQL is given one by one: COPY takes three statements more."""

CHUNK = 500
"""Keys asked for in one statement of SQLite; its limit is 32,766."""

MAX_REMEMBERED = 600_000
"""Numbers that are remembered for a table; some 100 MB."""


def intern(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Mapping[bytes, tuple[Any, ...]],
    known: dict[bytes, int],
) -> dict[bytes, int]:
    """Numbers of rows by their keys; rows that are absent are inserted.

    Args:
        connection: In a writing transaction.
        table: With columns ``id`` and ``key``.
        columns: Further columns that ``rows`` gives, in order.
        rows: Key to the values of the columns.
        known: Numbers that were found before; is added to.

    Returns:
        A number for every key.
    """
    found = {key: known[key] for key in rows if key in known}
    asked = sorted(key for key in rows if key not in found)
    if asked:
        missing = asked
        if connection.dialect.name == "sqlite":
            found.update(_numbers_sqlite(connection, table, asked))
            missing = [key for key in asked if key not in found]
            found.update(_insert_sqlite(connection, table, columns, rows, missing))
        else:
            found.update(_numbers_postgresql(connection, table, asked))
            missing = [key for key in asked if key not in found]
            if missing:
                names = ["key", *columns]
                add(connection, table, names, [(key, *rows[key]) for key in missing])
                found.update(_numbers_postgresql(connection, table, missing))
        if len(known) + len(asked) > MAX_REMEMBERED:
            known.clear()
        known.update((key, found[key]) for key in asked)
    return found


def add(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> int:
    """Insert rows; those that are there already are left alone.

    Args:
        connection: In a writing transaction.
        table: With a unique key among the columns.
        columns: That the rows give, in order.
        rows: In any order; may repeat.

    Returns:
        How many were inserted.
    """
    if not rows:
        return 0
    names = ", ".join(columns)
    with _cursor(connection) as cursor:
        if connection.dialect.name == "sqlite":
            marks = ", ".join("?" * len(columns))
            cursor.executemany(
                f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING",  # noqa: S608 - our own names
                rows,
            )
            return int(cursor.rowcount)
        if len(rows) <= FEW:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(
                f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING",  # noqa: S608 - our own names
                rows,
            )
            return int(cursor.rowcount)
        incoming = f"incoming_{table.name}"
        cursor.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {incoming} ON COMMIT DELETE ROWS AS "  # noqa: S608 - our own names
            f"SELECT {names} FROM {table.name} WITH NO DATA"
        )
        with cursor.copy(f"COPY {incoming} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {incoming} "  # noqa: S608 - our own names
            f"ORDER BY {columns[0]} ON CONFLICT DO NOTHING"
        )
        inserted = int(cursor.rowcount)
        cursor.execute(f"DELETE FROM {incoming}")  # noqa: S608 - our own names
        return inserted


def chunks(items: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """The items in lists of at most ``size``."""
    left = iter(items)
    while chunk := list(islice(left, size)):
        yield chunk


def _numbers_sqlite(connection: Connection, table: Table, keys: list[bytes]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    with _cursor(connection) as cursor:
        for chunk in chunks(keys):
            marks = ", ".join("?" * len(chunk))
            query = f"SELECT key, id FROM {table.name} WHERE key IN ({marks})"  # noqa: S608 - our own names
            found.update(cursor.execute(query, chunk).fetchall())
    return found


def _insert_sqlite(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Mapping[bytes, tuple[Any, ...]],
    keys: list[bytes],
) -> dict[bytes, int]:
    """Insert rows that are absent; the writer is alone, so that it can number them itself."""
    if not keys:
        return {}
    names, marks = ", ".join(columns), ", ".join("?" * (len(columns) + 2))
    with _cursor(connection) as cursor:
        (last,) = cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table.name}").fetchone()  # noqa: S608 - our own names
        numbers = {key: number for number, key in enumerate(keys, last + 1)}
        cursor.executemany(
            f"INSERT INTO {table.name} (id, key, {names}) VALUES ({marks})",  # noqa: S608 - our own names
            [(numbers[key], key, *rows[key]) for key in keys],
        )
    return numbers


def _numbers_postgresql(
    connection: Connection, table: Table, keys: list[bytes]
) -> dict[bytes, int]:
    with _cursor(connection) as cursor:
        query = f"SELECT key, id FROM {table.name} WHERE key = ANY(%s)"  # noqa: S608 - our own names
        return dict(cursor.execute(query, (keys,)).fetchall())


class _cursor:  # noqa: N801 - a context manager that reads as a function
    """A cursor of the driver, inside SQLAlchemy's transaction; its errors are SQLAlchemy's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> Any:
        self._cursor = self._connection.connection.cursor()
        return self._cursor

    def __exit__(self, kind: object, error: BaseException | None, _trace: object) -> None:
        self._cursor.close()
        driver = self._connection.dialect.loaded_dbapi
        if error is not None and isinstance(error, driver.Error):
            from sqlalchemy.exc import DBAPIError

            raise DBAPIError.instance("bulk", None, error, driver.Error) from error
