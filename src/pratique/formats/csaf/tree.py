"""The product tree of CSAF (2.0 and 2.1, section 3.2.2): what each product id stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.base import MAX_DEPTH, MAX_ITEMS
from pratique.formats.shapes import array
from pratique.formats.vex_values import records_of, shown
from pratique.model.errors import InputError, LimitError
from pratique.model.nouns import Artifact
from pratique.model.vex import Part, Product, bad_purls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Notes

VERSION_RANGE = "product_version_range"

MAX_CHAIN = 32
"""Products in products that are followed; documents have two or three."""


class Tree(msgspec.Struct, kw_only=True):
    """What the ids of a document stand for."""

    products: dict[str, Product] = {}
    """Product id to product; one of a relationship is a component in a product."""

    groups: dict[str, tuple[str, ...]] = {}
    """Group id to product ids."""

    def members(self, record: dict[str, Any]) -> list[str]:
        """Product ids that an object names, itself or by its groups, each once."""
        ids = [one for one in array(record.get("product_ids")) if isinstance(one, str)]
        for group in array(record.get("group_ids")):
            ids.extend(self.groups.get(group, ()) if isinstance(group, str) else ())
        return list(dict.fromkeys(ids))


def read_tree(value: Any, notes: Notes) -> Tree:
    """Read a product tree; what is wrong in it is named, and the rest kept.

    Args:
        value: The ``product_tree`` of a document, or nothing.
        notes: Takes what is wrong.

    Raises:
        LimitError: It has over ``MAX_ITEMS`` products, or branches too deep.
    """
    if not isinstance(value, dict):
        if value is not None:
            notes.unreadable("product_tree is no object; it is left out")
        return Tree()
    parts: dict[str, Part] = {}
    for place, category, name, product in _named(value, notes):
        _add(parts, product, place, notes, version_range=name if category == VERSION_RANGE else "")
        if len(parts) > MAX_ITEMS:
            raise LimitError(f"names over {MAX_ITEMS:,} products")
    products: dict[str, Product | None] = {id: Product(part=part) for id, part in parts.items()}
    _join(value, products, notes)
    known = {id: one for id, one in products.items() if one is not None}
    groups = {}
    for place, row in records_of(value, "product_groups", "product_tree", notes):
        id = row.get("group_id")
        if not isinstance(id, str):
            notes.unreadable(f"{place} has no group_id; it is left out")
            continue
        ids = row.get("product_ids")
        groups[id] = (
            tuple(one for one in ids if isinstance(one, str)) if isinstance(ids, list) else ()
        )
    return Tree(products=known, groups=groups)


def _named(value: dict[str, Any], notes: Notes) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Place, branch category, branch name and object of every full product name of the tree."""
    for place, row in records_of(value, "full_product_names", "product_tree", notes):
        yield place, "", "", row
    waiting = list(reversed(records_of(value, "branches", "product_tree", notes)))
    depths = [1] * len(waiting)
    while waiting:
        place, branch = waiting.pop()
        depth = depths.pop()
        if depth > MAX_DEPTH:
            raise LimitError(f"has branches nested over {MAX_DEPTH} deep")
        product = branch.get("product")
        if isinstance(product, dict):
            category, name = branch.get("category"), branch.get("name")
            yield f"{place}.product", str(category), name if isinstance(name, str) else "", product
        elif product is not None:
            notes.unreadable(f"{place}.product is no object; it is left out")
        inner = records_of(branch, "branches", place, notes)
        waiting.extend(reversed(inner))
        depths.extend([depth + 1] * len(inner))


def _add(
    parts: dict[str, Part], row: dict[str, Any], place: str, notes: Notes, version_range: str = ""
) -> None:
    id = row.get("product_id")
    if not isinstance(id, str) or not id:
        notes.unreadable(f"{place} has no product_id; it is left out")
        return
    if id in parts:
        notes.unknown(f"{place} defines the product id {shown(id)} again; the first one counts")
        return
    parts[id] = _part(row, place, notes, version_range)


def _part(row: dict[str, Any], place: str, notes: Notes, version_range: str = "") -> Part:
    """A full product name with its identification helper (section 3.1.3)."""
    helper = row.get("product_identification_helper")
    helper = helper if isinstance(helper, dict) else {}
    purls = [helper.get("purl"), *array(helper.get("purls"))]
    texts = [text for text in purls if isinstance(text, str) and text]
    pairs = [("purl", text) for text in texts]
    cpe = helper.get("cpe")
    if isinstance(cpe, str) and cpe:
        pairs.append(("cpe23" if cpe.startswith("cpe:2.3:") else "cpe22", cpe))
    hashes = []
    for group in array(helper.get("hashes")):
        for one in array(group.get("file_hashes")) if isinstance(group, dict) else ():
            if not isinstance(one, dict):
                continue
            try:
                hashes.append(Artifact.of(str(one.get("algorithm")), str(one.get("value"))))
            except InputError as error:
                notes.unreadable(f"{place}: {error.message}")
    pairs.extend(
        ("uri", one["uri"])
        for one in array(helper.get("x_generic_uris"))
        if isinstance(one, dict) and isinstance(one.get("uri"), str)
    )
    name = row.get("name")
    part = Part.of(
        texts[0] if len(texts) == 1 else "",
        identifiers=tuple(pairs),
        hashes=tuple(hashes),
        name=name if isinstance(name, str) else "",
    )
    for message in bad_purls(part):
        notes.unreadable(f"{place}: {message}")
    if version_range and part.packages and not any(one.version for one in part.packages):
        part = msgspec.structs.replace(part, ranges=(version_range,))
    return part


class _Link(msgspec.Struct):
    place: str
    name: dict[str, Any]
    inner: str
    outer: list[str]
    """From the inside out."""


def _join(value: dict[str, Any], products: dict[str, Product | None], notes: Notes) -> None:
    """Products made of products: relationships (2.0), product paths (2.1)."""
    links: dict[str, _Link] = {}
    for place, row in records_of(value, "relationships", "product_tree", notes):
        outer = [row.get("relates_to_product_reference")]
        _link(links, place, row, row.get("product_reference"), outer, notes)
    for place, row in records_of(value, "product_paths", "product_tree", notes):
        outer = [
            sub.get("next_product_reference")
            for _, sub in records_of(row, "subpaths", place, notes)
        ]
        _link(links, place, row, row.get("beginning_product_reference"), outer, notes)
    for id in list(links):
        _resolve(id, links, products, notes, ())


def _link(
    links: dict[str, _Link],
    place: str,
    row: dict[str, Any],
    inner: Any,
    outer: list[Any],
    notes: Notes,
) -> None:
    name = row.get("full_product_name")
    id = name.get("product_id") if isinstance(name, dict) else None
    good = isinstance(inner, str) and outer and all(isinstance(one, str) for one in outer)
    if not isinstance(id, str) or not isinstance(name, dict) or not good:
        notes.unreadable(f"{place} does not say what is in what; it is left out")
        return
    links.setdefault(id, _Link(place, name, inner, outer))


def _resolve(
    id: str,
    links: dict[str, _Link],
    products: dict[str, Product | None],
    notes: Notes,
    waiting: tuple[str, ...],
) -> Product | None:
    """A product by its id; one that is, over relationships, in itself is named and left out.

    What cannot be resolved is remembered as well: a document that refers to
    everything twice would else take time without end.
    """
    if id in products:
        return products[id]
    link = links.get(id)
    if link is None:
        return None
    if id in waiting or len(waiting) >= MAX_CHAIN:
        notes.unknown(f"{link.place} makes the product {shown(id)} a part of itself")
        return None
    product = products[id] = _made(link, links, products, notes, (*waiting, id))
    return product


def _made(
    link: _Link,
    links: dict[str, _Link],
    products: dict[str, Product | None],
    notes: Notes,
    waiting: tuple[str, ...],
) -> Product | None:
    levels: list[Part] = []  # from the inside out
    for id in (link.inner, *link.outer):
        one = _resolve(id, links, products, notes, waiting)
        if one is None:
            notes.unknown(f"{link.place} refers to {shown(id)}, which is not defined")
            return None
        levels.extend((*one.subcomponents[:1], one.part, *one.within))
        if len(levels) > MAX_CHAIN:
            notes.unknown(f"{link.place} puts over {MAX_CHAIN} products into each other")
            return None
    own = _part(link.name, link.place, notes)
    if own.packages or own.hashes:
        levels[0] = own  # the combination has an identifier of its own
    return Product(part=levels[1], subcomponents=(levels[0],), within=tuple(levels[2:]))
