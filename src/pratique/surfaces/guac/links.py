"""Nodes by id, what lies beside them, and the way from one to another."""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

from pratique.model.evidence import Verb
from pratique.store.nouns import Noun, NounKind, parent
from pratique.surfaces.guac import shapes
from pratique.surfaces.guac.bills import bill_by_id, bills_about, edge_by_id, edges_at
from pratique.surfaces.guac.claims import claim_node, licences, materials, nodes_of
from pratique.surfaces.guac.errors import NotFoundError, RequestError, TooMuchError
from pratique.surfaces.guac.ids import BILL, CLAIM, EDGE, NOUN, SOURCE_LEVEL, bill_id, read_id
from pratique.surfaces.guac.lookups import by_level
from pratique.surfaces.guac.nouns import (
    TYPE_OF,
    id_of,
    node_of,
    source_level,
    vulnerability_level,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pratique.store.nodes import ClaimNode, Nodes
    from pratique.surfaces.guac.nouns import Node

MAX_VISITED = 50_000
"""Nodes that a search for a path looks at."""

MAX_LENGTH = 100
"""Longest path that is searched for."""

MAX_IDS = 10_000
"""Ids in one question."""

Beside = tuple[str, "Node"]
"""A node and the id of its own level."""

_PACKAGE_LEVELS = {
    NounKind.PACKAGE_TYPE: "PACKAGE_TYPE",
    NounKind.PACKAGE_NAMESPACE: "PACKAGE_NAMESPACE",
    NounKind.PACKAGE_NAME: "PACKAGE_NAME",
    NounKind.PACKAGE: "PACKAGE_VERSION",
}


def node_by_id(nodes: Nodes, text: str) -> Node:
    """The node of an id.

    Raises:
        NotFoundError: The tenant sees none.
    """
    id = read_id(text)
    node: Node | None = None
    if id.kind == NOUN:
        noun = nodes.nouns([id.key]).get(id.key)
        node = node_of(noun) if noun else None
    elif id.kind == CLAIM:
        claim = nodes.claims_by_key([id.key]).get(id.key)
        node = next(nodes_of(nodes, [claim]), None) if claim else None
    elif id.kind == BILL:
        bill = bill_by_id(nodes, text)
        node = bill.node() if bill else None
    elif id.kind == EDGE:
        node = edge_by_id(nodes, text)
    elif by_level(nodes, text):
        name = id.key.decode("utf-8", "replace")
        type, zero, space = name.partition("\0")
        if id.kind == SOURCE_LEVEL:
            node = source_level(type, space if zero else None)
        else:
            node = vulnerability_level(name)
    if node is None:
        raise NotFoundError
    return node


def nodes_by_id(nodes: Nodes, texts: Iterable[str]) -> list[Node]:
    """The nodes of ids, in their order.

    Raises:
        NotFoundError: The tenant does not see one of them.
        TooMuchError: They are too many.
    """
    asked = list(texts)
    if len(asked) > MAX_IDS:
        raise TooMuchError(f"over {MAX_IDS:,} ids were asked for")
    return [node_by_id(nodes, text) for text in asked]


def neighbours(nodes: Nodes, text: str, only: Iterable[str]) -> Iterator[Beside]:
    """What lies beside a node, each once.

    Args:
        nodes: To look among.
        text: Id of the node.
        only: Links that may be used (``Edge``); any where it is empty.

    Raises:
        NotFoundError: The tenant does not see the node.
    """
    node = node_by_id(nodes, text)
    found: dict[str, Node] = {}
    for id, one in _beside(nodes, text, node, _Allowed(only)):
        if id != text and id not in found:
            found[id] = one
            yield id, one


class _Allowed:
    """Which links may be used."""

    def __init__(self, only: Iterable[str]) -> None:
        self._only = frozenset(only)

    def __call__(self, here: str, there: str) -> bool:
        return not self._only or f"{here}_{there}" in self._only


def _beside(nodes: Nodes, text: str, node: Node, allowed: _Allowed) -> Iterator[Beside]:
    id = read_id(text)
    if id.kind == NOUN:
        yield from _of_noun(nodes, node["_noun"], allowed)
    elif id.kind == CLAIM:
        yield from _of_claim(node["_claim"], allowed)
    elif id.kind == BILL:
        yield from _of_bill(node, allowed)
    elif id.kind == EDGE:
        if allowed("IS_DEPENDENCY", "PACKAGE"):
            for name in ("package", "dependencyPackage"):
                yield id_of(node[name]["_noun"]), node[name]
    else:
        yield from _of_level(nodes, text, node, allowed)


def _of_level(nodes: Nodes, text: str, node: Node, allowed: _Allowed) -> Iterator[Beside]:
    """Beside the type of a vulnerability, or the type or namespace of a source."""
    below = by_level(nodes, text)
    if node["__typename"] == "Vulnerability":
        if allowed("VULNERABILITY_TYPE", "VULNERABILITY_ID"):
            yield from ((id_of(noun), node_of(noun)) for noun in below)
    elif not node["namespaces"]:
        if allowed("SOURCE_TYPE", "SOURCE_NAMESPACE"):
            for noun in below:
                space = node_of(noun)["namespaces"][0]
                yield space["id"], source_level(node["type"], space["namespace"])
    else:
        if allowed("SOURCE_NAMESPACE", "SOURCE_NAME"):
            yield from ((id_of(noun), node_of(noun)) for noun in below)
        if allowed("SOURCE_NAMESPACE", "SOURCE_TYPE"):
            yield node["id"], source_level(node["type"])


def _of_noun(nodes: Nodes, noun: Noun, allowed: _Allowed) -> Iterator[Beside]:
    yield from _up_and_down(nodes, noun, allowed)
    if noun.kind in {NounKind.PACKAGE_TYPE, NounKind.PACKAGE_NAMESPACE}:
        return
    type = TYPE_OF[noun.kind].upper()
    number = nodes.numbers([noun]).get(noun)
    if number is None:
        return
    verbs = [shape.verb for shape in shapes.SHAPES.values() if allowed(type, shape.edge)]
    if noun.kind is NounKind.LICENSE and Verb.CERTIFY_LEGAL in verbs:
        legal = nodes.claims([Verb.CERTIFY_LEGAL], containing=_in_json(noun.text))
        named = nodes.claims([Verb.CERTIFY_LEGAL], naming=[number])
        every = {
            one.key: one for one in (*legal, *named) if any(noun in row for row in licences(one))
        }
        yield from _drawn(nodes, every.values())
    elif verbs:
        about = nodes.claims(verbs, about=[number])
        naming = nodes.claims(verbs, naming=[number])
        yield from _drawn(nodes, [*about, *naming])
    bills = type in {"PACKAGE", "ARTIFACT"} and allowed(type, "HAS_SBOM")
    edges = noun.kind in _IN_BILLS and allowed(type, "IS_DEPENDENCY")
    if not bills and not edges:
        return
    described = bills_about(nodes, number)
    if bills:
        for bill in described:
            if bill.subject == noun:
                yield bill_id(bill.digest), bill.node()
    if edges:
        for edge in edges_at(nodes, number, described):
            yield edge["id"], edge


_IN_BILLS = frozenset({NounKind.PACKAGE, NounKind.PRODUCT})
"""Nouns that the graph of a bill can have."""


def _in_json(text: str) -> str:
    """A text as it stands inside of JSON."""
    import msgspec

    return msgspec.json.encode(msgspec.json.encode(text).decode()[1:-1]).decode()[1:-1]


def _drawn(nodes: Nodes, claims: Iterable[ClaimNode]) -> Iterator[Beside]:
    for node in nodes_of(nodes, claims):
        yield node["id"], node


def _up_and_down(nodes: Nodes, noun: Noun, allowed: _Allowed) -> Iterator[Beside]:
    """The levels above and below a noun."""
    level = _PACKAGE_LEVELS.get(noun.kind)
    if level is not None:
        above = parent(noun)
        if above is not None and allowed(level, _PACKAGE_LEVELS[above.kind]):
            yield id_of(above), node_of(above)
        if noun.kind is not NounKind.PACKAGE:
            below = nodes.below(noun)
            if below and allowed(level, _PACKAGE_LEVELS[below[0].kind]):
                yield from ((id_of(one), node_of(one)) for one in below)
    elif noun.kind is NounKind.SOURCE and allowed("SOURCE_NAME", "SOURCE_NAMESPACE"):
        node = node_of(noun)
        space = node["namespaces"][0]
        yield space["id"], source_level(node["type"], space["namespace"])
    elif noun.kind is NounKind.VULNERABILITY and allowed("VULNERABILITY_ID", "VULNERABILITY_TYPE"):
        node = node_of(noun)
        yield node["id"], vulnerability_level(node["type"])


def _of_claim(claim: ClaimNode, allowed: _Allowed) -> Iterator[Beside]:
    shape = shapes.OF_VERB[claim.verb]
    if claim.verb is Verb.HAS_SLSA:
        nouns = [claim.subject] if allowed(shape.edge, "SUBJECT") else []
        if claim.object is not None and allowed(shape.edge, "BUILT_BY"):
            nouns.append(claim.object)
        if allowed(shape.edge, "MATERIALS"):
            nouns += materials(claim)
    else:
        every = [claim.subject]
        if claim.verb is Verb.CERTIFY_LEGAL:
            every += chain.from_iterable(licences(claim))
        elif claim.object is not None and shape.object:
            every.append(claim.object)
        nouns = [one for one in every if allowed(shape.edge, TYPE_OF[one.kind].upper())]
    for noun in nouns:
        yield id_of(noun), node_of(noun)


def _of_bill(node: Node, allowed: _Allowed) -> Iterator[Beside]:
    bill = node["_bill"]
    about = bill.subject
    if allowed("HAS_SBOM", TYPE_OF[about.kind].upper()):
        yield id_of(about), node_of(about)
    if allowed("HAS_SBOM", "INCLUDED_SOFTWARE"):
        yield from ((id_of(one["_noun"]), one) for one in bill.software())
    if allowed("HAS_SBOM", "INCLUDED_DEPENDENCIES"):
        yield from ((one["id"], one) for one in bill.dependencies())
    if allowed("HAS_SBOM", "INCLUDED_OCCURRENCES"):
        yield from ((one["id"], one) for one in bill.occurrences())


def path(nodes: Nodes, start: str, end: str, longest: int, only: Iterable[str]) -> list[Node]:
    """The nodes of a shortest path, both ends included (breadth first).

    Args:
        nodes: To look among.
        start: Id of the first.
        end: Id of the last.
        longest: Most steps.
        only: Links that may be used; any where it is empty.

    Raises:
        NotFoundError: The tenant does not see an end.
        RequestError: There is no path of that length.
        TooMuchError: The search looks at too much.
    """
    came: dict[str, tuple[str, Node, int]] = {start: ("", node_by_id(nodes, start), 0)}
    node_by_id(nodes, end)
    links = list(only)
    queue = deque([start])
    while queue and end not in came:
        here = queue.popleft()
        depth = came[here][2]
        if depth >= min(longest, MAX_LENGTH):
            break
        for id, node in neighbours(nodes, here, links):
            if id not in came:
                came[id] = (here, node, depth + 1)
                queue.append(id)
        if len(came) > MAX_VISITED:
            raise TooMuchError("the search for a path looked at too many nodes; name the links")
    if end not in came:
        raise RequestError("No path found up to specified length")
    found: list[Node] = []
    here = end
    while here:
        here, node, _ = came[here]
        found.append(node)
    return found[::-1]


__all__ = ["claim_node", "neighbours", "node_by_id", "nodes_by_id", "path"]
