"""A bill of materials or lockfile as graph and claims."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from pratique.graph.paths import first_ways
from pratique.model.evidence import Verb
from pratique.model.nouns import License
from pratique.store import nouns
from pratique.store.documents import Bill, Claim
from pratique.store.nouns import Noun, NounKind
from pratique.store.roles import nearest, widest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pratique.model.inventory import Component, Reading, Relation, Scope


def bill_of(reading: Reading, every: Sequence[str], path: str) -> Bill:
    """The graph of a reading, by package URL.

    Components that are one package URL are one node; an edge from a package to
    itself says nothing and is left out.

    Args:
        reading: What a reader made of a document.
        every: Package URLs of its components.
        path: The document's, which names the subject where nothing else does.
    """
    texts = tuple(sorted(set(every)))
    place = {text: number for number, text in enumerate(texts)}
    number_of = {
        part.ref: place[text] for part, text in zip(reading.components, every, strict=True)
    }
    edges = {
        (number_of[ref], number_of[target])
        for ref, targets in reading.edges.items()
        for target in targets
    }
    subject = reading.subject
    roots = sorted({number_of[ref] for ref in reading.roots})
    arrows = sorted((a, b) for a, b in edges if a != b)
    scopes, relations = _roles(reading, every, texts)
    return Bill(
        subject=str(subject) if subject else "",
        name=subject.full_name if subject else _name(path),
        version=subject.version if subject else "",
        nodes=texts,
        roots=tuple(roots),
        edges=tuple(arrows),
        scopes=scopes,
        relations=relations,
        before=tuple(first_ways(len(texts), arrows, roots, place.get(str(subject), -1))),
    )


def _roles(
    reading: Reading, every: Sequence[str], texts: Sequence[str]
) -> tuple[tuple[Scope, ...], tuple[Relation, ...]]:
    """Scope and relation of each package: the widest where components that are one differ."""
    parts: dict[str, list[Component]] = {}
    for part, text in zip(reading.components, every, strict=True):
        parts.setdefault(text, []).append(part)
    return (
        tuple(widest(part.scope for part in parts[text]) for text in texts),
        tuple(nearest(part.relation for part in parts[text]) for text in texts),
    )


def claims_of(
    reading: Reading, texts: Sequence[str], name: str, said: dict[str, str]
) -> Iterator[Claim]:
    """What a bill of materials claims besides its graph.

    Args:
        reading: What a reader made of it.
        texts: Package URLs of its components.
        name: What the subject is called where it has no package URL.
        said: What is to be told of the bill itself (HasSBOM).
    """
    subject = nouns.package(reading.subject) if reading.subject else nouns.product(name)
    yield Claim(verb=Verb.HAS_SBOM, subject=subject, said=said)
    for part, text in zip(reading.components, texts, strict=True):
        yield from _component(part, Noun(NounKind.PACKAGE, text))


def _component(part: Component, about: Noun) -> Iterator[Claim]:
    for one in part.hashes:
        yield Claim(verb=Verb.IS_OCCURRENCE, subject=about, object=nouns.artifact(one))
    for claim in part.licenses:
        if text := claim.text.strip():
            object = nouns.license(License(text))
            said = {"origin": claim.origin}
            yield Claim(verb=Verb.CERTIFY_LEGAL, subject=about, object=object, said=said)
    if part.source is not None:
        object = nouns.source(part.source)
        yield Claim(verb=Verb.HAS_SOURCE_AT, subject=about, object=object)


def _name(path: str) -> str:
    """A name from a path: the folder of a lockfile and the lockfile's own name."""
    folder = posixpath.basename(posixpath.dirname(path))
    base = posixpath.basename(path)
    return f"{folder}/{base}" if folder else base or "standard input"
