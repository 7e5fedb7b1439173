"""Models and data sets of a bill of materials, and what their cards say.

Sources: CycloneDX 1.5 to 1.7, ``components[].modelCard`` and ``data``; SPDX
3.0.1, profiles *AI* and *Dataset*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.base import MAX_DEPTH
from pratique.formats.sbom.spdx3.graph import short
from pratique.formats.sbom.values import CYCLONEDX, SPDX3, value_of
from pratique.formats.shapes import mapping, objects_in, text_at, texts_in
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.model.inventory import Reading

MODELS = frozenset({"machine-learning-model", "data", "AIPackage", "DatasetPackage"})
"""Types of components that have a card."""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a document says of one component as a model or as data."""

    kind: str
    """Type of the component: ``machine-learning-model``, ``data``, ``library`` …"""

    task: str = ""
    approach: str = ""
    """How it was trained: ``supervised`` …"""

    architecture: str = ""
    datasets: tuple[str, ...] = ()
    """Names or references of the data that it was trained on."""

    classification: tuple[str, ...] = ()
    """Of data: how sensitive it is, in the document's own words."""

    considerations: tuple[str, ...] = ()
    """Limitations and risks, in the document's own words."""

    def __str__(self) -> str:
        words = [
            self.kind,
            self.task,
            self.architecture,
            *(f"trained on {one}" for one in self.datasets),
        ]
        return ", ".join(word for word in words if word)


def cards(data: bytes, reading: Reading) -> dict[str, Card]:
    """Type of every component by its reference, with its card where it has one.

    Args:
        data: The document, unpacked.
        reading: Of it.

    Returns:
        Nothing for forms without a plain value (protocol buffers).
    """
    try:
        bill = value_of(data)
    except InputError:
        return {}
    if bill.standard == CYCLONEDX:
        found = list(_components(bill.value))
        if len(found) != len(reading.components):
            by_ref = {one.get("bom-ref"): one for one in found}
            return {
                one.ref: _cyclonedx(by_ref[one.ref])
                for one in reading.components
                if one.ref in by_ref
            }
        pairs = zip(reading.components, found, strict=True)
        return {one.ref: _cyclonedx(item) for one, item in pairs}
    return _graph(bill.value, reading) if bill.standard == SPDX3 else {}


def _components(bom: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Components in the order in which the reader takes them."""
    metadata = bom.get("metadata")
    main = metadata.get("component") if isinstance(metadata, dict) else None
    inner = main.get("components") if isinstance(main, dict) else None
    waiting = [
        (one, 1) for one in reversed([*objects_in(bom.get("components")), *objects_in(inner)])
    ]
    while waiting:
        item, depth = waiting.pop()
        yield item
        if depth < MAX_DEPTH:
            waiting += [(one, depth + 1) for one in reversed(objects_in(item.get("components")))]


def _cyclonedx(item: dict[str, Any]) -> Card:
    card = mapping(item.get("modelCard"))
    parameters = mapping(card.get("modelParameters"))
    considerations = mapping(card.get("considerations"))
    architecture = (
        text_at(parameters, "architectureFamily"),
        text_at(parameters, "modelArchitecture"),
    )
    limits = considerations.get("technicalLimitations")
    risks = [
        text_at(one, "name") for one in objects_in(considerations.get("ethicalConsiderations"))
    ]
    return Card(
        kind=text_at(item, "type") or "unknown",
        task=text_at(parameters, "task"),
        approach=text_at(mapping(parameters.get("approach")), "type"),
        architecture=" ".join(dict.fromkeys(one for one in architecture if one)),
        datasets=tuple(
            stated
            for one in objects_in(parameters.get("datasets"))
            if (stated := text_at(one, "name") or text_at(one, "ref"))
        ),
        classification=tuple(
            stated
            for one in objects_in(item.get("data"))
            if (stated := text_at(one, "classification"))
        ),
        considerations=(*texts_in(limits), *(one for one in risks if one)),
    )


def _graph(value: dict[str, Any], reading: Reading) -> dict[str, Card]:
    found = {}
    known = {one.ref for one in reading.components}
    names: dict[str, str] = {}
    trained: dict[str, list[str]] = {}
    for item in objects_in(value.get("@graph")):
        id, kind = text_at(item, "spdxId"), short(text_at(item, "type"))
        names[id] = text_at(item, "name")
        if text_at(item, "relationshipType") == "trainedOn":
            trained.setdefault(text_at(item, "from"), []).extend(texts_in(item.get("to")))
        if id in known:
            domains = texts_in(item.get("ai_domain"))
            types = texts_in(item.get("ai_typeOfModel"))
            level = text_at(item, "dataset_confidentialityLevel")
            found[id] = Card(
                kind=kind,
                task=", ".join(domains),
                architecture=", ".join(types),
                classification=(level,) if level else (),
                considerations=tuple(texts_in([item.get("ai_limitation")])),
            )
    return {
        id: msgspec.structs.replace(
            card, datasets=tuple(names.get(one) or one for one in trained.get(id, ()))
        )
        for id, card in found.items()
    }
