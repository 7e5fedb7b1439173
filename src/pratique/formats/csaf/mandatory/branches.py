"""Tests of branches, versions and ranges of versions: 6.1.31, 34, 50, 57 to 59."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pratique.formats.csaf.mandatory.advisory import NEW, Advisory, mandatory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.csaf.mandatory.advisory import Finding

MAX_BRANCHES = 30
"""Test 6.1.34: levels of branches over a product."""

_OPERATORS = re.compile(r"[<>]")
_RANGE_WORDS = ("after", "all", "before", "earlier", "later", "prior", "versions")
_CONSTRAINT = re.compile(r"(>=|<=|!=|<|>|=)?(.+)\Z", re.DOTALL)
_VERS = re.compile(r"vers:([a-z][a-z0-9.-]*)/(.+)\Z", re.DOTALL)


@mandatory("6.1.31", "Version range in product version")
def range_in_version(advisory: Advisory) -> Iterator[Finding]:
    """A product version is one version."""
    for branch in advisory.branches:
        name = branch.value.get("name")
        if branch.value.get("category") != "product_version" or not isinstance(name, str):
            continue
        lower = name.lower()
        # Whole words: the corpus of 2.0 has the product "after-eight" pass, as 2.1 says.
        worded = not set(lower.split()).isdisjoint(_RANGE_WORDS)
        if worded or _OPERATORS.search(lower):
            yield f"{branch.path}/name", f"{name[:80]!r} is a range of versions"


@mandatory("6.1.34", "Branches recursion depth", NEW)
def branch_depth(advisory: Advisory) -> Iterator[Finding]:
    """No product is under more than 30 levels of branches."""
    for branch in advisory.branches:
        depth = len(branch.above) + 1
        if depth > MAX_BRANCHES and isinstance(branch.value.get("product"), dict):
            yield f"{branch.path}/product", f"is under {depth} levels of branches"


def _ranges(advisory: Advisory) -> Iterator[tuple[str, str]]:
    for branch in advisory.branches:
        name = branch.value.get("name")
        if branch.value.get("category") == "product_version_range" and isinstance(name, str):
            yield f"{branch.path}/name", name


def _range_fault(name: str) -> str:
    """What is wrong with a version range by section 3.1.2.3.2; empty if nothing."""
    found = _VERS.match(name)
    if name.startswith("vers:") and not found:
        return "is no version range specifier"
    body = found.group(2) if found else name
    if found and (body == "*") != (found.group(1) == "all"):
        return "writes all versions otherwise than 'vers:all/*'"
    if body == "*" and found:
        return ""
    if re.search(r"\s", body):
        return "has white space"
    constraints = body.split("|")
    if not all(constraints):
        return "has an empty constraint"
    comparators = []
    for one in constraints:
        match = _CONSTRAINT.match(one)
        if match is None or not match.group(2) or re.search(r"[<>=!*]", match.group(2)):
            return f"has the bad constraint {one[:40]!r}"
        if match.group(1) == "=":
            return "writes an equality with '=', which is not canonical"
        comparators.append(match.group(1) or "=")
    if not found and all(one == "=" for one in comparators):
        return "is no version range"
    if len(set(constraints)) != len(constraints):
        return "has a constraint twice"
    bounds = [_CONSTRAINT.match(one).group(2) for one in constraints]  # type: ignore[union-attr]
    if len(set(bounds)) != len(bounds):
        return "has a version twice"
    return _redundant(comparators)


def _redundant(comparators: list[str]) -> str:
    """Two lower or two upper bounds in a row say nothing together (VERS, "normalized")."""
    kinds = [one[0] for one in comparators if one[0] in "<>"]
    for first, second in pairwise(kinds):
        if first == second:
            return "has two bounds on the same side in a row"
    return ""


@mandatory("6.1.50", "Product version range rules", NEW)
def range_rules(advisory: Advisory) -> Iterator[Finding]:
    """A product version range is a VERS, or like one."""
    for path, name in _ranges(advisory):
        if fault := _range_fault(name):
            yield path, f"{name[:80]!r} {fault}"


@mandatory("6.1.57", "Stacked branch categories", NEW)
def stacked_categories(advisory: Advisory) -> Iterator[Finding]:
    """A category other than ``product_family`` is on a path once."""
    for branch in advisory.branches:
        if not isinstance(branch.value.get("product"), dict):
            continue
        counts = Counter(str(one.get("category")) for one in (*branch.above, branch.value))
        for category, count in counts.items():
            if count > 1 and category != "product_family":
                yield f"{branch.path}/category", f"{category} is on the path {count} times"


@mandatory("6.1.58", "Use of product_version in one path with product_version_range", NEW)
def version_and_range(advisory: Advisory) -> Iterator[Finding]:
    """A path has a version or a range of versions."""
    both = {"product_version", "product_version_range"}
    for branch in advisory.branches:
        used = {str(one.get("category")) for one in (*branch.above, branch.value)}
        if isinstance(branch.value.get("product"), dict) and both <= used:
            yield f"{branch.path}/category", "the path has both a version and a range of versions"


@mandatory("6.1.59", "Single version as product version range", NEW)
def single_version(advisory: Advisory) -> Iterator[Finding]:
    """A range of versions is more than one version."""
    for path, name in _ranges(advisory):
        found = _VERS.match(name)
        body = (found.group(2) if found else name).strip()
        if "|" not in body and not re.match(r"[<>!*]", body):
            yield path, f"{name[:80]!r} is a single version"
            continue
        bounds: dict[str, set[Any]] = {}
        for one in body.split("|"):
            match = _CONSTRAINT.match(one)
            if match:
                bounds.setdefault(match.group(2), set()).add(match.group(1))
        if len(bounds) == 1 and {">=", "<="} <= next(iter(bounds.values())):
            yield path, f"{name[:80]!r} is a single version"


TESTS = (
    range_in_version,
    branch_depth,
    range_rules,
    stacked_categories,
    version_and_range,
    single_version,
)
