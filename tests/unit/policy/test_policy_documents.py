"""Policy documents as hostile input: they are refused in one line, quickly, with their place."""

from __future__ import annotations

import random
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.policy.documents import MAX_BYTES, MAX_DEPTH, Mapping, Scalar, parse
from pratique.policy.errors import PolicyError
from pratique.policy.library import pack
from pratique.policy.service import load

BILLION = b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


@pytest.mark.parametrize(
    ("data", "place", "says"),
    [
        (BILLION, (1, 4), "anchors and aliases"),
        (b"id: *nothing\n", (1, 5), "anchors and aliases"),
        (b"id: !!python/object/apply:os.system ['true']\n", (1, 5), "tags"),
        (b"id: !!str x\n", (1, 5), "tags"),
        (b"id: a\nid: b\n", (2, 1), "second time"),
        (b"id: a\n---\nid: b\n", (2, 1), "second document"),
        (b"? [a, b]\n: c\n", (1, 3), "key is not a text"),
        (b"id: [a\n", (2, 1), "not valid YAML"),
        (b"id: a\n\tb: c\n", (2, 1), "not valid YAML"),
        (b"", (1, 1), "is empty"),
        (b"\xff\xff", (1, 1), "not UTF-8"),
        (b"id: \x00", (1, 1), "binary"),
        (b"[" * 500, (1, MAX_DEPTH + 1), "nested over"),
        (b"{a: " * 500, (1, 4 * MAX_DEPTH + 1), "nested over"),
        (b"id: " + b"x" * MAX_BYTES, (1, 1), "over the limit"),
        (b"- a\n" * 50_100, (50_000, 3), "over 50,000 values"),
    ],
)
def test_what_no_policy_needs_is_refused_with_its_place(data, place, says) -> None:
    start = process_time()
    with pytest.raises(PolicyError) as caught:
        parse(data, "alpha.yaml")
    defect = caught.value.defects[0]
    assert says in defect.message
    assert (defect.line, defect.column) == place
    assert "\n" not in str(caught.value)
    assert process_time() - start < 20


def test_scalars_stay_the_text_that_was_written() -> None:
    root = parse(b"reason: no\nversion: 1.10\nwhen: 2027-01-01\noctal: 0777\n", "alpha.yaml")
    assert isinstance(root, Mapping)
    texts = {name: node.text for name, (_, node) in root.entries.items()}
    assert texts == {"reason": "no", "version": "1.10", "when": "2027-01-01", "octal": "0777"}


@pytest.mark.parametrize(
    ("yaml", "needle"),
    [
        ("when: malicious && WRONG", "WRONG"),
        ("when: 'malicious && WRONG'", "WRONG"),
        ('when: "malicious && WRONG"', "WRONG"),
        ("when: |\n  malicious &&\n     WRONG", "WRONG"),
        ("when: |-\n\n      malicious\n      && WRONG", "WRONG"),
        ("when: 'it''s WRONG'", "'it''s"),  # an escape stands in between: the scalar's start
        ("when: >\n  malicious &&\n  WRONG", ">"),
    ],
)
def test_a_place_in_a_text_is_found_in_the_file(yaml: str, needle: str) -> None:
    root = parse(yaml.encode(), "alpha.yaml")
    assert isinstance(root, Mapping)
    node = root.entries["when"][1]
    assert isinstance(node, Scalar)
    offset = node.text.index("WRONG")
    row = node.text.count("\n", 0, offset) + 1
    column = offset - (node.text.rfind("\n", 0, offset) + 1) + 1
    line, place = node.place(row, column)
    found = yaml.index(needle)
    assert line == yaml.count("\n", 0, found) + 1
    assert place == found - (yaml.rfind("\n", 0, found) + 1) + 1


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_random_bytes_are_survived(data: bytes) -> None:
    refused = ()
    try:
        load(data, "alpha.yaml")
    except PolicyError as error:
        refused = error.defects
    assert refused  # no random bytes are a policy


def test_mutated_packs_are_survived() -> None:
    found = pack("s2c2f-level-1")
    assert found is not None
    chooser = random.Random(8)
    for _ in range(120):
        data = bytearray(found[0])
        for _ in range(chooser.randint(1, 6)):
            place = chooser.randrange(len(data))
            match chooser.randrange(3):
                case 0:
                    data[place] = chooser.randrange(256)
                case 1:
                    del data[place : place + chooser.randint(1, 40)]
                case 2:
                    data[place:place] = chooser.choice([b"&a ", b"*a", b"!t ", b"[", b"\n- ", b"'"])
        refused = ()
        try:
            load(bytes(data), "alpha.yaml")
        except PolicyError as error:
            refused = error.defects
        assert all(defect.line >= 1 and defect.column >= 1 for defect in refused)
