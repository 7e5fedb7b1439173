"""One claim about a noun, with its origin."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Verb(StrEnum):
    """The kinds of evidence: GUAC's sixteen verbs."""

    IS_DEPENDENCY = "IsDependency"
    HAS_SBOM = "HasSBOM"
    CERTIFY_VULN = "CertifyVuln"
    CERTIFY_VEX = "CertifyVEXStatement"
    CERTIFY_LEGAL = "CertifyLegal"
    HAS_SLSA = "HasSLSA"
    IS_OCCURRENCE = "IsOccurrence"
    HAS_SOURCE_AT = "HasSourceAt"
    CERTIFY_SCORECARD = "CertifyScorecard"
    CERTIFY_BAD = "CertifyBad"
    CERTIFY_GOOD = "CertifyGood"
    POINT_OF_CONTACT = "PointOfContact"
    HAS_METADATA = "HasMetadata"
    PKG_EQUAL = "PkgEqual"
    HASH_EQUAL = "HashEqual"
    VULN_EQUAL = "VulnEqual"
    VULNERABILITY_METADATA = "VulnerabilityMetadata"


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a claim comes from."""

    document: str
    """``sha256:hex`` of the document that makes the claim, or empty if there is none."""

    collector: str
    """What brought it here: a room, a feed, a person."""

    signer: str = ""
    """Identity whose signature was verified; empty means that nobody signed."""

    observed: datetime | None = None
    """When it was seen, in UTC; ``None`` only where that was not recorded."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One claim about a noun."""

    verb: Verb
    subject: str
    """Canonical text of the noun."""

    claim: dict[str, str] = {}
    """What is said of it; keys are the verb's own fields."""

    origin: Origin
