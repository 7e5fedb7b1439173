"""Canonical JSON, as in-toto metadata before DSSE is signed (in-toto 1.0, section 4.1).

It is that of OLPC: members sorted, no white space, and in texts only the quote
and the backslash are escaped, so that it need not be JSON.
"""

from __future__ import annotations

from typing import Any

from pratique.model.errors import InputError, LimitError

MAX_NESTING = 64
"""Deepest nesting; metadata has under ten levels."""


def canonical_json(value: Any) -> bytes:
    """The encoding of a JSON value.

    Raises:
        LimitError: It is nested over ``MAX_NESTING`` deep.
        InputError: It holds a number with a fraction, which has no encoding.
    """
    parts: list[str] = []
    _encode(value, parts, 0)
    try:
        return "".join(parts).encode()
    except UnicodeEncodeError:
        raise InputError("in-toto metadata holds text that is no Unicode") from None


def _encode(value: Any, parts: list[str], depth: int) -> None:
    if depth > MAX_NESTING:
        raise LimitError("in-toto metadata is nested too deeply")
    if isinstance(value, str):
        parts.append(_quoted(value))
    elif value is None or isinstance(value, bool):
        parts.append({True: "true", False: "false", None: "null"}[value])
    elif isinstance(value, int):
        parts.append(str(value))
    elif isinstance(value, list):
        parts.append("[")
        for number, item in enumerate(value):
            parts.append("," if number else "")
            _encode(item, parts, depth + 1)
        parts.append("]")
    elif isinstance(value, dict):
        parts.append("{")
        for number, name in enumerate(sorted(value)):
            parts.append(f"{',' if number else ''}{_quoted(name)}:")
            _encode(value[name], parts, depth + 1)
        parts.append("}")
    else:
        raise InputError("in-toto metadata holds a number with a fraction")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
