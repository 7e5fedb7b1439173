"""Sends what the outbox holds: at least once, under a key that says whether it came before."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import PratiqueError
from pratique.store import outbox
from pratique.store.documents import instant
from pratique.store.locks import sole
from pratique.watch.channels import Message, deliver
from pratique.watch.errors import ConfigurationError
from pratique.watch.models import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pratique.store.engine import Store
    from pratique.store.outbox import Delivery
    from pratique.watch.routes import Channel, Configuration

LOCK = "notify"

MAX_SINGLE = 5
"""More events than that at once for one channel come as one message."""

MAX_TOGETHER = 200
"""Events of one message; its text has some 200 kB."""

TRIES = 3
"""Within one run; what then still fails is tried again in later runs."""

PAUSE_SECONDS = 0.5
"""Before the second try; four times as long before the third."""

BACKOFF_MINUTES = (1, 5, 15, 60, 180, 360, 720, 1440)
"""Before later runs try again.  After the last of them, about two days, it has failed."""

DIGEST, SINGLE = "digest-", "now-"

_event = msgspec.json.Decoder(Event).decode


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What came of sending."""

    messages: int = 0
    events: int = 0
    waiting: int = 0
    """Events that will be tried again."""

    failed: int = 0
    errors: tuple[str, ...] = ()


def router(
    configuration: Configuration | None, now: datetime
) -> Callable[[Event], tuple[tuple[str, str], ...]]:
    """Says to which channels an event goes, and when; the earliest of several routes counts.

    A digest is due at the next multiple of its time since 1970, so that all events of
    a day are one message, however often something is found.

    Args:
        configuration: ``None``: nobody is told.
        now: The moment.
    """

    def route(event: Event) -> tuple[tuple[str, str], ...]:
        found: dict[str, str] = {}
        for one in configuration.routes if configuration else ():
            if one.takes(event):
                when = instant(_next(now, one.every) if one.every else now)
                found[one.to] = min(when, found.get(one.to, when))
        return tuple(sorted(found.items()))

    return route


def _next(now: datetime, every: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + ((now - epoch) // every + 1) * every


def send_due(
    store: Store,
    tenant: str,
    configuration: Configuration,
    now: datetime,
    *,
    pause: Callable[[float], object] = time.sleep,
) -> Sent:
    """Send everything that is due.

    Args:
        store: The record.
        tenant: Whose.
        configuration: With the channels.
        now: The moment.
        pause: Waits between tries.

    Raises:
        BusyError: Another process sends now.
        StoreError: The record cannot be read or written.
    """
    messages = events = waiting = failed = 0
    errors: dict[str, None] = {}
    with sole(store, tenant, LOCK):
        for rows in _messages(outbox.due(store, tenant, now)):
            channel = configuration.channels.get(rows[0].channel)
            if channel is None:
                waiting += len(rows)
                errors[f"{rows[0].channel}: there is no such channel in the configuration"] = None
                continue
            message = _message(tenant, rows)
            outbox.claim(store, rows, message.key)
            error = _tried(channel, message, now, pause)
            if error is None:
                outbox.settle(store, rows, outbox.SENT, again=None)
                messages, events = messages + 1, events + len(rows)
                continue
            errors[f"{channel.name}: {error.message}"] = None
            done = max(one.attempts for one in rows)
            if done >= len(BACKOFF_MINUTES) or getattr(error, "final", False):
                outbox.settle(store, rows, outbox.FAILED, error=error.message, again=None)
                failed += len(rows)
            else:
                again = now + timedelta(minutes=BACKOFF_MINUTES[done])
                outbox.settle(store, rows, outbox.WAITING, error=error.message, again=again)
                waiting += len(rows)
    return Sent(
        messages=messages, events=events, waiting=waiting, failed=failed, errors=tuple(errors)
    )


def _messages(rows: Sequence[Delivery]) -> Iterator[list[Delivery]]:
    """Rows that are one message each time: those claimed before stay as they were."""
    claimed: dict[tuple[str, str], list[Delivery]] = {}
    fresh: dict[tuple[str, bool], list[Delivery]] = {}
    for one in rows:
        if one.batch:
            claimed.setdefault((one.channel, one.batch), []).append(one)
        else:
            fresh.setdefault((one.channel, one.late), []).append(one)
    yield from claimed.values()
    for (_, late), group in fresh.items():
        if not late and len(group) <= MAX_SINGLE:
            yield from ([one] for one in group)
        else:
            for start in range(0, len(group), MAX_TOGETHER):
                yield group[start : start + MAX_TOGETHER]


def _message(tenant: str, rows: Sequence[Delivery]) -> Message:
    events = tuple(_event(one.event) for one in rows)
    made = "\0".join([rows[0].channel, *(event.id for event in events)])
    # The key says which it is: once tried, a row is due at another time than it was.
    kind = DIGEST if rows[0].late else SINGLE
    key = rows[0].batch or f"{kind}{sha256(made.encode()).hexdigest()[:32]}"
    return Message(
        key=key,
        tenant=tenant,
        events=events,
        digest=key.startswith(DIGEST),
        again=bool(rows[0].batch),
    )


def _tried(
    channel: Channel, message: Message, now: datetime, pause: Callable[[float], object]
) -> PratiqueError | None:
    for number in range(TRIES):
        if number:
            pause(PAUSE_SECONDS * 4 ** (number - 1))
        try:
            deliver(channel, message, now)
        except ConfigurationError as error:
            return error
        except PratiqueError as error:
            found: PratiqueError | None = error
            if getattr(error, "final", False):
                return error
        else:
            return None
    return found
