"""Rows whose column is one of many values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import ARRAY, BigInteger, LargeBinary, any_, bindparam, func, select

from pratique.store.bulk import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, Select

NUMBERS = 20_000
"""Numbers asked for in one statement, and about as many rows held at once."""

GRAPHS = 200
"""Bills whose graphs are held at once; the largest known has a blob of some megabytes."""

_encode = msgspec.json.Encoder().encode


def rows_in(
    connection: Connection,
    query: Select[Any],
    column: Any,
    values: Iterable[Any],
    size: int = NUMBERS,
) -> Iterator[Any]:
    """The rows of a query whose column is one of the values, however many these are.

    All numbers are one parameter (a JSON array for SQLite, an array for PostgreSQL),
    so that the statement is the same however many there are.

    Args:
        connection: To ask.
        query: What to select.
        column: Of numbers, or of keys.
        values: Its values.
        size: Most numbers asked for at once.
    """
    if isinstance(column.type, LargeBinary):
        for chunk in chunks(values):
            yield from connection.execute(query.where(column.in_(chunk))).all()
        return
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        row = func.json_each(bindparam("numbers")).table_valued("value")
        query = query.where(column.in_(select(row.c.value)))
    else:
        query = query.where(column == any_(bindparam("numbers", type_=ARRAY(BigInteger))))
    for chunk in chunks(values, size):
        numbers = _encode(chunk).decode() if sqlite else chunk
        yield from connection.execute(query, {"numbers": numbers}).all()
