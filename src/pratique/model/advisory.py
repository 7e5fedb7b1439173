"""An advisory as matching sees it, and what matching answers."""

from __future__ import annotations

from datetime import datetime

import msgspec

from pratique.model.finding import Reference
from pratique.model.severity import Severity


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """One question to the advisory index."""

    ecosystem: str
    """OSV ecosystem with its suffix, if it has one: ``PyPI``, ``Debian:12``."""

    name: str
    """As the advisory database writes it; normalised by the ecosystem's own rules."""

    version: str = ""
    """Empty where only a commit is known."""

    commit: str = ""
    """Full hash, 40 or 64 hexadecimal digits, or empty."""


class Advisory(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one advisory record."""

    id: str
    aliases: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    summary: str = ""
    """May be empty: the starter snapshot carries facts only."""

    published: datetime | None = None
    modified: datetime | None = None
    withdrawn: datetime | None = None
    severity: Severity = Severity.UNKNOWN
    score: float | None = None
    """CVSS base score of the newest CVSS version given; ``None`` where there is none."""

    vector: str = ""
    references: tuple[Reference, ...] = ()
    malicious: bool = False
    """A ``MAL-`` record: the package is an attack."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """One vulnerability that affects what was asked, over all advisories that are aliases."""

    advisories: tuple[Advisory, ...]
    """The primary one first: GHSA and ecosystem databases before distributions'."""

    fixed: tuple[str, ...] = ()
    """Versions after the one asked that leave the affected range, lowest first, as written."""

    reason: str
    """Why it matched, in one line: ``in range introduced 1.0, fixed 1.4 of PYSEC-2024-1``."""

    rated_by: str = ""
    """Where none of the advisories has a rating: the record of the same alias
    group that has one, though it speaks of another package; or empty."""

    severity: Severity = Severity.UNKNOWN
    """Of the record in ``rated_by``, as are the next two."""

    score: float | None = None
    vector: str = ""


class Unmatched(msgspec.Struct, frozen=True, kw_only=True):
    """Why no answer can be given: never to be read as clean."""

    reason: str
    """``no advisories for ecosystem X``, ``version 'abc' cannot be ordered`` …"""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the index says to one query."""

    matches: tuple[Match, ...] = ()
    """Worst first, then by id."""

    unknown: Unmatched | None = None
    """Set where the answer is incomplete; matches may still be there."""
