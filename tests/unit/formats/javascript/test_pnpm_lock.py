"""pnpm-lock.yaml, lockfile versions 5 to 9."""

from __future__ import annotations

import base64
import hashlib

import pytest

from pratique.formats.lockfiles.javascript.pnpm_lock import dep_path, read, sniff
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Scope, Trouble
from pratique.model.nouns import Source

COMMIT = "0123456789abcdef0123456789abcdef01234567"
INTEGRITY = "sha512-" + base64.b64encode(hashlib.sha512(b"alpha").digest()).decode()

V9 = f"""lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      alpha:
        specifier: ^1.0.0
        version: 1.2.3(peer@2.0.0)
      member:
        specifier: workspace:*
        version: link:packages/member
    devDependencies:
      tool:
        specifier: npm:@scope/tool@^3.0.0
        version: '@scope/tool@3.0.0'

  packages/member:
    dependencies:
      forked:
        specifier: github:owner/forked
        version: https://codeload.github.com/owner/forked/tar.gz/{COMMIT}
    optionalDependencies:
      extra:
        specifier: ^1.0.0
        version: 1.0.0

packages:

  '@scope/tool@3.0.0':
    resolution: {{integrity: {INTEGRITY}}}

  alpha@1.2.3:
    resolution: {{integrity: {INTEGRITY}}}
    peerDependencies:
      peer: '*'

  extra@1.0.0:
    resolution: {{integrity: {INTEGRITY}, tarball: https://u:p@registry.example.test/extra.tgz}}

  forked@https://codeload.github.com/owner/forked/tar.gz/{COMMIT}:
    resolution: {{tarball: https://codeload.github.com/owner/forked/tar.gz/{COMMIT}}}
    version: 1.0.0

  peer@2.0.0:
    resolution: {{integrity: {INTEGRITY}}}

snapshots:

  '@scope/tool@3.0.0':
    dependencies:
      peer: 2.0.0
    optionalDependencies:
      extra: 1.0.0

  alpha@1.2.3(peer@2.0.0):
    dependencies:
      peer: 2.0.0

  alpha@1.2.3: {{}}

  extra@1.0.0:
    optional: true

  forked@https://codeload.github.com/owner/forked/tar.gz/{COMMIT}: {{}}

  peer@2.0.0: {{}}
"""


def test_version_9(memory_tree):
    reading = read(V9.encode(), "pnpm-lock.yaml", memory_tree({}))
    parts = {part.ref: part for part in reading.components}
    assert reading.format == "pnpm-lock.yaml v9.0"
    assert reading.problems == ()
    assert set(reading.roots) == {"alpha@1.2.3", "@scope/tool@3.0.0", "forked@1.0.0", "extra@1.0.0"}
    assert reading.edges["alpha@1.2.3"] == ("peer@2.0.0",)
    assert reading.edges["@scope/tool@3.0.0"] == ("peer@2.0.0", "extra@1.0.0")
    assert parts["alpha@1.2.3"].requirement == "^1.0.0"
    assert parts["peer@2.0.0"].scope is Scope.RUNTIME
    assert parts["peer@2.0.0"].relation is Relation.TRANSITIVE
    assert parts["@scope/tool@3.0.0"].groups == ("dev",)
    assert parts["extra@1.0.0"].groups == ("dev", "optional")
    assert parts["extra@1.0.0"].registry == "https://registry.example.test/extra.tgz"
    assert parts["forked@1.0.0"].source == Source(
        "https://github.com/owner/forked.git", commit=COMMIT
    )
    assert parts["alpha@1.2.3"].hashes[0].algorithm == "sha512"
    for part in reading.components:
        line = V9.splitlines()[part.locations[0].line - 1]
        assert line.startswith("  ")
        assert part.package.name in line


V6 = """lockfileVersion: '6.0'

dependencies:
  alpha:
    specifier: ^1.0.0
    version: 1.0.0(peer@2.0.0)

devDependencies:
  old:
    specifier: npm:tool@^3.0.0
    version: /tool@3.0.0

packages:

  /alpha@1.0.0(peer@2.0.0):
    resolution: {integrity: sha1-qvTGHdzF6KLavt4PO0gs2a6pQ00=}
    dependencies:
      peer: 2.0.0
    dev: false

  /peer@2.0.0:
    resolution: {integrity: sha1-qvTGHdzF6KLavt4PO0gs2a6pQ00=}

  /tool@3.0.0:
    resolution: {integrity: sha1-qvTGHdzF6KLavt4PO0gs2a6pQ00=}
    dev: true
"""


def test_version_6_with_flags_and_peers(memory_tree):
    reading = read(V6.encode(), "pnpm-lock.yaml", memory_tree({}))
    parts = {part.ref: part for part in reading.components}
    assert reading.problems == ()
    assert reading.roots == ("alpha@1.0.0", "tool@3.0.0")
    assert reading.edges["alpha@1.0.0"] == ("peer@2.0.0",)
    assert parts["tool@3.0.0"].scope is Scope.DEVELOPMENT
    assert parts["alpha@1.0.0"].scope is Scope.RUNTIME


V5 = """lockfileVersion: 5.4

importers:
  .:
    specifiers:
      alpha: ^1.0.0
    dependencies:
      alpha: 1.0.0_peer@2.0.0
    devDependencies:
      aliased: /@scope/tool/3.0.0

packages:
  /@scope/tool/3.0.0:
    dev: true
  /alpha/1.0.0_peer@2.0.0:
    dependencies:
      peer: 2.0.0
  /alpha/1.0.0_peer@2.1.0:
    dependencies:
      peer: 2.1.0
  /peer/2.0.0:
    dev: false
  /peer/2.1.0:
    dev: false
"""


def test_version_5_merges_sets_of_peers(memory_tree):
    reading = read(V5.encode(), "pnpm-lock.yaml", memory_tree({}))
    alpha = next(part for part in reading.components if part.package.name == "alpha")
    assert reading.problems == ()
    assert [place.line for place in alpha.locations] == [15, 18]
    assert reading.edges["alpha@1.0.0"] == ("peer@2.0.0", "peer@2.1.0")
    assert reading.roots == ("alpha@1.0.0", "@scope/tool@3.0.0")
    assert alpha.requirement == "^1.0.0"


@pytest.mark.parametrize(
    ("key", "major", "expected"),
    [
        ("/alpha/1.0.0", 5, ("alpha", "1.0.0", "")),
        ("/@a/b/1.0.0_react@18.0.0", 5, ("@a/b", "1.0.0", "")),
        ("registry.example.test/a/1.0.0", 5, ("a", "1.0.0", "registry.example.test")),
        ("/alpha/latest", 5, ("", "", "")),
        ("github.com/owner/name", 5, ("", "", "")),
        ("/@a/b@1.0.0-rc.1(x@1.0.0)(y@2.0.0)", 6, ("@a/b", "1.0.0-rc.1", "")),
        ("registry.example.test/a@1.0.0", 6, ("a", "1.0.0", "registry.example.test")),
        ("file:../a", 6, ("", "", "")),
        ("a@1.0.0(x@1.0.0)", 9, ("a", "1.0.0", "")),
        ("a@https://example.test/a.tgz", 9, ("a", "", "")),
        ("a@file:../a", 9, ("a", "", "")),
    ],
)
def test_keys(key, major, expected):
    assert dep_path(key, major) == expected


BAD = """lockfileVersion: '9.0'
packages:
  null-entry@1.0.0:
  text@1.0.0: yes please
  nonsense:
    resolution: {integrity: x}
  number@1.0.0:
    resolution: 7
  digest@1.0.0:
    resolution: {integrity: sha512-@@}
  good@1.0.0:
    resolution: {}
  good@1.0.0:
    resolution: {}
  7: {}
importers:
  .:
    dependencies:
      lost: {specifier: '1', version: 1.0.0}
      wrong: [1]
  other: 3
snapshots:
  good@1.0.0:
    dependencies: {missing: 1.0.0, number: 7}
"""


def test_bad_entries_are_told_and_the_rest_is_kept(memory_tree):
    reading = read(BAD.encode(), "pnpm-lock.yaml", memory_tree({}))
    assert [part.ref for part in reading.components] == [
        "null-entry@1.0.0",
        "number@1.0.0",
        "digest@1.0.0",
        "good@1.0.0",
    ]
    told = "\n".join(f"{p.location.line}: {p.message}" for p in reading.problems)
    for expected in (
        "3: entry 'null-entry@1.0.0' says nothing",
        "4: entry 'text@1.0.0'",
        "5: entry 'nonsense' names no package",
        "7: entry 'number@1.0.0' has no usable resolution",
        "not base64",
        "13: 'good@1.0.0' is stated twice",
        "'lost'",
        "'wrong'",
        "'missing'",
        "the key 7",
        "importer 'other'",
    ):
        assert expected in told, expected


@pytest.mark.parametrize("version", ["7.0", "'12.1'", "next", "[9]", "true"])
def test_unknown_versions_are_told_and_read(version, memory_tree):
    text = f"lockfileVersion: {version}\npackages:\n  a@1.0.0:\n    resolution: {{}}\n"
    reading = read(text.encode(), "pnpm-lock.yaml", memory_tree({}))
    assert [part.ref for part in reading.components] == ["a@1.0.0"]
    assert reading.problems[0].trouble is Trouble.UNKNOWN
    assert "lockfile" in reading.problems[0].message


@pytest.mark.parametrize(
    "data", [b"", b"- a\n", b"a: [", b"\x00", b"a: &x 1\nb: *x\n", b"a: !!python/object:x {}\n"]
)
def test_what_is_no_lockfile_is_refused(data, memory_tree):
    with pytest.raises(InputError):
        read(data, "pnpm-lock.yaml", memory_tree({}))


def test_sniff():
    assert sniff(V9.encode())
    assert not sniff(b'{"lockfileVersion": 3}')
