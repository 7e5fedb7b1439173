"""Values in serialisations that cannot hold all of JSON, and out of them again.

Tag-value has no place for some fields, and XML none for some types: the
difference to what is read back is carried in annotations or properties.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.formats.sbom.convert import carry
from pratique.formats.sbom.convert.delta import apply, copied, delta
from pratique.formats.sbom.convert.leaves import missing
from pratique.formats.sbom.cyclonedx.write_xml import write_xml
from pratique.formats.sbom.spdx.write_tag_value import write_tag_value
from pratique.formats.sbom.values import value_as
from pratique.model.errors import InputError

_WITHOUT_PROPERTIES = frozenset({"1.0", "1.1", "1.2"})
"""Versions of CycloneDX whose documents have nowhere to carry anything."""


def folded_and_written(
    value: dict[str, Any], target: str, creator: str
) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a value in a form.

    Returns:
        The bytes, and the leaves that are carried as text in them.
    """
    if target.endswith("-json"):  # SPDX 3 too, whose JSON-LD is the value itself
        return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n", {}
    write = write_tag_value if target == "spdx-tag-value" else write_xml
    data = write(value)
    again = value_as(data, target).value
    change = delta(value, again)
    if not change:
        return data, {}
    folded = missing(value, again)
    value = copied(value)
    if target == "cyclonedx-xml" and value.get("specVersion") in _WITHOUT_PROPERTIES:
        return data, {}
    if target == "cyclonedx-xml":
        parts = carry.split(change, carry.components(again), carry.components(value))
        carry.to_cyclonedx(value, parts, "cyclonedx")
    else:
        parts = carry.split(change, carry.elements(again), carry.elements(value))
        carry.to_spdx(value, parts, "spdx", creator)
    return write(value), folded


def unfolded(value: dict[str, Any], form: str) -> dict[str, Any]:
    """The value of a document in a form, with what is carried in it put back.

    Where the document was changed since it was written, that stays as it stands.
    """
    if form not in {"cyclonedx-xml", "spdx-tag-value"}:
        return value
    plain = copied(value)
    if form == "cyclonedx-xml":
        parts, places = carry.from_cyclonedx(plain, "cyclonedx"), carry.components(plain)
    else:
        parts, places = carry.from_spdx(plain, "spdx"), carry.elements(plain)
    if not parts:
        return value
    try:
        found: dict[str, Any] = apply(plain, carry.joined(parts, places))
    except InputError:
        return value
    return found
