"""YAML as readers get it: plain values, in one pass, without tags and aliases."""

from __future__ import annotations

import datetime as dt

import pytest
import yaml

from pratique.formats.base import MAX_DEPTH
from pratique.formats.yaml_text import parse_yaml
from pratique.model.errors import InputError, LimitError

DOCUMENTS = [
    "a: 1\nb: [x, 'y', \"z\", {c: ~}]\n",
    "a: 2020-01-02\nb: 2020-01-02T03:04:05Z\nc: 1.5\nd: 1e3\ne: .inf\nf: 0x1f\ng: 0b11\nh: 1_000\n",
    "a: yes\nb: no\nc: on\nd: Off\ne: true\nf: null\ng: ''\nh: '1'\ni: \"2\"\n",
    "- |\n  literal\n  text\n- >-\n  folded\n  text\n- plain\n  text\n",
    "a:\n  - b: 1\n    c: 2\n  -\n  - []\n  - {}\n",
    "1: a\ntrue: b\n~: c\n1.5: d\n",
    "a: 1\na: 2\n",
    "--- \na: &anchor 1\n...\n",
    "a: !!str 1\nb: !!int '2'\nc: !!map {}\nd: !!seq []\ne: ! x\n",
    "a: 12:30:45\nb: 1.2.3\nc: 007\nd: +1\ne: .5\nf: '@x'\n",
    "",
    "# nothing\n",
    "text",
    "'quoted'",
    "7",
]


@pytest.mark.parametrize("text", DOCUMENTS)
def test_values_are_those_of_the_safe_loader(text):
    assert repr(parse_yaml(text)) == repr(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &x 1\nb: *x\n", "line 2: YAML aliases"),
        ("a: 1\nb: !!python/object:os.system {}\n", "line 2: YAML tags"),
        ("a: !custom 1\n", "line 1: YAML tags"),
        ("a: !!binary aGk=\n", "YAML tags"),
        ("a: 1\n---\nb: 2\n", "line 2: holds a second"),
        ("? [a]\n: b\n", "key that is no scalar"),
        ("a: [\n", "not valid YAML"),
        ("a: b: c\n", "line 1: is not valid YAML"),
        ("\tx: 1\n", "not valid YAML"),
    ],
)
def test_what_is_refused(text, told):
    with pytest.raises(InputError, match=told):
        parse_yaml(text)


def test_depth_is_limited_without_recursion():
    assert parse_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None
    with pytest.raises(LimitError):
        parse_yaml("[" * 100_000)


def test_a_billion_laughs_is_refused_at_its_first_alias():
    text = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(InputError, match="line 2: YAML aliases"):
        parse_yaml(text)


def test_a_scalar_of_no_value_stays_text():
    assert parse_yaml("a: 2020-13-45\nb: 2020-01-02\n") == {
        "a": "2020-13-45",
        "b": dt.date(2020, 1, 2),
    }
    assert parse_yaml("a: " + "1" * 5000) == {"a": "1" * 5000}
