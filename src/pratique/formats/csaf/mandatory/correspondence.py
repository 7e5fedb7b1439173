"""Test 6.1.27.13: a fixed product has an affected counterpart in the same vulnerability."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pratique.formats.csaf.mandatory.advisory import NEW, Advisory, mandatory, rows
from pratique.formats.shapes import texts_in, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.csaf.mandatory.advisory import Finding

VERSIONS = frozenset({"product_version", "product_version_range", "service_pack", "patch_level"})
"""Branch categories that tell versions of one product apart."""

AFFECTED = ("known_affected", "first_affected", "last_affected")


class _Path(NamedTuple):
    """A product as a path: itself alone, or what it is installed on or with."""

    ids: tuple[str, ...]
    categories: tuple[str, ...] = ()


@mandatory("6.1.27.13", "Corresponding affected products", NEW)
def corresponding(advisory: Advisory) -> Iterator[Finding]:
    """What is fixed was affected at another version.

    Products on branches correspond where all but their version is equal, paths
    where one of their products does and the others are the same.  Products that
    are listed without branches cannot be compared: any affected one will do.
    """
    if advisory.category != "csaf_security_advisory":
        return
    paths, kinds = _paths(advisory), _kinds(advisory)
    for at, one in advisory.vulnerabilities():
        status = one.get("product_status")
        status = status if isinstance(status, dict) else {}
        affected = [
            paths.get(id, _Path((id,))) for key in AFFECTED for id in texts_in(status.get(key))
        ]
        for number, id in enumerate(texts_in(status.get("fixed"))):
            path = paths.get(id, _Path((id,)))
            if not any(
                _same(wanted, other, kinds) for wanted in _wanted(path) for other in affected
            ):
                yield f"{at}/product_status/fixed/{number}", f"no version of {id!r} is affected"


def _wanted(path: _Path) -> list[_Path]:
    """The path, and what it is without that which was installed with it."""
    found = [path]
    if path.categories and path.categories[-1] == "installed_with":
        found.append(_Path(path.ids[:-1], path.categories[:-1]))
    return found


def _same(wanted: _Path, other: _Path, kinds: dict[str, tuple[str, ...]]) -> bool:
    if wanted.categories != other.categories:
        return False
    differing = [(a, b) for a, b in zip(wanted.ids, other.ids, strict=True) if a != b]
    if len(differing) > 1:
        return False
    return all(kinds.get(a) is None or kinds.get(a) == kinds.get(b) for a, b in differing)


def _kinds(advisory: Advisory) -> dict[str, tuple[str, ...]]:
    """Product id to the names on its path but for its version."""
    found: dict[str, tuple[str, ...]] = {}
    for branch in advisory.branches:
        id = value_at(branch.value, "product", "product_id")
        if isinstance(id, str):
            found[id] = tuple(
                str(one.get("name"))
                for one in (*branch.above, branch.value)
                if str(one.get("category")) not in VERSIONS
            )
    return found


def _paths(advisory: Advisory) -> dict[str, _Path]:
    found: dict[str, _Path] = {}
    for _, made, used in advisory.links():
        if made and used:
            found[made] = _Path(tuple(id for _, id in used))
    for _, one in rows(advisory.tree.get("product_paths"), ""):
        made = value_at(one, "full_product_name", "product_id")
        categories = tuple(str(sub.get("category")) for _, sub in rows(one.get("subpaths"), ""))
        if isinstance(made, str) and made in found:
            if len(categories) + 1 == len(found[made].ids):
                found[made] = _Path(found[made].ids, categories)
            else:
                del found[made]
    return found


TESTS = (corresponding,)
