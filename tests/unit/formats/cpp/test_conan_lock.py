from __future__ import annotations

import json

import pytest

from pratique.formats.lockfiles.cpp.conan_lock import read
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Scope


def lock(document: object) -> bytes:
    return json.dumps(document, indent=1).encode()


def test_lists_of_conan_2(memory_tree):
    document = {
        "version": "0.5",
        "requires": ["alpha/1.0#aa11%1667396813.184", "beta/2.0@user/stable", "1.2.3#aa%1", None],
        "build_requires": ["tool/3.0"],
        "python_requires": {"a": 1},
    }
    reading = read(lock(document), "conan.lock", memory_tree({}))
    alpha, beta, tool = reading.components
    assert str(alpha.package) == "pkg:conan/alpha@1.0?rrev=aa11"
    assert (alpha.scope, alpha.groups, alpha.ecosystem) == (
        Scope.RUNTIME,
        ("requires",),
        "ConanCenter",
    )
    assert str(beta.package) == "pkg:conan/user/beta@2.0?channel=stable"
    assert beta.ecosystem == ""
    assert (tool.scope, tool.groups) == (Scope.BUILD, ("build-requires",))
    assert alpha.locations[0].line == 4
    assert [(p.location.line, p.trouble.value) for p in reading.problems] == [
        (6, "unreadable"),
        (7, "unreadable"),
        (12, "unreadable"),
    ]


GRAPH = {
    "graph_lock": {
        "nodes": {
            "0": {
                "ref": "app/1.0",
                "path": "conanfile.py",
                "requires": ["1"],
                "build_requires": ["3"],
            },
            "1": {"ref": "alpha/1.0#aa", "requires": {"beta/2.0": "2"}, "context": "host"},
            "2": {"pref": "beta/2.0#bb:cc#dd"},
            "3": {"ref": "tool/3.0", "context": "build"},
            "4": None,
        }
    },
    "version": "0.4",
}


def test_graph_of_conan_1(memory_tree):
    reading = read(lock(GRAPH), "conan.lock", memory_tree({}))
    alpha, beta, tool = reading.components
    assert [(c.package.name, c.relation, c.scope) for c in reading.components] == [
        ("alpha", Relation.DIRECT, Scope.RUNTIME),
        ("beta", Relation.TRANSITIVE, Scope.UNKNOWN),
        ("tool", Relation.DIRECT, Scope.BUILD),
    ]
    assert set(reading.roots) == {alpha.ref, tool.ref}
    assert reading.edges == {alpha.ref: (beta.ref,), beta.ref: (), tool.ref: ()}
    assert [p.trouble.value for p in reading.problems] == ["unreadable"]


@pytest.mark.parametrize("version", ["0.9", None, 0.4])
def test_unknown_version_is_said_and_the_entries_are_read(memory_tree, version):
    reading = read(lock({**GRAPH, "version": version}), "conan.lock", memory_tree({}))
    assert len(reading.components) == 3
    assert repr(version) in reading.problems[0].message


@pytest.mark.parametrize("data", [b"null", b"{}", b'{"graph_lock": {}}'])
def test_other_json_is_refused(memory_tree, data):
    with pytest.raises(InputError):
        read(data, "conan.lock", memory_tree({}))
