"""Nouns of the record as GUAC's nodes, and back.

GUAC shows packages, sources and vulnerabilities as tries: a node holds only what
lies on the way from its type to its own level.  Where the record has one text for
what GUAC parts, the text is parted here, the same way in both directions.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from pratique.model.errors import InputError
from pratique.model.nouns import Artifact
from pratique.model.purl import Package
from pratique.store.nouns import Noun, NounKind, parent, storable
from pratique.surfaces.guac.errors import RequestError
from pratique.surfaces.guac.ids import NOUN, SOURCE_LEVEL, VULNERABILITY_TYPE, write_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Node = dict[str, Any]
"""A node as the fields of its GraphQL type, with ``__typename``."""

CACHE = 65_536
"""Nodes that are remembered; about a kilobyte each."""

NO_VULNERABILITY = "novuln"
"""The vulnerability of a scan that found none."""

PRODUCT_SPACE = "product"
"""Namespace, in packages of type ``guac``, of what has but a name."""

_IMAGES = frozenset({"oci", "docker"})
"""Types of which GUAC shows the qualifier ``repository_url`` as namespace."""

_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z").match
_TYPED = re.compile(r"([a-z0-9._-]+)/(.*)\Z", re.DOTALL).match
_LICENSE = re.compile(r"(.*?); (list|inline) (.*)\Z", re.DOTALL).match


def id_of(noun: Noun) -> str:
    """The id of a noun."""
    return write_id(NOUN, noun.key)


@lru_cache(maxsize=CACHE)
def node_of(noun: Noun) -> Node:
    """The node of a noun, pruned to its level.

    Nodes are shared: whoever gets one must not change it.  Beside the fields it
    has the noun itself as ``_noun``.
    """
    node = _NODES[noun.kind](noun)
    node["_noun"] = noun
    return node


# Packages


def _package(noun: Noun) -> Node:
    package = Package.parse(noun.text)
    namespace, qualifiers = package.namespace, dict(package.qualifiers)
    if package.type in _IMAGES:
        place = qualifiers.pop("repository_url", "").removesuffix(f"/{package.name}")
        namespace = "/".join(part for part in (place, namespace) if part)
    version = {
        "__typename": "PackageVersion",
        "id": id_of(noun),
        "purl": noun.text,
        "version": package.version,
        "qualifiers": [
            {"__typename": "PackageQualifier", "key": key, "value": value}
            for key, value in qualifiers.items()
        ],
        "subpath": package.subpath,
    }
    name = Noun(NounKind.PACKAGE_NAME, str(package.without_version()))
    return _trie(package.type, namespace, package.name, name, [version])


def _package_name(noun: Noun) -> Node:
    package = Package.parse(noun.text)
    return _trie(package.type, package.namespace, package.name, noun, [])


def _trie(type: str, namespace: str, name: str, at: Noun, versions: list[Node]) -> Node:
    space = Noun(NounKind.PACKAGE_NAMESPACE, at.text.rpartition("/")[0])
    above = parent(at)
    named = {"__typename": "PackageName", "id": id_of(at), "name": name, "versions": versions}
    return _package_top(type, [_space(above or space, namespace, [named])])


def _space(noun: Noun, namespace: str, names: list[Node]) -> Node:
    return {
        "__typename": "PackageNamespace",
        "id": id_of(noun),
        "namespace": namespace,
        "names": names,
    }


def _package_top(type: str, namespaces: list[Node]) -> Node:
    top = Noun(NounKind.PACKAGE_TYPE, f"pkg:{type}")
    return {"__typename": "Package", "id": id_of(top), "type": type, "namespaces": namespaces}


def _package_namespace(noun: Noun) -> Node:
    type, _, space = noun.text.removeprefix("pkg:").partition("/")
    return _package_top(type, [_space(noun, unquote(space), [])])


def _package_type(noun: Noun) -> Node:
    return _package_top(noun.text.removeprefix("pkg:"), [])


def _product(noun: Noun) -> Node:
    """What has but a name, as a package of type ``guac``."""
    text = f"pkg:guac/{PRODUCT_SPACE}/{quote(noun.text, safe='')}"
    version = {
        "__typename": "PackageVersion",
        "id": id_of(noun),
        "purl": text,
        "version": "",
        "qualifiers": [],
        "subpath": "",
    }
    at = Noun(NounKind.PACKAGE_NAME, text)
    named = {
        "__typename": "PackageName",
        "id": id_of(at),
        "name": noun.text,
        "versions": [version],
    }
    space = Noun(NounKind.PACKAGE_NAMESPACE, f"pkg:guac/{PRODUCT_SPACE}")
    return _package_top("guac", [_space(space, PRODUCT_SPACE, [named])])


def package_noun(given: Mapping[str, Any]) -> Noun:
    """The noun of a ``PkgInputSpec``.

    Raises:
        RequestError: No package URL can be made of it.
    """
    qualifiers = tuple((one["key"], one["value"]) for one in given.get("qualifiers") or ())
    get = given.get
    try:
        return _package_noun(
            given["type"],
            get("namespace") or "",
            given["name"],
            get("version") or "",
            qualifiers,
            get("subpath") or "",
        )
    except InputError as error:
        raise RequestError(f"package {given['name'][:80]!r}: {error.message}") from None


@lru_cache(maxsize=CACHE)
def _package_noun(
    type: str,
    namespace: str,
    name: str,
    version: str,
    pairs: tuple[tuple[str, str], ...],
    subpath: str,
) -> Noun:
    qualifiers = dict(pairs)
    if type.lower() in _IMAGES and namespace:
        qualifiers["repository_url"], namespace = namespace, ""
    package = Package.of(
        type, name, version, namespace=namespace, qualifiers=qualifiers, subpath=subpath
    )
    text = str(package)
    Package.parse(text)
    return Noun(NounKind.PACKAGE, text)


# Sources


def _source_parts(noun: Noun) -> tuple[str, str, str, str | None, str | None]:
    """Type, namespace, name, tag, commit."""
    type, plus, rest = noun.text.partition("+")
    if not plus:
        type, rest = "git", noun.text
    _, slashes, place = rest.partition("://")
    place, _, at = (place if slashes else rest).partition("@")
    space, _, name = place.rpartition("/")
    at = unquote(at)
    tag = commit = None
    if at.startswith("refs/commit/"):
        commit = at.removeprefix("refs/commit/")
    elif at.startswith("refs/tags/"):
        tag = at.removeprefix("refs/tags/")
    elif _COMMIT(at):
        commit = at
    elif at:
        tag = at
    return unquote(type), unquote(space), unquote(name), tag, commit


def _source(noun: Noun) -> Node:
    type, space, name, tag, commit = _source_parts(noun)
    named = {
        "__typename": "SourceName",
        "id": id_of(noun),
        "name": name,
        "tag": tag,
        "commit": commit,
    }
    return source_level(type, space, [named])


def source_level(type: str, space: str | None = None, names: Iterable[Node] = ()) -> Node:
    """A source pruned to its type, or to its namespace."""
    spaces = []
    if space is not None:
        spaces.append(
            {
                "__typename": "SourceNamespace",
                "id": write_id(SOURCE_LEVEL, f"{type}\0{space}".encode()),
                "namespace": space,
                "names": list(names),
            }
        )
    return {
        "__typename": "Source",
        "id": write_id(SOURCE_LEVEL, type.encode()),
        "type": type,
        "namespaces": spaces,
    }


def source_noun(given: Mapping[str, Any]) -> Noun:
    """The noun of a ``SourceInputSpec``.

    Raises:
        RequestError: It names both a tag and a commit.
    """
    tag, commit = given.get("tag") or "", given.get("commit") or ""
    if tag and commit:
        raise RequestError("a source has a tag or a commit, not both")
    text = source_prefix(given["type"], given["namespace"]) + quote(given["name"], safe="")
    if commit:
        text += "@" + (commit if _COMMIT(commit) else f"refs/commit/{quote(commit, safe='/')}")
    elif tag:
        odd = _COMMIT(tag) or tag.startswith("refs/")
        text += "@" + (f"refs/tags/{quote(tag, safe='/')}" if odd else quote(tag, safe="/"))
    return Noun(NounKind.SOURCE, storable(text))


def source_prefix(type: str, space: str) -> str:
    """How the texts of all sources of a namespace begin."""
    place = f"{quote(space, safe='/')}/" if space else ""
    return f"{quote(type, safe='')}+https://{place}"


# The others


def _artifact(noun: Noun) -> Node:
    algorithm, _, digest = noun.text.partition(":")
    return {
        "__typename": "Artifact",
        "id": id_of(noun),
        "algorithm": algorithm,
        "digest": digest,
    }


def artifact_noun(algorithm: str, digest: str) -> Noun:
    """The noun of an artifact; also of one whose digest is not hexadecimal."""
    try:
        text = str(Artifact.of(algorithm, digest))
    except InputError:
        text = f"{algorithm.strip().lower()}:{digest.strip().lower()}"
    return Noun(NounKind.ARTIFACT, storable(text))


def _builder(noun: Noun) -> Node:
    return {"__typename": "Builder", "id": id_of(noun), "uri": noun.text}


def vulnerability_parts(noun: Noun) -> tuple[str, str]:
    """Type and id of a vulnerability; the type of a bare id is its database's."""
    if noun.text == NO_VULNERABILITY:
        return NO_VULNERABILITY, ""
    typed = _TYPED(noun.text)
    return (typed[1], typed[2]) if typed else (_database(noun.text), noun.text)


def _database(id: str) -> str:
    head = id.partition("-")[0]
    return head if head in {"cve", "ghsa"} else "osv"


def _vulnerability(noun: Noun) -> Node:
    type, id = vulnerability_parts(noun)
    named = {"__typename": "VulnerabilityID", "id": id_of(noun), "vulnerabilityID": id}
    return vulnerability_level(type, [named])


def vulnerability_level(type: str, ids: Iterable[Node] = ()) -> Node:
    """A vulnerability pruned to its type."""
    return {
        "__typename": "Vulnerability",
        "id": write_id(VULNERABILITY_TYPE, type.encode()),
        "type": type,
        "vulnerabilityIDs": list(ids),
    }


def vulnerability_noun(type: str, id: str) -> Noun:
    """The noun of a vulnerability; a bare id where its type is what the id says itself.

    Raises:
        RequestError: It has no id.
    """
    type, id = type.strip().lower(), id.strip().lower()
    if type == NO_VULNERABILITY:
        return Noun(NounKind.VULNERABILITY, NO_VULNERABILITY)
    if not id or not type:
        raise RequestError(f"a vulnerability of type {type[:80]!r} needs an id")
    bare = _database(id) == type and "/" not in id
    return Noun(NounKind.VULNERABILITY, storable(id if bare else f"{type}/{id}"))


def bare_vulnerability(noun: Noun) -> Noun | None:
    """The same id as its own database names it; ``None`` where the noun is that already."""
    typed = _TYPED(noun.text)
    return Noun(NounKind.VULNERABILITY, typed[2]) if typed and "/" not in typed[2] else None


def _license(noun: Noun) -> Node:
    parted = _LICENSE(noun.text)
    name, kind, more = parted.groups() if parted else (noun.text, "", None)
    return {
        "__typename": "License",
        "id": id_of(noun),
        "name": name,
        "inline": more if kind == "inline" else None,
        "listVersion": more if kind == "list" else None,
    }


def license_noun(given: Mapping[str, Any]) -> Noun:
    """The noun of a ``LicenseInputSpec``.

    Raises:
        RequestError: It says both that it is listed and what its text is.
    """
    inline, listed = given.get("inline") or "", given.get("listVersion") or ""
    if inline and listed:
        raise RequestError("a licence is listed or inline, not both")
    text = given["name"]
    if inline or listed:
        text += f"; inline {inline}" if inline else f"; list {listed}"
    return Noun(NounKind.LICENSE, storable(text))


_NODES = {
    NounKind.PACKAGE_TYPE: _package_type,
    NounKind.PACKAGE_NAMESPACE: _package_namespace,
    NounKind.PACKAGE_NAME: _package_name,
    NounKind.PACKAGE: _package,
    NounKind.SOURCE: _source,
    NounKind.ARTIFACT: _artifact,
    NounKind.BUILDER: _builder,
    NounKind.VULNERABILITY: _vulnerability,
    NounKind.LICENSE: _license,
    NounKind.PRODUCT: _product,
}

TYPE_OF = {
    NounKind.PACKAGE_TYPE: "Package",
    NounKind.PACKAGE_NAMESPACE: "Package",
    NounKind.PACKAGE_NAME: "Package",
    NounKind.PACKAGE: "Package",
    NounKind.PRODUCT: "Package",
    NounKind.SOURCE: "Source",
    NounKind.ARTIFACT: "Artifact",
    NounKind.BUILDER: "Builder",
    NounKind.VULNERABILITY: "Vulnerability",
    NounKind.LICENSE: "License",
}
"""GraphQL type of each kind of noun."""
