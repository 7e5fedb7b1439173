"""What changed between two bills of materials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.model.inventory import Component, Reading

Key = tuple[str, str, str]


class Change(msgspec.Struct, frozen=True, order=True):
    """One package that differs."""

    package: str
    """Its package URL without a version."""

    before: tuple[str, ...]
    after: tuple[str, ...]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """All that differs; nothing of it where the documents agree."""

    added: tuple[str, ...] = ()
    """Package URLs of what only the second has."""

    removed: tuple[str, ...] = ()
    changed: tuple[Change, ...] = ()
    """Versions before and after."""

    relicensed: tuple[Change, ...] = ()
    """Licences before and after, of the same version."""

    resourced: tuple[Change, ...] = ()
    """Addresses and repositories before and after, of the same version."""

    rehashed: tuple[Change, ...] = ()
    """Digests that differ under the same algorithm, of the same version."""

    edges_added: tuple[tuple[str, str], ...] = ()
    """Who needs whom, by package URLs, only in the second."""

    edges_removed: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__struct_fields__)


def difference(before: Reading, after: Reading) -> Difference:
    """Compare two readings.

    Packages are the same where type, namespace and name are; a package that
    both have in other versions has changed.
    """
    old, new = _grouped(before), _grouped(after)
    added: list[str] = []
    removed: list[str] = []
    changed: list[Change] = []
    relicensed: list[Change] = []
    resourced: list[Change] = []
    rehashed: list[Change] = []
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key, {}), new.get(key, {})
        if not was or not now:
            (added if now else removed).extend(str(one.package) for one in (was or now).values())
            continue
        gone, come = was.keys() - now.keys(), now.keys() - was.keys()
        if gone and come:
            changed.append(Change(_name(key), tuple(sorted(gone)), tuple(sorted(come))))
        else:
            removed += [str(was[version].package) for version in sorted(gone)]
            added += [str(now[version].package) for version in sorted(come)]
        for version in sorted(was.keys() & now.keys()):
            one, other = was[version], now[version]
            name = str(one.package)
            relicensed += _change(name, _licenses(one), _licenses(other))
            resourced += _change(name, _sources(one), _sources(other))
            rehashed += _change(name, *_digests(one, other))
    old_edges, new_edges = _edges(before), _edges(after)
    return Difference(
        added=tuple(sorted(added)),
        removed=tuple(sorted(removed)),
        changed=tuple(changed),
        relicensed=tuple(relicensed),
        resourced=tuple(resourced),
        rehashed=tuple(rehashed),
        edges_added=tuple(sorted(new_edges - old_edges)),
        edges_removed=tuple(sorted(old_edges - new_edges)),
    )


def _grouped(reading: Reading) -> dict[Key, dict[str, Component]]:
    found: dict[Key, dict[str, Component]] = {}
    for one in reading.components:
        package = one.package
        if package == reading.subject:  # of which CycloneDX makes no component
            continue
        key = (package.type, package.namespace, package.name)
        found.setdefault(key, {}).setdefault(package.version, one)
    return found


def _name(key: Key) -> str:
    type, namespace, name = key
    return f"pkg:{type}/{namespace}/{name}" if namespace else f"pkg:{type}/{name}"


def _change(name: str, before: Iterable[str], after: Iterable[str]) -> list[Change]:
    one, other = tuple(sorted(set(before))), tuple(sorted(set(after)))
    return [Change(name, one, other)] if one != other else []


def _licenses(component: Component) -> list[str]:
    return [claim.text for claim in component.licenses]


def _sources(component: Component) -> list[str]:
    source = str(component.source) if component.source else ""
    return [one for one in (component.registry, source) if one]


def _digests(one: Component, other: Component) -> tuple[list[str], list[str]]:
    """Digests of the algorithms that both have."""
    both = {digest.algorithm for digest in one.hashes} & {d.algorithm for d in other.hashes}
    return (
        [str(digest) for digest in one.hashes if digest.algorithm in both],
        [str(digest) for digest in other.hashes if digest.algorithm in both],
    )


def _edges(reading: Reading) -> set[tuple[str, str]]:
    names = {one.ref: str(one.package) for one in reading.components}
    found = {
        (names[source], names[target])
        for source, targets in reading.edges.items()
        for target in targets
    }
    if reading.subject:
        found |= {(str(reading.subject), names[root]) for root in reading.roots}
    return found
