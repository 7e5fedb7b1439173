from __future__ import annotations

import base64
import json

import pytest

from pratique.formats.lockfiles.dotnet.packages_lock import read
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Trouble

DIGEST = bytes(range(64))
HASH = base64.b64encode(DIGEST).decode()

LOCK = {
    "version": 2,
    "dependencies": {
        "net8.0": {
            "Alpha": {
                "type": "Direct",
                "requested": "[1.0.0, )",
                "resolved": "1.0.0",
                "contentHash": HASH,
                "dependencies": {"beta": "2.0.0"},
            },
            "Beta": {"type": "Transitive", "resolved": "2.0.0"},
            "Central": {"type": "CentralTransitive", "requested": "[3.0.0, )", "resolved": "3.0.0"},
            "core": {
                "type": "Project",
                "dependencies": {"Central": "[3.0.0, )", "deep": "[1.0.0, )"},
            },
            "deep": {"type": "Project", "dependencies": {"Beta": "[2.0.0, )", "core": "[1.0.0, )"}},
        },
        "net8.0/linux-x64": {"Beta": {"type": "Transitive", "resolved": "2.0.0"}},
    },
}


def lock(document: object) -> bytes:
    return json.dumps(document, indent=1).encode()


@pytest.fixture
def reading(memory_tree):
    return read(lock(LOCK), "packages.lock.json", memory_tree({}))


def test_relations_requirements_and_frameworks(reading):
    assert [(c.ref, c.relation, c.requirement, c.groups) for c in reading.components] == [
        ("Alpha@1.0.0", Relation.DIRECT, "[1.0.0, )", ("net8.0",)),
        ("Beta@2.0.0", Relation.TRANSITIVE, "", ("net8.0", "net8.0/linux-x64")),
        ("Central@3.0.0", Relation.TRANSITIVE, "[3.0.0, )", ("net8.0",)),
    ]
    assert reading.format == "packages.lock.json v2"
    assert not reading.problems


def test_content_hash_is_hexadecimal_sha512(reading):
    assert [str(h) for h in reading.components[0].hashes] == ["sha512:" + DIGEST.hex()]


def test_lines_of_every_framework(reading):
    assert [[place.line for place in c.locations] for c in reading.components] == [
        [5],
        [14, 39],
        [18],
    ]


def test_projects_are_no_packages_and_what_they_need_takes_their_place(reading):
    assert reading.edges == {"Alpha@1.0.0": ("Beta@2.0.0",), "Beta@2.0.0": (), "Central@3.0.0": ()}
    assert reading.roots == ("Alpha@1.0.0", "Central@3.0.0", "Beta@2.0.0")


def test_version_3_has_targets_by_alias(memory_tree):
    document = {
        "version": 3,
        "apple/osx": {
            "framework": "net10.0",
            "dependencies": {"Alpha": {"type": "Direct", "resolved": "1.0.0"}},
        },
        "pear": {"framework": "net10.0"},
    }
    reading = read(lock(document), "packages.lock.json", memory_tree({}))
    (alpha,) = reading.components
    assert (alpha.ref, alpha.groups) == ("Alpha@1.0.0", ("apple/osx",))
    assert alpha.locations[0].line == 6
    assert not reading.problems


@pytest.mark.parametrize("version", [7, "1", None, True, [1]])
def test_unknown_version_is_said_and_the_entries_are_read(memory_tree, version):
    document = {**LOCK, "version": version}
    reading = read(lock(document), "packages.lock.json", memory_tree({}))
    assert len(reading.components) == 3
    assert [p.trouble for p in reading.problems] == [Trouble.UNKNOWN]
    assert repr(version) in reading.problems[0].message


def test_bad_entries_are_problems_and_the_rest_is_kept(memory_tree):
    document = {
        "version": 1,
        "dependencies": {
            "net8.0": {
                "Null": None,
                "Versionless": {"type": "Direct"},
                "Odd": {"type": "Guess", "resolved": "1", "contentHash": "@@"},
                "Short": {"type": "Direct", "resolved": "1", "contentHash": "AAAA"},
                "Good": {"type": "Transitive", "resolved": "1", "dependencies": {"Absent": "1"}},
            },
            "net9.0": [],
        },
    }
    reading = read(lock(document), "packages.lock.json", memory_tree({}))
    assert [c.ref for c in reading.components] == ["Versionless@", "Odd@1", "Short@1", "Good@1"]
    assert sorted((p.location.line, p.trouble.value) for p in reading.problems) == [
        (5, "unreadable"),
        (6, "unknown"),
        (9, "unknown"),
        (9, "unknown"),
        (14, "unknown"),
        (19, "notice"),
        (27, "unreadable"),
    ]


def test_repeated_entries_are_said(memory_tree):
    text = (
        b'{"version": 1, "dependencies": {"net8.0": {\n'
        b'"A": {"type": "Direct", "resolved": "1"},\n"A": {"type": "Direct", "resolved": "2"}}}}'
    )
    reading = read(text, "packages.lock.json", memory_tree({}))
    assert [c.ref for c in reading.components] == ["A@2"]
    assert [(p.location.line, p.trouble) for p in reading.problems] == [(3, Trouble.UNKNOWN)]


@pytest.mark.parametrize("data", [b"null", b"[]", b"{}", b'{"version": 1, "dependencies": []}'])
def test_other_json_is_refused(memory_tree, data):
    with pytest.raises(InputError):
        read(data, "packages.lock.json", memory_tree({}))
