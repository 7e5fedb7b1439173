"""package.json, as a project's manifest and as what is installed in node_modules."""

from __future__ import annotations

import base64
import hashlib
import json
import time

import pytest

from pratique.formats.installed.node import link
from pratique.formats.installed.node import read as read_installed
from pratique.formats.lockfiles.javascript.package_json import read
from pratique.model.errors import InputError
from pratique.model.inventory import LicenseClaim, Relation, Scope, Trouble
from pratique.model.nouns import Source

DIGEST = hashlib.sha512(b"alpha").digest()

MANIFEST = b"""{
  "name": "project",
  "version": "1.0.0",
  "dependencies": {
    "alpha": "^1.0.0",
    "pinned": "1.2.3-rc.1",
    "old-beta": "npm:@scope/beta@2.0.0",
    "forked": "owner/forked#v1.0.0",
    "tarball": "https://user:secret@example.test/tarball.tgz?token=secret",
    "member": "workspace:*",
    "extra": "1.x"
  },
  "optionalDependencies": { "extra": "1.x" },
  "devDependencies": { "tool": "latest" },
  "peerDependencies": { "host": ">=1" }
}
"""


def test_manifest(memory_tree):
    reading = read(MANIFEST, "package.json", memory_tree({}))
    parts = {part.package.full_name: part for part in reading.components}
    assert str(reading.subject) == "pkg:npm/project@1.0.0"
    assert reading.problems == ()
    assert reading.edges == {}  # a manifest says nothing of them
    assert len(reading.roots) == len(parts) == 8
    assert {part.relation for part in parts.values()} == {Relation.DIRECT}
    assert (parts["alpha"].package.version, parts["alpha"].requirement) == ("", "^1.0.0")
    assert parts["alpha"].locations[0].line == 5
    assert parts["pinned"].package.version == "1.2.3-rc.1"
    assert parts["@scope/beta"].package.version == "2.0.0"
    assert parts["@scope/beta"].alias == "old-beta"
    assert parts["forked"].source == Source(
        "https://github.com/owner/forked.git", reference="v1.0.0"
    )
    assert parts["tarball"].registry == "https://example.test/tarball.tgz"
    assert parts["extra"].scope is Scope.OPTIONAL
    assert (parts["tool"].scope, parts["tool"].groups) == (Scope.DEVELOPMENT, ("dev",))
    assert parts["host"].groups == ("peer",)


def test_wrong_types_are_told_and_the_rest_is_kept(memory_tree):
    text = b"""{
  "name": "",
  "dependencies": { "alpha": 1, "beta": null, "good": "1.0.0", "good": "1.0.1" },
  "devDependencies": ["tool"]
}"""
    reading = read(text, "package.json", memory_tree({}))
    assert [part.ref for part in reading.components] == ["good@1.0.1"]
    assert reading.subject is None
    told = [(problem.location.line, problem.message) for problem in reading.problems]
    assert len(told) == 4
    assert all(line in {3, 4} for line, _ in told)


def test_a_unity_package_is_none_of_npm(memory_tree):
    text = (
        b'{"name": "com.example.a", "unity": "2020.3", "dependencies": {"com.example.b": "1.0.0"}}'
    )
    reading = read(text, "package.json", memory_tree({}))
    assert reading.components == ()
    assert reading.problems[0].trouble is Trouble.NOTICE


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\x00{}"])
def test_what_is_no_manifest_is_refused(data, memory_tree):
    with pytest.raises(InputError):
        read(data, "package.json", memory_tree({}))
    with pytest.raises(InputError):
        read_installed(data, "node_modules/a/package.json", memory_tree({}))


INSTALLED = json.dumps(
    {
        "name": "@scope/alpha",
        "version": "1.2.3",
        "licenses": [{"type": "MIT"}, {"type": "Apache-2.0"}],
        "dependencies": {"beta": "^1.0.0"},
        "_resolved": "https://u:p@registry.example.test/alpha.tgz",
        "_integrity": "sha512-" + base64.b64encode(DIGEST).decode(),
    }
).encode()


def test_installed(memory_tree):
    path = "app/node_modules/x/node_modules/@scope/alpha/package.json"
    reading = read_installed(INSTALLED, path, memory_tree({}))
    (part,) = reading.components
    assert str(part.package) == "pkg:npm/%40scope/alpha@1.2.3"
    assert part.licenses == (
        LicenseClaim("MIT", "installed metadata"),
        LicenseClaim("Apache-2.0", "installed metadata"),
    )
    assert part.registry == "https://registry.example.test/alpha.tgz"
    assert part.hashes[0].digest == DIGEST.hex()
    assert part.alias == ""
    assert reading.edges == {}  # it needs something, and what was resolved is not stated
    assert reading.problems == ()


def test_installed_by_way_of_the_manifest_reader(memory_tree):
    """Both readers' patterns take the path; either gives what is installed."""
    path = "node_modules/alpha/package.json"
    assert read(INSTALLED, path, memory_tree({})) == read_installed(
        INSTALLED, path, memory_tree({})
    )
    assert read(INSTALLED, path, memory_tree({})).components[0].alias == "alpha"


@pytest.mark.parametrize(
    "path", ["node_modules/a/dist/esm/package.json", "node_modules/.bin/package.json"]
)
def test_files_inside_of_a_package_are_none(path, memory_tree):
    reading = read_installed(b'{"type": "module"}', path, memory_tree({}))
    assert (reading.components, reading.problems) == ((), ())


def test_installed_without_name_and_version(memory_tree):
    reading = read_installed(
        b'{"version": 7, "license": null}', "node_modules/@s/a/package.json", memory_tree({})
    )
    assert reading.components[0].ref == "@s/a@"
    assert {problem.trouble for problem in reading.problems} == {
        Trouble.NOTICE,
        Trouble.UNREADABLE,
        Trouble.UNKNOWN,
    }


class NoTree:
    """A tree that must not be asked: reading one package opens and lists nothing else."""

    def read(self, path):
        raise AssertionError(path)

    is_file = names = read


def package(**fields: object) -> bytes:
    return json.dumps({"version": "1.0.0", **fields}).encode()


def test_links_follow_node_resolution():
    """Node.js, "Loading from node_modules folders"; pnpm's layout by the only one of a name."""
    documents = {
        "app/node_modules/a/package.json": package(
            dependencies={"b": "1", "absent": "1"}, peerDependencies={"@s/c": "1"}
        ),
        "app/node_modules/a/node_modules/b/package.json": package(
            dependencies={"a": "1", "b": "1"}
        ),
        "app/node_modules/b/package.json": package(optionalDependencies={"@s/c": "1"}),
        "app/node_modules/@s/c/package.json": package(dependencies=["b"]),
        "app/node_modules/.pnpm/d@1/node_modules/d/package.json": package(
            dependencies={"e": "1", "b": "1"}
        ),
        "app/node_modules/.pnpm/e@1/node_modules/e/package.json": b"{",
        "app/node_modules/a/dist/package.json": b"{}",
    }
    assert link(documents.items(), NoTree()) == {
        "app/node_modules/a/package.json": (
            "app/node_modules/a/node_modules/b/package.json",
            "app/node_modules/@s/c/package.json",
        ),
        "app/node_modules/a/node_modules/b/package.json": ("app/node_modules/a/package.json",),
        "app/node_modules/b/package.json": ("app/node_modules/@s/c/package.json",),
        "app/node_modules/@s/c/package.json": (),
        "app/node_modules/.pnpm/d@1/node_modules/d/package.json": (
            "app/node_modules/.pnpm/e@1/node_modules/e/package.json",
            "app/node_modules/b/package.json",
        ),
        "app/node_modules/.pnpm/e@1/node_modules/e/package.json": (),
    }


def test_a_tree_of_1000_packages_is_read_and_linked_in_linear_time():
    documents = {
        f"node_modules/p{n}/package.json": package(name=f"p{n}", dependencies={f"p{n + 1}": "*"})
        for n in range(1000)
    }
    start = time.process_time()
    for path, data in documents.items():
        assert len(read_installed(data, path, NoTree()).components) == 1
    edges = link(documents.items(), NoTree())
    assert sum(map(len, edges.values())) == 999
    assert time.process_time() - start < 10
