"""Tables of ecosystems, package URL types and distribution releases.

Source: OSV schema 1.7 (``ecosystems.json``, state of 2026), the package-url
type definitions, and the namespaces that common SBOM generators write.
"""

from __future__ import annotations

ECOSYSTEMS = frozenset(
    {
        *("AlmaLinux", "Alpaquita", "Alpine", "Android", "Azure Linux"),
        *("BellSoft Hardened Containers", "Bioconductor", "Bitnami", "CRAN", "Chainguard"),
        *("CleanStart", "ConanCenter", "Debian", "Docker Hardened Images", "Echo", "FreeBSD"),
        *("GHC", "GitHub Actions", "Go", "Hackage", "Hex", "Julia", "Kubernetes", "Linux"),
        *("Mageia", "Maven", "MinimOS", "NuGet", "OSS-Fuzz", "Packagist", "Photon OS", "Pub"),
        *("PyPI", "Red Hat", "Rocky Linux", "Root", "RubyGems", "SUSE", "SwiftURL", "TuxCare"),
        *("Ubuntu", "VSCode", "Wolfi", "crates.io", "npm", "opam", "openEuler", "openSUSE"),
    }
)
"""Base names of every ecosystem that the schema defines."""

LANGUAGES = {
    "Bioconductor": "bioconductor",
    "Bitnami": "bitnami",
    "CRAN": "cran",
    "ConanCenter": "conan",
    "Docker Hardened Images": "dhi",
    "GitHub Actions": "githubactions",
    "Go": "golang",
    "Hackage": "hackage",
    "Hex": "hex",
    "Julia": "julia",
    "Maven": "maven",
    "NuGet": "nuget",
    "OSS-Fuzz": "generic",
    "Packagist": "composer",
    "Pub": "pub",
    "PyPI": "pypi",
    "RubyGems": "gem",
    "SwiftURL": "swift",
    "VSCode": "vscode-extension",
    "crates.io": "cargo",
    "npm": "npm",
    "opam": "opam",
}
"""Package URL type of the ecosystems that have one of their own."""

TYPES = {type: name for name, type in LANGUAGES.items() if type != "generic"}
"""Ecosystem of a package URL type.

Not of ``generic``: OSS-Fuzz records are written as such, but most generic
packages are no OSS-Fuzz projects, and having looked there proves nothing.
"""

WITHOUT_NAMESPACE = frozenset(
    {
        *("bioconductor", "bitnami", "cargo", "cran", "gem", "hackage", "julia", "nuget"),
        *("opam", "pub", "pypi"),
    }
)
"""Types of these whose packages have no namespace.

Whatever a package URL that has one names, it is not the ecosystem's package of
that name.
"""

DISTRIBUTIONS = {
    "AlmaLinux": ("rpm", "almalinux"),
    "Alpaquita": ("apk", "alpaquita"),
    "Alpine": ("apk", "alpine"),
    "Azure Linux": ("rpm", "azurelinux"),
    "BellSoft Hardened Containers": ("apk", "bellsoft-hardened-containers"),
    "Chainguard": ("apk", "chainguard"),
    "CleanStart": ("apk", "cleanstart"),
    "Debian": ("deb", "debian"),
    "Echo": ("deb", "echo"),
    "Mageia": ("rpm", "mageia"),
    "MinimOS": ("apk", "minimos"),
    "Photon OS": ("rpm", "photon"),
    "Red Hat": ("rpm", "redhat"),
    "Rocky Linux": ("rpm", "rocky-linux"),
    "SUSE": ("rpm", "suse"),
    "Ubuntu": ("deb", "ubuntu"),
    "Wolfi": ("apk", "wolfi"),
    "openEuler": ("rpm", "openeuler"),
    "openSUSE": ("rpm", "opensuse"),
}
"""Package URL type and namespace of a distribution's packages."""

NAMESPACES = {where: name for name, where in DISTRIBUTIONS.items()} | {
    ("alpine", ""): "Alpine",  # before the type apk was defined
    ("rpm", "alma"): "AlmaLinux",
    ("rpm", "mariner"): "Azure Linux",
    ("rpm", "cbl-mariner"): "Azure Linux",
    ("rpm", "rhel"): "Red Hat",
    ("rpm", "rocky"): "Rocky Linux",
    ("rpm", "sled"): "SUSE",
    ("rpm", "sles"): "SUSE",
    ("rpm", "vmware"): "Photon OS",
}
"""Distribution of a package URL's type and namespace, other spellings included."""

BINARY_NAMES = frozenset(
    {
        *("AlmaLinux", "Chainguard", "CleanStart", "MinimOS", "Photon OS", "Red Hat", "Wolfi"),
    }
)
"""Distributions whose records name the packages that are installed.

The schema says so of each but AlmaLinux, whose records do it all the same
(``glibc-langpack-aa``).  The records of all others name source packages.
"""

CASELESS = frozenset(
    {
        *("Bitnami", "ConanCenter", "GitHub Actions", "Hex", "NuGet", "Packagist", "Pub"),
        "VSCode",
    }
)
"""Ecosystems that do not tell case apart in names.

By the package-url definitions (bitnami, composer, hex, pub, vscode-extension:
lower-cased; nuget: case-insensitive), Conan 2 (names are lower case) and
GitHub (repository names are case-insensitive).
"""

DEBIAN_RELEASES = {
    "squeeze": "6",
    "wheezy": "7",
    "jessie": "8",
    "stretch": "9",
    "buster": "10",
    "bullseye": "11",
    "bookworm": "12",
    "trixie": "13",
    "forky": "14",
    "duke": "15",
    "sid": "sid",
}
"""Number of each Debian series (Debian distro-info data)."""

UBUNTU_RELEASES = {
    "trusty": "14.04",
    "xenial": "16.04",
    "bionic": "18.04",
    "focal": "20.04",
    "jammy": "22.04",
    "mantic": "23.10",
    "noble": "24.04",
    "oracular": "24.10",
    "plucky": "25.04",
    "questing": "25.10",
    "resolute": "26.04",
}
"""Number of each Ubuntu series since 14.04 (Ubuntu distro-info data)."""
