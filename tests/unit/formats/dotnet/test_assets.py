from __future__ import annotations

import base64
import json

import pytest

from pratique.formats.lockfiles.dotnet.assets import read
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Trouble

ASSETS = {
    "version": 3,
    "targets": {
        "net8.0": {"Alpha/1.0.0": {"type": "package", "dependencies": {"Beta": "2.0.0"}}},
        "net48": {"Beta/2.0.0": {"type": "package", "dependencies": {"core": "1.0.0"}}},
        "odd": [],
    },
    "libraries": {
        "Alpha/1.0.0": {"type": "package", "sha512": base64.b64encode(bytes(64)).decode()},
        "Beta/2.0.0": {"type": "package"},
        "core/1.0.0": {"type": "project"},
    },
    "projectFileDependencyGroups": {"net8.0": ["Alpha >= 1.0.0", 7], "net48": None},
    "project": {"version": "0.1", "restore": {"projectName": "App"}},
}


def test_restore_result(memory_tree):
    reading = read(
        json.dumps(ASSETS, indent=1).encode(), "obj/project.assets.json", memory_tree({})
    )
    assert [(c.ref, c.relation, c.ecosystem, c.requirement) for c in reading.components] == [
        ("Alpha@1.0.0", Relation.DIRECT, "NuGet", ">= 1.0.0"),
        ("Beta@2.0.0", Relation.TRANSITIVE, "NuGet", ""),
        ("core@1.0.0", Relation.TRANSITIVE, "", ""),
    ]
    assert reading.edges == {"Alpha@1.0.0": ("Beta@2.0.0",), "Beta@2.0.0": ("core@1.0.0",)}
    assert reading.roots == ("Alpha@1.0.0",)
    assert str(reading.subject) == "pkg:nuget/App@0.1"
    assert [str(h) for h in reading.components[0].hashes] == ["sha512:" + "00" * 64]
    assert [p.trouble for p in reading.problems] == [Trouble.UNREADABLE]


def test_unknown_version_is_said(memory_tree):
    data = json.dumps({**ASSETS, "version": 12}).encode()
    reading = read(data, "project.assets.json", memory_tree({}))
    assert len(reading.components) == 3
    assert "12" in reading.problems[0].message


@pytest.mark.parametrize("data", [b"null", b"[]", b"{}"])
def test_other_json_is_refused(memory_tree, data):
    with pytest.raises(InputError):
        read(data, "project.assets.json", memory_tree({}))
