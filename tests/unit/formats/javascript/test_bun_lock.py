"""bun.lock, text versions 0 and 1."""

from __future__ import annotations

import base64
import hashlib

import pytest

from pratique.formats.lockfiles.javascript.bun_lock import plain_json, read, sniff
from pratique.formats.text import parse_json
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Scope, Trouble

INTEGRITY = "sha512-" + base64.b64encode(hashlib.sha512(b"alpha").digest()).decode()

LOCK = f"""{{
  "lockfileVersion": 1, // a comment
  "workspaces": {{
    "": {{
      "name": "project",
      "dependencies": {{ "alpha": "^1.0.0", "member": "workspace:*", }},
      "devDependencies": {{ "old-beta": "npm:@scope/beta@^1.0.0" }},
    }},
    "packages/member": {{
      "name": "member",
      "version": "1.0.0",
      "dependencies": {{ "gamma": "^2.0.0" }},
      "optionalDependencies": {{ "extra": "1.0.0" }},
    }},
  }},
  /* packages */
  "packages": {{
    "alpha": ["alpha@1.2.3", "https://u:p@registry.example.test/", {{ "dependencies": {{ "gamma": "^1.0.0" }}, "peerDependencies": {{ "peer": "*" }}, "optionalPeers": ["none"] }}, "{INTEGRITY}"],

    "extra": ["extra@1.0.0", "", {{ "os": "linux" }}, "{INTEGRITY}"],

    "gamma": ["gamma@1.0.0", "", {{}}, "{INTEGRITY}"],

    "forked": ["forked@github:owner/forked#0123456", {{}}, "owner-forked-0123456"],

    "member": ["member@workspace:packages/member"],

    "member/gamma": ["gamma@2.0.0", "", {{}}, "{INTEGRITY}"],

    "old-beta": ["@scope/beta@1.0.0", "", {{ "dependencies": {{ "@s/x": "1", "forked": "owner/forked" }} }}, "{INTEGRITY}"],

    "old-beta/@s/x": ["@s/x@1.0.0", "", {{ "dependencies": {{ "gamma": "*" }} }}, "{INTEGRITY}"],

    "peer": ["peer@1.0.0", "", {{}}, "{INTEGRITY}"],

    "tarball": ["tarball@https://example.test/t.tgz", {{}}],
  }}
}}
"""


def test_reading(memory_tree):
    reading = read(LOCK.encode(), "bun.lock", memory_tree({}))
    parts = {part.ref: part for part in reading.components}
    assert reading.format == "bun.lock v1"
    assert reading.problems == ()
    assert str(reading.subject) == "pkg:npm/project"
    assert set(reading.roots) == {"alpha@1.2.3", "@scope/beta@1.0.0", "gamma@2.0.0", "extra@1.0.0"}
    assert reading.edges["alpha@1.2.3"] == ("gamma@1.0.0", "peer@1.0.0")
    assert reading.edges["@scope/beta@1.0.0"] == ("@s/x@1.0.0", "forked@")
    assert reading.edges["@s/x@1.0.0"] == ("gamma@1.0.0",)
    assert parts["@scope/beta@1.0.0"].alias == "old-beta"
    assert parts["@scope/beta@1.0.0"].scope is Scope.DEVELOPMENT
    assert parts["peer@1.0.0"].scope is Scope.RUNTIME
    assert parts["extra@1.0.0"].groups == ("optional",)
    assert parts["alpha@1.2.3"].registry == "https://registry.example.test/"
    assert parts["alpha@1.2.3"].hashes[0].algorithm == "sha512"
    assert parts["forked@"].source.reference == "0123456"
    assert parts["tarball@"].registry == "https://example.test/t.tgz"
    assert parts["tarball@"].relation is Relation.TRANSITIVE
    for part in reading.components:
        assert f"@{part.package.version}" in LOCK.splitlines()[part.locations[0].line - 1]


def test_plain_json_leaves_texts_and_lines():
    text = '{"a": "// no, /* no */ ,}", // yes\n "b": [1, 2,\n ], /* , */ }'
    assert parse_json(plain_json(text)) == {"a": "// no, /* no */ ,}", "b": [1, 2]}
    assert plain_json(text).count("\n") == text.count("\n")


BAD = """{
  "lockfileVersion": 9,
  "workspaces": { "": { "dependencies": { "lost": "1" } }, "x": null },
  "packages": {
    "null": null,
    "number": [7],
    "empty": [],
    "silent": ["silent@1.0.0"],
    "needs": ["needs@1.0.0", "", { "dependencies": { "missing": "1" } }, "sha512-@@"],
    "good": ["good@1.0.0", "", {}],
    "good": ["good@1.0.1", "", {}]
  }
}"""


def test_bad_entries_are_told_and_the_rest_is_kept(memory_tree):
    reading = read(BAD.encode(), "bun.lock", memory_tree({}))
    assert [part.ref for part in reading.components] == [
        "silent@1.0.0",
        "needs@1.0.0",
        "good@1.0.1",
    ]
    told = {(problem.location.line, problem.trouble) for problem in reading.problems}
    assert {(2, Trouble.UNKNOWN), (3, Trouble.UNREADABLE), (8, Trouble.UNKNOWN)} <= told
    assert {(line, Trouble.UNREADABLE) for line in (5, 6, 7, 11)} <= told
    messages = " ".join(problem.message for problem in reading.problems)
    assert "'lost'" in messages
    assert "'missing'" in messages
    assert "not base64" in messages


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b'{"a": ,}', b"\x00", b"{" * 200_000])
def test_what_is_no_lockfile_is_refused(data, memory_tree):
    with pytest.raises(InputError):
        read(data, "bun.lock", memory_tree({}))


def test_sniff():
    assert sniff(LOCK.encode())
    assert not sniff(b'{"lockfileVersion": 3, "packages": {"": {"workspaces": ["x"]}}}')
