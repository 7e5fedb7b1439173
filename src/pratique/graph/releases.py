"""Products over their versions and in time."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pratique.graph.exposure import find_packages, order_of
from pratique.graph.models import Change, Difference, Shipped
from pratique.graph.ranges import wanted
from pratique.model.ecosystems import ecosystem_of
from pratique.model.errors import UsageError
from pratique.model.purl import Package
from pratique.versions import VersionError, ordering

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.store.record import Record, Shipment


def latest(record: Record, product: str, *, environment: str = "") -> list[Shipment]:
    """The newest bill of a product in each environment, or in one.

    Raises:
        UsageError: There is no such product.
    """
    newest: dict[str, Shipment] = {}
    for one in _of(record, product):
        if environment and one.environment != environment:
            continue
        if one.environment not in newest or order_of(newest[one.environment]) < order_of(one):
            newest[one.environment] = one
    return [newest[name] for name in sorted(newest)]


def difference(record: Record, product: str, before: str, after: str) -> Difference:
    """What changed between two versions of a product, by the newest bill of each.

    Raises:
        UsageError: There is no such product or version.
    """
    rows = _of(record, product)
    old, new = (_packages(record, rows, product, version) for version in (before, after))
    changes = [
        change
        for name in sorted(set(old) | set(new))
        if (change := _change(name, old.get(name, []), new.get(name, [])))
    ]
    return Difference(product=product, before=before, after=after, changes=tuple(changes))


def history(record: Record, question: str) -> list[Shipped]:
    """Since when each product shipped a package, and when it no longer did.

    Raises:
        UsageError: The range cannot be read.
        InputError: It is no package URL.
    """
    packages, _ = find_packages(record, wanted(question))
    inside: dict[int, set[int]] = defaultdict(set)
    for package, sbom in record.holders(packages):
        inside[package].add(sbom)
    shipped = []
    products = {one.product for one in record.shipments(set().union(*inside.values()))}
    for product in sorted(products):
        line: dict[str, list[Shipment]] = defaultdict(list)
        for one in record.shipments(product=product):
            line[one.environment].append(one)
        for environment, rows in sorted(line.items()):
            rows.sort(key=order_of)
            for package, text in packages.items():
                if found := _span(rows, inside[package]):
                    first, last, after = found
                    shipped.append(
                        Shipped(
                            product=product,
                            environment=environment,
                            package=text,
                            first=first.when,
                            first_version=first.version,
                            last=last.when,
                            last_version=last.version,
                            gone=after.when if after else "",
                        )
                    )
    shipped.sort(key=lambda one: (one.product, one.environment, one.package))
    return shipped


def _span(
    rows: Sequence[Shipment], sboms: set[int]
) -> tuple[Shipment, Shipment, Shipment | None] | None:
    """First and last of a product's bills that are among some, and the one after the last."""
    places = [place for place, one in enumerate(rows) if one.sbom in sboms]
    if not places:
        return None
    after = places[-1] + 1
    return rows[places[0]], rows[places[-1]], rows[after] if after < len(rows) else None


def _of(record: Record, product: str) -> list[Shipment]:
    rows = record.shipments(product=product)
    if not rows:
        raise UsageError(
            f"there is no product {product!r} in the record.",
            remedy="'pratique products' lists those that are.",
        )
    return rows


def _packages(
    record: Record, rows: Sequence[Shipment], product: str, version: str
) -> dict[str, list[Package]]:
    """Packages of a product's version by their name."""
    of = [one for one in rows if one.version == version]
    if not of:
        there = ", ".join(sorted({one.version for one in rows if one.version})[:20])
        raise UsageError(
            f"there is no version {version!r} of {product} in the record.",
            remedy=f"There are: {there}." if there else "",
        )
    newest = max(of, key=order_of)
    grouped: dict[str, list[Package]] = defaultdict(list)
    for text in record.texts(record.bill(newest.sbom).nodes).values():
        package = Package.parse(text)
        grouped[str(package.without_version())].append(package)
    return grouped


def _change(name: str, old: Sequence[Package], new: Sequence[Package]) -> Change | None:
    before = tuple(sorted({one.version for one in old}))
    after = tuple(sorted({one.version for one in new}))
    if old and new and before == after:
        return None
    if not old or not new:
        kind = "added" if new else "removed"
    elif len(before) == len(after) == 1:
        kind = _direction(old[0], before[0], after[0])
    else:
        kind = "changed"
    return Change(name=name, kind=kind, before=before, after=after)


def _direction(package: Package, before: str, after: str) -> str:
    rule = ordering(ecosystem_of(package))
    if rule is None:
        return "changed"
    try:
        return {-1: "upgraded", 1: "downgraded"}.get(rule.compare(before, after), "changed")
    except VersionError:
        return "changed"
