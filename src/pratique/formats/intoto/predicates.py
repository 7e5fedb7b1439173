"""Predicates of in-toto statements other than SLSA's, as typed values.

The specifications are the pages of in-toto/attestation, ``spec/predicates``.
A predicate that is a whole document of another format (SPDX, CycloneDX,
OpenVEX) is left to the reader of that format.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

from pratique.formats.dsse.wire import convert
from pratique.formats.intoto.statement import ResourceDescriptor, Statement


class Link(msgspec.Struct, frozen=True, rename="camel"):
    """``https://in-toto.io/attestation/link/v0.3``: one step that was carried out."""

    name: str
    command: tuple[str, ...] = ()
    materials: tuple[ResourceDescriptor, ...] = ()
    byproducts: dict[str, Any] = {}
    environment: dict[str, Any] = {}


class TestResult(msgspec.Struct, frozen=True, rename="camel"):
    """``https://in-toto.io/attestation/test-result/v0.1``."""

    result: str
    """``PASSED``, ``WARNED`` or ``FAILED``."""

    configuration: tuple[ResourceDescriptor, ...] = ()
    url: str = ""
    passed_tests: tuple[str, ...] = ()
    warned_tests: tuple[str, ...] = ()
    failed_tests: tuple[str, ...] = ()


class Release(msgspec.Struct, frozen=True, rename="camel"):
    """``https://in-toto.io/attestation/release/v0.1``: which release the subjects are."""

    purl: str
    release_id: str = ""


class Reference(msgspec.Struct, frozen=True, rename="camel"):
    """``https://in-toto.io/attestation/reference/v0.1``: documents about the subject."""

    attester: dict[str, Any] = {}
    references: tuple[ResourceDescriptor, ...] = ()


class Attribute(msgspec.Struct, frozen=True, rename="camel"):
    """One assertion of a SCAI report."""

    attribute: str
    target: ResourceDescriptor | None = None
    conditions: dict[str, Any] | None = None
    evidence: ResourceDescriptor | None = None


class AttributeReport(msgspec.Struct, frozen=True, rename="camel"):
    """``https://in-toto.io/attestation/scai/v0.3``: attributes of a subject or its producer."""

    attributes: tuple[Attribute, ...]
    producer: ResourceDescriptor | None = None


class SimpleResult(msgspec.Struct, frozen=True, rename="camel"):
    """``https://in-toto.io/attestation/svr/v0.1``: a simple verification result."""

    verifier: dict[str, Any]
    time_verified: datetime | None = None
    properties: tuple[str, ...] = ()
    policy: ResourceDescriptor | None = None


class Release02(msgspec.Struct, frozen=True, rename="camel"):
    """``https://in-toto.io/attestation/release/v0.2``."""

    purl: str
    package_id: str = ""


class VulnerabilitySeverity(msgspec.Struct, frozen=True):
    """How bad, by some method."""

    method: str
    score: str


class VulnerabilityResult(msgspec.Struct, frozen=True):
    """A vulnerability that a scanner found."""

    id: str
    severity: tuple[VulnerabilitySeverity, ...] = ()
    annotations: tuple[dict[str, Any], ...] = ()


class VulnerabilityDatabase(msgspec.Struct, frozen=True, rename="camel"):
    """What the scanner looked up."""

    last_update: datetime
    uri: str = ""
    version: str = ""


class Scanner(msgspec.Struct, frozen=True):
    """Who scanned; an empty result means that nothing was found."""

    uri: str
    db: VulnerabilityDatabase
    result: tuple[VulnerabilityResult, ...]
    version: str = ""


class ScanMetadata(msgspec.Struct, frozen=True, rename="camel"):
    """When it was scanned."""

    scan_started_on: datetime
    scan_finished_on: datetime


class Vulnerabilities(msgspec.Struct, frozen=True):
    """``https://in-toto.io/attestation/vulns/v0.1`` and ``v0.2``: what a scan found."""

    scanner: Scanner
    metadata: ScanMetadata


class ScorecardRepo(msgspec.Struct, frozen=True):
    """What was scored, or with what: a name or version, at a commit."""

    commit: str
    name: str = ""
    version: str = ""


class ScorecardCheck(msgspec.Struct, frozen=True):
    """One check of a Scorecard result."""

    name: str
    score: Annotated[int, msgspec.Meta(ge=-1, le=10)]
    """0 to 10; -1 where the check could not be made."""

    reason: str = ""
    details: tuple[str, ...] | None = None


class Scorecard(msgspec.Struct, frozen=True):
    """``https://scorecard.dev/result/v0.1``: OpenSSF Scorecard's JSON, version 2."""

    date: str
    """A day, or an instant in RFC 3339, as releases of Scorecard differ in it."""

    repo: ScorecardRepo
    scorecard: ScorecardRepo
    score: Annotated[float, msgspec.Meta(ge=-1, le=10)]
    checks: tuple[ScorecardCheck, ...]


class NpmPublish(msgspec.Struct, frozen=True, rename="camel"):
    """npm's publish attestation: the registry accepted this version."""

    name: str
    version: str
    registry: str = ""


PREDICATES: dict[str, type[msgspec.Struct]] = {
    "https://in-toto.io/attestation/link/v0.3": Link,
    "https://in-toto.io/attestation/test-result/v0.1": TestResult,
    "https://in-toto.io/attestation/release/v0.1": Release,
    "https://in-toto.io/attestation/release/v0.2": Release02,
    "https://in-toto.io/attestation/vulns/v0.1": Vulnerabilities,
    "https://in-toto.io/attestation/vulns/v0.2": Vulnerabilities,
    "https://in-toto.io/attestation/reference/v0.1": Reference,
    "https://in-toto.io/attestation/scai/attribute-report/v0.2": AttributeReport,
    "https://in-toto.io/attestation/scai/v0.3": AttributeReport,
    "https://in-toto.io/attestation/svr/v0.1": SimpleResult,
    "https://scorecard.dev/result/v0.1": Scorecard,
}
"""Predicate type to the Struct that reads it."""

NPM_PUBLISH_PREFIX = "https://github.com/npm/attestation/tree/main/specs/publish/"
"""How the predicate type of npm's publish attestation begins; its version follows."""


def typed_predicate(statement: Statement) -> msgspec.Struct | None:
    """The predicate as a typed value; None where its type has no Struct here.

    Raises:
        InputError: It is not what its type demands.
    """
    kind = PREDICATES.get(statement.predicate_type)
    if kind is None and statement.predicate_type.startswith(NPM_PUBLISH_PREFIX):
        kind = NpmPublish
    if kind is None:
        return None
    return convert(statement.predicate or {}, kind, f"predicate {statement.predicate_type}")
