"""The JSON Canonicalization Scheme (RFC 8785): one encoding for each JSON value."""

from __future__ import annotations

import json
import math
from typing import Any

from pratique.model.errors import InputError, LimitError

MAX_NESTING = 256
"""Deepest nesting; documents that are signed have some ten levels."""

MAX_INTEGER = 2**53 - 1
"""Largest integer that the scheme's numbers hold exactly (section 3.2.2.3, I-JSON)."""


def canonical_json(value: Any) -> bytes:
    """The encoding of a JSON value.

    Raises:
        LimitError: It is nested over ``MAX_NESTING`` deep.
        InputError: It holds a number or text that has no encoding.
    """
    parts: list[str] = []
    _encode(value, parts, 0)
    try:
        return "".join(parts).encode()
    except UnicodeEncodeError:
        raise InputError("holds text that is no Unicode, which cannot be signed") from None


def _encode(value: Any, parts: list[str], depth: int) -> None:
    if depth > MAX_NESTING:
        raise LimitError("is nested too deeply to be signed")
    if isinstance(value, str):
        parts.append(json.dumps(value, ensure_ascii=False))
    elif value is None or isinstance(value, bool):
        parts.append({True: "true", False: "false", None: "null"}[value])
    elif isinstance(value, int | float):
        parts.append(number(value))
    elif isinstance(value, list):
        parts.append("[")
        for at, item in enumerate(value):
            parts.append("," if at else "")
            _encode(item, parts, depth + 1)
        parts.append("]")
    elif isinstance(value, dict):
        parts.append("{")
        for at, name in enumerate(sorted(value, key=_units)):
            parts.append(f"{',' if at else ''}{json.dumps(name, ensure_ascii=False)}:")
            _encode(value[name], parts, depth + 1)
        parts.append("}")
    else:
        raise InputError(f"holds a {type(value).__name__}, which is no JSON")


def _units(name: str) -> bytes:
    """What members are sorted by: their UTF-16 code units (section 3.2.3)."""
    return name.encode("utf-16-be", "surrogatepass")


def number(value: float) -> str:
    """A number as ECMAScript writes it (section 3.2.2.3; ECMA-262, ``Number::toString``).

    Raises:
        InputError: It is not finite, or an integer that is not held exactly.
    """
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise InputError(f"holds the integer {str(value)[:40]}, which cannot be signed")
        return str(value)
    if not math.isfinite(value):
        raise InputError("holds a number that is not finite, which cannot be signed")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(power or 0)
    point -= len(whole + fraction) - len(digits)  # leading zeros that were taken off
    digits = digits.rstrip("0")
    size = len(digits)
    if size <= point <= 21:
        return sign + digits + "0" * (point - size)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if size > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if point > 0 else '-'}{abs(point - 1)}"
