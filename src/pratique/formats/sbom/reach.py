"""How the subject of a document came to need each of its components."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.model.inventory import Relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def relations(roots: Iterable[str], edges: Mapping[str, Iterable[str]]) -> dict[str, Relation]:
    """Relation of every component that can be reached from the roots.

    Args:
        roots: What the subject depends on directly.
        edges: Component to what it depends on; cycles are followed once.

    Returns:
        Direct for the roots, transitive for what they lead to; a component
        that is not in it cannot be said to be either.
    """
    found = dict.fromkeys(roots, Relation.DIRECT)
    follow(found, list(found), edges)
    return found


def follow(
    found: dict[str, Relation], waiting: list[str], edges: Mapping[str, Iterable[str]]
) -> None:
    """Add what the waiting components lead to, unless it has been found before."""
    while waiting:
        for target in edges.get(waiting.pop(), ()):
            if target not in found:
                found[target] = Relation.TRANSITIVE
                waiting.append(target)
