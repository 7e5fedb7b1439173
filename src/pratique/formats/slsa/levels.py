"""Names of SLSA levels, and which of them satisfies which (SLSA 1.2, VSA, *SlsaResult*).

``SLSA_<TRACK>_LEVEL_<n>`` are ordered within their track.  Any other name,
known or newer than this program, satisfies only itself; a verifier must not
refuse a summary for a name it does not know.
"""

from __future__ import annotations

import re

import msgspec

DRAFT_TRACKS = frozenset({"DEPENDENCY", "BUILDENV"})
"""Tracks that SLSA 1.2 has as drafts."""

_LEVEL = re.compile(r"SLSA_([A-Z0-9]+)_LEVEL_(\d{1,3})\Z")


class Level(msgspec.Struct, frozen=True, order=True):
    """A level of a track."""

    track: str
    """Upper case: ``BUILD``, ``SOURCE`` …"""

    number: int

    @property
    def draft(self) -> bool:
        """Whether SLSA 1.2 has the track as a draft."""
        return self.track in DRAFT_TRACKS

    def __str__(self) -> str:
        return f"SLSA_{self.track}_LEVEL_{self.number}"


def parse_level(name: str) -> Level | None:
    """Level that a name is of; None for ``…_UNEVALUATED``, other results and custom values."""
    found = _LEVEL.match(name)
    return Level(found[1], int(found[2])) if found else None


def meets(names: tuple[str, ...], wanted: str) -> bool:
    """Whether results satisfy a wanted one: the same name, or a higher level of its track."""
    level = parse_level(wanted)
    if level is None:
        return wanted in names
    given = [one for one in map(parse_level, names) if one is not None]
    return any(one.track == level.track and one.number >= level.number for one in given)
