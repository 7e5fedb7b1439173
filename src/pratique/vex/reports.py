"""Scanner reports seen as findings: which product, which package, which vulnerability."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.formats.shapes import objects_in, value_at
from pratique.model.errors import InputError
from pratique.model.nouns import Artifact
from pratique.model.purl import Package
from pratique.vex.scene import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIGEST = re.compile(r"@sha256[:_]([0-9a-f]{64})")
_REVERSED_NAME = re.compile(r"[a-z0-9._/:-]{1,255}")
"""In ``name@sha256:hex`` what is before the digest, read from its end: some scanners write
an underscore for the colon."""

_GRYPE = re.compile(r"^Package: (\S+)\n(?:.*\n)*?Version: (\S+)", re.MULTILINE)
_TRIVY = re.compile(r"^Package: (\S+)\nInstalled Version: (\S+)", re.MULTILINE)

MAX_IMAGES = 50
"""Images that one report is about; a scanner reports one."""

MAX_TEXT = 4_000
"""Characters of one text of a report that are searched; what is looked for is at its start."""

MAX_TEXTS = 100_000
"""Texts of one run in which the name of an image is looked for."""


class Row(NamedTuple):
    """One result of a report."""

    names: tuple[str, ...]
    """What the report calls the vulnerability; a rule's id may have a package behind it."""

    target: Target
    """The package, as far as the report says it."""


def image_target(name: str, digest: str) -> Target:
    """An image by its name and digest (package-url specification, type ``oci``).

    Args:
        name: ``alpine`` or ``registry.example.test/team/app:1.0``.
        digest: 64 hexadecimal digits.
    """
    bare = name.split(":", maxsplit=1)[0] if "/" not in name.rpartition(":")[2] else name
    last = bare.rpartition("/")[2].lower()
    host = bare.split("/")[0]
    qualifiers = {"repository_url": bare} if "/" in bare and re.search(r"[.:]", host) else None
    hashes = (Artifact("sha256", digest),)
    ids = (f"{bare}@sha256:{digest}", bare)
    try:
        package = Package.of("oci", last, f"sha256:{digest}", qualifiers=qualifiers)
    except InputError:
        return Target(ids=ids, hashes=hashes)
    return Target(packages=(package,), ids=(*ids, str(package)), hashes=hashes)


def images(texts: Iterator[str]) -> list[Target]:
    """The images that texts name with their digests, each once."""
    found: dict[tuple[str, str], Target] = {}
    for text in islice(texts, MAX_TEXTS):
        for match in _DIGEST.finditer(text[:MAX_TEXT]):
            before = _REVERSED_NAME.match(text[: match.start()][:-256:-1])
            name = before.group()[::-1].lstrip("._/:-") if before else ""
            if name and (name, match.group(1)) not in found and len(found) < MAX_IMAGES:
                found[name, match.group(1)] = image_target(name, match.group(1))
    return list(found.values())


def run_texts(run: dict[str, Any]) -> Iterator[str]:
    """Where a SARIF run says what was scanned: its properties, and places of results."""
    properties = run.get("properties")
    for value in properties.values() if isinstance(properties, dict) else ():
        yield from _strings(value)
    results = run.get("results")
    for result in results if isinstance(results, list) else ():
        for place in objects_in(value_at(result, "locations")):
            uri = value_at(place, "physicalLocation", "artifactLocation", "uri")
            if isinstance(uri, str):
                yield uri
            for logical in objects_in(value_at(place, "logicalLocations")):
                name = logical.get("fullyQualifiedName")
                if isinstance(name, str):
                    # Behind the first digest stands that of a layer.
                    yield name


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            if isinstance(one, str):
                yield one


def result_row(result: dict[str, Any], rules: dict[str, dict[str, Any]]) -> Row:
    """A result of SARIF: its rule's id, and the package that it or its rule names."""
    id = result.get("ruleId")
    if not isinstance(id, str):
        inner = value_at(result, "rule", "id")
        id = inner if isinstance(inner, str) else ""
    id = id.strip()
    rule = rules.get(id, {})
    packages: dict[Package, None] = {}
    properties = result.get("properties")
    for text in (*_logical(result), *_purls(properties), *_purls(rule.get("properties"))):
        try:
            packages[Package.parse(text)] = None
        except InputError:
            continue
    names: tuple[tuple[str, str], ...] = ()
    if not packages:
        names = _named(result, rule)
    aliases = properties.get("aliases") if isinstance(properties, dict) else None
    ids = dict.fromkeys(one for one in (id, *_strings(aliases)) if one)
    return Row(tuple(ids), Target(packages=tuple(packages), names=names))


def _logical(result: dict[str, Any]) -> Iterator[str]:
    """Package URLs that are the names of places, as in Pratique's own reports."""
    for place in objects_in(value_at(result, "locations")):
        for logical in objects_in(value_at(place, "logicalLocations")):
            name = logical.get("fullyQualifiedName")
            if isinstance(name, str) and name.startswith("pkg:"):
                yield name


def _purls(properties: Any) -> Iterator[str]:
    for value in properties.values() if isinstance(properties, dict) else ():
        for text in _strings(value):
            if text.startswith("pkg:"):
                yield text


def _named(result: dict[str, Any], rule: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Name and version, from the texts that the common scanners write."""
    message = value_at(result, "message", "text")
    help = value_at(rule, "help", "text")
    for text, pattern in ((message, _TRIVY), (help, _GRYPE)):
        if isinstance(text, str):
            found = pattern.search(text[:MAX_TEXT])
            if found:
                return ((found.group(1), found.group(2)),)
    return ()


def rules_of(run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Rules of a SARIF run by their id."""
    return {
        one["id"]: one
        for one in objects_in(value_at(run, "tool", "driver", "rules"))
        if isinstance(one.get("id"), str)
    }
