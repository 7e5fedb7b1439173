"""OSV ecosystem of a package, by its package URL.

Source: OSV schema 1.7, "Defined ecosystems", whose names these are; the release
of a Linux distribution comes from the purl qualifier ``distro``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pratique.model.nouns import Package

_BY_TYPE = {
    "bioconductor": "Bioconductor",
    "bitnami": "Bitnami",
    "cargo": "crates.io",
    "composer": "Packagist",
    "conan": "ConanCenter",
    "cran": "CRAN",
    "gem": "RubyGems",
    "githubactions": "GitHub Actions",
    "golang": "Go",
    "hackage": "Hackage",
    "hex": "Hex",
    "julia": "Julia",
    "maven": "Maven",
    "npm": "npm",
    "nuget": "NuGet",
    "opam": "opam",
    "pub": "Pub",
    "pypi": "PyPI",
    "swift": "SwiftURL",
    "vscode-extension": "VSCode",
}

_BY_DISTRIBUTION = {
    ("apk", "alpaquita"): "Alpaquita",
    ("apk", "alpine"): "Alpine",
    ("apk", "chainguard"): "Chainguard",
    ("apk", "minimos"): "MinimOS",
    ("apk", "wolfi"): "Wolfi",
    ("deb", "debian"): "Debian",
    ("deb", "echo"): "Echo",
    ("deb", "ubuntu"): "Ubuntu",
    ("rpm", "almalinux"): "AlmaLinux",
    ("rpm", "alma"): "AlmaLinux",
    ("rpm", "azurelinux"): "Azure Linux",
    ("rpm", "mageia"): "Mageia",
    ("rpm", "openeuler"): "openEuler",
    ("rpm", "opensuse"): "openSUSE",
    ("rpm", "photon"): "Photon OS",
    ("rpm", "redhat"): "Red Hat",
    ("rpm", "rhel"): "Red Hat",
    ("rpm", "rocky"): "Rocky Linux",
    ("rpm", "rocky-linux"): "Rocky Linux",
    ("rpm", "rockylinux"): "Rocky Linux",
    ("rpm", "sles"): "SUSE",
    ("rpm", "suse"): "SUSE",
}

_DISTRIBUTIONS = frozenset({"apk", "deb", "rpm"})

# Names of releases, which some generators write in place of the number.
_DEBIAN = {
    "wheezy": "7",
    "jessie": "8",
    "stretch": "9",
    "buster": "10",
    "bullseye": "11",
    "bookworm": "12",
    "trixie": "13",
    "forky": "14",
    "sid": "sid",
}
_UBUNTU = {
    "trusty": "14.04",
    "xenial": "16.04",
    "bionic": "18.04",
    "focal": "20.04",
    "jammy": "22.04",
    "lunar": "23.04",
    "mantic": "23.10",
    "noble": "24.04",
    "oracular": "24.10",
    "plucky": "25.04",
    "questing": "25.10",
}

_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?(?:\.\d+)*\Z")


def ecosystem_of(package: Package) -> str:
    """OSV ecosystem with its release suffix where the package URL states one.

    Returns:
        ``npm``, ``Debian:12``, ``Ubuntu:22.04:LTS``, ``Alpine:v3.18`` …; the bare
        name of a distribution whose release is not stated; empty where OSV has
        no ecosystem for the type.
    """
    if package.type in _DISTRIBUTIONS:
        distro = next((value for key, value in package.qualifiers if key == "distro"), "")
        return _distribution(package.type, package.namespace, distro)
    if package.type == "alpine":  # the name that generators gave to apk before it was a type
        distro = next((value for key, value in package.qualifiers if key == "distro"), "")
        return _distribution("apk", "alpine", distro)
    return _BY_TYPE.get(package.type, "")


@lru_cache(maxsize=256)
def _distribution(type: str, namespace: str, distro: str) -> str:
    name = _BY_DISTRIBUTION.get((type, namespace.lower()), "")
    release = _release(name, distro.lower()) if distro else ""
    return f"{name}:{release}" if name and release else name


def _release(name: str, distro: str) -> str:
    """Suffix that OSV gives to a release, or empty where it cannot be told."""
    word = distro.rpartition("-")[2]
    if name == "Debian":
        word = _DEBIAN.get(word, word)
        if word == "sid":
            return word
    elif name == "Ubuntu":
        word = _UBUNTU.get(word, word)
    elif name == "openSUSE" and word == "tumbleweed":
        return "Tumbleweed"
    number = _NUMBER.search(word)
    if number is None:
        return ""
    major, minor = number[1], number[2]
    match name:
        case "Debian" | "AlmaLinux" | "Rocky Linux" | "Mageia" | "Azure Linux" | "Alpaquita":
            return major
        case "Alpine" if minor:
            return f"v{major}.{minor}"
        case "Ubuntu" if minor:
            # Ubuntu's releases of April in even years are the long-term ones.
            lts = ":LTS" if minor == "04" and int(major[-2:]) % 2 == 0 else ""
            return f"{major}.{minor}{lts}"
        case "Photon OS" if minor:
            return f"{major}.{minor}"
        case "openSUSE" if minor:
            return f"Leap {major}.{minor}"
        case "SUSE":
            return f"Linux Enterprise Server {major}" + (f" SP{minor}" if minor else "")
    return ""
