"""Mutated manifests, lockfiles and universes: an InputError at worst."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.inventory.tree import FolderTree
from pratique.model.errors import InputError
from pratique.remediation.reading import read_manifest, read_package_lock
from pratique.remediation.resolving import resolve
from pratique.remediation.universe import read_universe

ROUNDS = 250
LOCK = json.dumps(
    {
        "packages": {
            "": {"dependencies": {"a": "^1", "l": "*"}},
            "node_modules/a": {"version": "1.0.0", "dependencies": {"b": "1"}},
            "node_modules/a/node_modules/b": {"version": "1.0.0"},
            "node_modules/l": {"link": True, "resolved": "packages/l"},
            "packages/l": {"version": "1.0.0", "devDependencies": {"a": "1"}},
        }
    }
).encode()
POM = (
    b"<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version>"
    b"<dependencyManagement><dependencies><dependency><groupId>g</groupId><artifactId>b</artifactId>"
    b"<version>${b.version}</version></dependency></dependencies></dependencyManagement></project>"
)
UNIVERSE = b"system: npm\nschema: |\n  a\n    1.0.0\n      b@^1.0.0\n  b\n    1.0.0\n      a@*\n"


def mutations(data: bytes, seed: str) -> list[bytes]:
    draw = random.Random(seed)
    found = []
    for _ in range(ROUNDS):
        text = bytearray(data)
        for _ in range(draw.randint(1, 5)):
            at = draw.randrange(len(text))
            if draw.random() < 0.5:
                text[at : at + draw.randint(0, 9)] = bytes([draw.randrange(256)])
            else:
                text[at:at] = draw.choice(
                    [b'"', b"{", b"[", b"\x00", b"\xff", b"<", b"&x;", b"\n", b"-1"]
                )
        found.append(bytes(text))
    return found


def test_lockfiles() -> None:
    graph = read_package_lock(LOCK)
    assert [(one.name, one.version) for one in graph.nodes[1:]] == [
        ("a", "1.0.0"), ("b", "1.0.0"), ("packages/l", "1.0.0"),
    ]  # fmt: skip
    for data in mutations(LOCK, "lock"):
        try:
            read_package_lock(data)
        except InputError:
            continue


@pytest.mark.parametrize(
    "name", ["pom.xml", "package.json", "pyproject.toml", "Pipfile", "requirements.txt"]
)
def test_manifests(name: str, tmp_path: Path) -> None:
    good = {
        "pom.xml": POM,
        "package.json": b'{"dependencies": {"a": "npm:b@^1", "c": "file:../c"}}',
        "pyproject.toml": b'[project]\ndependencies = ["a>=1", "b @ file:///x"]\n',
        "Pipfile": b'[packages]\na = "*"\nb = {version = "==1"}\n',
        "requirements.txt": b"a==1\n-r other.txt\nb ; x\n",
    }[name]
    for data in [good, *mutations(good, name)]:
        (tmp_path / name).write_bytes(data)
        try:
            read_manifest(name, FolderTree(tmp_path))
        except InputError:
            assert data != good


def test_universes() -> None:
    universe = read_universe(UNIVERSE)
    assert universe.versions("a") == ("1.0.0",)
    for data in mutations(UNIVERSE, "universe"):
        try:
            read_universe(data)
        except InputError:
            continue


def test_cycles_end(tree: Callable[[dict[str, str]], Path]) -> None:
    folder = tree({"package.json": '{"dependencies": {"a": "1"}}'})
    manifest = read_manifest("package.json", FolderTree(folder))
    assert len(resolve(manifest.needs, read_universe(UNIVERSE)).nodes) == 3
