"""Words of CycloneDX and of SPDX 2.3 that mean the same.

Sources: CycloneDX 1.6 JSON schema; SPDX 2.3, clauses 7.10, 7.21 and 7.24.
"""

from __future__ import annotations

TO_SPDX_ALGORITHM = {
    "MD5": "MD5",
    "SHA-1": "SHA1",
    "SHA-256": "SHA256",
    "SHA-384": "SHA384",
    "SHA-512": "SHA512",
    "SHA3-256": "SHA3-256",
    "SHA3-384": "SHA3-384",
    "SHA3-512": "SHA3-512",
    "BLAKE2b-256": "BLAKE2b-256",
    "BLAKE2b-384": "BLAKE2b-384",
    "BLAKE2b-512": "BLAKE2b-512",
    "BLAKE3": "BLAKE3",
}
"""CycloneDX's other two, of Streebog, have no name in SPDX 2.3."""

LENGTHS = {
    "MD5": 32,
    "SHA-1": 40,
    "SHA-256": 64,
    "SHA-384": 96,
    "SHA-512": 128,
    "SHA3-256": 64,
    "SHA3-384": 96,
    "SHA3-512": 128,
    "BLAKE2b-256": 64,
    "BLAKE2b-384": 96,
    "BLAKE2b-512": 128,
    "BLAKE3": 64,
}
"""Hexadecimal digits of a digest of each algorithm."""

TO_CYCLONEDX_ALGORITHM = {spdx: cyclonedx for cyclonedx, spdx in TO_SPDX_ALGORITHM.items()}

DIGEST_LENGTHS = frozenset({32, 40, 64, 96, 128})
"""Hexadecimal digits that CycloneDX's schemas allow."""

TO_SPDX_PURPOSE = {
    "application": "APPLICATION",
    "container": "CONTAINER",
    "device": "DEVICE",
    "file": "FILE",
    "firmware": "FIRMWARE",
    "framework": "FRAMEWORK",
    "library": "LIBRARY",
    "operating-system": "OPERATING_SYSTEM",
}
"""Other types of component are written as ``OTHER``."""

TO_CYCLONEDX_TYPE = {purpose: type for type, purpose in TO_SPDX_PURPOSE.items()}

REFERENCE_TYPES = frozenset(
    {
        "adversary-model",
        "advisories",
        "attestation",
        "bom",
        "build-meta",
        "build-system",
        "certification-report",
        "chat",
        "codified-infrastructure",
        "component-analysis-report",
        "configuration",
        "digital-signature",
        "distribution",
        "distribution-intake",
        "documentation",
        "dynamic-analysis-report",
        "electronic-signature",
        "evidence",
        "exploitability-statement",
        "formulation",
        "issue-tracker",
        "license",
        "log",
        "mailing-list",
        "maturity-report",
        "model-card",
        "other",
        "pentest-report",
        "poam",
        "quality-metrics",
        "release-notes",
        "rfc-9116",
        "risk-assessment",
        "runtime-analysis-report",
        "security-contact",
        "social",
        "source-distribution",
        "static-analysis-report",
        "support",
        "threat-model",
        "vcs",
        "vulnerability-assertion",
        "website",
    }
)
"""Types of external references that CycloneDX 1.6 knows."""

NESTED = "is a component within it (CycloneDX)"
"""Comment of ``CONTAINS`` relationships that stand for nested components."""

ABSENT = frozenset({"", "NONE", "NOASSERTION"})

ELEMENT = "pratique:spdx:element"
"""Name of the property that tells a ``file`` of SPDX from a package."""
