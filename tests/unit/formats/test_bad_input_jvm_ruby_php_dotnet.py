"""What every reader of these rooms survives: damaged, foreign and hostile bytes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from importlib import import_module

import pytest

from pratique.formats.base import Reader, Tree
from pratique.formats.registry import read_function
from pratique.model.errors import InputError
from pratique.model.inventory import Reading

READERS = {
    reader.name: reader
    for room in ("jvm", "ruby", "php", "dotnet", "swift", "haskell", "r", "cpp")
    for reader in import_module(f"pratique.formats.lockfiles.{room}").READERS
}

SAMPLES = {
    "pom.xml": """<project><parent><groupId>g</groupId><artifactId>p</artifactId>
<version>1</version></parent><artifactId>a</artifactId><properties><v>1.${w}</v><w>2</w></properties>
<dependencyManagement><dependencies><dependency><groupId>g</groupId><artifactId>m</artifactId>
<version>${v}</version><scope>import</scope><type>pom</type></dependency></dependencies></dependencyManagement>
<dependencies><dependency><groupId>g</groupId><artifactId>é</artifactId><version>[1,2)</version>
</dependency></dependencies></project>""",
    "gradle.lockfile": "# é\ng:a:1=runtimeClasspath,testRuntimeClasspath\ng:b:2=x\nempty=\n",
    "verification-metadata.xml": """<verification-metadata><components>
<component group="g" name="é" version="1"><artifact name="a.jar"><sha1 value="00"/></artifact>
</component></components></verification-metadata>""",
    "Gemfile.lock": """GIT
  remote: https://code.example.test/a
  revision: 00ff
  specs:
    a (1.0)
      b (~> 1)

GEM
  remote: https://gems.example.test/
  specs:
    b (1.0-java)
    é (2)

DEPENDENCIES
  a!

CHECKSUMS
  b (1.0-java) sha256=00
""",
    "composer.lock": """{"packages": [{"name": "a/é", "version": "1", "require": {"a/b": "*"},
"source": {"type": "git", "url": "https://code.example.test/a", "reference": "1"}, "license": ["MIT"]}],
"packages-dev": [{"name": "a/b", "version": "2", "replace": {"a/c": "self.version"}}]}""",
    "paket.lock": """NUGET
  remote: https://example.test/é
    A (1.0)
      B (>= 2.0)
    B (2.1)
GITHUB
  remote: o/r
    f.fs (0123456789abcdef)
""",
    "packages.lock.json": """{"version": 1, "dependencies": {"net8.0": {
"A": {"type": "Direct", "requested": "[1, )", "resolved": "1", "contentHash": "AA==",
"dependencies": {"é": "2"}}, "é": {"type": "Transitive", "resolved": "2"}, "P": {"type": "Project"}}}}""",
    "project.assets.json": """{"version": 3, "targets": {"net8.0": {"A/1": {"dependencies": {"é": "2"}}}},
"libraries": {"A/1": {"type": "package", "sha512": "AA=="}, "é/2": {"type": "project"}},
"projectFileDependencyGroups": {"net8.0": ["A >= 1"]}, "project": {"version": "1", "restore": {"projectName": "P"}}}""",
    "packages.config": """<packages><package id="A" version="1"/><package id="é" version="2"
developmentDependency="true"/></packages>""",
    "deps.json": """{"runtimeTarget": {"name": "t"}, "targets": {"t": {"A/1": {"dependencies": {"é": "2"}}}},
"libraries": {"A/1": {"type": "project"}, "é/2": {"type": "package", "sha512": "sha512-AA=="}}}""",
    "csproj": """<Project><PropertyGroup><V>1</V></PropertyGroup><ItemGroup>
<PackageReference Include="A" Version="$(V)"/><PackageReference Update="é" Version="2"/></ItemGroup></Project>""",
    "Package.resolved": """{"version": 2, "pins": [{"identity": "é", "kind": "remoteSourceControl",
"location": "https://code.example.test/a/é.git", "state": {"revision": "00ff", "version": "1.0.0"}}]}""",
    "Podfile.lock": """PODS:
  - Alpha/Core (1.0):
    - é (~> 2)
  - é (2.0)
DEPENDENCIES:
  - Alpha/Core (from `x`)
EXTERNAL SOURCES:
  Alpha:
    :git: https://code.example.test/a
CHECKOUT OPTIONS:
  Alpha:
    :git: https://code.example.test/a
    :commit: 00ff
""",
    "stack.yaml.lock": """packages:
- completed:
    hackage: alpha-1.0@sha256:00ff,1
- completed:
    git: https://code.example.test/é
    commit: 00ff
    name: beta
    version: '2.0'
snapshots:
- original: lts-1
""",
    "cabal.project.freeze": """-- é
constraints: any.alpha ==1.0,
             alpha +é -flag,
             beta >=1
index-state: x
""",
    "renv.lock": """{"R": {"Repositories": [{"Name": "CRAN", "URL": "https://r.example.test"}]}, "Packages":
{"é": {"Package": "é", "Version": "1", "Repository": "CRAN", "Requirements": ["B", "R"]},
"B": {"Version": "2", "RemoteType": "github", "RemoteUsername": "u", "RemoteRepo": "r"}}}""",
    "conan.lock": """{"version": "0.4", "requires": ["é/1"], "graph_lock": {"nodes": {"0": {"path": "é",
"requires": ["1"]}, "1": {"ref": "alpha/1.0@u/c#00ff", "requires": {"x": "2"}}, "2": {"pref": "b/2:00"}}}}""",
    "Directory.Packages.props": """<Project><ItemGroup><PackageVersion Include="é" Version="1"/>
</ItemGroup></Project>""",
}

LINES = ["gradle.lockfile", "Gemfile.lock"]
"""Readers of lines, for whom a document without any is an empty lock."""

MUTATIONS = 400


@pytest.fixture
def attempt(memory_tree: Callable[[Mapping[str, bytes]], Tree]) -> Callable[..., Reading | str]:
    """Read bytes: gives the reading, or the message of the refusal."""

    def run(name: str, data: bytes) -> Reading | str:
        reader: Reader = READERS[name]
        try:
            reading = read_function(reader)(data, f"x/{name}", memory_tree({}))
        except InputError as error:
            return error.message
        refs = [component.ref for component in reading.components]
        assert len(refs) == len(set(refs))
        for ref, targets in reading.edges.items():
            assert {ref, *targets} <= set(refs)
        assert set(reading.roots) <= set(refs)
        assert all("\n" not in problem.message for problem in reading.problems)
        return reading

    return run


def test_every_reader_has_a_sample():
    assert set(SAMPLES) == set(READERS)


@pytest.mark.parametrize("name", READERS)
def test_samples_are_read(attempt, name):
    assert attempt(name, SAMPLES[name].encode()).components


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_followed(attempt, name, encoding):
    reading = attempt(name, SAMPLES[name].encode(encoding))
    assert reading.components == attempt(name, SAMPLES[name].encode()).components


@pytest.mark.parametrize("name", READERS)
def test_undeclared_latin_1_is_refused_in_one_line(attempt, name):
    message = attempt(name, SAMPLES[name].encode("latin-1"))
    assert isinstance(message, str)
    assert "\n" not in message


@pytest.mark.parametrize("name", sorted(set(READERS) - set(LINES)))
@pytest.mark.parametrize("data", [b"", b"   \n", b"\xef\xbb\xbf", b"\0\1\2\3" * 50])
def test_empty_and_binary_documents_are_refused(attempt, name, data):
    message = attempt(name, data)
    assert isinstance(message, str)
    assert message
    assert "\n" not in message


@pytest.mark.parametrize("name", LINES)
def test_empty_lines_are_an_empty_lock_and_binary_is_refused(attempt, name):
    assert attempt(name, b"\n").components == ()
    assert isinstance(attempt(name, b"\0\1\2\3" * 50), str)


@pytest.mark.parametrize("name", READERS)
def test_every_truncation_is_survived(attempt, name):
    data = SAMPLES[name].encode()
    for end in range(len(data)):
        assert attempt(name, data[:end]) is not None


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("depth", [100, 100_000])
def test_deep_nesting_is_survived(attempt, name, depth):
    head = SAMPLES[name]
    if head.startswith("{"):
        deep = (
            '{"packages": ' + "[" * depth + "]" * depth + ', "libraries": {}, "dependencies": {}}'
        )
    elif head.startswith("<"):
        root = head[1:].partition(">")[0]
        deep = f"<{root}>" + "<a>" * depth + "</a>" * depth + f"</{root}>"
    else:
        deep = "  " * depth + "a (1)\n"
    assert attempt(name, deep.encode()) is not None


@pytest.mark.parametrize("name", [name for name, text in SAMPLES.items() if text.startswith("<")])
@pytest.mark.parametrize("entity", ['"text"', 'SYSTEM "file:///etc/hostname"'])
def test_entities_are_never_expanded(attempt, name, entity):
    text = f"<!DOCTYPE x [<!ENTITY a {entity}>]>" + SAMPLES[name].replace("é", "&a;")
    message = attempt(name, text.encode())
    assert isinstance(message, str)
    assert "\n" not in message


@pytest.mark.parametrize("name", READERS)
def test_mutations_are_survived(attempt, name):
    chance = random.Random(name)
    original = SAMPLES[name].encode()
    pieces = [
        b"null",
        b"{}",
        b"[]",
        b"1",
        b'"',
        b"\xff",
        b"<",
        b">",
        b"\n  ",
        b"${",
        b"-",
        b"(",
        b"\0",
    ]
    for _ in range(MUTATIONS):
        data = bytearray(original)
        for _ in range(chance.randint(1, 5)):
            at = chance.randrange(len(data) + 1)
            choice = chance.randrange(4)
            if choice == 0:
                data[at:at] = chance.choice(pieces)
            elif choice == 1:
                del data[at : at + chance.randint(1, 20)]
            elif choice == 2:
                data[at : at + 1] = bytes([chance.randrange(256)])
            else:
                start = chance.randrange(len(data) + 1)
                data[at:at] = data[start : start + 30]
        assert attempt(name, bytes(data)) is not None


ODD_VALUES = (
    None,
    True,
    0,
    -1.5,
    "",
    "x",
    "\ud800",
    " ",
    "a/b",
    [],
    {},
    [None],
    {"": None},
    [[]],
    {"a": {}},
)


def twisted(value: object, chance: random.Random) -> object:
    """The value with about every tenth part replaced by one of another type."""
    if chance.random() < 0.1:
        return chance.choice(ODD_VALUES)
    if isinstance(value, dict):
        return {
            (
                chance.choice(["", "x", "A/", "/1", "a\nb/1", key])
                if chance.random() < 0.1
                else key
            ): twisted(v, chance)
            for key, v in value.items()
        }
    if isinstance(value, list):
        return [twisted(v, chance) for v in value]
    return value


@pytest.mark.parametrize("name", [name for name, text in SAMPLES.items() if text.startswith("{")])
def test_values_of_other_types_are_survived(attempt, name):
    chance = random.Random(name)
    original = json.loads(SAMPLES[name])
    read = 0
    for _ in range(MUTATIONS * 5):
        data = json.dumps(twisted(original, chance)).encode()
        read += not isinstance(attempt(name, data), str)
    assert read > MUTATIONS
