"""yarn.lock, classic and berry."""

from __future__ import annotations

import base64
import hashlib

import pytest

from pratique.formats.lockfiles.javascript.yarn_lock import read, sniff
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Scope
from pratique.model.nouns import Source

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SHA1 = hashlib.sha1(b"alpha").hexdigest()
DIGEST = hashlib.sha512(b"beta").digest()

CLASSIC = f"""# yarn lockfile v1


"@scope/beta@^1.0.0", "@scope/beta@>=1.0.0, <2":
  version "1.1.0"
  resolved "https://registry.example.test/@scope/beta/-/beta-1.1.0.tgz#{SHA1}"
  integrity sha512-{base64.b64encode(DIGEST).decode()}
  dependencies:
    gamma "^2.0.0"
  optionalDependencies:
    extra "^1.0.0"

alpha@^1.0.0, alpha@^1.2.0:
  version "1.2.3"
  resolved "https://user:secret@registry.example.test/alpha/-/alpha-1.2.3.tgz#{SHA1}"
  dependencies:
    "@scope/beta" "^1.0.0"

"aliased@npm:delta@^1.0.0":
  version "1.0.0"

extra@^1.0.0:
  version "1.0.0"

forked@owner/forked#main:
  version "1.0.0"
  resolved "https://codeload.github.com/owner/forked/tar.gz/{COMMIT}"

gamma@^2.0.0:
  version "2.0.0"

"member@link:./member":
  version "0.0.0"

tool@^3.0.0:
  version "3.0.0"
  dependencies:
    gamma "^2.0.0"
"""

MANIFEST = b"""{
  "name": "project", "version": "1.0.0",
  "workspaces": ["packages/*"],
  "dependencies": {"alpha": "^1.2.0", "forked": "owner/forked#main", "member": "link:./member"},
  "devDependencies": {"tool": "^3.0.0"}
}"""
MEMBER = b'{"name": "one", "dependencies": {"aliased": "npm:delta@^1.0.0"}}'


def test_classic_with_manifests(memory_tree):
    tree = memory_tree({"package.json": MANIFEST, "packages/one/package.json": MEMBER})
    reading = read(CLASSIC.encode(), "yarn.lock", tree)
    parts = {part.ref: part for part in reading.components}
    assert reading.format == "yarn.lock v1"
    assert reading.problems == ()
    assert str(reading.subject) == "pkg:npm/project@1.0.0"
    assert set(reading.roots) == {"alpha@1.2.3", "forked@1.0.0", "delta@1.0.0", "tool@3.0.0"}
    assert reading.edges["alpha@1.2.3"] == ("@scope/beta@1.1.0",)
    assert reading.edges["@scope/beta@1.1.0"] == ("gamma@2.0.0", "extra@1.0.0")
    assert parts["alpha@1.2.3"].requirement == "^1.2.0"
    assert parts["gamma@2.0.0"].scope is Scope.RUNTIME
    assert parts["extra@1.0.0"].scope is Scope.OPTIONAL
    assert parts["tool@3.0.0"].groups == ("dev",)
    assert parts["delta@1.0.0"].alias == "aliased"
    assert "member@0.0.0" not in parts


def test_classic_addresses_and_digests(memory_tree):
    parts = {
        part.ref: part for part in read(CLASSIC.encode(), "yarn.lock", memory_tree({})).components
    }
    alpha = parts["alpha@1.2.3"]
    assert alpha.registry == "https://registry.example.test/alpha/-/alpha-1.2.3.tgz"
    assert [str(artifact) for artifact in alpha.hashes] == [f"sha1:{SHA1}"]
    assert [str(artifact) for artifact in parts["@scope/beta@1.1.0"].hashes] == [
        f"sha512:{DIGEST.hex()}"
    ]
    assert parts["forked@1.0.0"].source == Source(
        "https://github.com/owner/forked.git", commit=COMMIT
    )
    assert alpha.relation is Relation.UNKNOWN  # nothing says what the project asks for
    assert alpha.scope is Scope.UNKNOWN
    assert alpha.locations[0].line == CLASSIC[: CLASSIC.index("alpha@")].count("\n") + 1


BERRY = f"""__metadata:
  version: 8
  cacheKey: 10c0

"@scope/beta@npm:^1.0.0, @scope/beta@npm:^1.1.0":
  version: 1.1.0
  resolution: "@scope/beta@npm:1.1.0"
  dependencies:
    gamma: "npm:^2.0.0"
    extra: "npm:^1.0.0"
  peerDependencies:
    alpha: "*"
  dependenciesMeta:
    extra:
      optional: true
  checksum: 10c0/abc
  languageName: node
  linkType: hard

"aliased@npm:alpha@^1.0.0":
  version: 1.2.3
  resolution: "alpha@npm:1.2.3::__archiveUrl=https%3A%2F%2Fuser%3Asecret%40registry.example.test%2Falpha.tgz"
  languageName: node
  linkType: hard

"extra@npm:^1.0.0":
  version: 1.0.0
  resolution: "extra@npm:1.0.0"

"forked@https://code.example.test/forked.git#main":
  version: 1.0.0
  resolution: "forked@https://code.example.test/forked.git#commit={COMMIT}"

"gamma@npm:^2.0.0":
  version: 2.0.0
  resolution: "gamma@npm:2.0.0"

"gamma@patch:gamma@npm%3A^2.0.0#./gamma.patch":
  version: 2.0.0
  resolution: "gamma@patch:gamma@npm%3A2.0.0#./gamma.patch::version=2.0.0&hash=abcdef"

"member@workspace:^, member@workspace:packages/member":
  version: 0.0.0-use.local
  resolution: "member@workspace:packages/member"
  dependencies:
    forked: "https://code.example.test/forked.git#main"

"project@workspace:.":
  version: 0.0.0-use.local
  resolution: "project@workspace:."
  dependencies:
    "@scope/beta": "npm:^1.0.0"
    aliased: "npm:alpha@^1.0.0"
    member: "workspace:^"
  languageName: unknown
  linkType: soft
"""


def test_berry(memory_tree):
    manifest = (
        b'{"name": "project", "version": "1.0.0", "dependencies": {"@scope/beta": "^1.0.0"},'
        b' "devDependencies": {"aliased": "npm:alpha@^1.0.0"}}'
    )
    reading = read(BERRY.encode(), "yarn.lock", memory_tree({"package.json": manifest}))
    parts = {part.ref: part for part in reading.components}
    assert reading.format == "yarn.lock v8"
    assert reading.problems == ()
    assert set(parts) == {
        "@scope/beta@1.1.0",
        "alpha@1.2.3",
        "extra@1.0.0",
        "forked@1.0.0",
        "gamma@2.0.0",
    }
    assert set(reading.roots) == {"@scope/beta@1.1.0", "alpha@1.2.3", "forked@1.0.0"}
    assert reading.edges["@scope/beta@1.1.0"] == ("gamma@2.0.0", "alpha@1.2.3", "extra@1.0.0")
    assert parts["alpha@1.2.3"].registry == "https://registry.example.test/alpha.tgz"
    assert parts["alpha@1.2.3"].alias == "aliased"
    assert parts["extra@1.0.0"].scope is Scope.OPTIONAL
    assert parts["forked@1.0.0"].source == Source(
        "https://code.example.test/forked.git", commit=COMMIT
    )
    assert len(parts["gamma@2.0.0"].locations) == 2  # itself and its patch
    assert parts["@scope/beta@1.1.0"].hashes == ()  # the checksum is of the cache


def test_berry_without_manifests_knows_no_scope(memory_tree):
    reading = read(BERRY.encode(), "yarn.lock", memory_tree({}))
    assert {part.scope for part in reading.components} == {Scope.UNKNOWN}
    assert Relation.DIRECT in {part.relation for part in reading.components}


def test_a_key_over_1024_characters(memory_tree):
    long = ", ".join(f"alpha@npm:^1.0.{n}" for n in range(80))
    text = f'__metadata:\n  version: 8\n\n? "{long}"\n:\n  version: 1.0.0\n  resolution: "alpha@npm:1.0.0"\n'
    reading = read(text.encode(), "yarn.lock", memory_tree({}))
    assert [part.ref for part in reading.components] == ["alpha@1.0.0"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('# yarn lockfile v1\n\na@1:\n  version "1.0.0"\n\na@1:\n  version "1.0.0"\n', "twice"),
        ('# yarn lockfile v1\n\na@1:\n  resolved "x"\n', "no version"),
        ('# yarn lockfile v1\n\na@1:\n  version "1.0.0"\n<<<<<<< HEAD\n', "merge conflict"),
        ('# yarn lockfile v1\n\na@1:\n  version "1"\n  dependencies:\n    b "1"\n', "'b'"),
        ('# yarn lockfile v7\n\na@1:\n  version "1.0.0"\n', "version 7"),
        ('a@1:\n  version "1.0.0"\n', "no header"),
        (
            '__metadata:\n  version: 99\n\n"a@npm:1":\n  version: 1.0.0\n  resolution: "a@npm:1.0.0"\n',
            "99",
        ),
        ('__metadata:\n  version: 8\n\n"a@npm:1":\n  version: 1.0.0\n', "no resolution"),
        ('# yarn lockfile v1\n\na@1:\n  version "1.0.0"\n  integrity sha512-abc\n', "integrity"),
        ('# yarn lockfile v1\n\na@1:\n  version "1.0.0"\nrubbish\n', "begins no entry"),
        ('# yarn lockfile v1\n\na@1:\n  version "1.0.0"\n\x1e:\n  version 1\n', "begins no entry"),
    ],
)
def test_bad_entries_are_told_and_the_rest_is_kept(text, told, memory_tree):
    reading = read(text.encode(), "yarn.lock", memory_tree({}))
    assert len(reading.components) == 1
    assert any(told in problem.message and problem.location.line for problem in reading.problems)


def test_an_unreadable_manifest_leaves_relations_unknown(memory_tree):
    reading = read(CLASSIC.encode(), "yarn.lock", memory_tree({"package.json": b"{"}))
    assert {part.relation for part in reading.components} == {Relation.UNKNOWN}
    assert "package.json cannot be read" in reading.problems[0].message


@pytest.mark.parametrize("data", [b"this is no lockfile", b"\x7fELF\x00\x00", b"\xff\xfe\xff"])
def test_what_is_no_lockfile_is_refused(data, memory_tree):
    with pytest.raises(InputError):
        read(data, "yarn.lock", memory_tree({}))


def test_sniff():
    assert sniff(CLASSIC.encode())
    assert sniff(BERRY.encode())
    assert not sniff(b"{}")
