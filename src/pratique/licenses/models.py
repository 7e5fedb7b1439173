"""What judging the claims about one component's licence gives."""

from __future__ import annotations

import msgspec


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The licence of one component, or why it is not known."""

    expression: str = ""
    """Valid SPDX licence expression (SPDX 2.3, annex D); empty where unknown."""

    reason: str = ""
    """Why the licence is unknown, in one line, with the text; empty where it is known."""

    notes: tuple[str, ...] = ()
    """What was read into the claims, a line each: old ids, claims left aside."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one claim's text says."""

    expression: str = ""
    """SPDX licence expression that the text means exactly."""

    licenses: frozenset[str] = frozenset()
    """The ids in the expression, without exceptions."""

    family: tuple[str, ...] = ()
    """Beginnings of the ids that the text may mean, where it leaves that open."""

    refusal: str = ""
    """What the text says or leaves open, where it names no licence exactly."""

    vague: bool = False
    """The text says nothing about the licence: it speaks neither for nor against another."""

    notes: tuple[str, ...] = ()
