"""The bill of health: the answer of ``pratique check``."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from pratique.model.finding import Finding
from pratique.model.inventory import Inventory, Problem

SCHEMA = "urn:pratique:schema:bill-of-health:1"
"""Identifier of the JSON form of this version of the bill."""


class Health(StrEnum):
    """The headline."""

    HEALTHY = "healthy"
    ATTENTION = "needs attention"
    UNKNOWN = "unknown"


class AdvisorySource(msgspec.Struct, frozen=True, kw_only=True):
    """One collection of advisories that was consulted."""

    name: str
    """The database (``pypa/advisory-database``) or the ecosystem it was published under."""

    records: int
    license: str = ""
    """SPDX expression, or empty where the source states none."""

    newest: datetime | None = None
    """Latest modification among its records, UTC."""


class AdvisoryStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Which advisories were consulted, and how old they are."""

    generation: str
    """Name of the index generation; ``starter`` for the one inside the package."""

    records: int
    ecosystems: tuple[str, ...]
    """Base names of the ecosystems it has any advisory for, sorted."""

    as_of: datetime
    """Up to when it is complete for what was asked, UTC: of the ecosystems of a
    check the oldest; of all of them where no ecosystem was asked about."""

    age_days: float
    """Between ``as_of`` and the check."""

    stale: bool
    """Older than the seven days after which every report warns."""

    sources: tuple[AdvisorySource, ...] = ()
    overall: datetime | None = None
    """Up to when all of its ecosystems are complete."""

    ecosystem_as_of: dict[str, datetime] = {}
    """Up to when each ecosystem (base name) is complete, where that is known for it alone."""


class ComponentHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What was determined for one component of the inventory."""

    ref: str
    license: str = ""
    """SPDX expression; empty where unknown."""

    license_reason: str = ""
    """Why the licence is unknown; empty where it is known."""

    advisories: str = ""
    """``checked``, or the reason why advisories could not be looked up."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Totals of a bill."""

    documents: int = 0
    components: int = 0
    direct: int = 0
    findings: int = 0
    """Open ones."""

    answered: int = 0
    """Findings that a VEX statement or a waiver has closed."""

    affected: int = 0
    """Components with at least one open finding."""

    vulnerabilities: int = 0
    """Open findings that are vulnerabilities or malicious packages."""

    refused: int = 0
    """Open findings of policy: components and rules that do not admit them."""

    exploited: int = 0
    """Findings that are known to be exploited."""

    unknown: int = 0
    """Components for which something that matters could not be determined."""

    severities: dict[str, int] = {}
    """Open findings by severity, worst first, zeros left out."""


class BillOfHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a check found, and what it could not find out."""

    schema: str = SCHEMA
    tool: str
    """``pratique`` and its version."""

    created: datetime
    """UTC; SOURCE_DATE_EPOCH where that is set."""

    subject: str
    health: Health
    headline: str
    """One sentence."""

    counts: Counts
    findings: tuple[Finding, ...] = ()
    """Worst first, in a stable order."""

    inventory: Inventory
    components: tuple[ComponentHealth, ...] = ()
    """In the order of the inventory's components."""

    licenses: dict[str, int] = {}
    """Components by licence expression; the empty key counts the unknown ones."""

    unknowns: tuple[Problem, ...] = ()
    """What could not be determined, and why."""

    advisories: AdvisoryStatus | None = None
    """``None`` only where nothing was looked up because nothing was found to check."""

    complete: bool
    """False where anything was unreadable or unknown: never to be read as clean."""
