"""``uv.lock``: relation, scope and groups follow from the file alone."""

from __future__ import annotations

import random

from pratique.formats.lockfiles.python.lifting import Lifted
from pratique.model.inventory import Relation, Scope, Trouble
from pratique.model.nouns import Artifact, Source

ONE, TWO = "1a" * 32, "2b" * 32
COMMIT = "0123456789abcdef0123456789abcdef01234567"

LOCK = f"""version = 1
revision = 2
requires-python = ">=3.11"

[manifest]
members = ["app", "app-tools"]

[[package]]
name = "alpha"
version = "1.0"
source = {{ registry = "https://user:secret@pkgs.example.test/simple?token=1" }}
dependencies = [
    {{ name = "beta", version = "2.0", source = {{ registry = "https://pkgs.example.test/simple" }} }},
    {{ name = "gamma", marker = "sys_platform == 'win32'" }},
]
sdist = {{ url = "https://files.example.test/alpha.tar.gz", hash = "sha256:{ONE}", size = 7 }}
wheels = [
    {{ url = "https://files.example.test/alpha.whl", hash = "sha256:{TWO}", size = 7, upload-time = "2026-01-01T00:00:00Z" }},
]

[package.optional-dependencies]
fast = [
    {{ name = "delta" }},
]

[[package]]
name = "app"
version = "0.1.0"
source = {{ editable = "." }}
dependencies = [
    {{ name = "alpha", extra = ["fast"] }},
]

[package.optional-dependencies]
web = [{{ name = "epsilon" }}]

[package.dev-dependencies]
dev = [{{ name = "zeta" }}]
test = [{{ name = "zeta" }}]

[package.metadata]
requires-dist = [{{ name = "alpha", extras = ["fast"], specifier = ">=1,<2" }}]

[[package]]
name = "app-tools"
version = "0.2.0"
source = {{ directory = "tools" }}
dependencies = [{{ name = "app" }}, {{ name = "eta" }}]

[[package]]
name = "beta"
version = "1.0"
source = {{ registry = "https://pkgs.example.test/simple" }}

[[package]]
name = "beta"
version = "2.0"
source = {{ registry = "https://pkgs.example.test/simple" }}

[[package]]
name = "delta"
version = "1.0"
source = {{ git = "https://code.example.test/delta?rev=main&subdirectory=x#{COMMIT}" }}

[[package]]
name = "epsilon"
version = "1.0"
source = {{ url = "https://files.example.test/epsilon.whl" }}

[[package]]
name = "eta"
version = "1.0"
source = {{ path = "vendor/eta.whl" }}

[[package]]
name = "gamma"
version = "1.0"
source = {{ registry = "https://pkgs.example.test/simple" }}

[[package]]
name = "zeta"
version = "1.0"
source = {{ registry = "https://pkgs.example.test/simple" }}
"""


def test_everything_a_lockfile_says(read_file) -> None:
    reading = read_file("uv_lock", "uv.lock", LOCK)
    assert reading.format == "uv.lock v1"
    assert str(reading.subject) == "pkg:pypi/app@0.1.0"
    parts = {part.ref: part for part in reading.components}
    assert sorted(parts) == [
        "alpha@1.0", "beta@1.0", "beta@2.0", "delta@1.0", "epsilon@1.0", "eta@1.0", "gamma@1.0", "zeta@1.0",
    ]  # fmt: skip
    assert reading.edges["alpha@1.0"] == ("beta@2.0", "gamma@1.0", "delta@1.0")
    assert reading.edges["beta@2.0"] == ()
    assert set(reading.roots) == {"alpha@1.0", "epsilon@1.0", "zeta@1.0", "eta@1.0"}
    alpha = parts["alpha@1.0"]
    assert alpha.relation is Relation.DIRECT
    assert alpha.scope is Scope.RUNTIME
    assert alpha.requirement == ">=1,<2"
    assert alpha.registry == "https://pkgs.example.test/simple"
    assert alpha.hashes == (Artifact("sha256", ONE), Artifact("sha256", TWO))
    assert str(alpha.locations[0]) == "uv.lock:9"
    assert parts["beta@2.0"].relation is Relation.TRANSITIVE
    assert parts["beta@1.0"].relation is Relation.UNKNOWN, "nothing leads to it"
    assert parts["delta@1.0"].source == Source("https://code.example.test/delta", COMMIT, "main")
    assert parts["epsilon@1.0"].scope is Scope.OPTIONAL
    assert parts["epsilon@1.0"].groups == ("web",)
    assert parts["eta@1.0"].registry == "vendor/eta.whl"
    assert parts["zeta@1.0"].scope is Scope.TEST, "wider than development"
    assert parts["zeta@1.0"].groups == ("dev", "test")
    assert reading.problems == ()


def test_bad_entries_are_named_with_their_line_and_the_rest_is_kept(read_file) -> None:
    text = """version = 9

[[package]]
version = "1.0"

[[package]]
name = "alpha"
version = 1
source = { registry = "https://pkgs.example.test" }
dependencies = [{ name = "nowhere" }, 7]
wheels = [{ hash = "sha256:12" }, { hash = 5 }]

[[package]]
name = "beta"
version = "1.0"

[[package]]
name = "beta"
version = "1.0"
"""
    reading = read_file("uv_lock", "uv.lock", text)
    assert [part.ref for part in reading.components] == ["alpha@", "beta@1.0"]
    said = {(problem.location.line, problem.message) for problem in reading.problems}
    assert (3, "a package has no name") in said
    assert (7, "version is a number, not a string") in said
    assert (7, "alpha has no version") in said
    assert (7, "depends on 'nowhere', which is not listed") in said
    assert (7, "an item of dependencies is a number, not a table") in said
    assert (7, "sha256 digest has 2 hex digits, not 64") in said
    assert (18, "beta 1.0 is listed twice") in said
    unknown = [p.message for p in reading.problems if p.trouble is Trouble.UNKNOWN]
    assert "version 9 of uv.lock is not known; read as version 1" in unknown


def test_an_array_of_entries_that_is_none(read_file) -> None:
    reading = read_file(
        "uv_lock", "uv.lock", 'version = 1\npackage = [1, {name = "alpha", version = "1"}]\n'
    )
    assert [part.ref for part in reading.components] == ["alpha@1"]
    assert reading.components[0].locations[0].line == 0
    assert reading.problems[0].message == "an entry is a number, not a table"


def test_a_script_lock_names_its_requirements_at_the_top(read_file) -> None:
    text = """version = 1

[manifest]
requirements = [{ name = "alpha", specifier = ">=1" }]

[manifest.dependency-groups]
docs = [{ name = "beta" }]

[[package]]
name = "alpha"
version = "1.0"
source = { registry = "https://pkgs.example.test" }

[[package]]
name = "beta"
version = "1.0"
source = { registry = "https://pkgs.example.test" }
"""
    reading = read_file("uv_lock", "job.py.lock", text)
    alpha, beta = reading.components
    assert (alpha.relation, alpha.scope) == (Relation.DIRECT, Scope.RUNTIME)
    assert (beta.relation, beta.scope, beta.groups) == (
        Relation.DIRECT,
        Scope.DEVELOPMENT,
        ("docs",),
    )


def test_lifting_file_lists_changes_nothing_but_the_time(read_file) -> None:
    """The same document in a form that is not lifted reads the same."""
    respaced = LOCK.replace("wheels = [\n    { url", "wheels = [\n      {url").replace(
        "sdist = { url", "sdist = {  url"
    )
    assert Lifted(LOCK).text != LOCK
    assert Lifted(respaced).text == respaced
    lifted, parsed = (read_file("uv_lock", "uv.lock", text) for text in (LOCK, respaced))
    assert lifted == parsed


def test_a_mark_of_lifting_in_the_document_is_no_mark(read_file) -> None:
    text = LOCK.replace(
        'name = "zeta"\nversion = "1.0"',
        'name = "zeta"\nversion = "1.0"\nwheels = "lifted files 0"',
    )
    parts = {part.ref: part for part in read_file("uv_lock", "uv.lock", text).components}
    assert parts["zeta@1.0"].hashes == ()
    assert len(parts["alpha@1.0"].hashes) == 2


def test_a_large_lockfile_keeps_every_package_edge_and_line(read_file) -> None:
    chance = random.Random(1)
    count = 300
    blocks = [
        'version = 1\n\n[[package]]\nname = "app"\nversion = "0"\nsource = { virtual = "." }\n'
    ]
    blocks[0] += 'dependencies = [{ name = "p0" }]\n'
    edges = {}
    for number in range(count):
        needed = sorted({chance.randrange(count) for _ in range(3)} | {(number + 1) % count})
        edges[f"p{number}@1"] = {f"p{one}@1" for one in needed} - {f"p{number}@1"}
        inner = ", ".join(f'{{ name = "p{one}" }}' for one in needed)
        blocks.append(
            f'[[package]]\nname = "p{number}"\nversion = "1"\nsource = {{ registry = "r" }}\ndependencies = [{inner}]\n'
        )
    text = "\n".join(blocks)
    reading = read_file("uv_lock", "uv.lock", text)
    lines = text.split("\n")
    assert {ref: set(to) for ref, to in reading.edges.items()} == edges
    for part in reading.components:
        assert lines[part.locations[0].line - 1] == f'name = "{part.package.name}"'
    assert all(part.scope is Scope.RUNTIME for part in reading.components)
