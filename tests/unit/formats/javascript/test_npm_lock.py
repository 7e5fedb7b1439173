"""package-lock.json and npm-shrinkwrap.json, lockfile versions 1 to 3."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from pratique.formats.base import MAX_DEPTH
from pratique.formats.lockfiles.javascript.npm_lock import read, sniff
from pratique.model.errors import InputError, LimitError
from pratique.model.inventory import LicenseClaim, Location, Relation, Scope, Trouble
from pratique.model.nouns import Source

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = hashlib.sha512(b"alpha").digest()
INTEGRITY = "sha512-" + base64.b64encode(DIGEST).decode()

V3 = f"""{{
  "name": "project",
  "version": "1.0.0",
  "lockfileVersion": 3,
  "packages": {{
    "": {{
      "name": "project",
      "version": "1.0.0",
      "workspaces": ["packages/*"],
      "dependencies": {{ "alpha": "^1.0.0", "old-beta": "npm:@scope/beta@^1.0.0", "member": "*" }},
      "devDependencies": {{ "tool": "^3.0.0" }},
      "optionalDependencies": {{ "extra": "^1.0.0" }}
    }},
    "node_modules/alpha": {{
      "version": "1.2.3",
      "resolved": "https://user:secret@registry.example.test/alpha/-/alpha-1.2.3.tgz",
      "integrity": "{INTEGRITY}",
      "license": "MIT",
      "dependencies": {{ "gamma": "^2.0.0" }},
      "peerDependencies": {{ "peer": "*", "absent-peer": "*" }}
    }},
    "node_modules/alpha/node_modules/gamma": {{
      "version": "2.0.0",
      "license": {{ "type": "ISC", "url": "https://example.test" }}
    }},
    "node_modules/extra": {{ "version": "1.0.0", "optional": true }},
    "node_modules/forked": {{
      "version": "1.0.0",
      "resolved": "git+ssh://git@code.example.test/forked.git#{COMMIT}"
    }},
    "node_modules/gamma": {{ "version": "1.0.0" }},
    "node_modules/member": {{ "resolved": "packages/member", "link": true }},
    "node_modules/old-beta": {{
      "name": "@scope/beta",
      "version": "1.0.1",
      "dependencies": {{ "gamma": "^1.0.0", "member": "*" }},
      "optionalDependencies": {{ "not-on-this-platform": "*" }}
    }},
    "node_modules/peer": {{ "version": "4.0.0", "peer": true }},
    "node_modules/tool": {{
      "version": "3.0.0", "dev": true, "dependencies": {{ "inner": "1.0.0" }}
    }},
    "node_modules/tool/node_modules/inner": {{ "version": "1.0.0", "dev": true, "inBundle": true }},
    "packages/member": {{
      "name": "member",
      "version": "1.0.0",
      "dependencies": {{ "forked": "git+ssh://git@code.example.test/forked.git" }}
    }}
  }}
}}
"""


@pytest.fixture
def parts(memory_tree):
    reading = read(V3.encode(), "package-lock.json", memory_tree({}))
    return {part.ref: part for part in reading.components}


def test_reading_of_version_3(memory_tree):
    reading = read(V3.encode(), "package-lock.json", memory_tree({}))
    assert reading.format == "package-lock.json v3"
    assert str(reading.subject) == "pkg:npm/project@1.0.0"
    assert reading.problems == ()
    assert set(reading.roots) == {
        "alpha@1.2.3",
        "@scope/beta@1.0.1",
        "tool@3.0.0",
        "extra@1.0.0",
        "forked@1.0.0",
    }


def test_edges_follow_node_resolution(memory_tree):
    """Node.js, "Loading from node_modules folders": the nearest folder wins."""
    edges = read(V3.encode(), "package-lock.json", memory_tree({})).edges
    assert edges["alpha@1.2.3"] == ("gamma@2.0.0", "peer@4.0.0")
    assert edges["@scope/beta@1.0.1"] == ("gamma@1.0.0",)
    assert edges["tool@3.0.0"] == ("inner@1.0.0",)
    assert edges["gamma@1.0.0"] == ()


def test_component_keeps_what_the_entry_states(parts):
    alpha = parts["alpha@1.2.3"]
    assert alpha.registry == "https://registry.example.test/alpha/-/alpha-1.2.3.tgz"
    assert [str(artifact) for artifact in alpha.hashes] == [f"sha512:{DIGEST.hex()}"]
    assert alpha.licenses == (LicenseClaim("MIT", "lockfile"),)
    assert alpha.relation is Relation.DIRECT
    assert alpha.scope is Scope.RUNTIME
    assert alpha.requirement == "^1.0.0"
    assert alpha.ecosystem == "npm"
    line = V3[: V3.index('"node_modules/alpha"')].count("\n") + 1
    assert alpha.locations == (Location("package-lock.json", line),)
    assert parts["gamma@2.0.0"].licenses == (LicenseClaim("ISC", "lockfile"),)


def test_flags_are_scopes_and_groups(parts):
    assert (parts["tool@3.0.0"].scope, parts["tool@3.0.0"].groups) == (Scope.DEVELOPMENT, ("dev",))
    assert parts["extra@1.0.0"].scope is Scope.OPTIONAL
    assert parts["peer@4.0.0"].groups == ("peer",)
    assert parts["inner@1.0.0"].groups == ("bundled", "dev")
    assert parts["gamma@1.0.0"].relation is Relation.TRANSITIVE


def test_alias_git_and_links(parts):
    beta = parts["@scope/beta@1.0.1"]
    assert (beta.package.namespace, beta.package.name, beta.alias) == ("@scope", "beta", "old-beta")
    forked = parts["forked@1.0.0"]
    assert forked.source == Source("ssh://git@code.example.test/forked.git", commit=COMMIT)
    assert forked.registry == ""
    assert forked.relation is Relation.DIRECT  # a member of the workspace asks for it
    assert not any(part.package.name == "member" for part in parts.values())


def test_one_component_for_several_folders(memory_tree):
    lock = {
        "lockfileVersion": 3,
        "packages": {
            "": {"dependencies": {"alpha": "1", "beta": "1"}},
            "node_modules/alpha": {"version": "1.0.0", "dependencies": {"gamma": "1"}},
            "node_modules/alpha/node_modules/gamma": {"version": "1.0.0", "dev": True},
            "node_modules/beta": {"version": "1.0.0", "dependencies": {"gamma": "1"}},
            "node_modules/beta/node_modules/gamma": {"version": "1.0.0"},
        },
    }
    reading = read(json.dumps(lock, indent=1).encode(), "package-lock.json", memory_tree({}))
    gamma = next(part for part in reading.components if part.package.name == "gamma")
    assert len(gamma.locations) == 2
    assert gamma.scope is Scope.RUNTIME
    assert gamma.groups == ()  # one of its places is needed in any case
    assert reading.edges["alpha@1.0.0"] == reading.edges["beta@1.0.0"] == ("gamma@1.0.0",)


def test_two_digests_of_one_version_are_told(memory_tree):
    other = "sha512-" + base64.b64encode(hashlib.sha512(b"other").digest()).decode()
    lock = {
        "lockfileVersion": 3,
        "packages": {
            "node_modules/alpha": {"version": "1.0.0", "integrity": INTEGRITY},
            "node_modules/b/node_modules/alpha": {"version": "1.0.0", "integrity": other},
        },
    }
    reading = read(json.dumps(lock).encode(), "package-lock.json", memory_tree({}))
    assert len(reading.components) == 2
    assert "two different digests" in reading.problems[0].message


V1 = """{
  "name": "project",
  "lockfileVersion": 1,
  "requires": true,
  "dependencies": {
    "alpha": {
      "version": "1.0.0",
      "requires": { "gamma": "^2.0.0" },
      "dependencies": {
        "gamma": { "version": "2.0.0", "bundled": true }
      }
    },
    "aliased": { "version": "npm:@scope/beta@1.0.0", "requires": { "gamma": "^1.0.0" } },
    "forked": { "version": "github:owner/forked#0123456789abcdef0123456789abcdef01234567" },
    "gamma": { "version": "1.0.0", "dev": true }
  }
}
"""


def test_version_1_with_its_manifest(memory_tree):
    manifest = b'{"name": "project", "version": "2.0.0", "dependencies": {"alpha": "^1.0.0"}}'
    reading = read(
        V1.encode(), "app/package-lock.json", memory_tree({"app/package.json": manifest})
    )
    parts = {part.ref: part for part in reading.components}
    assert reading.format == "package-lock.json v1"
    assert str(reading.subject) == "pkg:npm/project@2.0.0"
    assert reading.roots == ("alpha@1.0.0",)
    assert reading.edges["alpha@1.0.0"] == ("gamma@2.0.0",)
    assert reading.edges["@scope/beta@1.0.0"] == ("gamma@1.0.0",)
    assert parts["@scope/beta@1.0.0"].alias == "aliased"
    assert parts["forked@"].source == Source("https://github.com/owner/forked.git", commit=COMMIT)
    assert parts["gamma@1.0.0"].relation is Relation.TRANSITIVE
    assert parts["gamma@2.0.0"].locations[0].line == 10


def test_version_1_without_its_manifest_knows_no_relation(memory_tree):
    reading = read(V1.encode(), "package-lock.json", memory_tree({}))
    assert reading.roots == ()
    assert {part.relation for part in reading.components} == {Relation.UNKNOWN}


def nested(depth: int) -> bytes:
    text = '{"lockfileVersion": 1, "dependencies": '
    text += '{"alpha": {"version": "1.0.0", "dependencies": ' * depth
    return (text + "{}" + "}}" * depth + "}").encode()


def test_deep_nesting_of_version_1_keeps_the_upper_part(memory_tree):
    reading = read(nested(100), "package-lock.json", memory_tree({}))
    assert len(reading.components) == 1  # the same package all the way down
    assert len(reading.components[0].locations) == 1
    assert f"nested over {MAX_DEPTH} deep" in reading.problems[0].message
    assert reading.problems[0].trouble is Trouble.UNREADABLE


def test_hostile_nesting_is_a_limit(memory_tree):
    with pytest.raises(LimitError):
        read(nested(100_000), "package-lock.json", memory_tree({}))


BAD = """{
  "lockfileVersion": 3,
  "packages": {
    "node_modules/null": null,
    "node_modules/text": "1.0.0",
    "node_modules/no-version": {},
    "node_modules/number": { "version": 7, "license": "MIT" },
    "node_modules/needs": { "version": "1.0.0", "dependencies": { "alpha": 1, "good": "1" } },
    "node_modules/digest": { "version": "1.0.0", "integrity": "sha512-@@@" },
    "node_modules/good": { "version": "1.0.0" },
    "node_modules/good": { "version": "1.0.1", "dependencies": { "lost": "1" } },
    "node_modules/": { "version": "1.0.0" }
  }
}
"""


def test_bad_entries_are_told_with_their_line_and_the_rest_is_kept(memory_tree):
    reading = read(BAD.encode(), "package-lock.json", memory_tree({}))
    refs = {part.ref for part in reading.components}
    assert refs == {"no-version@", "number@", "needs@1.0.0", "digest@1.0.0", "good@1.0.1"}
    assert reading.edges["needs@1.0.0"] == ("good@1.0.1",)
    told = {problem.location.line: problem.message for problem in reading.problems}
    assert "null" in told[4] or "None" in told[4]
    assert "not an object" in told[5]
    assert "no version" in told[6]
    assert "version" in told[7]
    assert "'alpha'" in told[8]
    assert "not base64" in told[9]
    assert any("stated twice" in problem.message for problem in reading.problems)
    assert any("'lost'" in problem.message for problem in reading.problems)
    assert 12 in told


@pytest.mark.parametrize(
    ("stated", "told"),
    [("4", "lockfile version 4 is not known"), ('"3"', "not a number"), ("true", "not a number")],
)
def test_unknown_versions_are_told_and_read(stated, told, memory_tree):
    data = (
        f'{{"lockfileVersion": {stated}, "packages": {{"node_modules/a": {{"version": "1.0.0"}}}}}}'
    )
    reading = read(data.encode(), "package-lock.json", memory_tree({}))
    assert [part.ref for part in reading.components] == ["a@1.0.0"]
    assert told in reading.problems[0].message
    assert reading.problems[0].trouble is Trouble.UNKNOWN


def test_a_number_that_no_float_holds_costs_only_itself(memory_tree):
    """msgspec refuses it wherever it stands; both forms must keep what is around it."""
    first = b'{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "x": 1e999}}}'
    third = (
        b'{"lockfileVersion": 1e999, "packages": {"node_modules/a": {"version": "1.0.0"},'
        b' "node_modules/b": {"version": 1e999}}}'
    )
    reading = read(first, "package-lock.json", memory_tree({}))
    assert [part.ref for part in reading.components] == ["a@1.0.0"]
    reading = read(third, "package-lock.json", memory_tree({}))
    assert [part.ref for part in reading.components] == ["a@1.0.0", "b@"]
    assert len(reading.problems) == 3


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"7", b"\x00\x01", b'{"a": ', b"\xff\xff"])
def test_what_is_no_lockfile_is_refused(data, memory_tree):
    with pytest.raises(InputError):
        read(data, "package-lock.json", memory_tree({}))


def test_byte_order_marks(memory_tree):
    reading = read(b"\xef\xbb\xbf" + V3.encode(), "package-lock.json", memory_tree({}))
    assert len(reading.components) == 9
    sixteen = "\ufeff".encode("utf-16-le") + V3.encode("utf-16-le")
    assert read(sixteen, "package-lock.json", memory_tree({})).components == reading.components


def test_latin_1_is_refused_with_its_line(memory_tree):
    with pytest.raises(InputError, match="line 2"):
        read(b'{\n"name": "caf\xe9"}', "package-lock.json", memory_tree({}))


def test_a_path_of_a_million_steps_costs_no_time(memory_tree):
    lock = {
        "lockfileVersion": 3,
        "packages": {
            "a/" * 500_000 + "node_modules/x": {"version": "1.0.0", "dependencies": {"y": "1"}},
        },
    }
    reading = read(json.dumps(lock).encode(), "package-lock.json", memory_tree({}))
    assert [part.ref for part in reading.components] == ["x@1.0.0"]


def test_a_shrinkwrap_is_called_so(memory_tree):
    reading = read(V3.encode(), "a/npm-shrinkwrap.json", memory_tree({}))
    assert reading.format == "npm-shrinkwrap.json v3"


def test_sniff():
    assert sniff(V3.encode())
    assert sniff(V1.encode())
    assert sniff(V3.replace('["packages/*"]', '{"packages": ["packages/*"]}').encode())
    assert not sniff(b'{"lockfileVersion": 1, "workspaces": {"": {}}, "packages": {}}')
    assert not sniff(b"lockfileVersion: 6.0")
