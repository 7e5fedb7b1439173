"""The leaves of a document's value: one way to say what a conversion kept and what it lost."""

from __future__ import annotations

import re
from typing import Any

from pratique.formats.base import MAX_DEPTH
from pratique.model.errors import LimitError

_PLAIN = re.compile(r"[A-Za-z_$][\w$-]*\Z")


def leaves(value: Any) -> dict[str, Any]:
    """Every leaf of a value by its path (``components[3].hashes[0].alg``).

    A leaf is a text, a number, a truth value, null, or an object or array that
    is empty.

    Raises:
        LimitError: It is nested over ``2 * MAX_DEPTH`` deep.
    """
    found: dict[str, Any] = {}
    _walk(value, "", found, 0)
    return found


def _walk(value: Any, path: str, found: dict[str, Any], depth: int) -> None:
    if depth > 2 * MAX_DEPTH:
        raise LimitError("is nested too deeply")
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            if type(inner) is str:
                found[join(path, key)] = inner
            else:
                _walk(inner, join(path, key), found, depth + 1)
    elif isinstance(value, list) and value:
        for at, inner in enumerate(value):
            _walk(inner, f"{path}[{at}]", found, depth + 1)
    else:
        found[path] = value


def join(path: str, key: str) -> str:
    """The path of a member of an object."""
    if not _PLAIN.match(key):
        escaped = key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{escaped}"]'
    return f"{path}.{key}" if path else key


def missing(original: Any, kept: Any) -> dict[str, Any]:
    """Leaves of one value that another does not have at the same path."""
    there = leaves(kept)
    nothing = object()
    return {
        path: value
        for path, value in leaves(original).items()
        if not _same(there.get(path, nothing), value)
    }


def _same(one: Any, other: Any) -> bool:
    """Equal and of one type: in JSON, ``1`` is not ``true``."""
    return type(one) is type(other) and bool(one == other)
