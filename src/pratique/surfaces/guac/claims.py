"""Claims of the record as GUAC's evidence nodes, and which of them a filter means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.model.evidence import Verb
from pratique.store.nouns import Noun, NounKind
from pratique.surfaces.guac import shapes
from pratique.surfaces.guac.errors import NotFoundError, RequestError
from pratique.surfaces.guac.ids import CLAIM, read_id, write_id
from pratique.surfaces.guac.lookups import asks, find, matches, member, normal
from pratique.surfaces.guac.nouns import TYPE_OF, artifact_noun, node_of
from pratique.surfaces.guac.shapes import DECLARED, DISCOVERED, Shape
from pratique.surfaces.guac.values import given_moment, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pratique.store.nodes import ClaimNode, DocumentNode, Nodes
    from pratique.surfaces.guac.lookups import Spec
    from pratique.surfaces.guac.nouns import Node

FEW_NOUNS = 5_000
"""Nouns of a filter whose claims are asked for by number; where there are more, all
claims of the kind are read and held against the filter."""

BATCH = 1_000
"""Claims whose documents are asked for at once."""

EPSILON = 0.01
"""Difference up to which two scores are the same."""

_texts = msgspec.json.Decoder(list[str]).decode
_scores = msgspec.json.Decoder(dict[str, float]).decode
_pairs = msgspec.json.Decoder(list[tuple[str, str]]).decode


class Material(msgspec.Struct):
    """What a build was made from, as provenance names it."""

    uri: str = ""
    digest: dict[str, str] = {}


_materials = msgspec.json.Decoder(list[Material]).decode


def claim_node(claim: ClaimNode, document: DocumentNode | None) -> Node | None:
    """The node of a claim; ``None`` for what the interface has no place for.

    Args:
        claim: Of the record.
        document: The earliest document that makes it.
    """
    shape = shapes.OF_VERB.get(claim.verb)
    if shape is None or not _fits(shape, claim):
        return None
    said = claim.said
    fallback = (document.created or document.observed) if document else ""
    fields: dict[str, Any] = {
        one.name: shown(one, said, fallback) for one in shape.fields
    } | origin_of(said, document)
    node: Node = {"__typename": shape.type, "id": write_id(CLAIM, claim.key), "_claim": claim}
    if shape.equal:
        pair = [claim.subject, claim.object or claim.subject]
        node[shape.subject] = [node_of(noun) for noun in dict.fromkeys(pair)]
    else:
        node[shape.subject] = node_of(claim.subject)
        if shape.object and not shape.inside.startswith("slsa"):
            node[shape.object] = node_of(claim.object or claim.subject)
    if more := _MORE.get(claim.verb):
        fields |= more(claim)
    if shape.inside:
        fields["__typename"] = _INSIDE[shape.inside]
        node[shape.inside] = fields
    else:
        node |= fields
    return node


def origin_of(said: Mapping[str, str], document: DocumentNode | None) -> dict[str, str]:
    """Origin, collector and document reference: as a client said, or the document's own."""
    digest = document.digest.replace(":", "_") if document else ""
    if shapes.WIRE in said:
        return {
            "origin": said.get(shapes.ORIGIN, ""),
            "collector": said.get(shapes.COLLECTOR, ""),
            "documentRef": said.get(shapes.DOCUMENT, ""),
        }
    return {
        "origin": document.path if document else "",
        "collector": document.collector if document else "",
        "documentRef": digest,
    }


def _fits(shape: Shape, claim: ClaimNode) -> bool:
    if claim.said.get("key") == shapes.MENTION or shapes.IMPLIED in claim.said:
        return False
    if TYPE_OF.get(claim.subject.kind) not in shape.subjects.values():
        return False
    if claim.verb is Verb.VULNERABILITY_METADATA and "score type" not in claim.said:
        return False
    if claim.verb is Verb.CERTIFY_LEGAL or not shape.object:
        return True
    return claim.object is not None and TYPE_OF.get(claim.object.kind) == shape.object_type


_INSIDE = {"metadata": "ScanMetadata", "scorecard": "Scorecard", "slsa": "SLSA"}


def licences(claim: ClaimNode) -> tuple[list[Noun], list[Noun]]:
    """The declared and the discovered licences of a claim."""
    found = []
    for word in (DECLARED, DISCOVERED):
        texts = _texts(claim.said[word]) if word in claim.said else []
        found.append([Noun(NounKind.LICENSE, text) for text in texts])
    if not found[0] and not found[1] and claim.object is not None:
        found[_discovered(claim)].append(claim.object)
    return found[0], found[1]


def _discovered(claim: ClaimNode) -> bool:
    """Whether a claim of an ingested document is about what was found, not declared."""
    return "discovered" in claim.said.get("origin", "")


def _legal(claim: ClaimNode) -> dict[str, Any]:
    declared, discovered = licences(claim)
    fields: dict[str, Any] = {
        "declaredLicenses": [node_of(noun) for noun in declared],
        "discoveredLicenses": [node_of(noun) for noun in discovered],
    }
    if DECLARED not in claim.said and DISCOVERED not in claim.said and claim.object is not None:
        name = "discoveredLicense" if _discovered(claim) else "declaredLicense"
        fields[name] = claim.said.get(_WORDS[name]) or claim.object.text
    return fields


_WORDS = {"declaredLicense": "declared licence", "discoveredLicense": "discovered licence"}


def _scorecard(claim: ClaimNode) -> dict[str, Any]:
    checks = _scores(claim.said.get("checks") or "{}")
    return {
        "checks": [
            {"__typename": "ScorecardCheck", "check": name, "score": int(score)}
            for name, score in sorted(checks.items())
        ]
    }


def _slsa(claim: ClaimNode) -> dict[str, Any]:
    pairs = _pairs(claim.said["predicate"]) if "predicate" in claim.said else []
    return {
        "builtBy": node_of(claim.object) if claim.object else None,
        "builtFrom": [node_of(noun) for noun in materials(claim)],
        "slsaPredicate": [
            {"__typename": "SLSAPredicate", "key": key, "value": value} for key, value in pairs
        ],
    }


def materials(claim: ClaimNode) -> list[Noun]:
    """The artifacts that a build was made from."""
    rows = _materials(claim.said.get("materials") or "[]")
    every = [artifact_noun(a, digest) for row in rows for a, digest in sorted(row.digest.items())]
    return list(dict.fromkeys(every))


def _metadata(claim: ClaimNode) -> dict[str, Any]:
    """The value of metadata that has several: all of them, in a line."""
    if "value" in claim.said or claim.said.get("key") == shapes.MENTION:
        return {}
    left_out = {"key", "timestamp", "justification"}
    rows = [(key, text) for key, text in sorted(claim.said.items()) if key not in left_out]
    return {"value": ",".join(f"{k}:{text}" for k, text in rows if not k.startswith("guac:"))}


_MORE: dict[Verb, Callable[[ClaimNode], dict[str, Any]]] = {
    Verb.CERTIFY_LEGAL: _legal,
    Verb.CERTIFY_SCORECARD: _scorecard,
    Verb.HAS_SLSA: _slsa,
    Verb.HAS_METADATA: _metadata,
}


def nodes_of(nodes: Nodes, claims: Iterable[ClaimNode]) -> Iterator[Node]:
    """The nodes of claims, in their order; a batch of documents is looked up at once."""
    batch: list[ClaimNode] = []
    for claim in claims:
        batch.append(claim)
        if len(batch) == BATCH:
            yield from _drawn(nodes, batch)
            batch = []
    yield from _drawn(nodes, batch)


def _drawn(nodes: Nodes, batch: list[ClaimNode]) -> Iterator[Node]:
    documents = nodes.documents({claim.document for claim in batch})
    for claim in batch:
        if (node := claim_node(claim, documents.get(claim.document))) is not None:
            yield node


def find_claims(nodes: Nodes, type: str, spec: Spec, after: bytes = b"") -> Iterator[Node]:
    """Evidence nodes that a filter means, in the order of their keys.

    Raises:
        RequestError: The filter contradicts itself.
    """
    shape = shapes.SHAPES[type]
    test = matcher(shape, spec)
    for node in nodes_of(nodes, _candidates(nodes, shape, spec, after)):
        if test(node):
            yield node


def _candidates(nodes: Nodes, shape: Shape, spec: Spec, after: bytes) -> Iterator[ClaimNode]:
    """Claims of a kind, narrowed by whatever noun the filter names."""
    if spec.get("id") is not None:
        try:
            id = read_id(spec["id"])
        except NotFoundError:
            return
        found = nodes.claims_by_key([id.key]) if id.kind == CLAIM else {}
        yield from (one for one in found.values() if one.verb is shape.verb and one.key > after)
        return
    subject = spec.get(shape.subject)
    if not shape.equal and asks(subject) and subject is not None:
        type, of_noun = ("", subject) if "" in shape.subjects else member(subject, shape.subjects)  # type: ignore[misc]
        numbers = numbers_meant(nodes, type or shape.subjects[""], of_noun)
        if numbers is not None:
            yield from nodes.claims([shape.verb], about=numbers, after=after)
            return
    other = spec.get(shape.object) if shape.object else None
    if not shape.equal and asks(other) and other is not None:
        numbers = numbers_meant(nodes, shape.object_type, other)
        if numbers is not None:
            yield from nodes.claims([shape.verb], naming=numbers, after=after)
            return
    yield from nodes.claims([shape.verb], after=after)


def numbers_meant(nodes: Nodes, type: str, spec: Spec) -> set[int] | None:
    """Numbers of a filter's nouns; ``None`` where it asks for nothing, or means too many."""
    if not asks(spec):
        return None
    nouns = []
    for noun in find(nodes, type, spec):
        nouns.append(noun)
        if len(nouns) > FEW_NOUNS:
            return None
    return set(nodes.numbers(nouns).values())


def matcher(shape: Shape, spec: Spec) -> Callable[[Node], bool]:
    """A test for evidence nodes.

    Raises:
        RequestError: The filter contradicts itself.
    """
    tests = [
        test
        for test in (
            _subject_test(shape, spec),
            _object_test(shape, spec),
            _fields_test(shape, spec),
            _more_test(shape, spec),
        )
        if test is not None
    ]
    return lambda node: all(test(node) for test in tests)


def _subject_test(shape: Shape, spec: Spec) -> Callable[[Node], bool] | None:
    given = spec.get(shape.subject)
    if shape.equal:
        wanted = [one for one in given or () if one is not None]
        if len(wanted) > 2:
            raise RequestError(f"{shape.subject} are at most two")
        type = shape.object_type
        specs = [normal(type, one) for one in wanted]
        return lambda node: all(
            any(node_matches(type, one, asked) for one in node[shape.subject]) for asked in specs
        )
    if given is None:
        return None
    if "" in shape.subjects:
        type, of_noun = shape.subjects[""], given
    else:
        type, of_noun = member(given, shape.subjects)  # type: ignore[misc]
    asked = normal(type, of_noun)
    return lambda node: node_matches(type, node[shape.subject], asked)


def _object_test(shape: Shape, spec: Spec) -> Callable[[Node], bool] | None:
    given = spec.get(shape.object) if shape.object and not shape.equal else None
    if given is None:
        return None
    asked = normal(shape.object_type, given)

    def test(node: Node) -> bool:
        holder = node[shape.inside] if shape.inside == "slsa" else node
        return node_matches(shape.object_type, holder[shape.object], asked)

    return test


def _fields_test(shape: Shape, spec: Spec) -> Callable[[Node], bool] | None:
    wanted: list[tuple[str, str, Any]] = []
    for field in (*shape.fields, *_ORIGINS):
        value = spec.get(field.asked or field.name)
        if value is None or (field.kind == "float" and "comparator" in spec):
            continue
        if field.kind in {"time", "maybe"}:
            wanted.append(("since" if field.since else "is", field.name, given_moment(value)))
        else:
            wanted.append(("near" if field.kind == "float" else "is", field.name, value))
    if not wanted:
        return None

    def test(node: Node) -> bool:
        holder = node[shape.inside] if shape.inside else node
        return all(_TESTS[how](holder[name], value) for how, name, value in wanted)

    return test


_ORIGINS = tuple(shapes.Field(name, "") for name in ("origin", "collector", "documentRef"))

_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda here, asked: here == asked,
    "since": lambda here, asked: here >= asked,
    "near": lambda here, asked: abs(here - asked) <= EPSILON,
    "EQUAL": lambda here, asked: here == asked,
    "GREATER": lambda here, asked: here > asked,
    "GREATER_EQUAL": lambda here, asked: here >= asked,
    "LESS": lambda here, asked: here < asked,
    "LESS_EQUAL": lambda here, asked: here <= asked,
}


def _more_test(shape: Shape, spec: Spec) -> Callable[[Node], bool] | None:
    """What only one verb's filter has: a comparator, checks, materials, licences."""
    if comparator := spec.get("comparator"):
        if spec.get("scoreValue") is None:
            raise RequestError("a comparator needs a scoreValue")
        return lambda node: _TESTS[comparator](node["scoreValue"], spec["scoreValue"])
    lists: list[tuple[str, str, list[Spec]]] = []
    for name, type, field in _LISTS.get(shape.type, ()):
        if spec.get(name):
            asked = [normal(type, one) if type else one for one in spec[name]]
            lists.append((type, field, asked))
    if not lists:
        return None

    def test(node: Node) -> bool:
        holder = node[shape.inside] if shape.inside else node
        return all(
            any(
                node_matches(type, one, wanted)
                if type
                else all(one[key] == value for key, value in wanted.items())
                for one in holder[field]
            )
            for type, field, asked in lists
            for wanted in asked
        )

    return test


_LISTS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "CertifyScorecard": (("checks", "", "checks"),),
    "HasSLSA": (("builtFrom", "Artifact", "builtFrom"), ("predicate", "", "slsaPredicate")),
    "CertifyLegal": (
        ("declaredLicenses", "License", "declaredLicenses"),
        ("discoveredLicenses", "License", "discoveredLicenses"),
    ),
}


def node_matches(type: str, node: Node, spec: Spec) -> bool:
    """Whether the node of a noun is meant by a filter that is normal."""
    return node["__typename"] == type and matches(type, node["_noun"], spec)
