"""Search by text, and which packages want scanning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pratique.formats.instants import parse_instant
from pratique.model.evidence import Verb
from pratique.store.nouns import NounKind
from pratique.surfaces.guac.claims import nodes_of
from pratique.surfaces.guac.errors import RequestError
from pratique.surfaces.guac.lookups import by_id, find
from pratique.surfaces.guac.nouns import id_of, node_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pratique.store.nodes import Nodes
    from pratique.store.nouns import Noun
    from pratique.surfaces.guac.links import Beside
    from pratique.surfaces.guac.nouns import Node

MAX_SEARCH = 500
"""Characters of a search."""

MAX_FOUND = 1_000
"""Nodes that a search without pages gives."""

_KINDS = (NounKind.PACKAGE, NounKind.SOURCE, NounKind.ARTIFACT)


def search(nodes: Nodes, text: str, after: bytes = b"") -> Iterator[Beside]:
    """Packages, sources and artifacts whose text contains another, in the order of keys.

    Raises:
        RequestError: There is nothing to search for, or too much.
    """
    wanted = text.strip()
    if not wanted or len(wanted) > MAX_SEARCH:
        raise RequestError(f"a search has 1 to {MAX_SEARCH} characters")
    escaped = wanted.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    for noun in nodes.listed(_KINDS, like=[f"%{escaped}%"], after=after):
        yield id_of(noun), node_of(noun)


def want_scanning(nodes: Nodes, kind: str, hours: int | None) -> list[str]:
    """Ids of packages that were not looked at, or not within some hours.

    Args:
        nodes: To look among.
        kind: ``VULNERABILITY``, ``LICENSE`` or ``EOL``.
        hours: Since when; ``None``: only those that never were.
    """
    limit = datetime.now(UTC) - timedelta(hours=hours) if hours is not None else None
    fresh: set[str] = set()
    for node in nodes_of(nodes, nodes.claims([_VERBS[kind]])):
        if kind == "EOL" and node["key"] != "endoflife":
            continue
        holder = node.get("metadata", node)
        seen = parse_instant(holder.get("timeScanned") or holder.get("timestamp") or "")
        if limit is None or (seen is not None and seen >= limit):
            fresh.add(id_of((node.get("package") or node["subject"])["_noun"]))
    every = (noun for noun in find(nodes, "Package", {}) if noun.kind is NounKind.PACKAGE)
    return [id_of(one) for one in every if not _internal(one) and id_of(one) not in fresh]


def _internal(noun: Noun) -> bool:
    """Whether GUAC made the name itself: nobody elsewhere knows anything of it."""
    return noun.text.startswith("pkg:guac/")


_VERBS = {
    "VULNERABILITY": Verb.CERTIFY_VULN,
    "LICENSE": Verb.CERTIFY_LEGAL,
    "EOL": Verb.HAS_METADATA,
}


def packages_of(nodes: Nodes, ids: Iterable[str], after: bytes = b"") -> Iterator[Beside]:
    """The packages of ids, in the order of their keys."""
    found = {noun for id in ids for noun in by_id(nodes, id) if noun.kind is NounKind.PACKAGE}
    for noun in sorted(found, key=lambda one: one.key):
        if noun.key > after:
            yield id_of(noun), node_of(noun)


def newest(rows: Iterable[Node], kind: str) -> list[Node]:
    """Of the scans of one package (and vulnerability) the newest."""
    best: dict[tuple[str, str], Node] = {}
    for node in rows:
        if kind == "CertifyVuln":
            about, other = node["package"], node["vulnerability"]["vulnerabilityIDs"][0]["id"]
            when = node["metadata"]["timeScanned"]
        else:
            about, other, when = node["subject"], "", node["timeScanned"]
        key = (id_of(about["_noun"]), other)
        if key not in best or _when(best[key]) < when:
            best[key] = node
    return list(best.values())


def _when(node: Node) -> str:
    when: str = (node.get("metadata") or node)["timeScanned"]
    return when
