"""A CycloneDX value in another version of the specification.

What has another name or shape there is renamed and reshaped; what the schema of
that version does not take is left out, and found again as the difference to the
original.  Sources: the JSON schemas of CycloneDX 1.4 to 1.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.sbom.convert.delta import copied
from pratique.formats.sbom.convert.reshaping import reshaped
from pratique.formats.sbom.validation.cyclonedx import has_schema, raw_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = ("1.4", "1.5", "1.6", "1.7")
"""Versions that can be written."""

MAX_ROUNDS = 24
"""Most times that a value is held against the schema: each round takes out what is
not taken, one level further out than the one before, and none is deeper in use."""

_GONE = object()
_ALWAYS = frozenset({"bomFormat", "specVersion", "version", "components", "metadata"})
"""Members of a document that stay, whatever a schema says of what is in them."""


def in_version(bom: dict[str, Any], version: str) -> dict[str, Any]:
    """A value as a version of the specification takes it.

    A fault that the document has in its own version already is not mended.

    Args:
        bom: The value of a CycloneDX JSON document; it is not changed.
        version: One of :data:`VERSIONS`.

    Raises:
        LimitError: It is nested too deeply.
    """
    own = bom.get("specVersion")
    own = own if isinstance(own, str) else ""
    if own == version:
        return bom
    faulty = {_sort(f) for f in raw_faults(bom, own)} if has_schema(own) else set()
    found: dict[str, Any] = reshaped(copied(bom), version)
    found["specVersion"] = version
    if "$schema" in found:
        found["$schema"] = f"http://cyclonedx.org/schema/bom-{version}.schema.json"
    for _ in range(MAX_ROUNDS):
        faults = [one for one in raw_faults(found, version) if _sort(one) not in faulty]
        if not faults:
            break
        for fault in faults:
            _mend(found, fault)
        found = _swept(found)
    return found


def _sort(fault: Any) -> tuple[Any, ...]:
    """Of which sort a fault is: where, whatever the places in arrays, and what."""
    place = tuple("*" if isinstance(part, int) else part for part in fault.instance_path)
    return (place, fault.kind.name)


def _mend(bom: dict[str, Any], fault: Any) -> None:
    """Take out what is at fault."""
    for one in _causes(fault):
        path = list(one.instance_path)
        if one.kind.name == "additionalProperties":
            owner = _at(bom, path)
            for key in one.kind.unexpected if isinstance(owner, dict) else ():
                owner.pop(key, None)
        else:
            _take_out(bom, path)


def _causes(fault: Any) -> Iterator[Any]:
    """What is wrong within the alternative that comes nearest."""
    if fault.kind.name not in {"oneOf", "anyOf"} or not fault.kind.context:
        yield fault
        return
    nearest = min(fault.kind.context, key=lambda branch: sum(map(_distance, branch)))
    if sum(map(_distance, nearest)) >= _WHOLE:
        yield fault
        return
    for one in nearest:
        yield from _causes(one)


_WHOLE = 1000
"""Distance of an alternative that is another thing altogether."""


def _distance(fault: Any) -> int:
    """How far a fault is from being mended by leaving something small out."""
    if fault.kind.name == "additionalProperties":
        return len(fault.kind.unexpected)
    if fault.kind.name in {"oneOf", "anyOf"} and fault.kind.context:
        return min(sum(map(_distance, branch)) for branch in fault.kind.context)
    return _WHOLE if fault.kind.name in {"required", "type"} else 10


def _take_out(bom: dict[str, Any], path: list[Any]) -> None:
    """Leave out what stands at a path; the members that make a document stay."""
    if not path or (len(path) == 1 and path[0] in _ALWAYS):
        return
    owner = _at(bom, path[:-1])
    if isinstance(owner, dict):
        owner.pop(path[-1], None)
    elif isinstance(owner, list) and path[-1] < len(owner):
        owner[path[-1]] = _GONE


def _at(value: Any, path: list[Any]) -> Any:
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _swept(value: Any) -> Any:
    """A value without the items that were taken out of its arrays."""
    if isinstance(value, dict):
        return {key: _swept(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_swept(inner) for inner in value if inner is not _GONE]
    return value
