"""Readings of single documents, joined into one inventory."""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from pratique.formats import registry
from pratique.formats.base import Kind, Reader
from pratique.model.ecosystems import ecosystem_of
from pratique.model.inventory import (
    Component,
    Document,
    Inventory,
    Location,
    Problem,
    Reading,
    Relation,
    Scope,
    Suspicion,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Tree


class Read(msgspec.Struct, frozen=True):
    """A document that was read, with what came of it."""

    path: str
    data: bytes
    reader: Reader
    reading: Reading
    sha256: str = ""
    """Of the data, where these were let go."""

    size: int = 0
    """Of the data, in bytes, where these were let go."""


def join(subject: str, reads: list[Read], problems: list[Problem], tree: Tree) -> Inventory:
    """One inventory of several documents; references get their document's path in front.

    Args:
        subject: What was looked at, as the user named it.
        reads: The documents.
        problems: Of finding and opening documents; those of the readings are added.
        tree: Where formats whose edges lead from document to document look.
    """
    documents: list[Document] = []
    components: list[Component] = []
    roots: list[str] = []
    edges: dict[str, tuple[str, ...]] = {}
    found = list(problems)
    suspicions: list[Suspicion] = []
    for read in sorted(reads, key=lambda one: one.path):
        reading = read.reading
        parts = (*reading.components, *_described(read))
        names = {part.ref: f"{read.path}#{part.ref}" for part in parts}
        documents.append(
            Document(
                path=read.path,
                format=reading.format,
                sha256=read.sha256 or sha256(read.data).hexdigest(),
                size=read.size or len(read.data),
                components=len(parts),
                subject=str(reading.subject) if reading.subject else "",
            ),
        )
        components.extend(
            msgspec.structs.replace(
                part,
                ref=names[part.ref],
                locations=part.locations or (Location(read.path),),
            )
            for part in parts
        )
        roots.extend(names[ref] for ref in reading.roots if ref in names)
        for ref, targets in reading.edges.items():
            if ref in names:
                edges[names[ref]] = tuple(names[target] for target in targets if target in names)
        found.extend(reading.problems)
        suspicions.extend(reading.suspicions)
    edges.update(_links(reads, tree))
    components.sort(key=lambda part: part.ref)
    return Inventory(
        subject=subject,
        documents=tuple(documents),
        components=tuple(components),
        roots=tuple(roots),
        edges=edges,
        problems=tuple(sorted(set(found))),
        suspicions=tuple(sorted(set(suspicions))),
    )


def _links(reads: list[Read], tree: Tree) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Edges between documents of formats that have one component a document."""
    linked: dict[str, list[Read]] = defaultdict(list)
    for read in reads:
        if read.reader.link and read.reading.components:
            linked[read.reader.name].append(read)
    for group in linked.values():
        names = {read.path: f"{read.path}#{read.reading.components[0].ref}" for read in group}
        link = registry.link_function(group[0].reader)
        for path, targets in link(((read.path, read.data) for read in group), tree).items():
            yield names[path], tuple(names[target] for target in targets if target in names)


def _described(read: Read) -> tuple[Component, ...]:
    """The product a bill of materials is about, as a component, if it is a known package.

    A bill of log4j-core is also about log4j-core itself.  A lockfile's project
    is not taken: its name is private, whatever is public under the same one.
    """
    subject = read.reading.subject
    if read.reader.kind is not Kind.SBOM or subject is None or not subject.version:
        return ()
    ecosystem = ecosystem_of(subject)
    if not ecosystem or any(part.package == subject for part in read.reading.components):
        return ()
    return (
        Component(
            ref="(described)",
            package=subject,
            ecosystem=ecosystem,
            relation=Relation.DIRECT,
            scope=Scope.RUNTIME,
            locations=(Location(read.path),),
        ),
    )
