"""References of CycloneDX 1.2 to 1.7 once components are gone, or have other names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.shapes import array, objects_within

if TYPE_CHECKING:
    from pratique.sboms.redactor import Redactor

_LINKS = frozenset({"dependsOn", "provides", "assemblies", "dependencies", "subjects"})


def unlink(redactor: Redactor, gone: set[str]) -> None:
    """Take references to removed components out of edges and statements, or lead them on."""
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
    for composition in array(bom.get("compositions")):
        _composition(redactor, composition, gone)
    vulnerabilities = array(bom.get("vulnerabilities"))
    bare = [id(one) for one in vulnerabilities if _unaffect(redactor, one, gone)]
    redactor.sift(bom, "vulnerabilities", lambda one: id(one) in bare, "component")
    notes = array(bom.get("annotations"))
    empty = []
    for note in notes:
        if isinstance(note, dict) and redactor.sift(
            note, "subjects", lambda one: _is_in(one, gone), "component"
        ):
            empty += [id(note)] if not note.get("subjects") else []
    redactor.sift(bom, "annotations", lambda one: id(one) in empty, "component")


def _edges(bom: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in array(bom.get("dependencies")):
        if isinstance(entry, dict) and isinstance(ref := entry.get("ref"), str):
            targets = [one for one in array(entry.get("dependsOn")) if isinstance(one, str)]
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
    for owner in objects_within(value):
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


def _is_in(value: Any, gone: set[str]) -> bool:
    return isinstance(value, str) and value in gone


def references(bom: dict[str, Any]) -> set[str]:
    """References that edges name and nothing has."""
    there = {one["bom-ref"] for one in objects_within(bom) if isinstance(one.get("bom-ref"), str)}
    named: set[str] = set()
    for entry in array(bom.get("dependencies")):
        if isinstance(entry, dict):
            lists = (array(entry.get(key)) for key in ("dependsOn", "provides"))
            named |= {one for items in lists for one in items if isinstance(one, str)}
            named |= {entry["ref"]} if isinstance(entry.get("ref"), str) else set()
    return named - there
