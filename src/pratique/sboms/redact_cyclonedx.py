"""Redaction of CycloneDX 1.2 to 1.7."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DEPTH
from pratique.formats.sbom.convert.carry import MARK
from pratique.model.errors import InputError
from pratique.model.purl import Package
from pratique.sboms.redact_cyclonedx_fields import addresses, authors, paths, without_hidden
from pratique.sboms.redaction_rules import matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.sboms.redactor import Redactor

STATED = "pratique:redacted"
"""Name of the property in which a document says that it was redacted."""

_LINKS = frozenset({"dependsOn", "provides", "assemblies", "dependencies", "subjects"})

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
        _unlink(redactor, gone)
    _references(redactor, renamed)
    if renamed:
        rename(bom, renamed, redactor)
        redactor.renamed |= renamed
    for owner in list(objects(bom)):
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
    there = [one.get("bom-ref") for one in objects(redactor.value)]
    named = sorted(references(redactor.value))
    for ref in dict.fromkeys(one for one in (*there, *named) if isinstance(one, str)):
        plain = without_hidden(redactor, ref) if ref.startswith("pkg:") else ref
        if ref not in renamed and redactor.scrubbed(plain)[0] != ref:
            renamed[ref] = f"redacted-ref-{len(renamed) + 1}"


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of a value, outer ones first."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += [inner for inner in one.values() if isinstance(inner, dict | list)]
        elif isinstance(one, list):
            waiting += [inner for inner in one if isinstance(inner, dict | list)]


def _carried(redactor: Redactor) -> None:
    """Text that a conversion carries may say anything of the original: it goes first."""
    for owner in list(objects(redactor.value)):
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
            _forbid(redactor, item)
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


def _forbid(redactor: Redactor, item: dict[str, Any]) -> None:
    for text in _names(item):
        redactor.forbid(text, "component")


def _pseudonymise(redactor: Redactor, item: dict[str, Any], renamed: dict[str, str]) -> None:
    """Leave of a component its kind, version, known licences and place in the graph."""
    _forbid(redactor, item)
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


def _unlink(redactor: Redactor, gone: set[str]) -> None:
    bom = redactor.value
    edges = _edges(bom)
    items = bom.get("dependencies")
    for entry in items if isinstance(items, list) else ():
        if not isinstance(entry, dict) or _is_in(entry.get("ref"), gone):
            continue
        for key in ("dependsOn", "provides"):
            targets = entry.get(key)
            if isinstance(targets, list) and gone & {t for t in targets if isinstance(t, str)}:
                _rewire(redactor, entry, key, gone, edges)
    redactor.sift(
        bom,
        "dependencies",
        lambda one: isinstance(one, dict) and _is_in(one.get("ref"), gone),
        "component",
    )
    for composition in _list(bom.get("compositions")):
        _composition(redactor, composition, gone)
    vulnerabilities = _list(bom.get("vulnerabilities"))
    bare = [id(one) for one in vulnerabilities if _unaffect(redactor, one, gone)]
    redactor.sift(bom, "vulnerabilities", lambda one: id(one) in bare, "component")
    notes = _list(bom.get("annotations"))
    empty = []
    for note in notes:
        if isinstance(note, dict) and redactor.sift(
            note, "subjects", lambda one: _is_in(one, gone), "component"
        ):
            empty += [id(note)] if not note.get("subjects") else []
    redactor.sift(bom, "annotations", lambda one: id(one) in empty, "component")


def _edges(bom: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in _list(bom.get("dependencies")):
        if isinstance(entry, dict) and isinstance(ref := entry.get("ref"), str):
            targets = [one for one in _list(entry.get("dependsOn")) if isinstance(one, str)]
            found.setdefault(ref, []).extend(targets)
    return found


def _rewire(
    redactor: Redactor, entry: dict[str, Any], key: str, gone: set[str], edges: dict[str, list[str]]
) -> None:
    """Put what removed components need in their place, through as many as there are."""
    targets = entry[key]
    found: dict[str, None] = {}
    odd: list[Any] = []
    seen: set[str] = set()
    for number, target in enumerate(targets):
        if not _is_in(target, gone):
            odd.append(target) if not isinstance(target, str) else found.setdefault(target)
            continue
        redactor.note(redactor.path(targets, number), target, "component")
        waiting = [target] if redactor.rules.rewire and key == "dependsOn" else []
        if not waiting:
            redactor.cut += [one for one in edges.get(target, ()) if one not in gone]
        while waiting:
            at = waiting.pop(0)
            if at in seen:
                continue
            seen.add(at)
            for one in edges.get(at, ()):
                if one in gone:
                    waiting.append(one)
                elif one != entry.get("ref"):
                    found[one] = None
    targets[:] = [*found, *odd]
    if not targets:
        del entry[key]


def _composition(redactor: Redactor, composition: Any, gone: set[str]) -> None:
    if not isinstance(composition, dict):
        return
    touched = False
    for key in ("assemblies", "dependencies", "vulnerabilities"):
        found = redactor.sift(composition, key, lambda one: _is_in(one, gone), "component")
        touched = touched or bool(found)
    if touched and composition.get("aggregate") == "complete":
        redactor.put(composition, "aggregate", "incomplete", "component")


def _unaffect(redactor: Redactor, vulnerability: Any, gone: set[str]) -> bool:
    """Take removed components out of what a vulnerability affects.

    Returns:
        Whether it affects nothing any more.
    """
    if not isinstance(vulnerability, dict):
        return False
    taken = redactor.sift(
        vulnerability,
        "affects",
        lambda one: isinstance(one, dict) and _is_in(one.get("ref"), gone),
        "component",
    )
    return bool(taken) and not vulnerability.get("affects")


def rename(value: Any, renamed: dict[str, str], redactor: Redactor | None = None) -> None:
    """Rename references wherever they are, BOM-Links to them included.

    Args:
        value: What they are in; it is changed.
        renamed: Old to new ones.
        redactor: Takes note of each.
    """
    for owner in objects(value):
        for key, inner in owner.items():
            if not (key == "bom-ref" or key.lower().endswith(("ref", "refarray")) or key in _LINKS):
                continue
            holder: Any = inner if isinstance(inner, list) else owner
            for at in range(len(inner)) if isinstance(inner, list) else (key,):
                old = holder[at]
                new = _renamed(old, renamed) if isinstance(old, str) else old
                if new != old:
                    holder[at] = new
                    if redactor is not None:
                        redactor.note(redactor.path(holder, at), old, "reference", new)


def _renamed(text: str, renamed: dict[str, str]) -> str:
    if text in renamed:
        return renamed[text]
    link, mark, ref = text.partition("#")
    if mark and link.startswith("urn:cdx:") and ref in renamed:
        return f"{link}#{renamed[ref]}"
    return text


def _named(one: Any, redactor: Redactor) -> bool:
    return isinstance(one, dict) and matches(redactor.rules.properties, str(one.get("name") or ""))


def _is_in(value: Any, gone: set[str]) -> bool:
    return isinstance(value, str) and value in gone


def _made(owner: dict[str, Any], key: str) -> list[Any]:
    """The array of a member, which is made where there is none."""
    if not isinstance(owner.get(key), list):
        owner[key] = []
    found: list[Any] = owner[key]
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def state(redactor: Redactor, said: str, version: tuple[int, ...]) -> None:
    """Say in the document that it was redacted, and that its graph is not complete."""
    bom = redactor.value
    if version >= (1, 3):
        if not isinstance(bom.get("metadata"), dict):
            bom["metadata"] = {}
        metadata = bom["metadata"]
        _made(metadata, "properties").append({"name": STATED, "value": said})
        main = metadata.get("component")
        root = main.get("bom-ref") if isinstance(main, dict) else None
        if redactor.components["removed"] and isinstance(root, str):
            stated = {"aggregate": "incomplete", "assemblies": [root]}
            compositions = _made(bom, "compositions")
            if stated not in compositions:
                compositions.append(stated)
    else:
        item = {"type": "other", "url": "urn:pratique:redacted", "comment": said}
        _made(bom, "externalReferences").append(item)


def references(bom: dict[str, Any]) -> set[str]:
    """References that edges name and nothing has."""
    there = {one["bom-ref"] for one in objects(bom) if isinstance(one.get("bom-ref"), str)}
    named: set[str] = set()
    for entry in _list(bom.get("dependencies")):
        if isinstance(entry, dict):
            lists = (_list(entry.get(key)) for key in ("dependsOn", "provides"))
            named |= {one for items in lists for one in items if isinstance(one, str)}
            named |= {entry["ref"]} if isinstance(entry.get("ref"), str) else set()
    return named - there
