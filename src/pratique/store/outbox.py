"""What is to be told over which channel: rows that outlive the process that sends.

A row is claimed for a message before that is sent, and settled after: a sender that is
killed between the two sends the same message again, under the same key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, func, select, update

from pratique.store import tables as t
from pratique.store.documents import instant
from pratique.store.watching import tenant_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from pratique.store.engine import Store

WAITING, SENT, FAILED = "waiting", "sent", "failed"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event that is to go over one channel."""

    id: int
    channel: str
    batch: str
    """Key of the message that it was claimed for; empty where it was for none yet."""

    attempts: int
    late: bool
    """Whether it was to wait for others, in a digest."""

    event: str
    """The event's JSON."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the deliveries of one channel stand."""

    channel: str
    state: str
    count: int
    next: str
    """When the first of them is due."""

    error: str
    """The last that was met."""


def due(store: Store, tenant: str, now: datetime) -> list[Delivery]:
    """What is to be sent now, oldest first; what was claimed for one message is together.

    Args:
        store: The record.
        tenant: Whose.
        now: The moment.
    """
    d, e = t.watch_delivery.c, t.watch_event.c
    with store.reading() as connection:
        query = (
            select(d.id, d.channel, d.batch, d.attempts, d.due > e.at, e.body)
            .join(t.watch_event, e.id == d.event_id)
            .where(
                d.tenant_id == tenant_number(connection, tenant),
                d.state == WAITING,
                d.due <= instant(now),
            )
            .order_by(d.channel, d.id)
        )
        return [
            Delivery(
                id=row[0],
                channel=row[1],
                batch=row[2],
                attempts=row[3],
                late=bool(row[4]),
                event=row[5],
            )
            for row in connection.execute(query)
        ]


def claim(store: Store, rows: Iterable[Delivery], batch: str) -> None:
    """Note that rows are about to be sent in one message.

    Args:
        store: The record.
        rows: Of :func:`due`.
        batch: Key of the message.
    """
    numbers = [{"n": one.id} for one in rows]

    def change(connection: Connection) -> None:
        d = t.watch_delivery.c
        statement = (
            update(t.watch_delivery)
            .where(d.id == bindparam("n"))
            .values(batch=batch, attempts=d.attempts + 1)
        )
        connection.execute(statement, numbers)

    store.write(change)


def settle(
    store: Store, rows: Sequence[Delivery], state: str, *, error: str = "", again: datetime | None
) -> None:
    """Note what came of a message.

    Args:
        store: The record.
        rows: That it was made of.
        state: :data:`SENT`, :data:`FAILED`, or :data:`WAITING` to try again.
        error: What went wrong; nothing secret.
        again: When to try again.
    """
    numbers = [{"n": one.id} for one in rows]
    values = {"state": state, "error": error[:500]}
    if again is not None:
        values["due"] = instant(again)

    def change(connection: Connection) -> None:
        statement = update(t.watch_delivery).where(t.watch_delivery.c.id == bindparam("n"))
        connection.execute(statement.values(**values), numbers)

    store.write(change)


def standing(store: Store, tenant: str) -> list[Standing]:
    """How all deliveries of a tenant stand, by channel."""
    d = t.watch_delivery.c
    with store.reading() as connection:
        query = (
            select(d.channel, d.state, func.count(), func.min(d.due), func.max(d.error))
            .where(d.tenant_id == tenant_number(connection, tenant))
            .group_by(d.channel, d.state)
            .order_by(d.channel, d.state)
        )
        return [
            Standing(channel=row[0], state=row[1], count=row[2], next=row[3], error=row[4])
            for row in connection.execute(query)
        ]


def retry(store: Store, tenant: str, now: datetime, channels: Sequence[str] = ()) -> int:
    """Have what failed, or waits to be tried again, sent at the next opportunity.

    Args:
        store: The record.
        tenant: Whose.
        now: The moment.
        channels: Of these alone; all where none is named.

    Returns:
        How many.
    """

    def change(connection: Connection) -> int:
        d = t.watch_delivery.c
        statement = update(t.watch_delivery).where(
            d.tenant_id == tenant_number(connection, tenant),
            (d.state == FAILED) | ((d.state == WAITING) & (d.attempts > 0)),
        )
        if channels:
            statement = statement.where(d.channel.in_(list(channels)))
        moment = instant(now)
        return connection.execute(statement.values(state=WAITING, due=moment, attempts=0)).rowcount

    return store.write(change)
