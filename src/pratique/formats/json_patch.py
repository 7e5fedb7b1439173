"""JSON Patch (RFC 6902) over plain values, by JSON Pointers (RFC 6901)."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from pratique.formats.dsse.wire import convert
from pratique.formats.sbom.convert.delta import copied, escape, unescape
from pratique.model.errors import InputError, LimitError

MAX_OPERATIONS = 100_000
"""Most operations of one patch; one made of the difference of two documents has thousands."""

_INDEX = re.compile(r"0|[1-9][0-9]*\Z")
_MOVING = frozenset({"move", "copy"})
_NOTHING = object()


class Operation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One operation (section 4); members that are not the standard's are ignored."""

    op: str
    path: str
    from_: str | None = msgspec.field(name="from", default=None)
    value: Any = msgspec.UNSET


def read_patch(value: Any) -> tuple[Operation, ...]:
    """The operations of a patch document (section 3).

    Raises:
        LimitError: They are over :data:`MAX_OPERATIONS`.
        InputError: It is no array of operations of the standard.
    """
    if not isinstance(value, list):
        raise InputError("patch is no array of operations")
    if len(value) > MAX_OPERATIONS:
        raise LimitError(f"patch has over {MAX_OPERATIONS:,} operations")
    operations = tuple(convert(value, list[Operation], "patch"))
    for number, one in enumerate(operations):
        if one.op not in {"add", "remove", "replace", "move", "copy", "test"}:
            raise InputError(f"operation {number} of the patch is {one.op[:40]!r}, which is none")
        if one.op in {"add", "replace", "test"} and one.value is msgspec.UNSET:
            raise InputError(f"operation {number} of the patch has no value")
        if one.op in _MOVING and one.from_ is None:
            raise InputError(f"operation {number} of the patch has no 'from'")
    return operations


def apply(value: Any, operations: tuple[Operation, ...]) -> Any:
    """The value after all operations; its objects and arrays are changed in place.

    An object that an operation does not touch stays the same object, so that a
    caller can tell what was touched.

    Raises:
        InputError: An operation fails; the value is then changed in part.
    """
    for number, one in enumerate(operations):
        try:
            value = _applied(value, one)
        except InputError as error:
            raise InputError(
                f"operation {number} ({one.op} {one.path[:80]}): {error.message}"
            ) from None
    return value


def _applied(value: Any, one: Operation) -> Any:
    if one.op == "test":
        if not equal(_get(value, one.path), one.value):
            raise InputError("the value there is another")
        return value
    if one.op == "remove":
        return _remove(value, one.path)[0]
    if one.op == "replace":
        _get(value, one.path)
        return _put(value, one.path, copied(one.value), replace=True)
    if one.op == "add":
        return _put(value, one.path, copied(one.value))
    source = str(one.from_)
    if one.op == "copy":
        return _put(value, one.path, copied(_get(value, source)))
    if one.path.startswith(f"{source}/"):
        raise InputError("a value cannot be moved into itself")
    value, taken = _remove(value, source)
    return _put(value, one.path, taken)


def _tokens(pointer: str) -> list[str]:
    """The parts of a pointer (RFC 6901, section 3)."""
    if pointer and not pointer.startswith("/"):
        raise InputError("is no JSON Pointer")
    if re.search("~(?![01])", pointer):
        raise InputError("is no JSON Pointer")
    return [unescape(part) for part in pointer.split("/")[1:]]


def _step(value: Any, token: str) -> Any:
    if isinstance(value, dict) and token in value:
        return value[token]
    if isinstance(value, list):
        return value[_index(token, len(value) - 1)]
    raise InputError("leads nowhere")


def _get(value: Any, pointer: str) -> Any:
    for token in _tokens(pointer):
        value = _step(value, token)
    return value


def _index(token: str, last: int) -> int:
    if not _INDEX.fullmatch(token) or len(token) > 9 or int(token) > last:
        raise InputError("leads to no item of the array")
    return int(token)


def _put(value: Any, pointer: str, new: Any, *, replace: bool = False) -> Any:
    tokens = _tokens(pointer)
    if not tokens:
        return new
    owner = value
    for token in tokens[:-1]:
        owner = _step(owner, token)
    last = tokens[-1]
    if isinstance(owner, dict):
        owner[last] = new
    elif isinstance(owner, list) and replace:
        owner[_index(last, len(owner) - 1)] = new
    elif isinstance(owner, list):
        owner.insert(len(owner) if last == "-" else _index(last, len(owner)), new)
    else:
        raise InputError("leads nowhere")
    return value


def _remove(value: Any, pointer: str) -> tuple[Any, Any]:
    tokens = _tokens(pointer)
    if not tokens:
        return None, value
    owner = value
    for token in tokens[:-1]:
        owner = _step(owner, token)
    taken = _step(owner, tokens[-1])
    if isinstance(owner, dict):
        del owner[tokens[-1]]
    else:
        del owner[int(tokens[-1])]
    return value, taken


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal (section 4.6): ``1`` is ``1.0`` and is not ``true``."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def difference(before: Any, after: Any) -> list[dict[str, Any]]:
    """A patch that makes one value of another; applied to ``before`` it gives ``after``.

    Objects are compared member by member.  In arrays the equal items at the
    start and the end stay, so that an item that was put in does not move the others.
    """
    found: list[dict[str, Any]] = []
    _differ(before, after, "", found)
    return found


def _differ(before: Any, after: Any, at: str, found: list[dict[str, Any]]) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        found += [
            {"op": "remove", "path": f"{at}/{escape(key)}"} for key in before if key not in after
        ]
        for key, value in after.items():
            pointer = f"{at}/{escape(key)}"
            if key in before:
                _differ(before[key], value, pointer, found)
            else:
                found.append({"op": "add", "path": pointer, "value": value})
    elif isinstance(before, list) and isinstance(after, list):
        _differ_arrays(before, after, at, found)
    elif not equal(before, after) or type(before) is not type(after):
        found.append({"op": "replace", "path": at, "value": after})


def _differ_arrays(
    before: list[Any], after: list[Any], at: str, found: list[dict[str, Any]]
) -> None:
    if name := _identity(before, after):
        _differ_named(before, after, at, name, found)
        return
    short = min(len(before), len(after))
    start = 0
    while start < short and equal(before[start], after[start]):
        start += 1
    end = 0
    while end < short - start and equal(before[-1 - end], after[-1 - end]):
        end += 1
    old, new = len(before) - start - end, len(after) - start - end
    for offset in range(min(old, new)):
        _differ(before[start + offset], after[start + offset], f"{at}/{start + offset}", found)
    found += [
        {"op": "remove", "path": f"{at}/{start + offset}"} for offset in range(old - 1, new - 1, -1)
    ]
    for offset in range(old, new):
        place = start + offset
        found.append({"op": "add", "path": f"{at}/{place}", "value": after[place]})


def _identity(before: list[Any], after: list[Any]) -> str:
    """The member by which the items of two arrays are told apart, in the same order in both."""
    if not before or not after or not all(isinstance(one, dict) for one in (*before, *after)):
        return ""
    for name in ("bom-ref", "ref", "SPDXID", "name"):
        old, new = ([one.get(name) for one in items] for items in (before, after))
        if not all(isinstance(one, str) for one in (*old, *new)):
            continue
        if len(set(old)) == len(old) and len(set(new)) == len(new):
            kept, still = set(old) & set(new), [one for one in old if one in set(new)]
            if still == [one for one in new if one in kept]:
                return name
    return ""


def _differ_named(
    before: list[Any], after: list[Any], at: str, name: str, found: list[dict[str, Any]]
) -> None:
    there = {one[name] for one in after}
    found += [
        {"op": "remove", "path": f"{at}/{number}"}
        for number in range(len(before) - 1, -1, -1)
        if before[number][name] not in there
    ]
    known = {one[name]: one for one in before}
    for number, one in enumerate(after):
        if one[name] in known:
            _differ(known[one[name]], one, f"{at}/{number}", found)
        else:
            found.append({"op": "add", "path": f"{at}/{number}", "value": one})
