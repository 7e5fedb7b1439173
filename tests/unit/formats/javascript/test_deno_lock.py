"""deno.lock, versions 2 to 5."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from pratique.formats.lockfiles.javascript.deno_lock import read, sniff
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Trouble

INTEGRITY = "sha512-" + base64.b64encode(hashlib.sha512(b"alpha").digest()).decode()

V5 = {
    "version": "5",
    "specifiers": {
        "jsr:@std/path@1": "1.0.0",
        "jsr:@std/deep@1": "1.1.0",
        "npm:alpha@^1.0.0": "1.2.3_peer@2.0.0",
        "npm:peer@2": "2.0.0",
    },
    "jsr": {
        "@std/path@1.0.0": {"integrity": "00" * 32, "dependencies": ["jsr:@std/deep"]},
        "@std/deep@1.0.0": {"integrity": "00" * 32},
        "@std/deep@1.1.0": {"integrity": "00" * 32},
    },
    "npm": {
        "alpha@1.2.3_peer@2.0.0": {
            "integrity": INTEGRITY,
            "dependencies": ["gamma@2.0.0", "peer", "old@npm:gamma@1.0.0"],
            "optionalDependencies": ["elsewhere"],
        },
        "gamma@1.0.0": {"integrity": INTEGRITY},
        "gamma@2.0.0": {"integrity": INTEGRITY},
        "peer@2.0.0": {"integrity": INTEGRITY},
    },
    "remote": {"https://example.test/mod.ts": "00" * 32},
    "workspace": {
        "dependencies": ["jsr:@std/path@1"],
        "members": {
            "a": {"packageJson": {"dependencies": ["npm:alpha@^1.0.0", "jsr:@own/member@1"]}}
        },
    },
}


def test_version_5(memory_tree):
    data = json.dumps(V5, indent=2).encode()
    reading = read(data, "deno.lock", memory_tree({}))
    parts = {part.ref: part for part in reading.components}
    assert reading.format == "deno.lock v5"
    assert reading.roots == ("@std/path@1.0.0", "alpha@1.2.3")
    assert reading.edges["alpha@1.2.3"] == ("gamma@2.0.0", "peer@2.0.0", "gamma@1.0.0")
    assert reading.edges["@std/path@1.0.0"] == ("@std/deep@1.1.0",)
    assert str(parts["@std/path@1.0.0"].package).startswith("pkg:jsr/")
    assert parts["@std/path@1.0.0"].ecosystem == ""
    assert parts["alpha@1.2.3"].ecosystem == "npm"
    assert parts["alpha@1.2.3"].relation is Relation.DIRECT
    assert parts["alpha@1.2.3"].requirement == "^1.0.0"
    assert parts["@std/path@1.0.0"].locations[0].line == 10
    assert [problem.message for problem in reading.problems] == [
        "1 modules by address belong to no package and are not looked at"
    ]


def test_versions_2_and_3(memory_tree):
    npm = {
        "alpha@1.0.0": {"integrity": INTEGRITY, "dependencies": {"old": "gamma@1.0.0"}},
        "gamma@1.0.0": {"integrity": INTEGRITY, "dependencies": {}},
    }
    second = {"version": "2", "npm": {"specifiers": {"alpha@1": "alpha@1.0.0"}, "packages": npm}}
    third = {
        "version": "3",
        "packages": {"specifiers": {"npm:alpha@1": "npm:alpha@1.0.0"}, "npm": npm},
    }
    for document in (second, third):
        reading = read(json.dumps(document, indent=1).encode(), "deno.lock", memory_tree({}))
        assert reading.problems == ()
        assert reading.roots == ("alpha@1.0.0",)
        assert reading.edges == {"alpha@1.0.0": ("gamma@1.0.0",), "gamma@1.0.0": ()}
        assert all(part.locations[0].line for part in reading.components)


def test_bad_entries_are_told_and_the_rest_is_kept(memory_tree):
    document = {
        "version": "9",
        "npm": {
            "null@1.0.0": None,
            "bare": {},
            "bad@1.0.0": {"integrity": "sha512-@@", "dependencies": ["missing", 7]},
        },
        "workspace": {"dependencies": ["npm:lost@1", 7]},
    }
    reading = read(json.dumps(document, indent=1).encode(), "deno.lock", memory_tree({}))
    assert [part.ref for part in reading.components] == ["bare@", "bad@1.0.0"]
    messages = [problem.message for problem in reading.problems]
    for expected in (
        "'9' is not known",
        "None",
        "no version",
        "base64",
        "'missing'",
        "'npm:lost@1'",
    ):
        assert any(expected in message for message in messages), expected
    assert {problem.trouble for problem in reading.problems} == {
        Trouble.UNKNOWN,
        Trouble.UNREADABLE,
    }


@pytest.mark.parametrize("data", [b"", b"[]", b"nul", b"\x00"])
def test_what_is_no_lockfile_is_refused(data, memory_tree):
    with pytest.raises(InputError):
        read(data, "deno.lock", memory_tree({}))


def test_sniff():
    assert sniff(json.dumps(V5).encode())
    assert not sniff(b'{"version": "1.0.0", "name": "a"}')
