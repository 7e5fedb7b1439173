"""The relationships of an SPDX document as roots, edges and scopes of its packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.base import MAX_ITEMS
from pratique.formats.sbom.reach import follow, relations
from pratique.formats.sbom.spdx.kinds import CONTAINMENT, DESCRIBES, NEEDED_BY, NEEDS, OTHERS
from pratique.formats.sbom.tally import Tally, quoted
from pratique.model.inventory import Relation, Scope

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from pratique.formats.base import Notes
    from pratique.formats.sbom.spdx import wire

DOCUMENT = "SPDXRef-DOCUMENT"
_WIDTH = {scope: width for width, scope in enumerate(Scope)}
_NOTHING = frozenset({"NONE", "NOASSERTION"})


class Graph:
    """Who needs what, from which references to nothing have been taken out.

    Args:
        document: Whose relationships they are.
        refs: Package identifier to the references of its components.
        notes: Receives one *unknown* for each reference to nothing.
        elsewhere: Identifiers of elements of other documents, besides those
            that start with ``DocumentRef-``.
    """

    def __init__(
        self,
        document: wire.Document,
        refs: Mapping[str, tuple[str, ...]],
        notes: Notes,
        elsewhere: Container[str] = (),
    ) -> None:
        self._elsewhere = elsewhere
        self._document = document.SPDXID or DOCUMENT
        self._refs = refs
        self._others = {
            self._document,
            DOCUMENT,
            *(element.SPDXID for element in document.files or ()),
            *(element.SPDXID for element in document.snippets or ()),
        }
        self._pairs: dict[tuple[str, str], Scope] = {}
        self._contained: dict[tuple[str, str], bool] = {}
        self._without: list[str] = []
        self._dangling: dict[str, None] = {}
        self._outside: dict[str, None] = {}
        self._described: dict[str, None] = {}
        self._read(document.relationships or (), notes)
        self._describe(document.documentDescribes or ())
        self.described = tuple(self._described)
        """Identifiers of the packages that the document describes."""

        self.edges = self._edges()
        """Component to what it needs."""

        self.roots = self._roots()
        """What the subject needs; the described packages where there are several."""

        self.relations: dict[str, Relation] = relations(self.roots, self.edges)
        self._say(notes)

    def scopes(self) -> dict[str, Scope]:
        """What each component is needed for.

        One that is also needed for something not stated is *unknown*, unless it
        is needed at run time, which nothing exceeds.
        """
        found: dict[str, set[Scope]] = {}
        for (_, target), scope in self._pairs.items():
            for ref in self._refs.get(target, ()):
                found.setdefault(ref, set()).add(scope)
        return {
            ref: Scope.UNKNOWN
            if Scope.UNKNOWN in scopes and Scope.RUNTIME not in scopes
            else min(scopes, key=_WIDTH.__getitem__)
            for ref, scopes in found.items()
        }

    def _read(self, relationships: Iterable[wire.Relationship], notes: Notes) -> None:
        unknown = Tally(notes.notice, "relationships of types that are not known")
        partial = 0
        for number, relationship in enumerate(relationships):
            if number >= MAX_ITEMS:
                notes.unreadable(f"has more relationships than the limit of {MAX_ITEMS:,}")
                break
            first, second = relationship.spdxElementId, relationship.relatedSpdxElement
            if not first or not second or not relationship.relationshipType:
                partial += 1
                continue
            kind = relationship.relationshipType.strip().upper().replace("-", "_")
            if kind in DESCRIBES:
                self._describe((second,) if self._is_document(first) else ())
            elif kind == "DESCRIBED_BY" and self._is_document(second):
                self._describe((first,))
            elif kind in NEEDS:
                self._pair(first, second, NEEDS[kind], kind)
            elif kind in NEEDED_BY:
                self._pair(second, first, NEEDED_BY[kind], kind)
            elif kind not in OTHERS:
                stated = quoted(relationship.relationshipType)
                unknown.add(f"relationship type {stated} is not known; it is left out")
        unknown.close()
        if partial:
            notes.unreadable(f"{partial:,} relationships lack an element or a type")

    def _pair(self, source: str, target: str, scope: Scope, kind: str) -> None:
        if target in _NOTHING:
            if target == "NONE":
                self._without.append(source)
            return
        if not self._is_there(source) or not self._is_there(target) or source in _NOTHING:
            return
        pair = (source, target)
        before = self._pairs.get(pair, Scope.UNKNOWN)
        self._pairs[pair] = min(before, scope, key=_WIDTH.__getitem__)
        self._contained[pair] = self._contained.get(pair, True) and kind in CONTAINMENT

    def _is_there(self, element: str) -> bool:
        """Whether an element is part of this document; notes those that are not."""
        if element in self._refs or element in self._others or element in _NOTHING:
            return True
        outside = element in self._elsewhere or (
            element.startswith("DocumentRef-") and ":" in element
        )
        (self._outside if outside else self._dangling)[element] = None
        return False

    def _is_document(self, element: str) -> bool:
        """Whether an element stands for the document: any that is no package of it may."""
        return element == self._document or element not in self._refs

    def _describe(self, elements: Iterable[str]) -> None:
        found = [e for e in elements if e not in _NOTHING and self._is_there(e) and e in self._refs]
        self._described.update(dict.fromkeys(found))

    def _edges(self) -> dict[str, tuple[str, ...]]:
        edges: dict[str, dict[str, None]] = {}
        for source in self._without:
            for ref in self._refs.get(source, ())[:1]:
                edges.setdefault(ref, {})
        for source, target in self._pairs:
            if targets := self._refs.get(target):  # a file within says nothing of dependencies
                for ref in self._refs.get(source, ())[:1]:
                    edges.setdefault(ref, {}).update(dict.fromkeys(targets))
        return {ref: tuple(targets) for ref, targets in edges.items()}

    def _roots(self) -> tuple[str, ...]:
        """What is needed by the subject or the document itself.

        Containment alone does not make a root of what another package needs:
        an image contains all its packages, whoever needs them.
        """
        described = self.described
        heads = {self._document, DOCUMENT, *(described if len(described) == 1 else ())}
        needed = {
            target
            for source, target in self._pairs
            if source in self._refs and source not in heads and source != target
        }
        roots: dict[str, None] = {}
        later: dict[str, None] = {}
        if len(described) > 1:
            roots.update(dict.fromkeys(r for one in described for r in self._refs[one]))
        for source, target in self._pairs:
            if source in heads and target not in heads:
                indirect = self._contained[source, target] and target in needed
                (later if indirect else roots).update(dict.fromkeys(self._refs.get(target, ())))
        reached = relations(roots, self.edges)
        for ref in later:  # those that only need one another
            if ref not in reached:
                roots[ref] = None
                reached[ref] = Relation.DIRECT
                follow(reached, [ref], self.edges)
        return tuple(roots)

    def _say(self, notes: Notes) -> None:
        dangling = Tally(notes.unknown, "references to elements that are not in the document")
        for ref in self._dangling:
            dangling.add(f"relationships name {quoted(ref)}, which is not in the document")
        dangling.close()
        outside = Tally(notes.unknown, "references into other documents")
        for ref in self._outside:
            outside.add(f"relationships lead to {quoted(ref)} in another document, not read here")
        outside.close()
