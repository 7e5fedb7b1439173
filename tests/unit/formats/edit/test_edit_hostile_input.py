"""Mutated documents: an edit either says no or changes what was asked and nothing else."""

from __future__ import annotations

import json
import random
import tomllib
from typing import Any

import pytest

from pratique.formats.edit import (
    cargo_toml,
    go_mod,
    package_json,
    package_lock,
    pipfile,
    pom,
    pyproject,
    requirements_txt,
)
from pratique.formats.edit.base import Change
from pratique.formats.edit.package_lock import Release
from pratique.model.errors import InputError

ROUNDS = 300
CHANGE = [Change(name="alpha", after="9")]

TEXTS: dict[str, tuple[str, Any]] = {
    "requirements": (
        "alpha==1\nbeta>=2 # c\nalpha ; x \\\n  --opt=a\n",
        lambda text: requirements_txt.edit(text, CHANGE),
    ),
    "pyproject": (
        '[project]\ndependencies = ["alpha==1", """beta"""]\n[tool.poetry.dependencies]\nalpha = "1"\n',
        lambda text: pyproject.edit(text, CHANGE),
    ),
    "uv": (
        '[tool.uv]\noverride-dependencies = [\n "a", # c\n]\nx = {a = [1, {b = "c"}]}\n',
        lambda text: pyproject.constrain(text, "override", "alpha>=9"),
    ),
    "pipfile": ('[packages]\nalpha = "1"\n[a.b]\nc = 1\n', lambda text: pipfile.edit(text, CHANGE)),
    "cargo": (
        '[dependencies]\nalpha = "1"\nb = {version="1", package="alpha"}\n',
        lambda text: cargo_toml.edit(text, CHANGE),
    ),
    "package": (
        '{"dependencies": {"alpha": "1", "b": [1, {"c": null}]}, "overrides": {}}',
        lambda text: package_json.override(package_json.edit(text, CHANGE), {"x": "1"}),
    ),
    "lock": (
        '{"packages": {"": {}, "node_modules/alpha": {"version": "1", "dependencies": {"b": "1"}}}}',
        lambda text: package_lock.edit(
            text, {"node_modules/alpha": Release(version="9", dependencies={})}
        ),
    ),
    "go": (
        "module a\nrequire alpha v1.0.0\nrequire (\n b v1\n)\n",
        lambda text: go_mod.edit(text, CHANGE),
    ),
    "pom": (
        "<project><dependencies><dependency><groupId>a</groupId><artifactId>b</artifactId>"
        "<version>${v}</version></dependency></dependencies><properties><v>1</v></properties></project>",
        lambda text: pom.edit(
            text.encode("utf-8", "replace"), [pom.Version(name="a:b", version="9")]
        ),
    ),
}
PIECES = [
    '"',
    "'",
    "[",
    "]",
    "{",
    "}",
    "\\",
    "\n",
    "=",
    ",",
    "#",
    "<",
    ">",
    "&",
    "\0",
    "é",
    "\ud7ff",
    "(",
    "//",
]


def mutated(text: str, draw: random.Random) -> str:
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(text) + 1)
        if draw.random() < 0.5:
            text = text[:at] + draw.choice(PIECES) + text[at:]
        else:
            text = text[:at] + text[at + draw.randint(1, 6) :]
    return text


@pytest.mark.parametrize("kind", TEXTS)
def test_mutated_documents(kind: str) -> None:
    text, edit = TEXTS[kind]
    edit(text)
    draw = random.Random(kind)
    done = 0
    for _ in range(ROUNDS):
        broken = mutated(text, draw)
        try:
            out = edit(broken)
        except InputError:
            continue
        done += 1
        if kind in {"pyproject", "uv", "pipfile", "cargo"}:
            tomllib.loads(out)
        elif kind in {"package", "lock"}:
            json.loads(out)
    assert done or kind == "pom"


@pytest.mark.parametrize("kind", TEXTS)
def test_deep_and_long_documents(kind: str) -> None:
    _, edit = TEXTS[kind]
    for text in (
        "[" * 5000,
        "a = " + "[" * 500 + "]" * 500,
        '{"a":' * 500,
        "x" * 100_000,
        "\\" * 9999,
    ):
        try:
            edit(text)
        except InputError:
            continue
