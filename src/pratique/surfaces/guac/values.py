"""Values of a verb's fields: from the record to the wire, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.instants import parse_instant, write_instant
from pratique.surfaces.guac.errors import RequestError
from pratique.surfaces.guac.types import ENUMS

if TYPE_CHECKING:
    from pratique.surfaces.guac.shapes import Field

_NOT_PROVIDED = "NOT_PROVIDED"


def shown(field: Field, said: dict[str, str], fallback: str) -> Any:
    """The value of a field as the wire has it.

    Args:
        field: Which.
        said: What the claim says.
        fallback: A moment, where the claim says none.
    """
    text = said.get(field.word, "")
    match field.kind:
        case "time":
            return moment(text) or moment(fallback)
        case "maybe":
            return moment(text) or None
        case "float":
            return _number(text)
        case "status":
            return _of("VexStatus", text, "UNDER_INVESTIGATION")
        case "justification":
            return _of("VexJustification", text, _NOT_PROVIDED)
        case "link":
            return _of("DependencyType", text, "DIRECT")
        case _:
            return text


def kept(field: Field, value: Any) -> str:
    """The text that the record keeps of a field's value; empty for none.

    Raises:
        RequestError: It is a moment that cannot be read.
    """
    if value is None:
        return ""
    match field.kind:
        case "time" | "maybe":
            return given_moment(value)
        case "float":
            return repr(float(value))
        case "status" | "link":
            return str(value).lower()
        case "justification":
            return "" if value == _NOT_PROVIDED else str(value).lower()
        case _:
            return str(value)


def given_moment(value: Any) -> str:
    """A moment that a client gave, in UTC.

    Raises:
        RequestError: It is none.
    """
    found = parse_instant(value) if isinstance(value, str) else None
    if found is None:
        raise RequestError(f"{str(value)[:80]!r} is no time of RFC 3339")
    return write_instant(found)


def moment(text: str) -> str:
    """A moment of the record in UTC; empty where it is none."""
    found = parse_instant(text) if text else None
    return write_instant(found) if found else ""


def _of(enum: str, text: str, fallback: str) -> str:
    """A name of an enumeration; what it has no name for is said to be unknown."""
    name = text.upper()
    return name if name in ENUMS[enum].split() else fallback


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
