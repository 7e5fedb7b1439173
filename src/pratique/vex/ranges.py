"""Whether a version is in a ``vers`` range, as CSAF and CycloneDX write them."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote

from pratique.versions import Ordering, VersionError, ordering_named

MAX_CONSTRAINTS = 256
"""Constraints of one range that are read; those in use have a handful."""

RULES = {
    "alpine": "apk",
    "apk": "apk",
    "cargo": "semver",
    "composer": "packagist",
    "cran": "cran",
    "deb": "dpkg",
    "gem": "rubygems",
    "golang": "semver",
    "hackage": "hackage",
    "hex": "semver",
    "maven": "maven",
    "npm": "semver",
    "nuget": "nuget",
    "pub": "pub",
    "pypi": "pep440",
    "rpm": "rpm",
    "semver": "semver",
    "swift": "semver",
}
"""Scheme of a range to the rule that orders its versions."""

_COMPARATORS = (">=", "<=", "!=", "<", ">", "=")


def within(version: str, text: str) -> bool | None:
    """Whether a version is in a range; ``None`` where that cannot be said.

    Args:
        version: Of the package that was found.
        text: ``vers:scheme/constraint|constraint``, or ``vers:all/*``.
    """
    parsed = _parse(text)
    if parsed is None or not version:
        return None
    rule, constraints = parsed
    if constraints == (("*", ""),):
        return True
    if rule is None:
        return _unordered(version, constraints)
    try:
        return _inside(rule, version, constraints)
    except VersionError:
        return None


def _unordered(version: str, constraints: tuple[tuple[str, str], ...]) -> bool | None:
    """What can be said without an order: of the very versions that are named."""
    named = {bound: comparator for comparator, bound in constraints}
    if version in named:
        return named[version] in {"=", "<=", ">="}
    return False if all(comparator == "=" for comparator in named.values()) else None


def _inside(rule: Ordering, version: str, constraints: tuple[tuple[str, str], ...]) -> bool:
    """The specification's own walk over the constraints, in the order of their versions."""
    spans: list[tuple[str, str]] = []
    for comparator, bound in constraints:
        order = rule.compare(version, bound)
        if order == 0 and comparator in {"=", "<=", ">="}:
            return True
        if order == 0:
            return False
        if comparator not in {"=", "!="}:
            spans.append((comparator, bound))
    if not spans:
        return all(comparator == "!=" for comparator, _ in constraints)
    # Between a lower bound and the next upper one, below a leading upper, above a last lower.
    open_below = spans[0][0] in {"<", "<="}
    inside = open_below
    for comparator, bound in spans:
        if rule.compare(version, bound) < 0:
            return inside
        inside = comparator in {">", ">="}
    return inside


@lru_cache(maxsize=4096)
def _parse(text: str) -> tuple[Ordering | None, tuple[tuple[str, str], ...]] | None:
    """Ordering and constraints of a range, the latter sorted; ``None`` where it is none."""
    if not text.startswith("vers:"):
        return None
    scheme, slash, rest = text[5:].partition("/")
    items = rest.replace(" ", "").split("|")
    if not slash or not rest or len(items) > MAX_CONSTRAINTS:
        return None
    if items == ["*"]:
        return None, (("*", ""),)
    rule = _ordering(scheme.lower())
    constraints = []
    for item in items:
        comparator = next((one for one in _COMPARATORS if item.startswith(one)), "=")
        bound = unquote(item.removeprefix(comparator))
        if not bound or bound == "*":
            return None
        constraints.append((comparator, bound))
    if rule is not None:
        try:
            constraints.sort(key=lambda pair: rule.key(pair[1]))
        except VersionError:
            return None
    return rule, tuple(constraints)


def _ordering(scheme: str) -> Ordering | None:
    return ordering_named(RULES[scheme]) if scheme in RULES else None
