"""JSON Patch: the examples' behaviour, and differences that lead back."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pratique.formats.json_patch import apply, difference, equal, read_patch
from pratique.formats.sbom.convert.delta import copied
from pratique.model.errors import InputError

GOOD: list[tuple[Any, list[dict[str, Any]], Any]] = [
    ({"a": 1}, [{"op": "add", "path": "/b", "value": 2}], {"a": 1, "b": 2}),
    ([1, 3], [{"op": "add", "path": "/1", "value": 2}], [1, 2, 3]),
    ([1], [{"op": "add", "path": "/-", "value": [2]}], [1, [2]]),
    ({"a": 1, "b": 2}, [{"op": "remove", "path": "/b"}], {"a": 1}),
    ([1, 2, 3], [{"op": "remove", "path": "/1"}], [1, 3]),
    ({"a": 1}, [{"op": "replace", "path": "/a", "value": None}], {"a": None}),
    (
        {"a": {"x": 1}, "b": {}},
        [{"op": "move", "from": "/a/x", "path": "/b/y"}],
        {"a": {}, "b": {"y": 1}},
    ),
    ([1, 2, 3], [{"op": "move", "from": "/0", "path": "/2"}], [2, 3, 1]),
    ({"a": [1]}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": [1], "b": [1]}),
    ({"a~b/c": 1}, [{"op": "test", "path": "/a~0b~1c", "value": 1.0}], {"a~b/c": 1}),
    ({"a": 1}, [{"op": "replace", "path": "", "value": [7]}], [7]),
    ({"": 1}, [{"op": "remove", "path": "/"}], {}),
    ({"a": 1}, [{"op": "add", "path": "/a", "value": 2, "note": "ignored"}], {"a": 2}),
]
BAD: list[tuple[Any, Any]] = [
    ({}, {"op": "add"}),
    ({}, [{"op": "add", "path": "/a"}]),
    ({}, [{"op": "move", "path": "/a"}]),
    ({}, [{"op": "delete", "path": "/a"}]),
    ({}, [{"op": "remove", "path": "/a"}]),
    ({}, [{"op": "replace", "path": "/a", "value": 1}]),
    ({}, [{"op": "add", "path": "/a/b", "value": 1}]),
    ([1], [{"op": "add", "path": "/2", "value": 1}]),
    ([1], [{"op": "add", "path": "/01", "value": 1}]),
    ([1], [{"op": "remove", "path": "/-"}]),
    ([1], [{"op": "replace", "path": "/-1", "value": 1}]),
    ({"a": 1}, [{"op": "test", "path": "/a", "value": True}]),
    ({"a": 1}, [{"op": "test", "path": "/a", "value": "1"}]),
    ({"a": {}}, [{"op": "move", "from": "/a", "path": "/a/b"}]),
    ({"a": 1}, [{"op": "remove", "path": "a"}]),
    ({"a": 1}, [{"op": "remove", "path": "/a~2"}]),
    ({"a": 1}, [7]),
]


@pytest.mark.parametrize(("value", "patch", "wanted"), GOOD)
def test_operations__rfc_6902_section_4(value: Any, patch: Any, wanted: Any) -> None:
    assert apply(copied(value), read_patch(patch)) == wanted


@pytest.mark.parametrize(("value", "patch"), BAD)
def test_operations_that_fail__rfc_6902_section_5(value: Any, patch: Any) -> None:
    with pytest.raises(InputError):
        apply(copied(value), read_patch(patch))


def test_what_an_operation_does_not_touch_stays_the_same_object() -> None:
    value: dict[str, Any] = {"a": [{"x": 1}], "b": {}}
    inner = value["a"][0]
    after = apply(value, read_patch([{"op": "add", "path": "/a/0", "value": {"x": 1}}]))
    assert after["a"][1] is inner
    copy = apply(after, read_patch([{"op": "copy", "from": "/a/1", "path": "/b/c"}]))
    assert copy["b"]["c"] is not inner


def made(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.randrange(8 if depth < 4 else 5)
    if kind < 5:
        return chance.choice([None, True, False, 0, 1, 1.5, "a", "", "~/"])
    if kind < 7:
        keys = ["a", "b", "~0", "x/y", "name", "bom-ref"]
        return {k: made(chance, depth + 1) for k in chance.sample(keys, chance.randrange(5))}
    if chance.random() < 0.5:
        refs = chance.sample("pqrstu", chance.randrange(5))
        return [{"bom-ref": ref, "v": made(chance, depth + 1)} for ref in refs]
    return [made(chance, depth + 1) for _ in range(chance.randrange(5))]


def test_a_difference_leads_from_one_to_the_other() -> None:
    chance = random.Random(4)
    for _ in range(3000):
        before, after = made(chance), made(chance)
        patch = difference(before, after)
        assert equal(apply(copied(before), read_patch(patch)), after)
        assert not difference(after, copied(after))


def test_an_item_put_in_moves_no_other() -> None:
    before = [{"bom-ref": "a", "x": 1}, {"bom-ref": "b"}, {"bom-ref": "c"}]
    after = [{"bom-ref": "n"}, {"bom-ref": "a", "x": 2}, {"bom-ref": "c", "y": 1}]
    assert difference(before, after) == [
        {"op": "remove", "path": "/1"},
        {"op": "add", "path": "/0", "value": {"bom-ref": "n"}},
        {"op": "replace", "path": "/1/x", "value": 2},
        {"op": "add", "path": "/2/y", "value": 1},
    ]
