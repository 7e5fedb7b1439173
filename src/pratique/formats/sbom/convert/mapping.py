"""From one standard to the other and back, with what has no field carried along.

To SPDX and back gives the same CycloneDX value, and the other way round: what
the fields of the target cannot say is carried as the difference between the
original and what is read back from those fields.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pratique.formats.sbom.convert import carry
from pratique.formats.sbom.convert.delta import apply, copied, delta
from pratique.formats.sbom.convert.to_cyclonedx import Converted, to_cyclonedx
from pratique.formats.sbom.convert.to_spdx import to_spdx
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.formats.sbom.convert.delta import Delta

_CREATOR = "Tool: pratique-"


def cyclonedx_to_spdx(
    bom: dict[str, Any], creator: str, now: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A CycloneDX value as SPDX 2.3.

    Args:
        bom: The value; it is not changed.
        creator: The program that converts, as ``name-version``.
        now: For documents that state no time; aware of its time zone.

    Returns:
        The SPDX value, and the CycloneDX one that its fields alone say.
    """
    plain = copied(bom)
    earlier = carry.from_cyclonedx(plain, "spdx")
    converted = to_spdx(plain, creator=creator, now=now)
    document = _restored(converted.document, earlier, converted.places)
    native = to_cyclonedx(copied(document))
    places = native.places
    fields = copied(native.bom) if earlier else native.bom
    change = delta(bom, _with_carried(native, document, creator, now))
    parts = carry.split(change, places, carry.elements(document))
    document = copied(document)
    carry.to_spdx(document, parts, "cyclonedx", creator)
    return document, fields


def spdx_to_cyclonedx(
    document: dict[str, Any], creator: str, now: datetime, *, said: bool = True
) -> tuple[dict[str, Any], dict[str, Any]]:
    """An SPDX 2 value as CycloneDX 1.6; or, where it was made of CycloneDX, as that.

    Args:
        document: The value; it is not changed.
        creator: The program that converts, as ``name-version``.
        now: For documents that state no time; aware of its time zone.
        said: Whether the second value is wanted; it is empty otherwise.

    Returns:
        The CycloneDX value, and the SPDX one that its fields alone say.
    """
    plain = copied(document)
    earlier = carry.from_spdx(plain, "cyclonedx")
    converted = to_cyclonedx(copied(plain))
    fields = to_spdx(converted.bom, creator=creator, now=now).document if said else {}
    places = converted.places
    bom = _with_carried(converted, plain, creator, now)
    return _restored(bom, earlier, places), fields


def _with_carried(
    converted: Converted, document: dict[str, Any], creator: str, now: datetime
) -> dict[str, Any]:
    """A CycloneDX value with what it cannot say of an SPDX one in its properties."""
    bom = converted.bom
    again = to_spdx(bom, creator=creator, now=now)
    change = delta(document, again.document)
    parts = carry.split(change, again.places, carry.components(bom))
    carry.to_cyclonedx(bom, parts, "spdx")
    return bom


def _restored(
    value: dict[str, Any], earlier: list[tuple[str, Delta]], places: Mapping[str, str]
) -> dict[str, Any]:
    """A value with what was carried; without it where the document was changed meanwhile."""
    if not earlier:
        return value
    try:
        found: dict[str, Any] = apply(copied(value), carry.joined(earlier, places))
    except InputError:
        return value
    return found


def made(document: dict[str, Any], creator: str, now: datetime) -> tuple[str, datetime]:
    """By which version of this program, and when, an SPDX value was made; else as given."""
    info = document.get("creationInfo")
    info = info if isinstance(info, dict) else {}
    creators = info.get("creators")
    for one in creators if isinstance(creators, list) else ():
        if isinstance(one, str) and one.startswith(_CREATOR):
            creator = one.removeprefix("Tool: ")
    created = info.get("created")
    try:
        time = datetime.fromisoformat(created) if isinstance(created, str) else now
    except ValueError:
        time = now
    return creator, time if time.tzinfo else now
