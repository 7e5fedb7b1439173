"""Why each component of a lockfile is needed, from what the project itself asks for.

A lockfile that lists packages and their edges says nothing of a package's
scope; it follows from which of the project's groups lead to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pratique.model.inventory import Relation, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pratique.formats.lockfiles.gathering import Gathering

MAX_SAME_NAME = 100
"""Entries of one name among which a dependency is looked up; a resolution for
many environments has some five versions of a package, a hostile file thousands."""

MAX_VISITS = 5_000_000
"""Components that are visited, over all groups; the largest workspaces have some
hundred groups over three thousand packages."""

_SCOPES = tuple(Scope)
_TEST = frozenset({"test", "tests", "testing", "pytest", "unittest", "e2e", "integration"})
_BUILD = frozenset({"build", "build-system", "building"})
_MAIN = frozenset({"", "main", "default", "project"})


class Need(NamedTuple):
    """One of the project's groups."""

    scope: Scope
    group: str = ""
    """Empty for what is needed in any case."""


def scope_of_group(group: str) -> Scope:
    """Scope of a group that is not for those who only use the project, by its name."""
    name = group.lower()
    if name in _MAIN:
        return Scope.RUNTIME
    if name in _TEST:
        return Scope.TEST
    return Scope.BUILD if name in _BUILD else Scope.DEVELOPMENT


def widest(scopes: Iterable[Scope]) -> Scope:
    """The widest of several scopes; unknown where there is none."""
    return min(scopes, key=_SCOPES.index, default=Scope.UNKNOWN)


def reach(starts: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Everything that the starts lead to, themselves included."""
    seen = set(starts)
    pending = list(seen)
    while pending:
        for target in edges.get(pending.pop(), ()):
            if target not in seen:
                seen.add(target)
                pending.append(target)
    return seen


def assign(
    gathering: Gathering,
    refs: Iterable[str],
    needs: Mapping[Need, Iterable[str]],
    edges: Mapping[str, Iterable[str]],
) -> None:
    """Set relation, scope and groups of components from the edges between them.

    Args:
        gathering: Holds the components.
        refs: Those to set; one that no need leads to is left as it is.
        needs: What each of the project's groups asks for directly.
        edges: Who depends on whom.
    """
    direct = {ref for starts in needs.values() for ref in starts}
    found: dict[str, list[Need]] = {}
    visited = 0
    for need, starts in needs.items():
        if visited > MAX_VISITS:
            gathering.notes.unknown("has too many groups to tell what each package is for")
            break
        reached = reach(starts, edges)
        visited += len(reached)
        for ref in reached:
            found.setdefault(ref, []).append(need)
    for ref in refs:
        if reasons := found.get(ref):
            gathering.change(
                ref,
                relation=Relation.DIRECT if ref in direct else Relation.TRANSITIVE,
                scope=widest(need.scope for need in reasons),
                groups=tuple(sorted({need.group for need in reasons if need.group})),
            )
