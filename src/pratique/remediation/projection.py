"""What a plan over a described universe says: changes, what they fix, and what remains."""

from __future__ import annotations

from datetime import datetime

import msgspec

from pratique.model.severity import Severity
from pratique.remediation.models import Place, Strategy, Update

SCHEMA = "urn:pratique:schema:fix-projection:1"
"""Identifier of the JSON form of this version of the plan."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One vulnerability of the project as it is, or of what a change brings in."""

    id: str
    aliases: tuple[str, ...] = ()
    severity: Severity = Severity.UNKNOWN
    score: float | None = None
    exploited: bool = False
    """Whether it is known to be exploited (CISA's KEV catalogue)."""

    probability: float | None = None
    """Of exploitation (FIRST's EPSS); ``None`` where it is not scored."""

    packages: tuple[Place, ...]
    """Package versions that have it, sorted."""


class Modification(msgspec.Struct, frozen=True, kw_only=True):
    """Updates that belong together."""

    updates: tuple[Update, ...] = ()
    """None where locking anew is enough: the manifest allows the fixed versions already."""

    fixes: tuple[str, ...] = ()
    """Ids that are gone once this and the changes before it are made."""

    introduces: tuple[str, ...] = ()
    """Ids that come in; only the strategy ``update`` takes such changes."""

    severity: Severity = Severity.UNKNOWN
    """The worst of what it fixes."""


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """A vulnerability that the plan does not fix, and why."""

    id: str
    reason: str


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """What would come of a project if its packages were what the universe describes."""

    schema: str = SCHEMA
    tool: str
    created: datetime
    subject: str
    universe: str
    ecosystem: str
    strategy: Strategy
    vulnerabilities: tuple[Known, ...] = ()
    """Of the project as it is; worst first."""

    changes: tuple[Modification, ...] = ()
    introduced: tuple[Known, ...] = ()
    remaining: tuple[Left, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Files that a patch would change."""

    complete: bool = True
    """False where something could not be looked up, or is not in the universe."""
