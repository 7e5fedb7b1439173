"""The inputs of mutations: nouns that are given by id, or described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.store.nouns import Noun, NounKind, parent, storable
from pratique.surfaces.guac.errors import NotFoundError, RequestError
from pratique.surfaces.guac.ids import NOUN, read_id
from pratique.surfaces.guac.nouns import (
    artifact_noun,
    license_noun,
    package_noun,
    source_noun,
    vulnerability_noun,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pratique.store.nodes import Nodes

Input = dict[str, Any]

ALL_VERSIONS = "ALL_VERSIONS"

_READ: dict[str, tuple[str, str, Callable[[Mapping[str, Any]], Noun]]] = {
    "Package": ("packageInput", "packageVersionID", package_noun),
    "Source": ("sourceInput", "sourceNameID", source_noun),
    "Artifact": (
        "artifactInput",
        "artifactID",
        lambda given: artifact_noun(given["algorithm"], given["digest"]),
    ),
    "Builder": (
        "builderInput",
        "builderID",
        lambda given: Noun(NounKind.BUILDER, storable(given["uri"])),
    ),
    "Vulnerability": (
        "vulnerabilityInput",
        "vulnerabilityNodeID",
        lambda given: vulnerability_noun(given["type"], given["vulnerabilityID"]),
    ),
    "License": ("licenseInput", "licenseID", license_noun),
}
"""Of each type: the member that describes a noun, the one that names it, what reads it."""

_KINDS: dict[str, frozenset[NounKind]] = {
    "Package": frozenset({NounKind.PACKAGE, NounKind.PRODUCT}),
    "Source": frozenset({NounKind.SOURCE}),
    "Artifact": frozenset({NounKind.ARTIFACT}),
    "Builder": frozenset({NounKind.BUILDER}),
    "Vulnerability": frozenset({NounKind.VULNERABILITY}),
    "License": frozenset({NounKind.LICENSE}),
}
"""What an id of each type may be of."""

MEMBERS = {
    "package": "Package",
    "packages": "Package",
    "source": "Source",
    "sources": "Source",
    "artifact": "Artifact",
    "artifacts": "Artifact",
}


def read_nouns(
    nodes: Nodes, type: str, given: Sequence[Input], *, every_version: bool = False
) -> list[Noun]:
    """The nouns of inputs, in their order.

    Args:
        nodes: What the tenant sees: an id is of something that is there.
        type: GraphQL type.
        given: Inputs ``IDorX``.
        every_version: Whether packages are meant at any version.

    Raises:
        RequestError: One names or describes nothing.
    """
    described, named, read = _READ[type]
    ids = [one.get(named) for one in given]
    if every_version:
        ids = [id or one.get("packageNameID") for id, one in zip(ids, given, strict=True)]
    # GUAC's clients give an id and a description; as in GUAC's server the id is meant.
    known = _known(nodes, type, ids, every_version=every_version)
    nouns: list[Noun] = []
    for number, id in enumerate(ids):
        noun = known.get(id) if id is not None else None
        if noun is None:
            value = given[number].get(described)
            if value is None and id is not None:
                raise NotFoundError
            if value is None:
                raise RequestError(f"item {number} has neither {described} nor {named}")
            try:
                noun = read(value)
            except RequestError as error:
                raise RequestError(f"item {number}: {error.message}") from None
        nouns.append(noun)
    if every_version and type == "Package":
        return [_name(noun) for noun in nouns]
    return nouns


def _known(
    nodes: Nodes, type: str, ids: Iterable[str | None], *, every_version: bool
) -> dict[str, Noun]:
    """The nouns of ids that are there, and of the type; each is looked up once."""
    keys = {id: _key(id) for id in set(ids) if id is not None}
    there = nodes.nouns(keys.values())
    kinds = _KINDS[type] | ({NounKind.PACKAGE_NAME} if every_version else frozenset())
    return {id: there[key] for id, key in keys.items() if key in there and there[key].kind in kinds}


def _name(noun: Noun) -> Noun:
    return (parent(noun) or noun) if noun.kind is NounKind.PACKAGE else noun


def _key(text: str) -> bytes:
    id = read_id(text)
    if id.kind != NOUN:
        raise NotFoundError
    return id.key


def read_keys(ids: Sequence[str], kind: str) -> list[bytes]:
    """The keys of ids of one kind.

    Raises:
        NotFoundError: One is of another kind.
    """
    found = [read_id(text) for text in ids]
    if any(id.kind != kind for id in found):
        raise NotFoundError
    return [id.key for id in found]


def read_subjects(nodes: Nodes, given: Input, *, every_version: bool) -> list[Noun]:
    """The nouns of a union's input, for one (``package``) or for many (``packages``).

    Raises:
        RequestError: It does not have exactly one member.
    """
    members = [(key, value) for key, value in given.items() if value is not None]
    if len(members) != 1:
        raise RequestError("must specify exactly one kind of subject")
    key, value = members[0]
    many = value if isinstance(value, list) else [value]
    type = MEMBERS[key]
    return read_nouns(nodes, type, many, every_version=every_version and type == "Package")
