"""The lockfiles that leave it to the manifest what is direct."""

from __future__ import annotations

import pytest

from pratique.model.inventory import Relation, Scope
from pratique.model.nouns import Artifact, Source

HEX = "3c" * 32
COMMIT = "0123456789abcdef0123456789abcdef01234567"

POETRY = f"""[[package]]
name = "Alpha_One"
version = "1.0"
optional = false
groups = ["main", "dev"]
files = [
    {{file = "alpha.whl", hash = "sha256:{HEX}"}},
]

[package.dependencies]
beta = {{version = ">=1", extras = ["fast"]}}
nowhere = {{version = "*", markers = "sys_platform == 'win32'"}}

[[package]]
name = "beta"
version = "2.0"
optional = false
groups = ["main"]

[package.dependencies]
gamma = {{version = "*", optional = true}}
delta = {{version = "*", optional = true}}

[package.extras]
fast = ["gamma (>=1)"]
slow = ["delta"]

[package.source]
type = "legacy"
url = "https://user:secret@pkgs.example.test/simple"
reference = "mirror"

[[package]]
name = "delta"
version = "1.0"
optional = true
groups = ["main"]

[[package]]
name = "gamma"
version = "1.0"
optional = false
groups = ["test"]

[package.source]
type = "git"
url = "https://code.example.test/gamma.git"
reference = "main"
resolved_reference = "{COMMIT}"

[extras]
big = ["delta"]

[metadata]
lock-version = "2.1"
"""

MANIFEST = """[project]
name = "app"
version = "0.1"
dependencies = ["alpha.one >=1 ; python_version > '3'"]

[tool.poetry.group.test.dependencies]
gamma = {git = "https://code.example.test/gamma.git", branch = "main"}
"""


def test_poetry_with_its_manifest(read_file, by_name) -> None:
    reading = read_file("poetry_lock", "a/poetry.lock", POETRY, {"a/pyproject.toml": MANIFEST})
    assert reading.format == "poetry.lock 2.1"
    assert str(reading.subject) == "pkg:pypi/app@0.1"
    parts = by_name(reading)
    assert reading.roots == ("alpha-one@1.0", "gamma@1.0")
    assert reading.edges["alpha-one@1.0"] == ("beta@2.0",)
    assert reading.edges["beta@2.0"] == ("gamma@1.0",), "only the extra that is asked for"
    assert parts["alpha-one"].relation is Relation.DIRECT
    assert parts["alpha-one"].requirement == ">=1; python_version > '3'"
    assert parts["alpha-one"].hashes == (Artifact("sha256", HEX),)
    assert parts["alpha-one"].groups == ("dev", "main")
    assert parts["alpha-one"].scope is Scope.RUNTIME
    assert parts["beta"].relation is Relation.TRANSITIVE
    assert parts["beta"].registry == "https://pkgs.example.test/simple"
    assert (parts["delta"].scope, parts["delta"].groups) == (Scope.OPTIONAL, ("big", "main"))
    assert parts["gamma"].source == Source("https://code.example.test/gamma.git", COMMIT, "main")
    assert parts["gamma"].scope is Scope.TEST
    assert [str(part.locations[0]) for part in reading.components] == [
        "a/poetry.lock:2", "a/poetry.lock:15", "a/poetry.lock:34", "a/poetry.lock:40",
    ]  # fmt: skip
    assert reading.problems == ()


def test_poetry_alone_says_nothing_of_relations(read_file) -> None:
    reading = read_file("poetry_lock", "poetry.lock", POETRY)
    assert {part.relation for part in reading.components} == {Relation.UNKNOWN}
    assert reading.roots == ()


def test_poetry_with_a_broken_manifest(read_file) -> None:
    reading = read_file("poetry_lock", "poetry.lock", POETRY, {"pyproject.toml": "= ="})
    assert len(reading.components) == 4
    assert reading.problems[0].message.startswith("pyproject.toml beside it cannot be read")


@pytest.mark.parametrize(
    ("metadata", "format"),
    [
        (f'[metadata.hashes]\nalpha = ["{HEX}"]\n', "poetry.lock"),
        (f'[metadata]\nlock-version = "1.1"\n[metadata.files]\nalpha = [{{file = "a", hash = "sha256:{HEX}"}}]\n', "poetry.lock 1.1"),
    ],
)  # fmt: skip
def test_old_poetry_lists_hashes_at_the_end(read_file, metadata: str, format: str) -> None:
    text = (
        '[[package]]\nname = "alpha"\nversion = "1"\ncategory = "dev"\noptional = false\n\n'
        + metadata
    )
    reading = read_file("poetry_lock", "poetry.lock", text)
    assert reading.format == format
    assert reading.components[0].hashes == (Artifact("sha256", HEX),)
    assert reading.components[0].scope is Scope.DEVELOPMENT


def test_poetry_2_0_leaves_scopes_to_the_manifest(read_file, by_name) -> None:
    text = """[[package]]
name = "alpha"
version = "1"
optional = false

[package.dependencies]
beta = "*"

[[package]]
name = "beta"
version = "1"
optional = false

[[package]]
name = "gamma"
version = "1"
optional = false

[metadata]
lock-version = "2.0"
"""
    manifest = """[tool.poetry]
name = "app"
[tool.poetry.dependencies]
python = "^3.11"
gamma = "^1"
[tool.poetry.group.test.dependencies]
alpha = "*"
"""
    parts = by_name(read_file("poetry_lock", "poetry.lock", text, {"pyproject.toml": manifest}))
    assert parts["gamma"].scope is Scope.RUNTIME
    assert (parts["alpha"].scope, parts["alpha"].groups) == (Scope.TEST, ("test",))
    assert (parts["beta"].scope, parts["beta"].relation) == (Scope.TEST, Relation.TRANSITIVE)


def test_unknown_versions_are_named_and_read_all_the_same(read_file) -> None:
    for module, path, text in (
        (
            "poetry_lock",
            "poetry.lock",
            '[[package]]\nname = "a"\nversion = "1"\n[metadata]\nlock-version = "9.9"\n',
        ),
        (
            "pdm_lock",
            "pdm.lock",
            '[metadata]\nlock_version = "9.9"\n[[package]]\nname = "a"\nversion = "1"\n',
        ),
        (
            "pylock",
            "pylock.toml",
            'lock-version = "9.9"\n[[packages]]\nname = "a"\nversion = "1"\n',
        ),
        (
            "pipfile_lock",
            "Pipfile.lock",
            '{"_meta": {"pipfile-spec": 99}, "default": {"a": {"version": "==1"}}}',
        ),
    ):
        reading = read_file(module, path, text)
        assert [part.ref for part in reading.components] == ["a@1"]
        (problem,) = reading.problems
        assert "9" in problem.message
        assert problem.trouble == "unknown"


def test_pdm_merges_the_entries_of_one_package(read_file, by_name) -> None:
    text = f"""[metadata]
lock_version = "4.5.0"

[[package]]
name = "alpha"
version = "1.0"
groups = ["default"]
files = [
    {{file = "alpha.whl", hash = "sha256:{HEX}"}},
]

[[package]]
name = "alpha"
version = "1.0"
extras = ["fast"]
groups = ["dev", "web"]
dependencies = ["alpha==1.0", "beta>=1; python_version > '3'", "nowhere; os_name == 'nt'"]

[[package]]
name = "beta"
version = "2.0"
groups = ["web"]
git = "https://code.example.test/beta.git"
ref = "v2"
revision = "{COMMIT}"
"""
    parts = by_name(reading := read_file("pdm_lock", "pdm.lock", text))
    assert reading.edges == {"alpha@1.0": ("beta@2.0",), "beta@2.0": ()}
    assert parts["alpha"].groups == ("default", "dev", "web")
    assert parts["alpha"].scope is Scope.RUNTIME
    assert [place.line for place in parts["alpha"].locations] == [5, 13]
    assert parts["beta"].scope is Scope.OPTIONAL
    assert parts["beta"].source == Source("https://code.example.test/beta.git", COMMIT, "v2")
    assert reading.problems == ()


def test_pylock_markers_tell_scopes(read_file, by_name) -> None:
    text = f"""lock-version = "1.0"
created-by = "hand"
default-groups = ["main"]

[[packages]]
name = "alpha"
version = "1.0"
marker = "'main' in dependency_groups or 'docs' in extras"
dependencies = [{{name = "beta"}}]
sdist = {{name = "a.tar.gz", hashes = {{sha256 = "{HEX}", md5 = "{"0" * 32}"}}}}

[[packages]]
name = "beta"
version = "1.0"
marker = "python_version < '3.12' or 'docs' in extras"
index = "https://pkgs.example.test/simple"

[[packages]]
name = "gamma"
version = "1.0"
marker = "os_name == 'nt' and 'docs' in extras"

[[packages]]
name = "delta"
version = "1.0"
marker = "'test' in dependency_groups"
vcs = {{type = "git", url = "https://code.example.test/d", requested-revision = "main", commit-id = "{COMMIT}"}}

[[packages]]
name = "app"
directory = {{path = ".", editable = true}}
"""
    parts = by_name(reading := read_file("pylock", "pylock.toml", text))
    assert parts["alpha"].scope is Scope.RUNTIME
    assert parts["alpha"].hashes == (Artifact("sha256", HEX), Artifact("md5", "0" * 32))
    assert parts["beta"].scope is Scope.RUNTIME
    assert parts["beta"].registry == "https://pkgs.example.test/simple"
    assert (parts["gamma"].scope, parts["gamma"].groups) == (Scope.OPTIONAL, ("docs",))
    assert parts["delta"].scope is Scope.TEST
    assert parts["delta"].source == Source("https://code.example.test/d", COMMIT, "main")
    assert reading.edges == {"alpha@1.0": ("beta@1.0",)}
    assert [problem.message for problem in reading.problems] == [
        "app is the project itself and not listed"
    ]


def test_pipfile_lock_with_its_pipfile(read_file) -> None:
    lock = f"""{{
    "_meta": {{"pipfile-spec": 6, "sources": [
        {{"name": "inner", "url": "https://user:secret@pkgs.example.test/simple"}}]}},
    "default": {{
        "alpha": {{"hashes": ["sha256:{HEX}"], "version": "==1.0"}},
        "beta": {{"version": "==2.0", "markers": "python_version > '3'"}}
    }},
    "develop": {{
        "alpha": {{"version": "==1.0"}},
        "gamma": {{"git": "https://code.example.test/g", "ref": "{COMMIT}"}},
        "delta": null,
        "epsilon": {{}}
    }}
}}"""
    reading = read_file(
        "pipfile_lock", "Pipfile.lock", lock, {"Pipfile": '[packages]\nAlpha = "*"\n'}
    )
    parts = {part.package.name: part for part in reading.components}
    assert reading.roots == ("alpha@1.0",)
    assert parts["alpha"].scope is Scope.RUNTIME
    assert parts["alpha"].groups == ("default", "develop")
    assert parts["alpha"].requirement == "*"
    assert parts["alpha"].registry == "https://pkgs.example.test/simple"
    assert [place.line for place in parts["alpha"].locations] == [5, 9]
    assert parts["beta"].relation is Relation.TRANSITIVE
    assert parts["gamma"].source == Source("https://code.example.test/g", COMMIT)
    assert [(p.location.line, p.message) for p in reading.problems] == [
        (11, "'delta' is null, not an object"),
        (12, "'epsilon' has no version"),
    ]


def test_pipfile_lock_with_a_name_twice(read_file) -> None:
    text = '{"_meta": {"pipfile-spec": 6},\n"default": {"a": {"version": "==1"},\n"a": {"version": "==2"}}}'
    reading = read_file("pipfile_lock", "Pipfile.lock", text)
    assert [part.ref for part in reading.components] == ["a@2"]
    assert [(p.location.line, p.trouble) for p in reading.problems] == [(3, "unreadable")]
