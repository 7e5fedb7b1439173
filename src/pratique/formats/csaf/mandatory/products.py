"""Tests of products and how they are identified: 6.1.1 to 6.1.5, 13, 25, 42 to 44, 61."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from pratique.formats.csaf.mandatory.advisory import NEW, Advisory, mandatory, rows
from pratique.formats.shapes import objects_in, texts_in
from pratique.formats.vex_values import in_themselves
from pratique.model.errors import InputError
from pratique.model.purl import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.csaf.mandatory.advisory import Finding


def _references(advisory: Advisory, ids: str, single: str = "") -> Iterator[Finding]:
    """Path and id of every reference to products (``product_ids``) or groups (``group_ids``)."""
    for path, row in rows(advisory.document.get("notes"), "/document/notes"):
        for at, id in enumerate(texts_in(row.get(ids))):
            yield f"{path}/{ids}/{at}", id
    for path, vulnerability in advisory.vulnerabilities():
        for key, value in vulnerability.items():
            if key == "product_status" and single and isinstance(value, dict):
                for status, found in value.items():
                    for at, id in enumerate(texts_in(found)):
                        yield f"{path}/{key}/{status}/{at}", id
                continue
            for place, row in rows(value, f"{path}/{key}"):
                for name in (ids, single) if single else (ids,):
                    for number, id in enumerate(texts_in(row.get(name))):
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
        for at, id in enumerate(texts_in(row.get("product_ids"))):
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
        if found := texts_in(helper.get("purls")):
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
                str(one.get("algorithm")).lower() for one in objects_in(row.get("file_hashes"))
            )
            for algorithm, count in counts.items():
                if count > 1:
                    yield f"{at}/file_hashes", f"has {count} hashes of {algorithm}"


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
        for at, text in enumerate(texts_in(helper.get(key))):
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


TESTS = (
    missing_product,
    repeated_product,
    circular_product,
    missing_group,
    repeated_group,
    valid_purl,
    repeated_algorithm,
    purl_qualifiers,
    model_stars,
    serial_stars,
    sku_stars,
)
