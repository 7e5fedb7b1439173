"""The ``dependencies`` of a CycloneDX document as edges between its components."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.base import MAX_ITEMS
from pratique.formats.sbom.tally import Tally, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pratique.formats.base import Notes
    from pratique.formats.sbom.cyclonedx import wire
    from pratique.formats.sbom.places import Places


class Graph:
    """Roots and edges, from which references to nothing have been taken out.

    Args:
        document: Whose dependencies they are.
        subject: Reference of the component that the document is about.
        refs: References of all other components.
        notes: Receives one *unknown* for each reference to nothing.
        places: Of the document.
        named: Gives every reference of the document; asked only where one leads nowhere.
    """

    def __init__(
        self,
        document: wire.Document,
        subject: str | None,
        refs: set[str],
        notes: Notes,
        places: Places,
        named: Callable[[], set[str]] = set,
    ) -> None:
        self.roots: tuple[str, ...] = ()
        self.edges: dict[str, tuple[str, ...]] = {}
        self._refs = refs
        self._others = {subject, *_services(document.services)}
        self._places = places
        self._dangling: dict[str, None] = {}
        self._read(document.dependencies or (), subject, notes)
        tally = Tally(notes.unknown, "references to components that are not in the document")
        others = named() if self._dangling else set()  # tools, workflows and the like
        for ref in self._dangling:
            if ref in others:
                continue
            tally.add(f"dependencies name {quoted(ref)}, which is not in the document")
        tally.close()

    def _read(self, entries: Iterable[wire.Dependency], subject: str | None, notes: Notes) -> None:
        left = MAX_ITEMS
        nameless = 0
        roots: dict[str, None] = {}
        edges: dict[str, dict[str, None]] = {}
        for entry in entries:
            ref, targets = entry.ref, entry.dependsOn or []
            if not ref:
                nameless += 1
                continue
            left -= len(targets)
            if left < 0:
                notes.unreadable(f"has more dependencies than the limit of {MAX_ITEMS:,}")
                break
            kept = self._known(targets)
            if ref == subject:
                roots.update(kept)
            if ref in self._refs:
                if (before := edges.setdefault(ref, kept)) is not kept:
                    before.update(kept)
            elif ref not in self._others:
                self._dangling[ref] = None
        self.roots = tuple(roots)
        self.edges = {ref: tuple(targets) for ref, targets in edges.items()}
        if nameless:
            notes.unreadable(f"{nameless:,} entries of dependencies have no ref")

    def _known(self, targets: list[str]) -> dict[str, None]:
        """Targets that are components, each once; services and the subject are none."""
        refs = self._refs
        for target in targets:
            if target not in refs and target not in self._others:
                self._dangling[target] = None
        return {target: None for target in targets if target in refs}


def _services(services: Iterable[wire.Service] | None) -> set[str]:
    found = set()
    waiting = list(services or ())
    while waiting:
        service = waiting.pop()
        waiting += service.services or ()
        if service.bom_ref:
            found.add(service.bom_ref)
    return found
