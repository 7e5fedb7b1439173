"""Converts a document and compares what is read back with what was there.

Nothing is taken for kept because a mapping says so: the written bytes are read,
mapped back, and every leaf of the original is looked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.sbom.convert.carry import without_carried
from pratique.formats.sbom.convert.folding import folded_and_written, unfolded
from pratique.formats.sbom.convert.leaves import leaves, missing
from pratique.formats.sbom.convert.mapping import cyclonedx_to_spdx, made, spdx_to_cyclonedx
from pratique.formats.sbom.convert.through_spdx3 import aligned, spdx3_to_spdx, spdx_to_spdx3
from pratique.formats.sbom.convert.to_cyclonedx import to_cyclonedx
from pratique.formats.sbom.values import (
    CYCLONEDX,
    RDF,
    SPDX,
    SPDX3,
    Bill,
    document_of,
    value_as,
    value_of,
)
from pratique.model.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

TARGETS = ("cyclonedx-json", "cyclonedx-xml", "spdx-json", "spdx-tag-value", "spdx3-json")
"""Forms that can be written."""


class Leaf(msgspec.Struct, frozen=True):
    """One leaf of the original and what became of it."""

    path: str
    """In the original's JSON form (``components[3].hashes[0].alg``), or ``line N``."""

    value: Any
    reason: str


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """What a conversion cost."""

    source: str
    """Form of the original."""

    target: str
    """Form of what was written."""

    leaves: int
    """Of the original."""

    lost: tuple[Leaf, ...] = ()
    """Not in what was written: the leaves of the original that are not found when
    it is read back."""

    carried: tuple[Leaf, ...] = ()
    """In it, but as text in annotations or properties: the target has no field for
    them, and another program's reader will not understand them."""


class Conversion(msgspec.Struct, frozen=True):
    """A converted document."""

    data: bytes
    loss: Loss


def convert(data: bytes, target: str, *, creator: str, now: datetime) -> Conversion:
    """Convert a document, already unpacked, to another form.

    The same document, creator and time give the same bytes.

    Args:
        data: CycloneDX JSON or XML, SPDX 2 in any form but RDF, or SPDX 3 JSON-LD.
        target: One of :data:`TARGETS`.
        creator: The program that converts, as ``name-version``.
        now: For documents that state no time; aware of its time zone.

    Raises:
        UnsupportedError: The source or target form is none of these.
        InputError: The document cannot be read.
        LimitError: It exceeds the limits of size or depth.
    """
    if target not in TARGETS:
        raise UnsupportedError(f"{target!r} is no form to convert to: {', '.join(TARGETS)}.")
    data = document_of(data)
    bill = value_of(data)
    if bill.form == RDF:
        raise UnsupportedError(f"{bill.form} is not converted here.")
    if bill.form == target and bill.left:  # nothing is lost of what is left as it is
        count = len(leaves(bill.value)) + len(bill.left)
        return Conversion(data, Loss(source=bill.form, target=target, leaves=count))
    try:
        return _converted(bill, target, creator, now)
    except RecursionError:
        raise InputError("is nested too deeply") from None


def _converted(bill: Bill, target: str, creator: str, now: datetime) -> Conversion:
    standard = _standard(target)
    original = unfolded(bill.value, bill.form)
    value, native = _mapped(original, bill.standard, standard, creator, now)
    if (bill.standard, target) == (CYCLONEDX, "cyclonedx-json") and value.get("specVersion") in {
        "1.0",
        "1.1",
    }:
        value = value | {"specVersion": "1.2"}  # the first that has JSON documents
    written, folded = folded_and_written(value, target, creator)
    again = value_as(written, target)
    back = unfolded(again.value, again.form)
    if standard != bill.standard:
        back = _back(back, standard, bill.standard, original, creator, now)
    lost = missing(original, back)
    carried = folded if standard == bill.standard else missing(original, native)
    return Conversion(
        written,
        Loss(
            source=bill.form,
            target=target,
            leaves=len(leaves(original)) + len(bill.left),
            lost=(*_left(bill), *_leaves(lost, f"is not kept by {target}")),
            carried=_leaves(
                {path: value for path, value in carried.items() if path not in lost},
                f"{target} has no field for it; carried as text",
            ),
        ),
    )


def _standard(target: str) -> str:
    if target.startswith("cyclonedx"):
        return CYCLONEDX
    return SPDX3 if target.startswith(SPDX3) else SPDX


def _mapped(
    original: dict[str, Any], source: str, target: str, creator: str, now: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A value in another standard, and what the fields of that alone say of it."""
    if source == target:
        return original, original
    if source == SPDX3:
        document, fields = spdx3_to_spdx(original, creator, now)
        if target == SPDX:
            return document, fields
        bom, said = spdx_to_cyclonedx(document, creator, now)
        return bom, aligned(spdx_to_spdx3(said, creator, now)[0], original)
    if source == SPDX:
        map_ = spdx_to_spdx3 if target == SPDX3 else spdx_to_cyclonedx
        return map_(original, creator, now)
    document, fields = cyclonedx_to_spdx(original, creator, now)
    if target == SPDX:
        return document, fields
    graph, said = spdx_to_spdx3(document, creator, now)
    return graph, to_cyclonedx(without_carried(said)).bom


def _back(
    value: dict[str, Any],
    standard: str,
    wanted: str,
    original: dict[str, Any],
    creator: str,
    now: datetime,
) -> dict[str, Any]:
    """What was written, mapped to the standard of the original."""
    if wanted == SPDX and standard == CYCLONEDX:
        creator, now = made(original, creator, now)
    return _mapped(value, standard, wanted, creator, now)[0]


def _left(bill: Bill) -> Iterator[Leaf]:
    for line, text, reason in bill.left:
        yield Leaf(f"line {line}", text, reason)


def _leaves(found: dict[str, Any], reason: str) -> tuple[Leaf, ...]:
    return tuple(Leaf(path, value, reason) for path, value in found.items())
