"""Mutated lockfiles of JavaScript, Dart and Elixir: only InputError escapes a reader.

What is read must still be whole: references are unique, and edges and roots name
components of the reading.  Seeded, so that a failure can be met again.
"""

from __future__ import annotations

import json
import random
import time
from importlib import import_module

import pytest

from pratique.formats.registry import read_function, resolve
from pratique.model.errors import InputError
from pratique.model.inventory import Reading

SRI = "sha1-qvTGHdzF6KLavt4PO0gs2a6pQ00="
COMMIT = "0123456789abcdef0123456789abcdef01234567"

NPM = {
    "name": "p",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"a": "1", "w": "*"}, "devDependencies": {"b": "1"}},
        "node_modules/a": {
            "version": "1.0.0",
            "resolved": "https://registry.example.test/a.tgz",
            "integrity": SRI,
            "license": {"type": "MIT"},
            "dependencies": {"b": "1"},
            "optionalDependencies": {"c": "1"},
            "peerDependencies": {"d": "1"},
        },
        "node_modules/a/node_modules/b": {"version": "2.0.0", "name": "@x/y", "inBundle": True},
        "node_modules/b": {"version": "1.0.0", "resolved": f"github:o/n#{COMMIT}", "dev": True},
        "node_modules/w": {"resolved": "w", "link": True},
        "w": {"name": "w", "dependencies": {"a": "1"}},
    },
}
NPM_1 = {
    "lockfileVersion": 1,
    "dependencies": {
        "a": {
            "version": "1.0.0",
            "requires": {"b": "1"},
            "dependencies": {"b": {"version": "npm:c@2.0.0", "bundled": True}},
        },
        "b": {"version": f"git+https://code.example.test/b.git#{COMMIT}", "optional": True},
    },
}
BUN = {
    "lockfileVersion": 1,
    "workspaces": {"": {"name": "p", "dependencies": {"a": "1"}}, "w": {"name": "w"}},
    "packages": {
        "a": ["a@1.0.0", "", {"dependencies": {"b": "1"}, "optionalPeers": ["c"]}, SRI],
        "a/b": ["@x/b@github:o/n#0123456", {}, "tag"],
        "w": ["w@workspace:w"],
    },
}
DENO = {
    "version": "4",
    "specifiers": {"npm:a@1": "1.0.0", "jsr:@s/b@1": "1.0.0"},
    "jsr": {"@s/b@1.0.0": {"integrity": "00", "dependencies": ["npm:a@1"]}},
    "npm": {"a@1.0.0": {"integrity": SRI, "dependencies": ["c@npm:d@1"]}},
    "workspace": {"dependencies": ["npm:a@1"], "members": {"x": {"dependencies": ["jsr:@s/b@1"]}}},
}
MANIFEST = {
    "name": "@x/p",
    "version": "1.0.0",
    "license": ["MIT"],
    "workspaces": {"packages": ["w/*", "!w/x", "**"]},
    "dependencies": {"a": "^1", "b": "npm:c@1.0.0", "d": "o/n#main", "e": "file:x.tgz"},
    "_integrity": SRI,
}
PNPM_9 = f"""lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a: {{specifier: ^1, version: 1.0.0(b@1.0.0)}}
packages:
  a@1.0.0:
    resolution: {{integrity: {SRI}}}
  '@x/b@1.0.0':
    resolution: {{commit: {COMMIT}, repo: https://code.example.test/b.git, type: git}}
snapshots:
  a@1.0.0(b@1.0.0):
    dependencies: {{b: '@x/b@1.0.0'}}
    optionalDependencies: {{c: 1.0.0}}
"""
PNPM_5 = f"""lockfileVersion: 5.4
specifiers: {{a: ^1}}
dependencies:
  a: 1.0.0_b@1.0.0
packages:
  /a/1.0.0_b@1.0.0:
    resolution: {{integrity: {SRI}}}
    dependencies:
      b: 1.0.0
    dev: true
  /b/1.0.0:
    optional: true
"""
CLASSIC = f"""# yarn lockfile v1

"@x/a@^1", a@2:
  version "1.0.0"
  resolved "https://registry.example.test/a.tgz#{COMMIT}"
  integrity {SRI}
  dependencies:
    b "^1"

b@^1:
  version "1.0.0"
"""
BERRY = """__metadata:
  version: 8

"a@npm:^1, a@npm:^1.1":
  version: 1.0.0
  resolution: "a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fexample.test"
  dependencies:
    b: "npm:^1"
  dependenciesMeta:
    b:
      optional: true

"p@workspace:.":
  version: 0.0.0-use.local
  resolution: "p@workspace:."
  dependencies:
    a: "npm:^1"
"""
PUB = f"""packages:
  a:
    dependency: "direct main"
    description:
      name: a
      sha256: "{"00" * 32}"
      url: "https://example.test"
    source: hosted
    version: "1.0.0"
  b:
    dependency: transitive
    description: {{ref: main, resolved-ref: "{COMMIT}", url: "https://example.test/b.git"}}
    source: git
    version: "1.0.0"
"""
MIX = f"""%{{
  "a": {{:hex, :a, "1.0.0", "{"00" * 32}", [:mix], [{{:b, "~> 1.0", [hex: :b, repo: "hexpm", optional: false]}}], "hexpm", "{"00" * 32}"}},
  "b": {{:git, "https://example.test/b.git", "{COMMIT}", [branch: "main"]}},
}}
"""
REBAR = f"""{{"1.2.0",
[{{<<"a">>,{{pkg,<<"a">>,<<"1.0.0">>}},0}},
 {{<<"b">>,{{git,"https://example.test/b.git",{{ref,"{COMMIT}"}}}},1}}]}}.
[{{pkg_hash_ext,[{{<<"a">>, <<"{"00" * 32}">>}}]}}].
"""

SEEDS = [
    ("package-lock.json", NPM),
    ("package-lock.json", NPM_1),
    ("bun.lock", BUN),
    ("deno.lock", DENO),
    ("package.json", MANIFEST),
    ("node_modules", MANIFEST),
    ("pnpm-lock.yaml", PNPM_9),
    ("pnpm-lock.yaml", PNPM_5),
    ("yarn.lock", CLASSIC),
    ("yarn.lock", BERRY),
    ("pubspec.lock", PUB),
    ("mix.lock", MIX),
    ("rebar.lock", REBAR),
]
PATHS = {"node_modules": "node_modules/@x/p/package.json"}

SCRAPS = [
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r", b"\n", b"\t", b'"', b"'", b"{", b"}", b"[", b"]",
    b":", b",", b"@", b"#", b"/", b"\\", b"null", b"{}", b"[]", b"1e999", b"-", b"~", b"!", b"&a ",
    b"*a", b"node_modules/", b"workspace:", b"npm:", b"git+", b"file:", b"%", b"<<", b"=>", b"? ",
    "\u2028".encode(), "é".encode(), "\U0001f4a9".encode(), b"\xed\xa0\x80", b"9" * 400, b"a/" * 90,
]  # fmt: skip
ODD: list[object] = [
    None, True, 0, -1, 1.5, "", "x", "@", "@/", "a@", "npm:", "workspace:", "/", "..", [], {}, [None],
    {"": ""}, {"a": None}, ["a", 1], "sha512-", "git+ssh://", "https://[", "file:", "\u0000", "é" * 9,
]  # fmt: skip


def readers() -> dict[str, object]:
    rooms = [f"pratique.formats.lockfiles.{room}" for room in ("javascript", "dart", "elixir")]
    tables = (import_module(room).READERS for room in [*rooms, "pratique.formats.installed"])
    return {reader.name: reader for table in tables for reader in table}


READERS = readers()


def text_of(seed: object) -> bytes:
    return seed.encode() if isinstance(seed, str) else json.dumps(seed, indent=1).encode()


def mutated_bytes(data: bytes, random_: random.Random) -> bytes:
    for _ in range(random_.randint(1, 4)):
        at = random_.randrange(len(data) + 1)
        until = min(len(data), at + random_.choice((1, 1, 3, 20, 200)))
        choice = random_.randrange(6)
        if choice == 0:
            data = data[:at]
        elif choice == 1:
            data = data[:at] + data[until:]
        elif choice == 2:
            data = data[:at] + random_.choice(SCRAPS) + data[at:]
        elif choice == 3:
            data = data[:at] + random_.choice(SCRAPS) + data[until:]
        elif choice == 4:
            data = data[:until] + data[at:]
        else:
            data = data[:at] + bytes([random_.randrange(256)]) + data[at + 1 :]
    return data


def mutated_value(value: object, random_: random.Random) -> object:
    """The value with about one member in ten replaced, dropped or renamed."""
    if random_.random() < 0.06:
        return random_.choice(ODD)
    if isinstance(value, dict):
        return {
            (random_.choice(("", "@", "a", key + "/", "node_modules/")) if random_.random() < 0.04
             else key): mutated_value(item, random_)
            for key, item in value.items()
            if random_.random() > 0.03
        }  # fmt: skip
    if isinstance(value, list):
        return [mutated_value(item, random_) for item in value if random_.random() > 0.05]
    return value


def check(reading: Reading) -> None:
    refs = {part.ref for part in reading.components}
    assert len(refs) == len(reading.components)
    assert set(reading.roots) <= refs
    assert set(reading.edges) <= refs
    assert all(target in refs for targets in reading.edges.values() for target in targets)
    assert all(part.locations[0].line >= 0 for part in reading.components)
    assert all("\n" not in problem.message for problem in reading.problems)


def survive(name: str, data: bytes, tree: object) -> bool:
    try:
        reading = read_function(READERS[name])(data, PATHS.get(name, name), tree)
    except InputError:
        return False
    check(reading)
    return True


@pytest.mark.parametrize(("name", "seed"), SEEDS)
def test_mutations_are_survived(name, seed, memory_tree):
    random_ = random.Random(f"{name} 1")
    data = text_of(seed)
    trees = [
        memory_tree({}),
        memory_tree({"package.json": text_of(MANIFEST), "w/a/package.json": b"["}),
    ]
    assert survive(name, data, trees[0])
    outcomes = [survive(name, mutated_bytes(data, random_), trees[n % 2]) for n in range(400)]
    if not isinstance(seed, str):
        outcomes += [
            survive(name, text_of(mutated_value(seed, random_)), trees[n % 2]) for n in range(400)
        ]
        odd = text_of(mutated_value(MANIFEST, random_))
        survive(name, data, memory_tree({"package.json": odd}))
    assert any(outcomes)
    assert not all(outcomes)


@pytest.mark.parametrize("name", sorted({name for name, _ in SEEDS}))
@pytest.mark.parametrize(
    "data",
    [b"", b" ", b"\n", b"\x00" * 64, b"\x7fELF\x02\x01\x01\x00", b"\xff\xfe", b"\xef\xbb\xbf",
     b"null", b"{}", b"[]", b"[" * 50_000, b'{"a":' * 50_000, b"a:\n" * 2000, b"%{" * 5000,
     bytes(range(256)) * 8],
)  # fmt: skip
def test_rubbish_is_survived(name, data, memory_tree):
    survive(name, data, memory_tree({}))


@pytest.mark.parametrize("name", sorted({name for name, _ in SEEDS} - {"node_modules"}))
def test_sniffing_survives_rubbish_and_knows_its_own(name):
    reader = READERS[name]
    if not reader.sniff:
        pytest.skip("is told by its name alone")
    sniff = resolve(reader.sniff)
    for other, seed in SEEDS:
        data = text_of(seed)
        assert sniff(data) == (other == name), other
        assert sniff(data[: len(data) // 2]) in {True, False}
    assert not sniff(b"")
    assert not sniff(bytes(range(256)))


@pytest.mark.parametrize("name", sorted({name for name, _ in SEEDS}))
def test_hostile_repetition_takes_linear_time(name, memory_tree):
    """Texts that make a backtracking pattern or a repeated scan quadratic."""
    start = time.process_time()
    for unit in (b'"a', b'": {', b"a@", b"/", b" ", b"\\", b'"a": {"a', b"  a:\n", b"<<", b"#\n",
                 b"? ", b"# ", b"/*", b"//", b", ", b"node_modules/", b"a/node_modules/", b'<<"',
                 b'"a": {:hex,\n', b"% ", b"git+", b"/-/archive/", b"'", b"- "):  # fmt: skip
        run = unit * (60_000 // len(unit))
        quoted = json.dumps(run.decode()).encode()
        for text in (
            run,
            b'{"packages": ' + run,
            b'{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": ' + quoted + b"}}}",
            b'{"lockfileVersion": 3, "packages": {' + quoted + b": {}}}",
            b'{"dependencies": {"a": ' + quoted + b"," + quoted + b": 1}}",
            b"packages:\n" + run,
            b"packages:\n  " + quoted + b": " + quoted,
            b"%{" + run,
            b'%{"a": {:git, ' + quoted + b", " + quoted + b", []}}",
            b"a@1:\n  version " + run + b"\n  resolved " + quoted,
            b'a@1:\n  version "1"\n  resolved "' + run + b'"\n',
            b'{"1.2.0",[' + run,
        ):
            survive(name, text, memory_tree({}))
    assert time.process_time() - start < 60
