"""Converts a document and compares what is read back with what was there.

Nothing is taken for kept because a mapping says so: the written bytes are read,
mapped back, and every leaf of the original is looked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.sbom.convert.carry import bom_without_carried, without_carried
from pratique.formats.sbom.convert.folding import folded_and_written, unfolded
from pratique.formats.sbom.convert.leaves import leaves, missing
from pratique.formats.sbom.convert.mapping import cyclonedx_to_spdx, made, spdx_to_cyclonedx
from pratique.formats.sbom.convert.through_spdx3 import aligned, spdx3_to_spdx, spdx_to_spdx3
from pratique.formats.sbom.convert.to_cyclonedx import to_cyclonedx
from pratique.formats.sbom.convert.to_spdx import to_spdx
from pratique.formats.sbom.convert.versions import VERSIONS, in_version
from pratique.formats.sbom.values import (
    CYCLONEDX,
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

TARGETS = (
    "cyclonedx-json",
    "cyclonedx-xml",
    "spdx-json",
    "spdx-tag-value",
    "spdx3-json",
    *(f"cyclonedx-{syntax}-{version}" for syntax in ("json", "xml") for version in VERSIONS),
    "spdx-json-2.3",
    "spdx-tag-value-2.3",
    "spdx-json-3.0.1",
)
"""Forms that can be written.  CycloneDX without a version is of the version that the
document has; of another standard, it becomes 1.6."""

_SAME = {
    "spdx-json-2.3": "spdx-json",
    "spdx-tag-value-2.3": "spdx-tag-value",
    "spdx-json-3.0.1": "spdx3-json",
}


class Leaf(msgspec.Struct, frozen=True):
    """One leaf of the original and what became of it."""

    path: str
    """In the original's JSON form (``components[3].hashes[0].alg``), or ``line N``, or
    ``byte N`` of protocol buffers."""

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
        data: CycloneDX in any form, SPDX 2 in any form, or SPDX 3 JSON-LD.
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
    target, version = _form_and_version(target)
    data = document_of(data)
    bill = value_of(data)
    if (
        bill.form == target and bill.left and version in {"", bill.version}
    ):  # nothing is lost of what is left as it is
        count = len(leaves(bill.value)) + len(bill.left)
        return Conversion(data, Loss(source=bill.form, target=target, leaves=count))
    try:
        return _converted(bill, target, version, creator, now)
    except RecursionError:
        raise InputError("is nested too deeply") from None


def _form_and_version(target: str) -> tuple[str, str]:
    """``cyclonedx-xml-1.5`` as form and version; other forms have one version each."""
    form, _, version = target.rpartition("-")
    if version in VERSIONS and form in TARGETS:
        return form, version
    return _SAME.get(target, target), ""


def _converted(bill: Bill, target: str, version: str, creator: str, now: datetime) -> Conversion:
    standard = _standard(target)
    original = unfolded(bill.value, bill.form)
    value, native = _mapped(original, bill.standard, standard, creator, now)
    if (
        not version
        and (bill.standard, target) == (CYCLONEDX, "cyclonedx-json")
        and value.get("specVersion") in {"1.0", "1.1"}
    ):
        value = value | {"specVersion": "1.2"}  # the first that has JSON documents
    if version and bill.standard != CYCLONEDX:
        native = _said(value, version, bill.standard, original, creator, now)
    written, folded = folded_and_written(value, target, creator, version)
    again = value_as(written, target)
    back = unfolded(again.value, again.form)
    if standard != bill.standard:
        back = _back(back, standard, bill.standard, original, creator, now)
    lost = missing(original, back)
    name = f"{target}-{version}" if version else target
    carried = folded if standard == bill.standard else missing(original, native)
    return Conversion(
        written,
        Loss(
            source=bill.form,
            target=name,
            leaves=len(leaves(original)) + len(bill.left),
            lost=(*_left(bill), *_leaves(lost, f"is not kept by {name}")),
            carried=_leaves(
                {path: value for path, value in carried.items() if path not in lost},
                f"{name} has no field for it; carried as text",
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


def _said(
    bom: dict[str, Any],
    version: str,
    wanted: str,
    original: dict[str, Any],
    creator: str,
    now: datetime,
) -> dict[str, Any]:
    """What the fields of a version of CycloneDX alone say of a document of SPDX."""
    bare = in_version(bom_without_carried(bom), version)
    said = to_spdx(bare, creator=creator, now=now).document
    return said if wanted == SPDX else aligned(spdx_to_spdx3(said, creator, now)[0], original)


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
    if standard == SPDX3:
        document = spdx3_to_spdx(value, creator, now, said=False)[0]
        if wanted == SPDX:
            return document
        return spdx_to_cyclonedx(document, creator, now, said=False)[0]
    if standard == SPDX and wanted == CYCLONEDX:
        return spdx_to_cyclonedx(value, creator, now, said=False)[0]
    return _mapped(value, standard, wanted, creator, now)[0]


def _left(bill: Bill) -> Iterator[Leaf]:
    unit = "byte" if bill.form == "cyclonedx-protobuf" else "line"
    for line, text, reason in bill.left:
        yield Leaf(f"{unit} {line}", text, reason)


def _leaves(found: dict[str, Any], reason: str) -> tuple[Leaf, ...]:
    return tuple(Leaf(path, value, reason) for path, value in found.items())
