"""Values of the shape that is wanted, out of JSON of which only the syntax is certain.

For readers that take what has the right shape and pass over the rest; those
of VEX documents, which name what they pass over, have
:mod:`pratique.formats.vex_values`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def text_at(item: dict[str, Any], key: str) -> str:
    """The text of a member; empty where it has none, or something else."""
    value = item.get(key)
    return value if isinstance(value, str) else ""


def value_at(value: Any, *keys: str) -> Any:
    """What stands below a chain of keys; ``None`` where the chain breaks."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def mapping(value: Any) -> dict[str, Any]:
    """The object that a value is; of anything else, an empty one."""
    return value if isinstance(value, dict) else {}


def array(value: Any) -> list[Any]:
    """The array that a value is; of anything else, an empty one."""
    return value if isinstance(value, list) else []


def texts_in(value: Any) -> list[str]:
    """Texts of an array; of anything else, none."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def objects_in(value: Any) -> list[dict[str, Any]]:
    """Objects of an array; of anything else, none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def objects_within(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of a value, outer ones first."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += [inner for inner in one.values() if isinstance(inner, dict | list)]
        elif isinstance(one, list):
            waiting += [inner for inner in one if isinstance(inner, dict | list)]


def made_array(owner: dict[str, Any], key: str) -> list[Any]:
    """The array of a member, which is made where there is none."""
    if not isinstance(owner.get(key), list):
        owner[key] = []
    found: list[Any] = owner[key]
    return found
