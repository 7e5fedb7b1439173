"""Redaction of CycloneDX 1.2 to 1.7."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DEPTH
from pratique.formats.sbom.convert.carry import MARK
from pratique.formats.shapes import made_array, objects_within
from pratique.model.errors import InputError
from pratique.model.purl import Package
from pratique.sboms.redact_cyclonedx_fields import addresses, authors, paths, without_hidden
from pratique.sboms.redact_cyclonedx_graph import references, rename, unlink
from pratique.sboms.redaction_rules import matches

if TYPE_CHECKING:
    from pratique.sboms.redactor import Redactor

STATED = "pratique:redacted"
"""Name of the property in which a document says that it was redacted."""

IDENTIFIERS = frozenset(
    {"bom-ref", "ref", "purl", "cpe", "serialNumber", "$schema", "timestamp", "alg"}
    | {"dependsOn", "provides", "assemblies", "subjects"}
)
"""Members that are no prose."""

_KEPT = ("type", "mime-type", "scope", "modified", "version", "licenses", "components")
"""What a component under a pseudonym still says."""


def redact(redactor: Redactor) -> None:
    """Redact a whole document, which is changed."""
    bom = redactor.value
    _carried(redactor)
    gone, renamed = _components(redactor)
    if gone:
        unlink(redactor, gone)
    _references(redactor, renamed)
    if renamed:
        rename(bom, renamed, redactor)
        redactor.renamed |= renamed
    for owner in list(objects_within(bom)):
        if redactor.rules.authors:
            authors(redactor, owner)
        if redactor.rules.paths:
            paths(redactor, owner)
        if redactor.rules.properties:
            redactor.sift(owner, "properties", lambda one: _named(one, redactor), "properties")
        if redactor.rules.hosts:
            addresses(redactor, owner)
    if redactor.rules.annotations:
        globs = redactor.rules.annotations
        redactor.sift(
            bom,
            "annotations",
            lambda one: isinstance(one, dict) and matches(globs, str(one.get("text") or "")),
            "annotations",
        )
    redactor.scrub(IDENTIFIERS)


def _references(redactor: Redactor, renamed: dict[str, str]) -> None:
    """Rename references that hold what must not leave: many are package URLs."""
    there = [one.get("bom-ref") for one in objects_within(redactor.value)]
    named = sorted(references(redactor.value))
    for ref in dict.fromkeys(one for one in (*there, *named) if isinstance(one, str)):
        plain = without_hidden(redactor, ref) if ref.startswith("pkg:") else ref
        if ref not in renamed and redactor.scrubbed(plain)[0] != ref:
            renamed[ref] = f"redacted-ref-{len(renamed) + 1}"


def _carried(redactor: Redactor) -> None:
    """Text that a conversion carries may say anything of the original: it goes first."""
    for owner in list(objects_within(redactor.value)):
        redactor.sift(
            owner,
            "properties",
            lambda one: isinstance(one, dict) and str(one.get("name")).startswith(MARK),
            "carried",
        )


def _components(redactor: Redactor) -> tuple[set[str], dict[str, str]]:
    """Take out and rename components.

    Returns:
        References of those that went, and old to new ones of those renamed.
    """
    gone: set[str] = set()
    renamed: dict[str, str] = {}
    metadata = redactor.value.get("metadata")
    main = metadata.get("component") if isinstance(metadata, dict) else None
    if isinstance(main, dict):
        if _matched(main, redactor.rules.removed):
            redactor.notes.append("the subject of the document is pseudonymised, not removed")
        if _matched(main, (*redactor.rules.removed, *redactor.rules.pseudonymous)):
            _pseudonymise(redactor, main, renamed)
        _inner(redactor, main, gone, renamed, 0)
    _inner(redactor, redactor.value, gone, renamed, 0)
    return gone, renamed


def _inner(
    redactor: Redactor, owner: dict[str, Any], gone: set[str], renamed: dict[str, str], depth: int
) -> None:
    items = owner.get("components")
    if not isinstance(items, list):
        return
    if depth > MAX_DEPTH:
        raise InputError("is nested too deeply")
    kept: list[Any] = []
    for item in items:
        if not isinstance(item, dict):
            kept.append(item)
            continue
        _inner(redactor, item, gone, renamed, depth + 1)
        if _matched(item, redactor.rules.removed):
            if isinstance(item.get("components"), list):
                kept += item.pop("components")  # what is within it stays
            redactor.forbid_all(_names(item), "component")
            if isinstance(ref := item.get("bom-ref"), str):
                gone.add(ref)
            redactor.note(redactor.path(item), item, "component")
            redactor.components["removed"] += 1
            continue
        if _matched(item, redactor.rules.pseudonymous):
            _pseudonymise(redactor, item, renamed)
        kept.append(item)
    items[:] = kept
    if not kept and owner is not redactor.value:  # XML before 1.2 demands it of the document
        del owner["components"]


def _matched(item: dict[str, Any], globs: tuple[str, ...]) -> bool:
    return bool(globs) and matches(globs, *_names(item))


def _names(item: dict[str, Any]) -> list[str]:
    """The texts by which a component is meant: purl, name, group and name, reference."""
    name, group = (one if isinstance(one := item.get(k), str) else "" for k in ("name", "group"))
    purl = item.get("purl")
    found = [name, f"{group}/{name}" if group else "", item.get("bom-ref"), purl]
    if isinstance(purl, str):
        with suppress(InputError):
            found.append(str(Package.parse(purl)))
    return [one for one in found if isinstance(one, str) and one]


def _pseudonymise(redactor: Redactor, item: dict[str, Any], renamed: dict[str, str]) -> None:
    """Leave of a component its kind, version, known licences and place in the graph."""
    redactor.forbid_all(_names(item), "component")
    name = "/".join(str(item[key]) for key in ("group", "name") if item.get(key))
    pseudonym = redactor.component(_names(item), name)
    for key in [one for one in item if one not in (*_KEPT, "bom-ref", "purl", "name")]:
        redactor.drop(item, key, "component")
    redactor.put(item, "name", pseudonym, "component")
    if "purl" in item:
        purl = Package.of("generic", pseudonym, str(item.get("version") or ""))
        redactor.put(item, "purl", str(purl), "component")
    redactor.sift(item, "licenses", lambda one: not _is_known_licence(one), "component")
    ref = item.get("bom-ref")
    if isinstance(ref, str):
        renamed[ref] = redactor.pseudonyms.of("ref", ref)
    redactor.components["pseudonymised"] += 1


def _is_known_licence(choice: Any) -> bool:
    """Whether a licence is one of SPDX's list, which says nothing of who wrote it."""
    if not isinstance(choice, dict):
        return False
    named = choice.get("license")
    if isinstance(named, dict):
        return set(named) <= {"id", "acknowledgement"}
    expression = choice.get("expression")
    return isinstance(expression, str) and "LicenseRef-" not in expression


def _named(one: Any, redactor: Redactor) -> bool:
    return isinstance(one, dict) and matches(redactor.rules.properties, str(one.get("name") or ""))


def state(redactor: Redactor, said: str, version: tuple[int, ...]) -> None:
    """Say in the document that it was redacted, and that its graph is not complete."""
    bom = redactor.value
    if version >= (1, 3):
        if not isinstance(bom.get("metadata"), dict):
            bom["metadata"] = {}
        metadata = bom["metadata"]
        made_array(metadata, "properties").append({"name": STATED, "value": said})
        main = metadata.get("component")
        root = main.get("bom-ref") if isinstance(main, dict) else None
        if redactor.components["removed"] and isinstance(root, str):
            stated = {"aggregate": "incomplete", "assemblies": [root]}
            compositions = made_array(bom, "compositions")
            if stated not in compositions:
                compositions.append(stated)
    else:
        item = {"type": "other", "url": "urn:pratique:redacted", "comment": said}
        made_array(bom, "externalReferences").append(item)
