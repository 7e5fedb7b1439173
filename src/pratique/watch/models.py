"""What changed, where, and why: the words of continuous matching."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from pratique.graph.witnesses import Witness
from pratique.model.severity import Severity


class Kind(StrEnum):
    """What became of a finding."""

    MALICIOUS = "malicious"
    """A package that is an attack is in a product."""

    NEW = "new"
    GONE = "gone"
    WITHDRAWN = "withdrawn"
    """Its advisory was withdrawn."""

    SEVERITY = "severity"
    """Its severity or score is another."""

    EXPLOITED = "exploited"
    """It came into, or left, CISA's catalogue of exploited vulnerabilities (KEV)."""

    LIKELIHOOD = "likelihood"
    """Its EPSS score came into another of the bands of ``EPSS_BANDS``."""

    FIX = "fix"
    """There is a fixed version that there was not."""

    STATUS = "status"
    """A VEX statement or a judgement says something else of it."""

    EXPIRED = "expired"
    """What was decided of it does not hold any more."""


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the advisories, or documents of the record, say of one vulnerability in one package."""

    ids: tuple[str, ...]
    """Of the primary advisory first, then all others and aliases."""

    severity: Severity = Severity.UNKNOWN
    score: float | None = None
    title: str = ""
    fixed: tuple[str, ...] = ()
    """Versions, lowest first."""

    malicious: bool = False
    exploited: str = ""
    """Since when, ``YYYY-MM-DD``; empty where it is not known to be."""

    epss: float | None = None
    reason: str = ""
    """Why it matched."""

    rated_by: str = ""
    """Another record, where the severity is from that one."""

    indexed: bool = True
    """Whether the index of advisories says so."""

    witnesses: tuple[Witness, ...] = ()
    """Documents of the record that say so: ingested advisories, scans."""

    @property
    def vulnerability(self) -> str:
        """Id of the primary advisory."""
        return self.ids[0]


class Cause(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What made something change."""

    kind: str
    """``advisory``, ``scan``, ``bill``, ``vex``, ``expiry``, ``kev`` or ``epss``."""

    id: str
    """Of the advisory, the digest of the document, or the version of the catalogue."""

    detail: str = ""
    document: str = ""
    """Digest of the record's document that says so: an ingested advisory, or a scan."""

    collector: str = ""
    """Who brought that document."""

    signer: str = ""
    """Whose signature of it was verified; empty: nobody's."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one finding of one version of a product."""

    id: str
    """The same for the same event however often it is told; of no other event."""

    at: str
    tenant: str
    kind: Kind
    product: str
    version: str
    environments: tuple[str, ...]
    owners: tuple[str, ...]
    package: str
    vulnerability: str
    aliases: tuple[str, ...] = ()
    title: str = ""
    severity: Severity = Severity.UNKNOWN
    score: float | None = None
    exploited: str = ""
    epss: float | None = None
    fixed: tuple[str, ...] = ()
    status: str = "affected"
    before: str = ""
    """What it was, of what changed."""

    after: str = ""
    """What it is now."""

    path: tuple[str, ...] = ()
    """The shortest, from the product to the package; these two where the bill does not say."""

    document: str = ""
    """Digest of the bill."""

    indexed: bool = True
    """Whether the index of advisories says so; else documents of the record alone do."""

    witnesses: tuple[Witness, ...] = ()
    """Documents of the record that say so: ingested advisories, scans of others."""

    cause: Cause


SETTLED = frozenset({"not_affected", "fixed"})
"""Statuses of findings that need nobody's attention."""
