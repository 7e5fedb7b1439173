"""Manifests: what is wanted, where no lockfile says more."""

from __future__ import annotations

from pratique.model.inventory import Relation, Scope, Trouble
from pratique.model.nouns import Source


def test_every_dialect_of_pyproject(read_file, by_name) -> None:
    text = """[build-system]
requires = ["builder>=1"]

[project]
name = "My_App"
version = "1.0"
dependencies = [
    "alpha==1.0",
    "beta[x]>=2 ; python_version < \\"4\\"",
    "my-app[web]",
    'gamma @ git+https://user:secret@code.example.test/g@v1',
]

[project.optional-dependencies]
web = ["delta"]

[dependency-groups]
Dev_Tools = ["epsilon", {include-group = "test"}]
test = ["zeta<2", {include-group = "dev-tools"}]

[tool.poetry.dependencies]
python = "^3.11"
eta = {version = "1.2.3", optional = true, markers = "os_name == 'nt'"}
theta = [{version = "^1", python = "<3"}, {url = "https://files.example.test/theta-2.tar.gz"}]

[tool.poetry.extras]
big = ["eta"]

[tool.poetry.group.docs.dependencies]
iota = "*"

[tool.pdm.dev-dependencies]
lint = ["kappa"]

[tool.uv]
dev-dependencies = ["lambda"]
"""
    reading = read_file("pyproject", "pyproject.toml", text)
    assert str(reading.subject) == "pkg:pypi/my-app@1.0"
    parts = by_name(reading)
    assert "my-app" not in parts, "its own extras are no dependency"
    assert {part.relation for part in reading.components} == {Relation.DIRECT}
    assert set(reading.roots) == {part.ref for part in reading.components}
    scopes = {name: (part.scope, part.groups) for name, part in parts.items()}
    assert scopes == {
        "alpha": (Scope.RUNTIME, ()),
        "beta": (Scope.RUNTIME, ()),
        "gamma": (Scope.RUNTIME, ()),
        "delta": (Scope.OPTIONAL, ("web",)),
        "epsilon": (Scope.TEST, ("Dev_Tools", "test")),
        "zeta": (Scope.TEST, ("Dev_Tools", "test")),
        "eta": (Scope.OPTIONAL, ("big",)),
        "theta": (Scope.RUNTIME, ()),
        "iota": (Scope.DEVELOPMENT, ("docs",)),
        "kappa": (Scope.DEVELOPMENT, ("lint",)),
        "lambda": (Scope.DEVELOPMENT, ("dev",)),
        "builder": (Scope.BUILD, ("build-system",)),
    }
    assert parts["alpha"].package.version == "1.0"
    assert parts["beta"].requirement == '>=2; python_version < "4"'
    assert parts["beta"].locations[0].line == 9
    assert parts["gamma"].source == Source("https://code.example.test/g", "", "v1")
    assert "secret" not in repr(reading)
    assert (parts["eta"].package.version, parts["eta"].locations[0].line) == ("1.2.3", 23)
    assert {p.message for p in reading.problems} == {
        "dependency group 'Dev_Tools' includes itself",
        "dependency group 'test' includes itself",
    }


def test_what_is_computed_at_build_time_is_unknown(read_file) -> None:
    text = '[project]\nname = "app"\ndynamic = ["dependencies"]\n'
    (problem,) = read_file("pyproject", "pyproject.toml", text).problems
    assert problem.trouble is Trouble.UNKNOWN
    files = text + '[tool.setuptools.dynamic]\ndependencies = {file = ["requirements.txt"]}\n'
    (problem,) = read_file("pyproject", "a/pyproject.toml", files).problems
    assert problem.trouble is Trouble.UNKNOWN, "the file is not there"
    beside = {"a/requirements.txt": "alpha\n"}
    (problem,) = read_file("pyproject", "a/pyproject.toml", files, beside).problems
    assert problem.trouble is Trouble.NOTICE
    poetry = text + '[tool.poetry.dependencies]\nalpha = "*"\n'
    assert read_file("pyproject", "pyproject.toml", poetry).problems == ()


def test_bad_parts_of_a_pyproject(read_file) -> None:
    text = """[project]
name = "app"
dependencies = ["alpha==1", 7, "=="]
optional-dependencies = []
[dependency-groups]
dev = [{include-group = "nowhere"}, 8, "beta"]
[tool.poetry.dependencies]
gamma = 9
"""
    reading = read_file("pyproject", "pyproject.toml", text)
    assert [part.ref for part in reading.components] == ["alpha@1", "beta@"]
    assert len(reading.problems) == 6
    assert {p.trouble for p in reading.problems} == {Trouble.UNREADABLE}


def test_pipfile(read_file, by_name) -> None:
    text = """[[source]]
name = "inner"
url = "https://user:secret@pkgs.example.test/simple"

[packages]
Alpha = "==1.0"
beta = {version = ">=2", index = "inner"}
gamma = {git = "https://code.example.test/g", ref = "main"}
broken = 7

[dev-packages]
delta = "*"

[docs]
epsilon = "*"

[requires]
python_version = "3.11"
"""
    parts = by_name(reading := read_file("pipfile", "Pipfile", text))
    assert {name: (part.scope, part.groups) for name, part in parts.items()} == {
        "alpha": (Scope.RUNTIME, ("default",)),
        "beta": (Scope.RUNTIME, ("default",)),
        "gamma": (Scope.RUNTIME, ("default",)),
        "delta": (Scope.DEVELOPMENT, ("develop",)),
        "epsilon": (Scope.DEVELOPMENT, ("docs",)),
    }
    assert parts["alpha"].package.version == "1.0"
    assert parts["beta"].registry == "https://pkgs.example.test/simple"
    assert parts["gamma"].source == Source("https://code.example.test/g", "", "main")
    assert [(p.location.line, p.message) for p in reading.problems] == [
        (9, "'broken' is a number, not a version")
    ]
