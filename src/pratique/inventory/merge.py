"""Several bills of materials as one, in CycloneDX 1.6.

Modes: *flat* puts all components side by side, equal ones once; *hierarchical*
keeps those of each document within its subject; *assembly* does that too, and
says that the subjects are parts of the product (``compositions``) rather than
what it depends on.  Source: CycloneDX 1.6, ``components``, ``compositions``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid5

import msgspec

from pratique.formats.base import MAX_DEPTH
from pratique.formats.sbom.convert.delta import copied
from pratique.formats.sbom.items import References
from pratique.formats.shapes import array

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

MODES = ("flat", "hierarchical", "assembly")
_NAMESPACE = UUID("c2b0c3a8-92c4-5f0e-8a07-5d8c1b6a4e31")
_LISTS = frozenset({"dependsOn", "provides", "assemblies", "dependencies", "subjects"})


class Product(NamedTuple):
    """What the merged document is about."""

    name: str
    version: str = ""


def merge(
    boms: Sequence[dict[str, Any]], product: Product, mode: str, *, creator: str, now: datetime
) -> dict[str, Any]:
    """Merge CycloneDX values into one; none of them is changed.

    Args:
        boms: The values, in order.
        product: The subject of the result.
        mode: One of :data:`MODES`.
        creator: The program that merges, as ``name-version``.
        now: For the timestamp; aware of its time zone.
    """
    root = f"{product.name}@{product.version}" if product.version else product.name
    merger = _Merger(root)
    for bom in boms:
        merger.add(copied(bom), flat=mode == "flat")
    main = {"type": "application", "bom-ref": root, "name": product.name}
    if product.version:
        main["version"] = product.version
    tool, _, version = creator.rpartition("-")
    tops = [] if mode == "assembly" else merger.subjects
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "",
        "version": 1,
        "metadata": {
            "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}Z",
            "tools": {"components": [{"type": "application", "name": tool, "version": version}]},
            "component": main,
        },
        "components": merger.components,
        **merger.others,
        "dependencies": [{"ref": root, "dependsOn": tops}, *merger.dependencies()],
    }
    if mode == "assembly":
        compositions = document.setdefault("compositions", [])
        compositions.append({"aggregate": "complete", "assemblies": [root, *merger.subjects]})
    content = msgspec.json.encode(document).decode()
    document["serialNumber"] = f"urn:uuid:{uuid5(_NAMESPACE, content)}"
    return document


class _Merger:
    """Collects the parts of documents under references of their own."""

    def __init__(self, root: str) -> None:
        self.components: list[dict[str, Any]] = []
        self._subjects: dict[str, None] = {}
        self.others: dict[str, list[Any]] = {}
        self._edges: dict[str, dict[str, dict[str, None]]] = {}
        self._references = References((root,))
        self._seen: dict[bytes, str] = {}

    def add(self, bom: dict[str, Any], *, flat: bool) -> None:
        """Take over one document."""
        metadata = bom.get("metadata")
        main = metadata.get("component") if isinstance(metadata, dict) else None
        components = [one for one in array(bom.get("components")) if isinstance(one, dict)]
        main = main if isinstance(main, dict) else None
        names = self._names([*([main] if main else []), *components, *array(bom.get("services"))])
        if flat:
            parts = [*([main] if main else []), *components]
            heads = parts[:1] if main else parts
            self._subjects |= dict.fromkeys(names[_ref(one)] for one in heads)
            kept = [self._kept(one, names) for one in parts]
            self.components += [one for one in kept if one is not None]
        elif main is None:
            self.components += [_renamed(one, names) for one in components]
            self._subjects |= dict.fromkeys(_ref(one) for one in components)
        else:
            main["components"] = [*array(main.get("components")), *components]
            self.components.append(_renamed(main, names))
            self._subjects[_ref(main)] = None
        for key in ("services", "compositions", "vulnerabilities"):
            if items := array(bom.get(key)):
                self.others.setdefault(key, []).extend(_renamed(items, names))
        for entry in array(bom.get("dependencies")):
            if isinstance(entry, dict):
                self._depend(_renamed(entry, names))

    @property
    def subjects(self) -> list[str]:
        """What the documents are about, in order, each once."""
        return list(self._subjects)

    def dependencies(self) -> list[dict[str, Any]]:
        """All edges, each once."""
        return [
            {"ref": ref, **{key: list(targets) for key, targets in lists.items()}}
            for ref, lists in self._edges.items()
        ]

    def _names(self, items: list[Any]) -> dict[str, str]:
        """References of a document and those that they get; every component gets one."""
        names: dict[str, str] = {}
        waiting = [(one, 0) for one in items[::-1]]
        while waiting:
            item, depth = waiting.pop()
            if not isinstance(item, dict) or depth > MAX_DEPTH:
                continue
            ref = _ref(item) or str(item.get("purl") or item.get("name") or "component")
            if not _ref(item):
                item["bom-ref"] = ref = self._unstated(ref, names)
            if ref not in names:
                names[ref] = self._seen.get(_content(item)) or self._references.take(ref)
            for key in ("components", "services"):
                waiting += [(one, depth + 1) for one in array(item.get(key))]
        return names

    def _unstated(self, wanted: str, names: dict[str, str]) -> str:
        number, ref = 1, wanted
        while ref in names:
            number += 1
            ref = f"{wanted}~{number}"
        return ref

    def _kept(self, item: dict[str, Any], names: dict[str, str]) -> dict[str, Any] | None:
        """A component under its new name; ``None`` where an equal one is there."""
        content = _content(item)
        if content in self._seen:
            return None
        renamed: dict[str, Any] = _renamed(item, names)
        self._seen[content] = _ref(renamed)
        return renamed

    def _depend(self, entry: dict[str, Any]) -> None:
        ref = entry.get("ref")
        if not isinstance(ref, str):
            return
        lists = self._edges.setdefault(ref, {})
        for key in ("dependsOn", "provides"):
            if isinstance(targets := entry.get(key), list):
                found = (one for one in targets if isinstance(one, str))
                lists.setdefault(key, {}).update(dict.fromkeys(found))


def _renamed(value: Any, names: dict[str, str], key: str = "") -> Any:
    """A value in which every reference is the new one; it is changed."""
    if isinstance(value, dict):
        for name, inner in value.items():
            value[name] = _renamed(inner, names, name)
    elif isinstance(value, list):
        value[:] = [
            names.get(one, one)
            if key in _LISTS and isinstance(one, str)
            else _renamed(one, names, key if key in _LISTS else "")
            for one in value
        ]
    elif isinstance(value, str) and key in {"bom-ref", "ref"}:
        return names.get(value, value)
    return value


def _content(item: dict[str, Any]) -> bytes:
    """What a component is, whatever it is called: equal ones are merged in flat mode."""
    plain = {key: value for key, value in item.items() if key != "bom-ref"}
    return msgspec.json.encode(plain, order="deterministic")


def _ref(item: dict[str, Any]) -> str:
    ref = item.get("bom-ref")
    return ref if isinstance(ref, str) else ""
