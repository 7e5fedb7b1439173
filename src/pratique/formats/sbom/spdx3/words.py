"""Words of SPDX 2.3 in those of SPDX 3.0.1, each of which leads back to one only.

Sources: SPDX 3.0.1, Core (HashAlgorithm, ExternalRefType, RelationshipType) and
Software (SoftwarePurpose); SPDX 2.3, clauses 7.10, 7.21, 7.24 and 11.
"""

from __future__ import annotations

from pratique.formats.sbom.spdx3.kinds import BACKWARD, FORWARD, SCOPED

ALGORITHMS = {
    "MD2": "md2",
    "MD4": "md4",
    "MD5": "md5",
    "MD6": "md6",
    "ADLER32": "adler32",
    "SHA1": "sha1",
    "SHA224": "sha224",
    "SHA256": "sha256",
    "SHA384": "sha384",
    "SHA512": "sha512",
    "SHA3-256": "sha3_256",
    "SHA3-384": "sha3_384",
    "SHA3-512": "sha3_512",
    "BLAKE2b-256": "blake2b256",
    "BLAKE2b-384": "blake2b384",
    "BLAKE2b-512": "blake2b512",
    "BLAKE3": "blake3",
}

PURPOSES = {
    "APPLICATION": "application",
    "ARCHIVE": "archive",
    "CONTAINER": "container",
    "DEVICE": "device",
    "FILE": "file",
    "FIRMWARE": "firmware",
    "FRAMEWORK": "framework",
    "INSTALL": "install",
    "LIBRARY": "library",
    "OPERATING_SYSTEM": "operatingSystem",
    "OTHER": "other",
    "SOURCE": "source",
}

CLASSES = {"AIPackage": "model", "DatasetPackage": "data"}
"""Classes that are packages, and the purpose they have where they state none."""

REFERENCES = {
    "advisories": "securityAdvisory",
    "adversary-model": "securityAdversaryModel",
    "build-meta": "buildMeta",
    "build-system": "buildSystem",
    "certification-report": "certificationReport",
    "chat": "chat",
    "component-analysis-report": "componentAnalysisReport",
    "distribution": "altDownloadLocation",
    "documentation": "documentation",
    "dynamic-analysis-report": "dynamicAnalysisReport",
    "exploitability-statement": "vulnerabilityExploitabilityAssessment",
    "issue-tracker": "issueTracker",
    "license": "license",
    "mailing-list": "mailingList",
    "other": "other",
    "pentest-report": "securityPenTestReport",
    "quality-metrics": "metrics",
    "release-notes": "releaseNotes",
    "risk-assessment": "riskAssessment",
    "runtime-analysis-report": "runtimeAnalysisReport",
    "social": "socialMedia",
    "source-distribution": "sourceArtifact",
    "static-analysis-report": "staticAnalysisReport",
    "support": "support",
    "threat-model": "securityThreatModel",
    "vcs": "vcs",
    "vulnerability-assertion": "vulnerabilityDisclosureReport",
    "website": "altWebPage",
}
"""Types of external references of CycloneDX, as an SPDX 2 document has them."""

_SAME = {type: (kind, "", False) for kind, type in FORWARD.items()}
RELATIONSHIPS: dict[str, tuple[str, str, bool]] = {
    **_SAME,
    **{type: (kind, "", True) for kind, type in BACKWARD.items()},
    **{type: (kind, scope, True) for (kind, scope), type in SCOPED.items()},
    "ANCESTOR_OF": ("ancestorOf", "", False),
    "DESCENDANT_OF": ("descendantOf", "", False),
    "FILE_ADDED": ("hasAddedFile", "", True),
    "FILE_DELETED": ("hasDeletedFile", "", True),
    "GENERATES": ("generates", "", False),
    "DATA_FILE_OF": ("hasDataFile", "", True),
    "DOCUMENTATION_OF": ("hasDocumentation", "", True),
    "EXAMPLE_OF": ("hasExample", "", True),
    "TEST_OF": ("hasTest", "", True),
    "TEST_CASE_OF": ("hasTestCase", "", True),
    "VARIANT_OF": ("hasVariant", "", True),
    "SPECIFICATION_FOR": ("hasSpecification", "", True),
    "EXPANDED_FROM_ARCHIVE": ("expandsTo", "", True),
    "OTHER": ("other", "", False),
}
"""Type to relationship, phase of the life cycle, and whether the ends change places."""


def turned(table: dict[str, str]) -> dict[str, str]:
    """A table the other way round; of several words for one thing, the first."""
    found: dict[str, str] = {}
    for key, value in table.items():
        found.setdefault(value, key)
    return found


FROM_ALGORITHMS = turned(ALGORITHMS)
FROM_PURPOSES = turned(PURPOSES)
FROM_REFERENCES = turned(REFERENCES)
FROM_RELATIONSHIPS = {value[:2]: (type, value[2]) for type, value in RELATIONSHIPS.items()}
"""Relationship and phase to the type, and whether the ends change places."""

TERMS = "https://spdx.org/rdf/3.0.1/terms/"
INDIVIDUALS = {
    "NONE": f"{TERMS}Core/NoneElement",
    "NOASSERTION": f"{TERMS}Core/NoAssertionElement",
}
"""Elements that stand for nothing and for no statement (Core/Individuals)."""

LICENSES = {
    "NONE": f"{TERMS}ExpandedLicensing/NoneLicense",
    "NOASSERTION": f"{TERMS}ExpandedLicensing/NoAssertionLicense",
}
"""The same for licences (ExpandedLicensing/Individuals)."""
