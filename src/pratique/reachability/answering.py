"""One finding's answer, with what every answer takes from the finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.reachability.models import Answer, Site, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.model.finding import Finding

MAX_SITES = 50
"""Most places kept for one answer; the first ones are looked at, the rest is more of it."""


def answer(
    finding: Finding,
    state: State,
    reason: str,
    *,
    symbols: Sequence[str] = (),
    chain: Sequence[Site] = (),
    sites: Sequence[Site] = (),
    doubts: Sequence[str] = (),
) -> Answer:
    """An answer to a finding; see :class:`Answer` for the arguments."""
    return Answer(
        id=finding.id,
        aliases=finding.aliases,
        subject=finding.subject,
        severity=finding.severity,
        state=state,
        reason=reason,
        symbols=tuple(symbols),
        chain=tuple(chain),
        sites=tuple(sites[:MAX_SITES]),
        doubts=tuple(doubts),
    )
