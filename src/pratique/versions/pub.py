"""Pub (Dart): Semantic Versioning in which build metadata counts.

Follows pub_semver: a version with a build is above the same one without, and
builds compare as prereleases do.
"""

from __future__ import annotations

from pratique.versions import semver
from pratique.versions.encoding import sign
from pratique.versions.models import Ordering

_BUILD = "\x01"
_RULE = "Pub's rule"


def compare(left: str, right: str) -> int:
    """Order of two versions."""
    one, other = semver.parse(left, _RULE), semver.parse(right, _RULE)
    order = semver.compare_numbers(one.numbers, other.numbers) or semver.compare_prereleases(
        one.prerelease, other.prerelease
    )
    if order:
        return order
    if not one.build or not other.build:
        return sign(bool(one.build), bool(other.build))
    return semver.compare_identifiers(one.build, other.build)


def key(text: str) -> bytes:
    """Bytes that sort as Pub does."""
    if "+" not in text:
        return semver.key(text)
    numbers, prerelease, build = semver.parse(text, _RULE)
    stage = semver.PRERELEASE + semver.encode_identifiers(prerelease)
    end = _BUILD + semver.encode_identifiers(build) if build else ""
    core = semver.encode_numbers(numbers)
    return (core + (stage if prerelease else semver.RELEASE) + end).encode()


ORDERING = Ordering("pub", compare, key)
