from __future__ import annotations

import base64
import json

import pytest

from pratique.formats.lockfiles.dotnet.deps import read
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Trouble

DIGEST = bytes(64)
TARGET = ".NETCoreApp,Version=v8.0/linux-x64"

DEPS = {
    "runtimeTarget": {"name": TARGET, "signature": ""},
    "targets": {
        ".NETCoreApp,Version=v8.0": {},
        TARGET: {
            "App/1.0.0": {
                "dependencies": {"Alpha": "1.0.0", "runtimepack.Test.Runtime": "8.0.1"},
                "runtime": {"App.dll": {}},
            },
            "Alpha/1.0.0": {"dependencies": {"Beta": "2.0.0", "Absent": "1"}},
            "Beta/2.0.1": {},
        },
    },
    "libraries": {
        "App/1.0.0": {"type": "project", "serviceable": False, "sha512": ""},
        "Alpha/1.0.0": {
            "type": "package",
            "sha512": "sha512-" + base64.b64encode(DIGEST).decode(),
        },
        "Beta/2.0.1": {"type": "package", "sha512": ""},
        "runtimepack.Test.Runtime/8.0.1": {"type": "runtimepack"},
    },
}


def deps(document: object) -> bytes:
    return json.dumps(document, indent=1).encode()


def test_libraries_of_a_built_application(memory_tree):
    reading = read(deps(DEPS), "app.deps.json", memory_tree({}))
    found = {c.ref: (c.relation, c.ecosystem) for c in reading.components}
    assert found == {
        "App@1.0.0": (Relation.UNKNOWN, ""),
        "Alpha@1.0.0": (Relation.DIRECT, "NuGet"),
        "Beta@2.0.1": (Relation.TRANSITIVE, "NuGet"),
        "Test.Runtime@8.0.1": (Relation.DIRECT, "NuGet"),
    }
    assert reading.components[3].alias == "runtimepack.Test.Runtime"
    assert [str(h) for h in reading.components[1].hashes] == ["sha512:" + DIGEST.hex()]
    assert reading.edges == {
        "App@1.0.0": ("Alpha@1.0.0", "Test.Runtime@8.0.1"),
        "Alpha@1.0.0": ("Beta@2.0.1",),
        "Beta@2.0.1": (),
    }
    assert str(reading.subject) == "pkg:nuget/App@1.0.0"
    assert reading.roots == ("Alpha@1.0.0", "Test.Runtime@8.0.1")
    assert not reading.problems


def test_bad_libraries_are_problems_and_the_rest_is_kept(memory_tree):
    document = {
        "targets": {"a": {}, "b": {}},
        "libraries": {
            "Alpha/1": {"type": "package", "sha512": "sha512-AAAA"},
            "Versionless": {"type": "package"},
            "Null/1": None,
            "/1": {},
        },
    }
    reading = read(deps(document), "app.deps.json", memory_tree({}))
    assert [c.ref for c in reading.components] == ["Alpha@1", "Versionless@"]
    assert sorted((p.location.line, p.trouble.value) for p in reading.problems) == [
        (2, "unknown"),
        (7, "unknown"),
        (11, "unknown"),
        (14, "unreadable"),
        (15, "unreadable"),
    ]


def test_no_targets_means_edges_are_not_known(memory_tree):
    reading = read(
        deps({"libraries": {"A/1": {"type": "package"}}}), "app.deps.json", memory_tree({})
    )
    assert reading.edges == {}
    assert [p.trouble for p in reading.problems] == [Trouble.UNKNOWN]


@pytest.mark.parametrize("data", [b"null", b"[]", b"{}", b'{"libraries": null}'])
def test_other_json_is_refused(memory_tree, data):
    with pytest.raises(InputError):
        read(data, "app.deps.json", memory_tree({}))
