"""What is taken of a value has its shape, whatever the document holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.formats.json_writing import indented_json
from pratique.formats.shapes import (
    array,
    made_array,
    mapping,
    objects_in,
    objects_within,
    text_at,
    texts_in,
    value_at,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_any_value_gives_what_it_has_of_a_shape(value: Any) -> None:
    assert array(value) == (value if isinstance(value, list) else [])
    assert mapping(value) == (value if isinstance(value, dict) else {})
    assert all(isinstance(one, str) for one in texts_in(value))
    assert all(isinstance(one, dict) for one in objects_in(value))
    assert text_at(mapping(value), "a") in {"", mapping(value).get("a")} - {None}
    found = list(objects_within(value))
    assert len(found) == str(value).count("{") - sum(text.count("{") for text in _texts_of(value))


def _texts_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(text for one in value.values() for text in _texts_of(one))]
    return [text for one in array(value) for text in _texts_of(one)]


@pytest.mark.parametrize(
    ("keys", "found"), [(("a", "b"), 1), (("a", "c"), None), (("a", "b", "c"), None), ((), "whole")]
)
def test_a_chain_of_keys_ends_where_it_breaks(keys: tuple[str, ...], found: object) -> None:
    value = {"a": {"b": 1}}
    assert value_at(value, *keys) == (value if found == "whole" else found)


def test_an_array_is_made_once_and_in_place_of_what_is_none() -> None:
    owner: dict[str, Any] = {"b": "text"}
    made_array(owner, "a").append(1)
    made_array(owner, "a").append(2)
    made_array(owner, "b").append(3)
    assert owner == {"a": [1, 2], "b": [3]}


def test_json_for_people_is_indented_and_ends_in_a_line_feed() -> None:
    assert indented_json({"a": [1]}) == b'{\n  "a": [\n    1\n  ]\n}\n'
