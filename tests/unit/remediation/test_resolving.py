"""Resolvers over described universes: what each ecosystem would install."""

from __future__ import annotations

import pytest

from pratique.remediation.errors import ResolutionError, UniverseError
from pratique.remediation.models import Need
from pratique.remediation.resolving import resolve
from pratique.remediation.universe import Universe, read_universe


def universe(system: str, schema: str) -> Universe:
    lines = "\n".join(f"  {line}" for line in schema.splitlines())
    return read_universe(f"system: {system}\nschema: |\n{lines}\n".encode())


def installed(graph) -> list[tuple[str, str]]:
    return [(one.name, one.version) for one in graph.nodes[1:]]


NPM = """\
a
  1.0.0
    c@^1.0.0
    Dev|x@*
b
  1.0.0
    c@^2.0.0
    Opt|missing@1
c
  1.0.0
  1.5.0
  2.0.0
  2.1.0-beta.1
x
  1.0.0"""


def test_npm_nests_what_cannot_be_shared() -> None:
    graph = resolve(
        [Need(name="a", requirement="*"), Need(name="b", requirement="1")], universe("npm", NPM)
    )
    assert sorted(installed(graph)) == [
        ("a", "1.0.0"),
        ("b", "1.0.0"),
        ("c", "1.5.0"),
        ("c", "2.0.0"),
    ]
    assert not graph.missing, "an optional need that nothing meets is left out"


def test_npm_aliases_are_apart_and_missing_ones_are_named() -> None:
    needs = [
        Need(name="c", requirement="^1.0.0", alias="old-c"),
        Need(name="c", requirement="^2.0.0"),
        Need(name="nobody", requirement="1"),
    ]
    graph = resolve(needs, universe("npm", NPM))
    assert sorted(installed(graph)) == [("c", "1.5.0"), ("c", "2.0.0")]
    assert [one.need.name for one in graph.missing] == ["nobody"]


PYPI = """\
a
  1.0
    c@<2
  2.0
    c@<1
b
  1.0
    c@>=1
c
  0.5
  1.5
  2.0
d
  1.0
    e@==9"""


def test_pypi_goes_back_where_newest_versions_contradict_each_other() -> None:
    needs = [Need(name="A"), Need(name="b")]
    graph = resolve(needs, universe("pypi", PYPI))
    assert sorted(installed(graph)) == [("a", "1.0"), ("b", "1.0"), ("c", "1.5")]


def test_pypi_without_a_solution_is_an_error() -> None:
    with pytest.raises(ResolutionError):
        resolve([Need(name="a", requirement="==2.0"), Need(name="b")], universe("pypi", PYPI))
    with pytest.raises(ResolutionError):
        resolve([Need(name="d")], universe("pypi", PYPI))


MAVEN = """\
g:a
  1.0
    g:c@1.0
    g:d@1.0
g:b
  1.0
    MavenExclusions g:d|g:e@1.0
g:c
  1.0
  2.0
  3.0
g:d
  1.0
    g:c@2.0
  2.0
g:e
  1.0
    g:d@2.0
    Scope provided|g:f@1.0
    Opt|g:f@1.0
g:f
  1.0
g:r
  1.0
    g:c@[2.0,3.0)"""


def test_maven_takes_the_nearest_and_leaves_out_what_is_excluded() -> None:
    needs = [Need(name="g:b", requirement="1.0"), Need(name="g:a", requirement="1.0")]
    graph = resolve(needs, universe("Maven", MAVEN))
    assert sorted(installed(graph)) == [
        ("g:a", "1.0"), ("g:b", "1.0"), ("g:c", "1.0"), ("g:d", "1.0"), ("g:e", "1.0"),
    ]  # fmt: skip


def test_maven_management_decides_below_the_project() -> None:
    needs = [
        Need(name="g:a", requirement="1.0"),
        Need(name="g:c", requirement="3.0", managed=True),
    ]
    assert ("g:c", "3.0") in installed(resolve(needs, universe("Maven", MAVEN)))


def test_maven_ranges_outweigh_recommendations() -> None:
    needs = [Need(name="g:a", requirement="1.0"), Need(name="g:r", requirement="1.0")]
    assert ("g:c", "2.0") in installed(resolve(needs, universe("Maven", MAVEN)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"system: npm\n",
        b"system: elsewhere\nschema: |\n  a\n    1\n",
        b"system: npm\nschema: |\n  a\n        b@1\n",
        b"system: npm\nschema: |\n  a\n    1\n      Odd thing|b@1\n",
        b"\xff\xfe\x00",
        b"system: !!python/object:os.system x\nschema: y\n",
    ],
)
def test_what_is_no_universe_is_refused(data: bytes) -> None:
    with pytest.raises(UniverseError):
        read_universe(data)
