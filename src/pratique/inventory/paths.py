"""How a component came in: shortest paths from what the project asked for."""

from __future__ import annotations

from collections import defaultdict, deque

from pratique.model.errors import InputError
from pratique.model.inventory import Component, Document, Inventory, Relation
from pratique.model.purl import Package

MAX_PATHS = 5
"""Paths given for one component; each starts at a different direct dependency."""


class PathFinder:
    """Finds paths inside an inventory's own graphs; builds its reverse edges once.

    Args:
        inventory: With the edges to follow.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._parts = {part.ref: part for part in inventory.components}
        self._subjects = {document.path: _project(document) for document in inventory.documents}
        self._needed_by: dict[str, list[str]] = defaultdict(list)
        for ref, targets in inventory.edges.items():
            for target in targets:
                self._needed_by[target].append(ref)
        self._roots = set(inventory.roots)
        self._roots.update(
            part.ref for part in inventory.components if part.relation is Relation.DIRECT
        )

    def to(self, component: Component) -> list[tuple[str, ...]]:
        """Names from the project down to a component, shortest first, at most ``MAX_PATHS``.

        Breadth first against the edges, so that each direct dependency that
        leads here gives its shortest path; cycles are walked once.
        """
        project = self._subjects.get(component.ref.partition("#")[0], "")
        towards: dict[str, str] = {component.ref: ""}
        queue = deque([component.ref])
        paths: list[tuple[str, ...]] = []
        while queue and len(paths) < MAX_PATHS:
            ref = queue.popleft()
            if ref in self._roots:
                paths.append(self._names(project, ref, towards))
            for parent in sorted(self._needed_by.get(ref, ())):
                if parent not in towards:
                    towards[parent] = ref
                    queue.append(parent)
        if not paths:
            paths.append(
                (project, self._label(component.ref)) if project else (self._label(component.ref),)
            )
        return paths

    def _names(self, project: str, ref: str, towards: dict[str, str]) -> tuple[str, ...]:
        names = [project] if project else []
        while ref:
            names.append(self._label(ref))
            ref = towards[ref]
        return tuple(names)

    def _label(self, ref: str) -> str:
        package = self._parts[ref].package
        return f"{package.full_name}@{package.version}" if package.version else package.full_name


def _project(document: Document) -> str:
    """What a document's project is called in a path; nothing for an installed package's own."""
    if not document.subject:
        return document.path if document.components > 1 else ""
    try:
        return Package.parse(document.subject).full_name
    except InputError:
        return document.subject
