"""Where the records of the starter snapshot come from, under which licences.

The commits are those of the shared corpus; a source that gives no dates at all
(Go's are place holders) has ``newest`` empty in the result.
"""

from __future__ import annotations

import msgspec


class Origin(msgspec.Struct, frozen=True):
    """One database of the starter snapshot."""

    name: str
    commit: str
    path: str
    license: str
    """SPDX expression."""

    note: str = ""


ORIGINS = (
    Origin("AlmaLinux/osv-database", "948f47aa6b88", "advisories", "MIT"),
    Origin("DrupalSecurityTeam/drupal-advisory-database", "012840465d7b", "advisories", "MIT"),
    Origin("JuliaLang/SecurityAdvisories.jl", "23170e9962cf", "generated/osv", "CC-BY-4.0"),
    Origin("RConsortium/r-advisory-database", "60e8405cfd95", "vulns", "Apache-2.0"),
    Origin("bitnami/vulndb", "0054d6e3bacc", "data", "Apache-2.0"),
    Origin("captn3m0/photon-os-advisories", "3398dd50d13b", "advisories", "MIT"),
    Origin(
        "cleanstart-dev/cleanstart-security-advisories", "5de22c709788", "advisories", "Apache-2.0"
    ),
    Origin("docker-hardened-images/advisories", "918783bad111", "osv", "Apache-2.0"),
    Origin("erlef-cna/website", "946e4cfd2ff3", "osv", "CC-BY-4.0"),
    Origin("golang/vulndb", "a752ea54fd1b", "data/osv", "CC-BY-4.0", "records carry no dates"),
    Origin("google/chromium-policy-vulnfeed", "ae57c09b7d23", "advisories", "Apache-2.0"),
    Origin("google/oss-fuzz-vulns", "b4f46921f90c", "vulns", "CC-BY-4.0"),
    Origin("haskell/security-advisories", "b2d61354a0a6", "generated/osv-export", "CC0-1.0"),
    Origin("kubernetes-sigs/cve-feed-osv", "9760a2257e52", "vulns", "Apache-2.0"),
    Origin("ocaml/security-advisories", "8cafa37afe81", "generated-osv", "CC0-1.0"),
    Origin("psf/advisory-database", "53cdf6b36bf0", "advisories/python", "CC-BY-4.0"),
    Origin("pypa/advisory-database", "3ccb612573e2", "vulns", "CC-BY-4.0"),
    Origin(
        "rustsec/advisory-db",
        "7fa931cb9025",
        "crates",
        "CC0-1.0 AND CC-BY-4.0",
        "CC-BY-4.0 for 21 records",
    ),
    Origin(
        "github/advisory-database",
        "",
        "",
        "CC-BY-4.0",
        "a sample: 674 records, found as copies in other repositories",
    ),
    Origin(
        "khulnasoft-lab/malicious-packages",
        "5b9d30f8de8c",
        "osv",
        "Apache-2.0",
        "a sample: 5,000 of 33,019 records of a fork of ossf/malicious-packages",
    ),
)
"""In the order of the records."""

GITHUB = "github/advisory-database"
MALICIOUS = "khulnasoft-lab/malicious-packages"

PARTIAL = (
    "Alpine", "GIT", "Hex", "Maven", "NuGet", "Packagist", "Pub", "RubyGems", "SwiftURL", "npm",
)  # fmt: skip
"""Ecosystems of whose advisories the sources hold only a sample."""
