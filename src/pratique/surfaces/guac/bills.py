"""Bills of materials as ``HasSBOM``, and what they state as ``IsDependency``.

A bill that was ingested as a document states its dependencies in its own graph;
each is a node whose id is made of the bill and its two ends.  A bill that came
over this interface has its dependencies and occurrences as claims of its own.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from pratique.model.evidence import Verb
from pratique.store.nouns import Noun, NounKind
from pratique.surfaces.guac import shapes
from pratique.surfaces.guac.claims import (
    matcher,
    node_matches,
    nodes_of,
    numbers_meant,
    origin_of,
)
from pratique.surfaces.guac.errors import NotFoundError, RequestError
from pratique.surfaces.guac.ids import (
    BILL,
    EDGE,
    KEY_BYTES,
    bill_id,
    bill_prefix,
    read_id,
    write_id,
)
from pratique.surfaces.guac.lookups import asks, find, member, normal
from pratique.surfaces.guac.nouns import node_of
from pratique.surfaces.guac.values import given_moment, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pratique.store.adjacency import Adjacency
    from pratique.store.nodes import BillNode, ClaimNode, Nodes
    from pratique.surfaces.guac.lookups import Spec
    from pratique.surfaces.guac.nouns import Node

FORMAT = "GUAC HasSBOM"
"""Format of the documents that this interface makes of an ingested HasSBOM."""

STATED = "stated by the bill of materials"
"""Justification of a dependency that a bill's own graph has."""


class Bill:
    """One bill of materials; what it includes is read when it is asked for.

    Args:
        nodes: To read from.
        found: The bill.
    """

    def __init__(self, nodes: Nodes, found: BillNode) -> None:
        self._nodes = nodes
        self._found = found
        self.number = found.document.number
        self.digest = found.document.digest
        self.ours = found.document.format == FORMAT
        """Whether it came over this interface."""

    @cached_property
    def subject(self) -> Noun:
        """What it describes; its name where it names no package or artifact."""
        for claim in self._said:
            if claim.subject.kind in {NounKind.PACKAGE, NounKind.ARTIFACT}:
                return claim.subject
        return self._found.subject or Noun(NounKind.PRODUCT, self._found.name)

    @cached_property
    def _said(self) -> list[ClaimNode]:
        return self._nodes.claims_of(self.number, [Verb.HAS_SBOM])

    def node(self) -> Node:
        """The node, without what is included; that is read when it is selected."""
        document = self._found.document
        said: Mapping[str, str] = {}
        if self.ours:
            said = next((claim.said for claim in self._said), {})
        return {
            "__typename": "HasSBOM",
            "id": bill_id(document.digest),
            "subject": node_of(self.subject),
            "uri": said.get("uri", "" if self.ours else document.path),
            "algorithm": said.get("algorithm", "" if self.ours else "sha256"),
            "digest": said.get("digest", "" if self.ours else document.digest.partition(":")[2]),
            "downloadLocation": said.get("download location", "" if self.ours else document.path),
            "knownSince": moment(said.get("known since", ""))
            or moment(document.created or document.observed),
            **origin_of(said, document),
            "includedSoftware": self.software,
            "includedDependencies": self.dependencies,
            "includedOccurrences": self.occurrences,
            "_bill": self,
        }

    def software(self) -> list[Node]:
        """The packages and artifacts that it includes."""
        packages = [Noun(NounKind.PACKAGE, text) for text in self._texts().values()]
        if self.ours:
            mentioned = self._nodes.claims_of(self.number, [Verb.HAS_METADATA])
            artifacts = [one.subject for one in mentioned]
        else:
            claims = self._nodes.claims_of(self.number, [Verb.IS_OCCURRENCE])
            artifacts = [one.object for one in claims if one.object is not None]
        every = dict.fromkeys((*packages, *artifacts))
        return [node_of(noun) for noun in every]

    def _texts(self) -> dict[int, str]:
        for graph in self._graph:
            return self._nodes.record.texts(graph.nodes)
        return {}

    @cached_property
    def _graph(self) -> list[Adjacency]:
        """Its own graph, if the record has it."""
        return [graph for _, graph in self._nodes.graphs([self.number])]

    def occurrences(self) -> list[Node]:
        """Which artifacts it says that packages are."""
        claims = self._nodes.claims_of(self.number, [Verb.IS_OCCURRENCE])
        return list(nodes_of(self._nodes, claims))

    def dependencies(self) -> list[Node]:
        """Which packages it says that packages need."""
        if self.ours:
            claims = self._nodes.claims_of(self.number, [Verb.IS_DEPENDENCY])
            return list(nodes_of(self._nodes, claims))
        return list(self.edges())

    def edges(
        self, *, subjects: set[int] | None = None, targets: set[int] | None = None
    ) -> Iterator[Node]:
        """The dependencies of its own graph; those of what it describes come first.

        Args:
            subjects: Numbers of packages that depend; all where it is ``None``.
            targets: Numbers of packages that are needed; all where it is ``None``.
        """
        if self.ours:
            return
        for graph in self._graph:
            pairs: list[tuple[int, int]] = []
            about = self._nodes.numbers([self.subject]).get(self.subject)
            if about is not None and (subjects is None or about in subjects):
                pairs += [(about, graph.nodes[root]) for root in graph.roots]
            for place, number in enumerate(graph.nodes):
                if subjects is None or number in subjects:
                    pairs += [(number, graph.nodes[target]) for target in graph.targets[place]]
            kept = dict.fromkeys(
                (a, b) for a, b in pairs if a != b and (targets is None or b in targets)
            )
            texts = self._nodes.record.texts({number for pair in kept for number in pair})
            subject = self.subject
            nouns = {number: Noun(NounKind.PACKAGE, text) for number, text in texts.items()}
            if about is not None:
                nouns[about] = subject
            for a, b in kept:
                yield self._edge(nouns[a], nouns[b])

    def _edge(self, dependent: Noun, dependency: Noun) -> Node:
        digest = bytes.fromhex(self.digest.partition(":")[2][: 2 * KEY_BYTES])
        return {
            "__typename": "IsDependency",
            "id": write_id(EDGE, digest + dependent.key + dependency.key),
            "package": node_of(dependent),
            "dependencyPackage": node_of(dependency),
            "dependencyType": "DIRECT",
            "justification": STATED,
            **origin_of({}, self._found.document),
        }


def bill_by_id(nodes: Nodes, text: str) -> Bill | None:
    """The bill of an id, also of the id of one of its edges."""
    try:
        id = read_id(text)
    except NotFoundError:
        return None
    if id.kind not in {BILL, EDGE}:
        return None
    for found in nodes.bills(prefix=bill_prefix(id.key)):
        return Bill(nodes, found)
    return None


def edge_by_id(nodes: Nodes, text: str) -> Node | None:
    """A dependency that a bill's graph states."""
    bill = bill_by_id(nodes, text)
    if bill is None or bill.ours:
        return None
    key = read_id(text).key
    ends = nodes.nouns([key[KEY_BYTES : 2 * KEY_BYTES], key[2 * KEY_BYTES :]])
    numbers = set(nodes.numbers(ends.values()).values())
    for node in bill.edges(subjects=numbers, targets=numbers):
        if node["id"] == text:
            return node
    return None


def bills_about(nodes: Nodes, number: int) -> list[Bill]:
    """The bills that may describe a noun, in the order of their digests.

    Args:
        nodes: To read from.
        number: Of the noun.
    """
    return [Bill(nodes, found) for found in nodes.bills(sboms=_describing(nodes, {number}))]


def _describing(nodes: Nodes, numbers: set[int]) -> set[int]:
    """Numbers of the bills that may describe one of some nouns."""
    claims = nodes.claims([Verb.HAS_SBOM], about=numbers)
    makers = nodes.makers(claim.key for claim in claims)
    sboms = {number for several in makers.values() for number in several}
    return sboms | set(nodes.record.described_by(numbers))


def edges_at(nodes: Nodes, number: int, described: Sequence[Bill]) -> Iterator[Node]:
    """Dependencies that the graphs of bills state of a package, on either side.

    Args:
        nodes: To read from.
        number: Of the package.
        described: Bills that may describe it, which it need not be in.
    """
    holding = {sbom for _, sbom in nodes.record.holders([number])}
    holding -= {bill.number for bill in described}
    others = (Bill(nodes, found) for found in nodes.bills(sboms=holding)) if holding else ()
    for bill in chain(described, others):
        if not bill.ours:
            yield from bill.edges(subjects={number})
            yield from bill.edges(targets={number})


# Filters


def find_bills(nodes: Nodes, spec: Spec, after: str = "") -> Iterator[Node]:
    """Nodes of the bills that a filter means, in the order of their digests.

    Raises:
        RequestError: The filter contradicts itself.
    """
    test = _bill_test(spec)
    sboms: set[int] | None = None
    prefix = ""
    if spec.get("id") is not None:
        try:
            id = read_id(spec["id"])
        except NotFoundError:
            return
        if id.kind != BILL:
            return
        prefix = bill_prefix(id.key)
    elif asks(spec.get("subject")):
        numbers = numbers_meant(nodes, *_member(spec["subject"]))
        sboms = None if numbers is None else _describing(nodes, numbers)
    for found in nodes.bills(sboms=sboms, after=after, prefix=prefix):
        node = Bill(nodes, found).node()
        if test(node):
            yield node


def _member(spec: Spec) -> tuple[str, Spec]:
    found = member(spec, shapes.PACKAGE_OR_ARTIFACT)
    if found is None:
        raise RequestError("must specify exactly one subject")
    return found


_TEXTS = ("uri", "algorithm", "digest", "downloadLocation", "origin", "collector", "documentRef")


def _bill_test(spec: Spec) -> Callable[[Node], bool]:
    tests: list[Callable[[Node], bool]] = []
    for name in _TEXTS:
        if (value := spec.get(name)) is not None:
            asked = value.lower() if name in {"algorithm", "digest"} else value
            tests.append(lambda node, name=name, asked=asked: node[name] == asked)  # type: ignore[misc]
    if spec.get("knownSince") is not None:
        since = given_moment(spec["knownSince"])
        tests.append(lambda node: node["knownSince"] >= since)
    if spec.get("subject") is not None:
        type, of_noun = _member(spec["subject"])
        about = normal(type, of_noun)
        tests.append(lambda node: node_matches(type, node["subject"], about))
    for one in spec.get("includedSoftware") or ():
        of_type, of_noun = _member(one)
        wanted = normal(of_type, of_noun)
        tests.append(_includes("includedSoftware", of_type, wanted))
    for name, of_type in _INCLUDED:
        for one in spec.get(name) or ():
            holds = matcher(shapes.SHAPES[of_type], one)
            id = one.get("id")
            tests.append(_included(name, holds, id))
    return lambda node: all(test(node) for test in tests)


_INCLUDED = (("includedDependencies", "IsDependency"), ("includedOccurrences", "IsOccurrence"))


def _includes(name: str, type: str, wanted: Spec) -> Callable[[Node], bool]:
    return lambda node: any(node_matches(type, one, wanted) for one in node[name]())


def _included(name: str, holds: Callable[[Node], bool], id: str | None) -> Callable[[Node], bool]:
    return lambda node: any(id in (None, one["id"]) and holds(one) for one in node[name]())


def find_edges(nodes: Nodes, spec: Spec, after: str = "") -> Iterator[Node]:
    """Dependencies that the graphs of bills state and a filter means, bill by bill.

    Args:
        nodes: To read from.
        spec: An ``IsDependencySpec``.
        after: Id of an edge after which to begin.
    """
    test = matcher(shapes.SHAPES["IsDependency"], spec)
    if spec.get("id") is not None:
        node = edge_by_id(nodes, spec["id"])
        if node is not None and test(node) and not after:
            yield node
        return
    subjects = _numbers(nodes, spec.get("package"))
    targets = _numbers(nodes, spec.get("dependencyPackage"))
    sboms = _holding(nodes, subjects, targets)
    start = bill_prefix(read_id(after).key) if after else ""
    begun = not after
    for found in nodes.bills(sboms=sboms, after=start):
        for node in Bill(nodes, found).edges(subjects=subjects, targets=targets):
            if begun or not found.document.digest.startswith(start):
                if test(node):
                    yield node
            elif node["id"] == after:
                begun = True


def _numbers(nodes: Nodes, spec: Spec | None) -> set[int] | None:
    if spec is None or not asks(spec):
        return None
    return set(nodes.numbers(find(nodes, "Package", spec)).values())


def _holding(nodes: Nodes, subjects: set[int] | None, targets: set[int] | None) -> set[int] | None:
    """Bills that can have an edge from some packages to others; ``None``: any."""
    found: set[int] | None = None
    if targets is not None:
        found = {sbom for _, sbom in nodes.record.holders(targets)}
    if subjects is not None:
        holding = {sbom for _, sbom in nodes.record.holders(subjects)}
        holding |= _describing(nodes, subjects)
        found = holding if found is None else found & holding
    return found
