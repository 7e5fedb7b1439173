"""Which nouns a filter means.

A member of a filter that is absent asks for nothing; one that is the empty text
asks for the empty text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pratique.model.errors import InputError
from pratique.model.purl import Package
from pratique.store.nouns import Noun, NounKind
from pratique.surfaces.guac.errors import NotFoundError, RequestError
from pratique.surfaces.guac.ids import NOUN, SOURCE_LEVEL, VULNERABILITY_TYPE, read_id
from pratique.surfaces.guac.nouns import (
    NO_VULNERABILITY,
    artifact_noun,
    id_of,
    node_of,
    source_prefix,
    vulnerability_noun,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pratique.store.nodes import Nodes

Spec = dict[str, Any]

KINDS: dict[str, tuple[NounKind, ...]] = {
    "Package": (NounKind.PACKAGE_NAME, NounKind.PACKAGE, NounKind.PRODUCT),
    "Source": (NounKind.SOURCE,),
    "Artifact": (NounKind.ARTIFACT,),
    "Builder": (NounKind.BUILDER,),
    "Vulnerability": (NounKind.VULNERABILITY,),
    "License": (NounKind.LICENSE,),
}
"""Kinds of noun that lists of a type have."""

_IMAGES = ("pkg:docker/%", "pkg:oci/%")


def find(nodes: Nodes, type: str, spec: Spec, after: bytes = b"") -> Iterator[Noun]:
    """Nouns that a filter means, in the order of their keys.

    Args:
        nodes: To look among.
        type: GraphQL type of the nouns.
        spec: The filter.
        after: Key after which to begin.
    """
    spec = normal(type, spec)
    exact = _exact(nodes, type, spec)
    if exact is not None:
        chosen = (noun for noun in exact if noun.key > after and matches(type, noun, spec))
        yield from sorted(chosen, key=lambda noun: noun.key)
        return
    for noun in nodes.listed(KINDS[type], like=_patterns(type, spec), after=after):
        if matches(type, noun, spec):
            yield noun


def asks(spec: Mapping[str, Any] | None) -> bool:
    """Whether a filter asks for anything."""
    return any(value not in (None, [], False) for value in (spec or {}).values())


def normal(type: str, spec: Spec) -> Spec:
    """A filter with names as the record writes them (``Django`` is ``django`` on PyPI).

    Raises:
        RequestError: It contradicts itself.
    """
    spec = {key: value for key, value in spec.items() if value is not None}
    if type == "Package" and spec.get("type") and spec.get("name"):
        images = spec["type"] in {"oci", "docker"}
        try:
            package = Package.of(
                spec["type"],
                spec["name"],
                spec.get("version", ""),
                namespace="" if images else spec.get("namespace", ""),
            )
        except InputError:
            return spec
        spec |= {"name": package.name}
        if "namespace" in spec and not images:
            spec["namespace"] = package.namespace
        if "version" in spec:
            spec["version"] = package.version
    elif type == "Artifact" and "digest" in spec:
        algorithm = spec.get("algorithm", "")
        noun = artifact_noun(algorithm, spec["digest"])
        spec["digest"] = noun.text.partition(":")[2]
        if "algorithm" in spec:
            spec["algorithm"] = noun.text.partition(":")[0]
    elif type == "Artifact" and "algorithm" in spec:
        spec["algorithm"] = artifact_noun(spec["algorithm"], "00").text.partition(":")[0]
        lower = spec["algorithm"].lower()
        spec["algorithm"] = (
            lower.replace("-", "", 1) if lower.startswith(("sha-", "md-")) else lower
        )
    elif type == "Vulnerability":
        _check_vulnerability(spec)
        for key in ("type", "vulnerabilityID"):
            if key in spec:
                spec[key] = spec[key].lower()
    return spec


def _check_vulnerability(spec: Spec) -> None:
    if spec.get("noVuln") is False and spec.get("type", "").lower() == NO_VULNERABILITY:
        raise RequestError("noVuln is false, so that the type cannot be novuln")


def _exact(nodes: Nodes, type: str, spec: Spec) -> list[Noun] | None:
    """The few nouns among which a filter's are; ``None`` where that cannot be told."""
    if "id" in spec:
        return by_id(nodes, spec["id"])
    wanted: list[Noun] = []
    if (
        type == "Package"
        and {"type", "name"} <= set(spec)
        and ("namespace" in spec or spec["type"] in {"oci", "docker"})
    ):
        space = "" if spec["type"] in {"oci", "docker"} else spec.get("namespace", "")
        try:
            package = Package.of(spec["type"], spec["name"], namespace=space)
        except InputError:
            return None
        name = Noun(NounKind.PACKAGE_NAME, str(package.without_version()))
        below = nodes.below(name)
        if spec["type"] == "docker" or (spec["type"], space) == ("guac", "product"):
            return None
        return [*nodes.nouns([name.key]).values(), *below]
    if type == "Artifact" and {"algorithm", "digest"} <= set(spec):
        wanted = [artifact_noun(spec["algorithm"], spec["digest"])]
    elif type == "Builder" and "uri" in spec:
        wanted = [Noun(NounKind.BUILDER, spec["uri"])]
    elif type == "Vulnerability" and spec.get("noVuln") is True:
        wanted = [Noun(NounKind.VULNERABILITY, NO_VULNERABILITY)]
    elif type == "Vulnerability" and spec.get("type") and spec.get("vulnerabilityID"):
        wanted = [vulnerability_noun(spec["type"], spec["vulnerabilityID"])]
    else:
        return None
    return list(nodes.nouns(noun.key for noun in wanted).values())


def by_id(nodes: Nodes, text: str) -> list[Noun]:
    """The noun of an id; none where there is no such, or it is no noun's."""
    try:
        id = read_id(text)
    except NotFoundError:
        return []
    return list(nodes.nouns([id.key]).values()) if id.kind == NOUN else []


def by_level(nodes: Nodes, text: str) -> list[Noun]:
    """The nouns below the type or namespace of a source, or the type of a vulnerability."""
    try:
        id = read_id(text)
    except NotFoundError:
        return []
    if id.kind not in {SOURCE_LEVEL, VULNERABILITY_TYPE}:
        return []
    name = id.key.decode("utf-8", "replace")
    if id.kind == VULNERABILITY_TYPE:
        return list(find(nodes, "Vulnerability", {"type": name}))
    type, zero, space = name.partition("\0")
    return list(find(nodes, "Source", {"type": type} | ({"namespace": space} if zero else {})))


def _patterns(type: str, spec: Spec) -> list[str]:
    """Patterns of ``LIKE`` that the nouns of a filter have; none where any may be it."""
    if type == "Package":
        return _package_patterns(spec)
    if type == "Source" and "type" in spec:
        return [_like(source_prefix(spec["type"], spec.get("namespace", ""))) + "%"]
    if type == "Artifact" and (spec.get("algorithm") or spec.get("digest")):
        return [f"{_like(spec.get('algorithm', '')) or '%'}:{_like(spec.get('digest', '')) or '%'}"]
    if type == "Vulnerability" and "vulnerabilityID" in spec:
        return [f"%{_like(spec['vulnerabilityID'])}"]
    if type == "License" and "name" in spec:
        return [f"{_like(spec['name'])}%"]
    return []


def _package_patterns(spec: Spec) -> list[str]:
    head = f"pkg:{_like(spec['type'])}/" if spec.get("type") else "pkg:%/"
    middle = _like(quote(spec["namespace"], safe="/:")) if spec.get("namespace") else ""
    name = _like(quote(spec["name"], safe=":")) if spec.get("name") else ""
    if not (spec.get("type") or middle or name):
        return []
    more = list(_IMAGES) if middle and not spec.get("type") else []
    if middle and spec.get("type") in {"oci", "docker"}:
        middle = ""
    if not name:
        return [f"{head}{middle}/%" if middle else f"{head}%", *more]
    parts = [f"{head}{middle}/{name}"] if middle else [f"{head}{name}", f"{head}%/{name}"]
    ends = ("", "@%", "?%", "#%")
    found = [part + end for part in parts for end in ends] + more
    return [*found, _like(spec["name"])] if spec.get("type") in {None, "guac"} else found


def _like(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def matches(type: str, noun: Noun, spec: Spec) -> bool:
    """Whether a noun is meant by a filter that is :func:`normal`."""
    if spec.get("id") not in (None, id_of(noun)):
        return False
    return _MATCHES[type](noun, spec)


def _match_package(noun: Noun, spec: Spec) -> bool:
    node = node_of(noun)
    if spec.get("type") not in (None, node["type"]):
        return False
    spaces = node["namespaces"]
    if not spaces:
        return not any(key in spec for key in ("namespace", "name", *_VERSIONED))
    if spec.get("namespace") not in (None, spaces[0]["namespace"]):
        return False
    names = spaces[0]["names"]
    if not names:
        return not any(key in spec for key in ("name", *_VERSIONED))
    if spec.get("name") not in (None, names[0]["name"]):
        return False
    versions = names[0]["versions"]
    if not versions:
        return not any(spec.get(key) not in (None, [], False) for key in _VERSIONED)
    return _match_version(versions[0], spec)


_VERSIONED = ("version", "subpath", "qualifiers", "matchOnlyEmptyQualifiers")


def _match_version(version: Mapping[str, Any], spec: Spec) -> bool:
    if spec.get("version") not in (None, version["version"]):
        return False
    if spec.get("subpath") not in (None, version["subpath"]):
        return False
    if spec.get("matchOnlyEmptyQualifiers") and version["qualifiers"]:
        return False
    if not spec.get("qualifiers"):
        return True
    asked = {one["key"].lower(): one.get("value") or "" for one in spec["qualifiers"]}
    return {one["key"]: one["value"] for one in version["qualifiers"]} == asked


def _match_source(noun: Noun, spec: Spec) -> bool:
    node = node_of(noun)
    space = node["namespaces"][0]
    name = space["names"][0]
    return (
        spec.get("type") in (None, node["type"])
        and spec.get("namespace") in (None, space["namespace"])
        and spec.get("name") in (None, name["name"])
        and spec.get("tag") in (None, name["tag"] or "")
        and spec.get("commit") in (None, name["commit"] or "")
    )


def _match_vulnerability(noun: Noun, spec: Spec) -> bool:
    node = node_of(noun)
    named = spec.get("noVuln")
    if named is not None and named != (node["type"] == NO_VULNERABILITY):
        return False
    id = node["vulnerabilityIDs"][0]["vulnerabilityID"]
    return spec.get("type") in (None, node["type"]) and spec.get("vulnerabilityID") in (None, id)


def _match_plain(noun: Noun, spec: Spec) -> bool:
    node = node_of(noun)
    return all(spec[key] == (node[key] or "") for key in spec if key != "id")


_MATCHES = {
    "Package": _match_package,
    "Source": _match_source,
    "Vulnerability": _match_vulnerability,
    "Artifact": _match_plain,
    "Builder": _match_plain,
    "License": _match_plain,
}


def member(spec: Mapping[str, Any], types: Mapping[str, str]) -> tuple[str, Spec] | None:
    """The member of a union's filter that is given: its GraphQL type, and its own filter.

    Args:
        spec: With one member, or none.
        types: Member to type.

    Raises:
        RequestError: There is not exactly one.
    """
    given = [(types[key], value) for key, value in spec.items() if value is not None]
    if len(given) != 1:
        raise RequestError(f"must specify exactly one subject of {', '.join(types)}")
    return given[0]
