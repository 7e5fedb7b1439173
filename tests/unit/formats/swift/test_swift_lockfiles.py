from __future__ import annotations

import json

import pytest

from pratique.formats.lockfiles.swift import package_resolved, podfile_lock
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Trouble
from pratique.model.nouns import Source


def pins(*entries: object, version: object = 2) -> bytes:
    return json.dumps({"pins": entries, "version": version}, indent=1).encode()


def pin(location: str, **state: str) -> dict:
    return {
        "identity": "alpha",
        "kind": "remoteSourceControl",
        "location": location,
        "state": state or {"revision": "00ff", "version": "1.0.0"},
    }


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("https://code.example.test/org/Alpha.git", "code.example.test/org/Alpha"),
        ("https://Code.Example.test/org/alpha/", "code.example.test/org/alpha"),
        ("https://user:pw@code.example.test:8443/org/alpha", "code.example.test/org/alpha"),
        ("ssh://git@code.example.test/org/alpha.git", "code.example.test/org/alpha"),
        ("git@code.example.test:org/deep/alpha.git", "code.example.test/org/deep/alpha"),
    ],
)
def test_purl_spec_swift_names_are_host_owner_and_repository(memory_tree, location, name):
    reading = package_resolved.read(pins(pin(location)), "Package.resolved", memory_tree({}))
    (component,) = reading.components
    assert component.package.full_name == name
    assert component.ecosystem == "SwiftURL"
    assert component.source.commit == "00ff"
    assert "pw" not in component.source.url
    assert component.locations[0].line == 3


def test_version_1_has_its_pins_in_an_object(memory_tree):
    document = {
        "object": {
            "pins": [
                {
                    "package": "Alpha",
                    "repositoryURL": "https://code.example.test/org/alpha",
                    "state": {"branch": None, "revision": "00ff", "version": "1.0.0"},
                }
            ]
        },
        "version": 1,
    }
    reading = package_resolved.read(
        json.dumps(document, indent=1).encode(), "Package.resolved", memory_tree({})
    )
    (component,) = reading.components
    assert (component.package.version, component.alias) == ("1.0.0", "Alpha")
    assert component.locations[0].line == 4
    assert not reading.problems


def test_registry_and_local_packages_are_of_no_known_ecosystem(memory_tree):
    registry = {
        "identity": "scope.beta",
        "kind": "registry",
        "location": "",
        "state": {"version": "2"},
    }
    local = {
        "identity": "gamma",
        "kind": "localSourceControl",
        "location": "/x/gamma",
        "state": {"version": "3"},
    }
    reading = package_resolved.read(pins(registry, local, version=3), "p", memory_tree({}))
    assert [(c.package.name, c.package.version, c.ecosystem) for c in reading.components] == [
        ("beta", "2", ""),
        ("gamma", "3", ""),
    ]


def test_branch_pins_bad_pins_and_versions_are_said(memory_tree):
    branch = pin("https://code.example.test/org/alpha", revision="00ff", branch="main")
    reading = package_resolved.read(
        pins(branch, None, {"kind": "registry"}, version=9), "p", memory_tree({})
    )
    (component,) = reading.components
    assert component.package.version == ""
    assert component.source == Source(
        url="https://code.example.test/org/alpha", commit="00ff", reference="main"
    )
    assert sorted((p.location.line, p.trouble.value) for p in reading.problems) == [
        (3, "unknown"),
        (12, "unreadable"),
        (13, "unreadable"),
        (17, "unknown"),
    ]


@pytest.mark.parametrize("data", [b"null", b"{}", b'{"pins": {}}', b'{"object": [], "version": 1}'])
def test_other_json_is_refused(memory_tree, data):
    with pytest.raises(InputError):
        package_resolved.read(data, "Package.resolved", memory_tree({}))


POD_LOCK = b"""PODS:
  - Alpha (1.0):
    - Alpha/Core (= 1.0)
    - Beta (~> 2)
  - Alpha/Core (1.0)
  - Beta (2.1):
    - Absent
  - "Gamma+Plus (0.3)"
  - Versionless
  - 7

DEPENDENCIES:
  - Alpha (~> 1.0)
  - Gamma+Plus (from `https://code.example.test/gamma.git`, branch `main`)
  - Elsewhere

SPEC REPOS:
  https://user:pw@specs.example.test/all.git:
    - Alpha

EXTERNAL SOURCES:
  Gamma+Plus:
    :branch: main
    :git: https://code.example.test/gamma.git

CHECKOUT OPTIONS:
  Gamma+Plus:
    :commit: 00ff00ff
    :git: https://code.example.test/gamma.git

COCOAPODS: 1.15.2
"""


def test_podfile_lock(memory_tree):
    reading = podfile_lock.read(POD_LOCK, "Podfile.lock", memory_tree({}))
    found = {c.package.name: c for c in reading.components}
    assert {n: (c.package.version, c.relation) for n, c in found.items()} == {
        "Alpha": ("1.0", Relation.DIRECT),
        "Beta": ("2.1", Relation.TRANSITIVE),
        "Gamma+Plus": ("0.3", Relation.DIRECT),
        "Versionless": ("", Relation.TRANSITIVE),
    }
    assert found["Alpha"].registry == "https://specs.example.test/all.git"
    assert found["Alpha"].requirement == "~> 1.0"
    assert [place.line for place in found["Alpha"].locations] == [2, 5]
    assert found["Gamma+Plus"].source == Source(
        url="https://code.example.test/gamma.git", commit="00ff00ff"
    )
    assert reading.edges == {
        "Alpha@1.0": ("Beta@2.1",),
        "Beta@2.1": (),
        "Gamma+Plus@0.3": (),
        "Versionless@": (),
    }
    assert reading.roots == ("Alpha@1.0", "Gamma+Plus@0.3")
    assert [(p.location.line, p.trouble) for p in reading.problems] == [
        (9, Trouble.UNKNOWN),
        (10, Trouble.UNREADABLE),
        (15, Trouble.NOTICE),
        (0, Trouble.NOTICE),
    ]


@pytest.mark.parametrize(
    "data", [b"- a\n", b"COCOAPODS: 1\n", b"PODS: &a [*a]\n", b"PODS: !!python/name:os\n"]
)
def test_other_yaml_is_refused(memory_tree, data):
    with pytest.raises(InputError):
        podfile_lock.read(data, "Podfile.lock", memory_tree({}))
