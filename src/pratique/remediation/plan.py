"""What a plan says: upgrades, where each is made, and what remains."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from pratique.model.severity import Severity
from pratique.remediation.models import Step, Strategy

SCHEMA = "urn:pratique:schema:fix-plan:1"
"""Identifier of the JSON form of this version of the plan."""

NEWEST = ""
"""Target of an upgrade for which no advisory names a fixed version: the resolver's newest."""


class Status(StrEnum):
    """How far one upgrade of one document has come."""

    PLANNED = "planned"
    NOT_PROVEN = "not proven"
    """Written into the manifest; no resolver has confirmed what follows from it."""

    PROVEN = "proven"
    """The real resolver made it, and checking again found the vulnerabilities gone."""

    FAILED = "failed"
    """The resolver refused it, or checking again found them still there."""


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a package in one document."""

    document: str
    """Path relative to the subject."""

    checkout: str
    """Folder of the repository it belongs to, relative to the subject."""

    before: str
    step: Step
    direct: bool
    paths: tuple[tuple[str, ...], ...] = ()
    fallbacks: tuple[str, ...] = ()
    """Versions that fix less, the best first: for where the target is not possible."""

    strategy: Strategy | None = None
    """Where the change is made; ``None`` as long as none has been tried."""

    status: Status = Status.PLANNED
    note: str = ""
    """Why it is as it is, where that is not plain."""


class Upgrade(msgspec.Struct, frozen=True, kw_only=True):
    """One package to one version, wherever it is needed."""

    ecosystem: str
    name: str
    """As advisories write it."""

    after: str
    """The version to move to; ``NEWEST`` where only a resolver can tell."""

    fixes: tuple[str, ...]
    """Ids of the vulnerabilities it fixes, aliases as one."""

    aliases: tuple[str, ...] = ()
    """Their other ids."""

    leaves: tuple[str, ...] = ()
    """Ids known against the target; they were known against what it replaces."""

    severity: Severity
    score: float | None = None
    exploited: bool = False
    """Whether one of them is known to be exploited (CISA's KEV catalogue)."""

    probability: float | None = None
    """Highest probability of exploitation (FIRST's EPSS); ``None`` where none is scored."""

    occurrences: tuple[Occurrence, ...]

    @property
    def checkouts(self) -> int:
        """How many repositories it reaches."""
        return len({one.checkout for one in self.occurrences})


class Remaining(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """Something that the plan does not fix, and why."""

    subject: str
    """Package URL."""

    ids: tuple[str, ...]
    severity: str
    documents: tuple[str, ...]
    reason: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest set of upgrades that fixes what can be fixed."""

    schema: str = SCHEMA
    tool: str
    created: datetime
    subject: str
    findings: int
    """Open findings that the plan is about."""

    upgrades: tuple[Upgrade, ...] = ()
    """Most urgent first."""

    remaining: tuple[Remaining, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Files that were changed, or would be."""

    applied: bool = False
    complete: bool = True
    """False where the check itself could not determine everything."""
