"""Which ordering an OSV ecosystem has (OSV schema 1.7.5, "Defined ecosystems")."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pratique.versions.models import Ordering

NAMES = (
    "apk",
    "cran",
    "dpkg",
    "hackage",
    "maven",
    "nuget",
    "opam",
    "packagist",
    "pep440",
    "pub",
    "rpm",
    "rubygems",
    "semver",
)
"""Every rule there is; each is the module of that name."""

RULES = MappingProxyType(
    {
        "AlmaLinux": "rpm",
        "Alpaquita": "apk",
        "Alpine": "apk",
        "Azure Linux": "rpm",
        "BellSoft Hardened Containers": "apk",
        "Bioconductor": "cran",
        "Bitnami": "semver",
        "CRAN": "cran",
        "Chainguard": "apk",
        "CleanStart": "apk",
        "Debian": "dpkg",
        "GHC": "semver",
        "Go": "semver",
        "Hackage": "hackage",
        "Hex": "semver",
        "Julia": "semver",
        "Mageia": "rpm",
        "Maven": "maven",
        "MinimOS": "apk",
        "NuGet": "nuget",
        "Packagist": "packagist",
        "Pub": "pub",
        "PyPI": "pep440",
        "Red Hat": "rpm",
        "Rocky Linux": "rpm",
        "RubyGems": "rubygems",
        "SUSE": "rpm",
        "SwiftURL": "semver",
        "Ubuntu": "dpkg",
        "VSCode": "semver",
        "Wolfi": "apk",
        "crates.io": "semver",
        "npm": "semver",
        "opam": "opam",
        "openEuler": "rpm",
        "openSUSE": "rpm",
    }
)
"""Ecosystem, without its suffix, to the name of its rule."""

UNORDERED = frozenset(
    (
        "Android",
        "ConanCenter",
        "FreeBSD",
        "GIT",
        "GitHub Actions",
        "Kubernetes",
        "Linux",
        "OSS-Fuzz",
        "Photon OS",
    )
)
"""Ecosystems whose versions are only ever equal or different."""

_ROOT_RULES = MappingProxyType(
    {
        "alpine": "apk",
        "debian": "dpkg",
        "ubuntu": "dpkg",
        "pypi": "pep440",
        "python": "pep440",
        "npm": "semver",
        "maven": "maven",
    }
)
_ECHO_RULES = MappingProxyType({"pypi": "pep440", "maven": "maven"})


def ordering(ecosystem: str) -> Ordering | None:
    """Ordering of an ecosystem; the code behind it is imported on the first use.

    Args:
        ecosystem: As OSV writes it, with its suffix where it has one: ``PyPI``,
            ``Debian:12``, ``Root:Alpine:3.18``.

    Returns:
        ``None`` where versions have no order but are equal or different
        (``UNORDERED``), and where the ecosystem is not known.
    """
    name, _, suffix = ecosystem.partition(":")
    if name in RULES:
        return ordering_named(RULES[name])
    inner, _, _ = suffix.partition(":")
    if name in {"TuxCare", "Docker Hardened Images"}:
        return ordering_named(RULES[inner]) if inner in RULES else None
    if name == "Root":
        return _root(_ROOT_RULES.get(inner.lower(), "semver"))
    if name == "Echo":
        if inner.lower() == "npm":
            return _echo("semver")
        return ordering_named(_ECHO_RULES.get(inner.lower(), "dpkg"))
    return None


@cache
def ordering_named(name: str) -> Ordering:
    """Ordering by the name of its rule.

    Raises:
        KeyError: There is no rule of that name.
    """
    if name not in NAMES:
        raise KeyError(name)
    found: Ordering = import_module(f"pratique.versions.{name}").ORDERING
    return found


def semver_ordering() -> Ordering:
    """Ordering of OSV ranges of type ``SEMVER``, whatever their ecosystem."""
    return ordering_named("semver")


def orderings() -> tuple[Ordering, ...]:
    """Every ordering, by name, those of repackaged versions last."""
    return (
        *(ordering_named(name) for name in NAMES),
        *(_root(rule) for rule in sorted(set(_ROOT_RULES.values()))),
        _echo("semver"),
    )


@cache
def _root(rule: str) -> Ordering:
    from pratique.versions.repackaged import root

    return root(ordering_named(rule))


@cache
def _echo(rule: str) -> Ordering:
    from pratique.versions.repackaged import echo

    return echo(ordering_named(rule))
