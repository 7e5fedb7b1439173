"""Filling components of CycloneDX 1.2 to 1.7 (``components``, ``externalReferences``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DEPTH
from pratique.sboms.filling import Entry, contradicts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.sources.packages.models import Described, Digest, Said

DEPRECATED = "pratique:deprecated"
"""Name of the property with the reason why a version should not be used."""

MAX_DISTRIBUTIONS = 50
"""Files of one version that are listed; wheels of one version rarely are more."""


def entries(bom: dict[str, Any], *, overwrite: bool) -> Iterator[Entry]:
    """The components with a package URL, at any depth."""
    metadata = bom.get("metadata")
    waiting: list[tuple[Any, str]] = []
    if isinstance(metadata, dict):
        waiting.append((metadata.get("component"), "metadata.component"))
    waiting += _inner(bom, "")
    at = 0
    while at < len(waiting):
        item, path = waiting[at]
        at += 1
        if not isinstance(item, dict):
            continue
        purl = item.get("purl")
        if isinstance(purl, str) and purl:
            yield Entry(item, path, purl, overwrite=overwrite)
        if path.count(".components") < MAX_DEPTH:
            waiting += _inner(item, f"{path}.")


def _inner(item: dict[str, Any], prefix: str) -> Iterator[tuple[Any, str]]:
    inner = item.get("components")
    for number, one in enumerate(inner if isinstance(inner, list) else ()):
        yield one, f"{prefix}components[{number}]"


def fill(
    entry: Entry,
    found: Described,
    expression: str,
    wanted: frozenset[str],
    version: tuple[int, ...],
) -> None:
    """Fill one component with what its registry says.

    Args:
        entry: The component.
        found: What the registry says.
        expression: Its licence as an SPDX expression; empty where that is not known.
        wanted: Fields to fill.
        version: Of CycloneDX.
    """
    if "license" in wanted and expression:
        _license(entry, expression, found.licenses[0].source, version)
    if "hashes" in wanted:
        _hashes(entry, found, version)
    if "supplier" in wanted and found.supplier:
        _supplier(entry, found.supplier)
    if "author" in wanted and found.author:
        _author(entry, found.author, version)
    for field, kind, one in (("vcs", "vcs", found.vcs), ("homepage", "website", found.homepage)):
        if field in wanted and one and not _has(entry, kind):
            entry.append(field, "externalReferences", {"type": kind, "url": one.value}, one.source)
    if "deprecated" in wanted and found.deprecated:
        _deprecated(entry, found.deprecated, version)


def _license(entry: Entry, expression: str, source: str, version: tuple[int, ...]) -> None:
    simple = not {"AND", "OR", "WITH"} & set(expression.replace("(", " ").split())
    told = {"acknowledgement": "declared"} if version >= (1, 6) else {}
    if simple and not expression.endswith("+") and ":" not in expression:
        key = "name" if expression.startswith("LicenseRef-") else "id"
        value: list[Any] = [{"license": {key: expression, **told}}]
    else:
        value = [{"expression": expression, **told}]
    stated = _stated(entry.value.get("licenses"))
    if contradicts(stated, expression) and not entry.overwrite:
        entry.differs("license", "licenses", ", ".join(stated), expression, source)
    entry.put("license", "licenses", value, source, absent=not entry.value.get("licenses"))


def _stated(choices: Any) -> list[str]:
    """Licences that a component states, as texts."""
    found = []
    for one in choices if isinstance(choices, list) else ():
        named = one.get("license") if isinstance(one, dict) else None
        named = named if isinstance(named, dict) else {}
        text = (
            named.get("id")
            or named.get("name")
            or (one.get("expression") if isinstance(one, dict) else None)
        )
        if isinstance(text, str) and text not in {"NOASSERTION", "NONE"}:
            found.append(text)
    return found


def _hashes(entry: Entry, found: Described, version: tuple[int, ...]) -> None:
    source = found.distributions_source
    files = found.distributions
    stated = {
        (one.get("alg"), str(one.get("content")).lower())
        for one in entry.value.get("hashes") or ()
        if isinstance(one, dict)
    }
    entry.compare_digests("hashes", stated, found)
    if len(files) == 1 and files[0].digests:
        value = [_hash(one) for one in files[0].digests]
        entry.put("hashes", "hashes", value, source, absent=not entry.value.get("hashes"))
    elif len(files) > 1:
        if not stated:
            entry.unsure("hashes", f"the version has {len(files)} files, and no file is named")
        known = {
            one.get("url")
            for one in entry.value.get("externalReferences") or ()
            if isinstance(one, dict)
        }
        for file in files[:MAX_DISTRIBUTIONS] if version >= (1, 3) else ():
            if file.url and file.url not in known and file.digests:
                hashes = [_hash(one) for one in file.digests]
                item = {"type": "distribution", "url": file.url, "hashes": hashes}
                entry.append("hashes", "externalReferences", item, source)


def _hash(one: Digest) -> dict[str, str]:
    return {"alg": one.algorithm, "content": one.value}


def _supplier(entry: Entry, one: Said) -> None:
    supplier = entry.value.get("supplier")
    named = isinstance(supplier, dict) and supplier.get("name")
    if isinstance(supplier, dict) and supplier and not named:
        return  # an address without a name is a statement, too
    entry.put("supplier", "supplier", {"name": one.value}, one.source, absent=not named)


def _author(entry: Entry, one: Said, version: tuple[int, ...]) -> None:
    absent = not entry.value.get("author") and not entry.value.get("authors")
    if version >= (1, 6):
        entry.put("author", "authors", [{"name": one.value}], one.source, absent=absent)
    else:
        entry.put("author", "author", one.value, one.source, absent=absent)


def _has(entry: Entry, kind: str) -> bool:
    items = entry.value.get("externalReferences")
    return any(
        isinstance(one, dict) and one.get("type") == kind
        for one in (items if isinstance(items, list) else ())
    )


def _deprecated(entry: Entry, one: Said, version: tuple[int, ...]) -> None:
    items = entry.value.get("properties")
    names = [x.get("name") for x in items if isinstance(x, dict)] if isinstance(items, list) else []
    if version < (1, 3):
        entry.unsure("deprecated", f"is deprecated ({one.value}); this version has no place for it")
    elif DEPRECATED not in names:
        item = {"name": DEPRECATED, "value": one.value}
        entry.append("deprecated", "properties", item, one.source)
