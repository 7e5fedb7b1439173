"""Tests of the product tree: 6.1.1 to 6.1.5, 13, 25, 31, 34, 42 to 44, 50, 57 to 59, 61."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pratique.formats.csaf.mandatory.advisory import (
    NEW,
    Advisory,
    mandatory,
    objects,
    rows,
    texts,
)
from pratique.formats.vex_values import in_themselves
from pratique.model.errors import InputError
from pratique.model.purl import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.csaf.mandatory.advisory import Finding

MAX_BRANCHES = 30
"""Test 6.1.34: levels of branches over a product."""


def _references(advisory: Advisory, ids: str, single: str = "") -> Iterator[Finding]:
    """Path and id of every reference to products (``product_ids``) or groups (``group_ids``)."""
    for path, row in rows(advisory.document.get("notes"), "/document/notes"):
        for at, id in enumerate(texts(row.get(ids))):
            yield f"{path}/{ids}/{at}", id
    for path, vulnerability in advisory.vulnerabilities():
        for key, value in vulnerability.items():
            if key == "product_status" and single and isinstance(value, dict):
                for status, found in value.items():
                    for at, id in enumerate(texts(found)):
                        yield f"{path}/{key}/{status}/{at}", id
                continue
            for place, row in rows(value, f"{path}/{key}"):
                for name in (ids, single) if single else (ids,):
                    for number, id in enumerate(texts(row.get(name))):
                        yield f"{place}/{name}/{number}", id


@mandatory("6.1.1", "Missing definition of product id")
def missing_product(advisory: Advisory) -> Iterator[Finding]:
    """Every product that is referred to is defined."""
    defined = {id for _, id in advisory.product_ids}
    for _, _, used in advisory.links():
        for path, id in used:
            if id not in defined:
                yield path, f"product {id!r} is not defined"
    for path, row in rows(advisory.tree.get("product_groups"), "/product_tree/product_groups"):
        for at, id in enumerate(texts(row.get("product_ids"))):
            if id not in defined:
                yield f"{path}/product_ids/{at}", f"product {id!r} is not defined"
    for path, id in _references(advisory, "product_ids", "products"):
        if id not in defined:
            yield path, f"product {id!r} is not defined"


@mandatory("6.1.2", "Multiple definition of product id")
def repeated_product(advisory: Advisory) -> Iterator[Finding]:
    """Every product is defined once."""
    seen: set[str] = set()
    for path, id in advisory.product_ids:
        if id in seen:
            yield path, f"product {id!r} is defined before"
        seen.add(id)


@mandatory("6.1.3", "Circular definition of product id")
def circular_product(advisory: Advisory) -> Iterator[Finding]:
    """No product is, over any number of relationships, made of itself."""
    uses = {made: [id for _, id in used] for _, made, used in advisory.links() if made}
    looping = in_themselves({made: set(used) for made, used in uses.items()})
    for path, made, _ in advisory.links():
        if made in looping:
            yield path, f"product {made!r} is made of itself"


@mandatory("6.1.4", "Missing definition of product group id")
def missing_group(advisory: Advisory) -> Iterator[Finding]:
    """Every group that is referred to is defined."""
    for path, id in _references(advisory, "group_ids"):
        if id not in advisory.groups:
            yield path, f"product group {id!r} is not defined"


@mandatory("6.1.5", "Multiple definition of product group id")
def repeated_group(advisory: Advisory) -> Iterator[Finding]:
    """Every group is defined once."""
    seen: set[object] = set()
    for path, row in rows(advisory.tree.get("product_groups"), "/product_tree/product_groups"):
        id = row.get("group_id")
        if isinstance(id, str) and id in seen:
            yield f"{path}/group_id", f"product group {id!r} is defined before"
        seen.add(id if isinstance(id, str) else None)


def _purls(advisory: Advisory) -> Iterator[tuple[str, list[str]]]:
    for path, helper in advisory.helpers():
        if isinstance(helper.get("purl"), str):
            yield f"{path}/purl", [helper["purl"]]
        if found := texts(helper.get("purls")):
            yield f"{path}/purls", found


NO_NAMESPACE = frozenset(
    {
        "bitnami",
        "cargo",
        "cocoapods",
        "conda",
        "cran",
        "gem",
        "hackage",
        "julia",
        "mlflow",
        "nuget",
        "oci",
        "opam",
        "pub",
        "pypi",
    }
)
"""Types whose definition prohibits a namespace (ECMA-427, type definitions)."""


@mandatory("6.1.13", "PURL")
def valid_purl(advisory: Advisory) -> Iterator[Finding]:
    """Every package URL can be read."""
    for path, found in _purls(advisory):
        for text in found:
            if text.startswith("pkg:/"):
                yield path, f"{text[:80]!r} is not in the canonical form"
                continue
            try:
                package = Package.parse(text)
            except InputError as error:
                yield path, error.message
                continue
            if package.namespace and package.type in NO_NAMESPACE:
                yield path, f"{text[:80]!r} has a namespace, which its type does not allow"


@mandatory("6.1.25", "Multiple use of same hash algorithm")
def repeated_algorithm(advisory: Advisory) -> Iterator[Finding]:
    """A file has one hash of each algorithm."""
    for path, helper in advisory.helpers():
        for at, row in rows(helper.get("hashes"), f"{path}/hashes"):
            counts = Counter(
                str(one.get("algorithm")).lower() for one in objects(row.get("file_hashes"))
            )
            for algorithm, count in counts.items():
                if count > 1:
                    yield f"{at}/file_hashes", f"has {count} hashes of {algorithm}"


_OPERATORS = re.compile(r"[<>]")
_RANGE_WORDS = ("after", "all", "before", "earlier", "later", "prior", "versions")


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


@mandatory("6.1.42", "PURL qualifiers", NEW)
def purl_qualifiers(advisory: Advisory) -> Iterator[Finding]:
    """Package URLs of one product differ in their qualifiers alone."""
    for path, found in _purls(advisory):
        bare = set()
        for text in found:
            try:
                one = Package.parse(text)
            except InputError:
                continue  # 6.1.13 has it
            bare.add((one.type, one.namespace, one.name, one.version, one.subpath))
        if len(bare) > 1:
            yield path, "has package URLs that differ in more than their qualifiers"


def _stars(advisory: Advisory, key: str) -> Iterator[Finding]:
    for path, helper in advisory.helpers():
        for at, text in enumerate(texts(helper.get(key))):
            if len(re.findall(r"\*", re.sub(r"\\.", "", text))) > 1:
                yield f"{path}/{key}/{at}", f"{text[:80]!r} has several unescaped stars"


@mandatory("6.1.43", "Use of multiple stars in model number", NEW)
def model_stars(advisory: Advisory) -> Iterator[Finding]:
    """A model number has one star at most."""
    return _stars(advisory, "model_numbers")


@mandatory("6.1.44", "Use of multiple stars in serial number", NEW)
def serial_stars(advisory: Advisory) -> Iterator[Finding]:
    """A serial number has one star at most."""
    return _stars(advisory, "serial_numbers")


@mandatory("6.1.61", "Use of multiple stars in SKU", NEW)
def sku_stars(advisory: Advisory) -> Iterator[Finding]:
    """A stock keeping unit has one star at most."""
    return _stars(advisory, "skus")


_CONSTRAINT = re.compile(r"(>=|<=|!=|<|>|=)?(.+)\Z", re.DOTALL)
_VERS = re.compile(r"vers:([a-z][a-z0-9.-]*)/(.+)\Z", re.DOTALL)


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
    missing_product,
    repeated_product,
    circular_product,
    missing_group,
    repeated_group,
    valid_purl,
    repeated_algorithm,
    range_in_version,
    branch_depth,
    purl_qualifiers,
    model_stars,
    serial_stars,
    range_rules,
    stacked_categories,
    version_and_range,
    single_version,
    sku_stars,
)
