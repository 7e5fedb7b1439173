"""One run: what changed since the one before it, written with the state it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.store.documents import instant
from pratique.store.locks import sole
from pratique.store.watching import EventRow, move_on, open_watched
from pratique.watch.comparing import Comparison, Terms
from pratique.watch.events import Teller
from pratique.watch.models import Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.store.engine import Store

    Route = Callable[[Event], tuple[tuple[str, str], ...]]
    """Channels that an event goes to, and when it is due there."""

LOCK = "rematch"

_encode = msgspec.json.Encoder(order="deterministic").encode


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did."""

    first: bool = False
    """Whether there was none before: it begins from what it finds, without events."""

    whole: bool = False
    """Whether everything was held anew."""

    why_whole: str = ""
    places: int = 0
    """Products in their environments."""

    bills: int = 0
    """Of them, those with another bill than last time."""

    packages: int = 0
    """Packages that were asked about."""

    known: int = 0
    """Packages that there are."""

    undetermined: int = 0
    """Packages of which the advisories cannot tell."""

    kept: int = 0
    """Vulnerabilities that would be gone, had the advisories been able to tell."""

    problems: tuple[str, ...] = ()
    """What advisories of the record leave open about no package in particular."""

    events: tuple[Event, ...] = ()


def rematch(
    store: Store,
    tenant: str,
    terms: Terms,
    *,
    whole: bool = False,
    route: Route = lambda _: (),
) -> Outcome:
    """Hold a tenant's record against the advisories, where something came in since last time.

    Args:
        store: The record.
        tenant: Whose.
        terms: By what to hold it.
        whole: Hold all of it.
        route: To which channels an event goes, and when.

    Raises:
        BusyError: Another run of the tenant is under way.
        StoreError: The record cannot be read or written; then nothing has changed.
        GenerationError: The advisories are damaged.
    """
    with sole(store, tenant, LOCK):
        with open_watched(store, tenant) as watched:
            if not watched.record.token():
                return Outcome(first=True)
            done = Comparison(watched, terms, whole=whole)
            if done.idle:
                return Outcome(
                    places=len(done.now),
                    known=len(done.state.known()),
                    undetermined=len(done.state.unclear()),
                    problems=tuple(done.problems),
                )
            moves = done.run()
            found = () if done.first else Teller(watched.record, terms, moves.run).tell(done)
        moves.events = [
            EventRow(
                key=one.id,
                at=instant(terms.now),
                kind=one.kind.value,
                product=one.product,
                body=_encode(one).decode(),
                channels=route(one),
            )
            for one in found
        ]
        move_on(store, tenant, moves)
    return Outcome(
        first=done.first,
        whole=done.whole,
        why_whole=done.why_whole,
        places=len(done.now),
        bills=len(done.changed),
        packages=done.asking.asked,
        known=len(done.asking.known),
        undetermined=len(done.asking.unclear),
        kept=done.asking.kept,
        problems=tuple(done.problems),
        events=found,
    )


__all__ = ["LOCK", "Outcome", "Terms", "rematch"]
