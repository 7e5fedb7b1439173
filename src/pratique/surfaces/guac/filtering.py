"""``@filter``: keeps the nodes of an answer that have a value somewhere.

The place is written as names joined by dots, a list with ``[]`` behind it, and is
read without regard to case; so are the values.  Of a list on the way the items
without the value are left out of what is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.surfaces.guac.errors import TooMuchError

if TYPE_CHECKING:
    from pratique.surfaces.guac.nouns import Node

MAX_STEPS = 16
"""Names in a place; the deepest node of the interface has 9."""


def kept(answer: Any, name: str | None, operation: str | None, value: str | None) -> Any:
    """An answer with the nodes alone that have the value.

    Args:
        answer: A list of nodes; anything else is given back as it is.
        name: Where the value is.
        operation: ``CONTAINS`` or ``STARTSWITH``.
        value: What to look for.

    Raises:
        TooMuchError: The place has too many steps.
    """
    if not isinstance(answer, list):
        return answer
    steps = (name or "id").lower().split(".")
    if len(steps) > MAX_STEPS:
        raise TooMuchError(f"@filter: keyName has over {MAX_STEPS} steps")
    wanted = (value or "").lower()
    found = (_pruned(node, steps, operation or "CONTAINS", wanted) for node in answer)
    return [node for node in found if node is not None]


def _pruned(node: Node, steps: list[str], operation: str, wanted: str) -> Node | None:
    step, rest = steps[0], steps[1:]
    many = step.endswith("[]")
    bare = step.removesuffix("[]")
    field = next((key for key in node if key.lower() == bare and not key.startswith("_")), None)
    if field is None:
        return None
    value = node[field]
    if callable(value):
        value = value()
    if many != isinstance(value, list):
        return None
    if many:
        below = [_pruned(one, rest, operation, wanted) for one in value] if rest else []
        found = [one for one in below if one is not None]
        return node | {field: found} if found else None
    if isinstance(value, dict):
        inner = _pruned(value, rest, operation, wanted) if rest else None
        return node | {field: inner} if inner is not None else None
    text = ("" if value is None else str(value)).lower()
    hit = wanted in text if operation == "CONTAINS" else text.startswith(wanted)
    return node if hit and not rest else None
