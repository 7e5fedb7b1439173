"""Which of several statements about one vulnerability in one product counts.

The latest wins.  Two rules of our own decide what the specification leaves
open: an undated statement is older than any dated one, and of statements of
the same instant the more cautious one counts.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from pratique.model.vex import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_SKEW = timedelta(minutes=10)
"""How far ahead of us a clock may be; a statement from further on is not yet made."""

_NEVER = datetime.min.replace(tzinfo=UTC)


class Standing(msgspec.Struct, frozen=True):
    """What a set of statements about one finding comes to."""

    effective: Statement | None = None
    contradictions: tuple[Statement, ...] = ()
    """The last word of every other document, where its status is another one."""

    future: tuple[Statement, ...] = ()
    """Dated later than now: kept apart."""


def settle(
    statements: Iterable[Statement], now: datetime, preferred: Sequence[str] = ()
) -> Standing:
    """Find the statement that counts.

    Args:
        statements: All about one vulnerability in one product.
        now: UTC.
        preferred: Authors, document ids or paths whose statements outweigh all
            others whatever their date, the strongest first.  Without any the
            latest wins, whoever made it.
    """
    future: list[Statement] = []
    past: list[Statement] = []
    for one in statements:
        (future if is_future(one, now) else past).append(one)
    if not past:
        return Standing(future=tuple(future))
    if len(past) == 1:
        return Standing(past[0], (), tuple(future))
    ranked = sorted(past, key=lambda one: _strength(one, preferred))
    effective = ranked[-1]
    last: dict[tuple[str, str], Statement] = {}
    for one in ranked:
        last[one.document, one.location.path] = one
    last[effective.document, effective.location.path] = effective
    against = [one for one in last.values() if one.status is not effective.status]
    against.extend(
        one
        for one in ranked
        if one.timestamp == effective.timestamp
        and one.status is not effective.status
        and one not in against
    )
    return Standing(effective, tuple(against), tuple(future))


def is_future(statement: Statement, now: datetime) -> bool:
    """Whether a statement is dated later than a clock's error explains."""
    return statement.timestamp is not None and statement.timestamp > now + MAX_SKEW


def _strength(one: Statement, preferred: Sequence[str]) -> tuple[int, datetime, int]:
    place = 0
    if preferred:
        names = {one.author, one.document, one.location.path, one.signer} - {""}
        place = next((at for at, name in enumerate(preferred) if name in names), len(preferred))
    return -place, one.timestamp or _NEVER, one.status.caution
