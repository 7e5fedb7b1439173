from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.formats.lockfiles import gathering as module
from pratique.formats.lockfiles.gathering import (
    Gathering,
    artifact_of_base64,
    named,
    without_credentials,
)
from pratique.formats.lockfiles.jsonlines import JsonLines
from pratique.model.errors import InputError
from pratique.model.inventory import Location, Relation, Scope, Trouble
from pratique.model.nouns import Artifact
from pratique.model.purl import Package


@pytest.fixture
def gathering() -> Gathering:
    return Gathering("a/lock", type="npm", ecosystem="npm")


def alpha(version: str = "1") -> Package:
    return Package.of("npm", "alpha", version)


def test_the_same_package_is_merged_to_the_widest(gathering):
    one = gathering.add(
        alpha(), line=3, scope=Scope.TEST, groups=["b"], relation=Relation.TRANSITIVE
    )
    two = gathering.add(
        alpha(), line=9, scope=Scope.RUNTIME, groups=["a", "b"], relation=Relation.DIRECT
    )
    assert one == two
    (component,) = gathering.reading("x").components
    assert component.scope is Scope.RUNTIME
    assert component.relation is Relation.DIRECT
    assert component.groups == ("a", "b")
    assert component.locations == (Location("a/lock", 3), Location("a/lock", 9))
    assert component.ecosystem == "npm"


def test_versions_and_qualifiers_are_told_apart(gathering):
    refs = {
        gathering.add(alpha("1"), line=1),
        gathering.add(alpha("2"), line=2),
        gathering.add(Package.of("npm", "alpha", "2", qualifiers={"os": "x"}), line=3),
        gathering.add(Package.of("npm", "alpha", "2", namespace="@scope"), line=4),
    }
    assert len(refs) == 4
    assert alpha("1") in gathering
    assert alpha("3") not in gathering


def test_edges_and_roots_name_only_what_is_there(gathering):
    ref = gathering.add(alpha(), line=1)
    gathering.states_edges(ref)
    gathering.states_edges("absent")
    gathering.edge(ref, "absent")
    gathering.edge("absent", ref)
    reading = gathering.reading("x", roots=["absent", ref, ref])
    assert reading.edges == {ref: ()}
    assert reading.roots == (ref,)


def test_a_name_that_is_no_package_is_a_problem(gathering):
    assert gathering.package("", "1", line=7) is None
    (problem,) = gathering.reading("x").problems
    assert (problem.trouble, problem.location.line) == (Trouble.UNREADABLE, 7)


def test_too_many_packages_are_said_once(gathering, monkeypatch):
    monkeypatch.setattr(module, "MAX_ITEMS", 2)
    refs = [gathering.add(alpha(str(n)), line=n) for n in range(5)]
    reading = gathering.reading("x")
    assert len(reading.components) == 2
    assert refs[2:] == ["", "", ""]
    assert [p.trouble for p in reading.problems] == [Trouble.UNREADABLE]


def test_digests(gathering):
    assert artifact_of_base64("sha512", "A" * 86 + "==") == Artifact("sha512", "0" * 128)
    for bad in ("@", "AAAA", "A"):
        with pytest.raises(InputError):
            artifact_of_base64("sha512", bad)
    assert gathering.digest("sha1", "zz", 4) == ()
    assert next(iter(gathering.notes)).location.line == 4


@pytest.mark.parametrize(
    ("address", "bare"),
    [
        ("https://user:pa@ss@host.example.test/x?token=1#f", "https://host.example.test/x"),
        ("https://host.example.test/a@b", "https://host.example.test/a@b"),
        ("git@host.example.test:a/b.git", "git@host.example.test:a/b.git"),
        ("../folder", "../folder"),
        ("", ""),
    ],
)
def test_credentials_are_dropped_and_paths_kept(address, bare):
    assert without_credentials(address) == bare


@given(st.text())
def test_names_in_messages_are_printable(text):
    assert named(text).isprintable()


VALUES = st.recursive(
    st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES, st.integers(0, 3))
def test_lines_of_every_member_and_item(value, indent):
    counter = iter(range(10_000))
    text = json.dumps(marked(value, counter), indent=indent)
    lines = JsonLines(text, 50)
    numbered = text.split("\n")
    for path, marker in markers(json.loads(text)):
        assert numbered[lines[path] - 1].count(marker) == 1
    assert lines.repeated == []


def marked(value: object, counter) -> object:
    """The value with each number replaced by a string that occurs only once."""
    if isinstance(value, dict):
        return {key: marked(v, counter) for key, v in value.items()}
    if isinstance(value, list):
        return [marked(v, counter) for v in value]
    return f'<{next(counter)}>":{{['


def markers(value: object, path: tuple = ()):
    if isinstance(value, dict):
        for key, v in value.items():
            yield from markers(v, (*path, key))
    elif isinstance(value, list):
        for n, v in enumerate(value):
            yield from markers(v, (*path, n))
    elif path:
        yield path, str(value).partition(">")[0] + ">"


def test_repeated_members_have_the_later_line():
    lines = JsonLines('{"a": 1,\n"b": {"a": 1,\n"a": 2}, "a": 3}', 3)
    assert lines.repeated == [(("b", "a"), 3), (("a",), 3)]
