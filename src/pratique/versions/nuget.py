"""NuGet: Semantic Versioning with a fourth number, letter case of no account.

Follows NuGet's "Package versioning" reference: trailing zeros count for
nothing, prerelease identifiers compare without letter case, metadata is ignored.
"""

from __future__ import annotations

import re

from pratique.versions import semver
from pratique.versions.encoding import number
from pratique.versions.models import Ordering

_common = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,18})(?:\.0)?").fullmatch


def _parse(text: str) -> semver.Parsed:
    return semver.parse(text.lower(), "NuGet's rule")


def compare(left: str, right: str) -> int:
    """Order of two versions."""
    one, other = _parse(left), _parse(right)
    return semver.compare_numbers(one.numbers, other.numbers) or semver.compare_prereleases(
        one.prerelease, other.prerelease
    )


def key(text: str) -> bytes:
    """Bytes that sort as NuGet does."""
    match = _common(text)
    if match is not None:
        major, minor, patch = match.groups()
        return f"{number(major)}{number(minor)}{number(patch)}\x02".encode()
    numbers, prerelease, _ = _parse(text)
    core = semver.encode_numbers(numbers)
    if prerelease:
        return (core + semver.PRERELEASE + semver.encode_identifiers(prerelease)).encode()
    return (core + semver.RELEASE).encode()


ORDERING = Ordering("nuget", compare, key)
