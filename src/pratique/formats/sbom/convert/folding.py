"""Values in serialisations that cannot hold all of JSON, and out of them again.

Tag-value has no place for some fields, XML none for some types, and an older
version of CycloneDX none for what came later: the difference to what is read
back is carried in annotations or properties.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.json_writing import indented_json
from pratique.formats.sbom.convert import carry
from pratique.formats.sbom.convert.delta import apply, copied, delta
from pratique.formats.sbom.convert.leaves import missing
from pratique.formats.sbom.convert.versions import in_version
from pratique.formats.sbom.cyclonedx.write_xml import write_xml
from pratique.formats.sbom.spdx.write_tag_value import write_tag_value
from pratique.formats.sbom.values import value_as
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

_WITHOUT_PROPERTIES = frozenset({"1.0", "1.1", "1.2"})
"""Versions of CycloneDX whose documents have nowhere to carry anything."""


def folded_and_written(
    value: dict[str, Any], target: str, creator: str, version: str = ""
) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a value in a form.

    Args:
        value: In the target's standard; it is not changed.
        target: A form without a version.
        creator: The program, as ``name-version``.
        version: Of CycloneDX, which the document shall be of; its own by default.

    Returns:
        The bytes, and the leaves that are carried as text in them.
    """
    write: Callable[[dict[str, Any]], bytes]
    lean = in_version(value, version) if version else value
    if target.endswith("-json"):  # SPDX 3 too, whose JSON-LD is the value itself
        data, again, write = b"", lean, indented_json
    else:
        write = write_tag_value if target == "spdx-tag-value" else write_xml
        data = write(lean)
        again = value_as(data, target).value
    change = delta(value, again) if again is not value else None
    if not change or (target == "cyclonedx-xml" and lean.get("specVersion") in _WITHOUT_PROPERTIES):
        return data or write(lean), {}
    folded = missing(value, again)
    lean = copied(lean)
    if target.startswith("cyclonedx"):
        parts = carry.split(change, carry.components(again), carry.components(lean))
        carry.to_cyclonedx(lean, parts, "cyclonedx")
    else:
        parts = carry.split(change, carry.elements(again), carry.elements(lean))
        carry.to_spdx(lean, parts, "spdx", creator)
    return write(lean), folded if data else missing(value, lean)


def unfolded(value: dict[str, Any], form: str) -> dict[str, Any]:
    """The value of a document in a form, with what is carried in it put back.

    Where the document was changed since it was written, that stays as it stands.
    """
    if form not in {"cyclonedx-json", "cyclonedx-xml", "spdx-tag-value"}:
        return value
    plain = copied(value)
    if form != "spdx-tag-value":
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
