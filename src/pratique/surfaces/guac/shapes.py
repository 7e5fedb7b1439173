"""What each verb looks like on the wire and in the record, as one table.

A verb's further fields are kept in the record under words of its own
(:attr:`pratique.store.documents.Claim.said`), the same that documents which were
ingested have.  What only this interface knows is kept under words that begin
with ``guac:``.
"""

from __future__ import annotations

from typing import NamedTuple

from pratique.model.evidence import Verb

WIRE = "guac:wire"
"""Marks a claim that a client of this interface made."""

ORIGIN, COLLECTOR, DOCUMENT = "guac:origin", "guac:collector", "guac:document"
"""Where a claim comes from, as a client of this interface said."""

IMPLIED = "guac:implied"
"""Marks an equality that only makes a noun known by its bare id."""

MENTION = "guac:ingested"
"""Key of the metadata that says of a noun no more than that it was ingested."""

SUBJECT3 = {"package": "Package", "source": "Source", "artifact": "Artifact"}
PACKAGE_OR_SOURCE = {"package": "Package", "source": "Source"}
PACKAGE_OR_ARTIFACT = {"package": "Package", "artifact": "Artifact"}


class Field(NamedTuple):
    """A further field of a verb."""

    name: str
    """On the wire."""

    word: str
    """In the record."""

    kind: str = "text"
    """``text``, ``time``, ``float``, ``status``, ``justification``, ``link``, or ``plain``
    for a name of an enumeration that the record keeps as it is."""

    since: bool = False
    """Whether a filter asks for this moment or later."""

    asked: str = ""
    """Name in the filter, where it differs."""


class Shape(NamedTuple):
    """A verb."""

    verb: Verb
    type: str
    edge: str
    """How ``Edge`` writes it."""

    subject: str
    """Field of its subject."""

    subjects: dict[str, str]
    """Members of the union that the subject is of, and their types."""

    object: str = ""
    object_type: str = ""
    inside: str = ""
    """Field that holds the further fields; they are beside the subject where it is empty."""

    fields: tuple[Field, ...] = ()
    equal: bool = False
    """Whether subject and object are one list."""


_WHY = Field("justification", "justification")
_PACKAGE, _SOURCE, _ARTIFACT = {"": "Package"}, {"": "Source"}, {"": "Artifact"}
_VULNERABILITY = {"": "Vulnerability"}

SHAPES: dict[str, Shape] = {
    shape.type: shape
    for shape in (
        Shape(
            Verb.CERTIFY_BAD, "CertifyBad", "CERTIFY_BAD", "subject", SUBJECT3,
            fields=(_WHY, Field("knownSince", "known since", "time", since=True)),
        ),
        Shape(
            Verb.CERTIFY_GOOD, "CertifyGood", "CERTIFY_GOOD", "subject", SUBJECT3,
            fields=(_WHY, Field("knownSince", "known since", "time", since=True)),
        ),
        Shape(
            Verb.POINT_OF_CONTACT, "PointOfContact", "POINT_OF_CONTACT", "subject", SUBJECT3,
            fields=(
                Field("email", "email"),
                Field("info", "info"),
                Field("since", "since", "time", since=True),
                _WHY,
            ),
        ),
        Shape(
            Verb.HAS_METADATA, "HasMetadata", "HAS_METADATA", "subject", SUBJECT3,
            fields=(
                Field("key", "key"),
                Field("value", "value"),
                Field("timestamp", "timestamp", "time", since=True, asked="since"),
                _WHY,
            ),
        ),
        Shape(
            Verb.HAS_SOURCE_AT, "HasSourceAt", "HAS_SOURCE_AT", "package", _PACKAGE,
            "source", "Source", fields=(Field("knownSince", "known since", "time"), _WHY),
        ),
        Shape(
            Verb.IS_OCCURRENCE, "IsOccurrence", "IS_OCCURRENCE", "subject", PACKAGE_OR_SOURCE,
            "artifact", "Artifact", fields=(_WHY,),
        ),
        Shape(
            Verb.IS_DEPENDENCY, "IsDependency", "IS_DEPENDENCY", "package", _PACKAGE,
            "dependencyPackage", "Package",
            fields=(Field("dependencyType", "dependency type", "link"), _WHY),
        ),
        Shape(
            Verb.HASH_EQUAL, "HashEqual", "HASH_EQUAL", "artifacts", _ARTIFACT,
            "artifacts", "Artifact", fields=(_WHY,), equal=True,
        ),
        Shape(
            Verb.PKG_EQUAL, "PkgEqual", "PKG_EQUAL", "packages", _PACKAGE,
            "packages", "Package", fields=(_WHY,), equal=True,
        ),
        Shape(
            Verb.VULN_EQUAL, "VulnEqual", "VULN_EQUAL", "vulnerabilities", _VULNERABILITY,
            "vulnerabilities", "Vulnerability", fields=(_WHY,), equal=True,
        ),
        Shape(
            Verb.CERTIFY_VULN, "CertifyVuln", "CERTIFY_VULN", "package", _PACKAGE,
            "vulnerability", "Vulnerability", "metadata",
            (
                Field("timeScanned", "time scanned", "time"),
                Field("dbUri", "database"),
                Field("dbVersion", "database version"),
                Field("scannerUri", "scanner"),
                Field("scannerVersion", "scanner version"),
            ),
        ),
        Shape(
            Verb.CERTIFY_VEX, "CertifyVEXStatement", "CERTIFY_VEX_STATEMENT", "subject",
            PACKAGE_OR_ARTIFACT, "vulnerability", "Vulnerability",
            fields=(
                Field("status", "status", "status"),
                Field("vexJustification", "justification", "justification"),
                Field("statement", "impact"),
                Field("statusNotes", "notes"),
                Field("knownSince", "timestamp", "time"),
            ),
        ),
        Shape(
            Verb.VULNERABILITY_METADATA, "VulnerabilityMetadata", "VULN_METADATA",
            "vulnerability", _VULNERABILITY,
            fields=(
                Field("scoreType", "score type", "plain"),
                Field("scoreValue", "score", "float"),
                Field("timestamp", "timestamp", "time", since=True),
            ),
        ),
        Shape(
            Verb.CERTIFY_SCORECARD, "CertifyScorecard", "CERTIFY_SCORECARD", "source", _SOURCE,
            inside="scorecard",
            fields=(
                Field("aggregateScore", "score", "float"),
                Field("timeScanned", "date", "time"),
                Field("scorecardVersion", "scorecard version"),
                Field("scorecardCommit", "scorecard commit"),
            ),
        ),
        Shape(
            Verb.HAS_SLSA, "HasSLSA", "HAS_SLSA", "subject", _ARTIFACT,
            "builtBy", "Builder", "slsa",
            (
                Field("buildType", "build type"),
                Field("slsaVersion", "slsa version"),
                Field("startedOn", "started", "maybe"),
                Field("finishedOn", "finished", "maybe"),
            ),
        ),
        Shape(
            Verb.CERTIFY_LEGAL, "CertifyLegal", "CERTIFY_LEGAL", "subject", PACKAGE_OR_SOURCE,
            fields=(
                Field("declaredLicense", "declared licence"),
                Field("discoveredLicense", "discovered licence"),
                Field("attribution", "attribution"),
                _WHY,
                Field("timeScanned", "time scanned", "time"),
            ),
        ),
    )
}  # fmt: skip
"""The verbs by their types; ``HasSBOM`` is a document of its own, not a claim."""

OF_VERB = {shape.verb: shape for shape in SHAPES.values()}

DECLARED, DISCOVERED = "declared licences", "discovered licences"
"""Words under which CertifyLegal keeps the texts of its licences, as a list in JSON."""

SINCE_OF_BILL = Field("knownSince", "known since", "time", since=True)
