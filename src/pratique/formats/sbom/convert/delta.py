"""What must be set and dropped to make one value of another, by JSON Pointer (RFC 6901)."""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.formats.base import MAX_DEPTH
from pratique.model.errors import InputError, LimitError


class Delta(msgspec.Struct, frozen=True, omit_defaults=True):
    """Changes to a value; positions in arrays do not move."""

    set: dict[str, Any] = {}
    """Pointer to the value that belongs there."""

    drop: tuple[str, ...] = ()
    """Pointers of members of objects that do not belong there."""

    def __bool__(self) -> bool:
        return bool(self.set or self.drop)

    def under(self, prefix: str) -> Delta:
        """The changes below a pointer, relative to it."""
        inside = prefix + "/"
        return Delta(
            {p[len(prefix) :]: v for p, v in self.set.items() if p.startswith(inside)},
            tuple(p[len(prefix) :] for p in self.drop if p.startswith(inside)),
        )


def delta(wanted: Any, given: Any) -> Delta:
    """What turns ``given`` into ``wanted``.

    Arrays of equal length are compared place by place; others are set whole.

    Raises:
        LimitError: They are nested over ``2 * MAX_DEPTH`` deep.
    """
    found: dict[str, Any] = {}
    drop: list[str] = []
    _compare(wanted, given, "", found, drop, 0)
    return Delta(found, tuple(drop))


def _compare(
    wanted: Any, given: Any, at: str, found: dict[str, Any], drop: list[str], depth: int
) -> None:
    if depth > 2 * MAX_DEPTH:
        raise LimitError("is nested too deeply")
    if isinstance(wanted, dict) and isinstance(given, dict):
        for key, value in wanted.items():
            if key not in given:
                found[f"{at}/{escape(key)}"] = value
            elif type(value) is not str or type(other := given[key]) is not str:
                _compare(value, given[key], f"{at}/{escape(key)}", found, drop, depth + 1)
            elif value != other:  # most leaves are texts; they cost no call
                found[f"{at}/{escape(key)}"] = value
        drop += [f"{at}/{escape(key)}" for key in given if key not in wanted]
    elif isinstance(wanted, list) and isinstance(given, list) and len(wanted) == len(given):
        for number, (one, other) in enumerate(zip(wanted, given, strict=True)):
            _compare(one, other, f"{at}/{number}", found, drop, depth + 1)
    elif type(wanted) is not type(given) or wanted != given:
        found[at] = wanted


def apply(value: Any, change: Delta) -> Any:
    """The value with the changes made; the value itself is changed.

    Raises:
        InputError: A pointer leads nowhere: the document was changed meanwhile.
    """
    for pointer, new in change.set.items():
        if not pointer:
            value = new
            continue
        parent, key = _parent(value, pointer)
        if isinstance(parent, dict):
            parent[key] = new
        else:
            parent[_index(parent, key)] = new
    for pointer in change.drop:
        parent, key = _parent(value, pointer)
        if isinstance(parent, dict):
            parent.pop(key, None)
    return value


def _parent(value: Any, pointer: str) -> tuple[Any, str]:
    *way, last = (unescape(part) for part in pointer.split("/")[1:])
    for part in way:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list):
            value = value[_index(value, part)]
        else:
            raise InputError(f"{pointer} leads nowhere")
    if not isinstance(value, dict | list):
        raise InputError(f"{pointer} leads nowhere")
    return value, last


def _index(items: list[Any], text: str) -> int:
    if not text.isdecimal() or int(text) >= len(items):
        raise InputError(f"{text} is no place of an array of {len(items)}")
    return int(text)


def copied(value: Any) -> Any:
    """A copy of a plain value, all the way down; several times as fast as ``deepcopy``."""
    if isinstance(value, dict):
        return {key: inner if type(inner) is str else copied(inner) for key, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list) else value


def escape(key: str) -> str:
    """A key as a part of a pointer (RFC 6901, section 3)."""
    if "~" in key or "/" in key:
        return key.replace("~", "~0").replace("/", "~1")
    return key


def unescape(part: str) -> str:
    """The key that a part of a pointer stands for (RFC 6901, section 4)."""
    return part.replace("~1", "/").replace("~0", "~")
