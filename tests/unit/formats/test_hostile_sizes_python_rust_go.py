"""Documents made to cost the square of their size, or more, are read in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from importlib import import_module

import pytest

from pratique.formats.base import Tree
from pratique.model.errors import InputError

ALLOWED_SECONDS = 30.0
"""Of the processor.  Each takes under four here; the square of their sizes would take hours."""

MANY = 20_000


def same_name(head: str, key: str, edge: str) -> str:
    entries = (f'[[{key}]]\nname = "a"\nversion = "{n}"\n{edge}\n' for n in range(MANY // 4))
    return head + "".join(entries)


HOSTILE = {
    "spaces in a requirement": (
        "python.requirements",
        "requirements.txt",
        "a" + " " * 1_000_000 + "x",
    ),
    "options without end": (
        "python.requirements",
        "requirements.txt",
        "a==1 " + "--hash=" * 200_000,
    ),
    "one name, all asking for it": (
        "python.requirements",
        "requirements.txt",
        "".join(f"a=={n} # via a\n" for n in range(MANY)),
    ),
    "annotations without end": (
        "python.requirements",
        "requirements.txt",
        "a==1 # via a\n" + "    #   b\n" * 200_000,
    ),
    "quotes in a go.mod": ("golang.go_mod", "go.mod", 'require "' + '\\"' * 500_000),
    "words in a go.mod": ("golang.go_mod", "go.mod", "require (\n" + "a " * 500_000),
    "spaces in a go.sum": ("golang.go_sum", "go.sum", "a v1" + " " * 1_000_000),
    "groups that double": (
        "python.pyproject",
        "pyproject.toml",
        "[dependency-groups]\n"
        + "".join(
            f'g{n} = [{{include-group = "g{n + 1}"}}, {{include-group = "g{n + 1}"}}]\n'
            for n in range(60)
        )
        + 'g60 = ["a"]\n',
    ),
    "a chain of groups": (
        "python.pyproject",
        "pyproject.toml",
        "[dependency-groups]\n"
        + "".join(f'g{n} = [{{include-group = "g{n + 1}"}}]\n' for n in range(MANY)),
    ),
    "quotes in a string": (
        "python.pyproject",
        "pyproject.toml",
        "a = '''" + '"\\' * 500_000 + "'''",
    ),
    "a long string": (
        "python.uv_lock",
        "uv.lock",
        'a = """' + "\\n[[package]]\n" * 200_000 + '"""',
    ),
    "a marker": (
        "python.pylock",
        "pylock.toml",
        '[[packages]]\nname = "a"\nversion = "1"\nmarker = "\'a\' in extras'
        + " " * 1_000_000
        + 'x"',
    ),
    "one name in uv.lock": (
        "python.uv_lock",
        "uv.lock",
        same_name(
            "version = 1\n", "package", 'source = {registry = "r"}\ndependencies = [{name = "a"}]'
        ),
    ),
    "one name in poetry.lock": (
        "python.poetry_lock",
        "poetry.lock",
        same_name("", "package", '[package.dependencies]\na = "*"'),
    ),
    "one name in Cargo.lock": (
        "rust.cargo_lock",
        "Cargo.lock",
        same_name("version = 3\n", "package", 'source = "registry+r"\ndependencies = ["a"]'),
    ),
    "file lists that never end": ("python.uv_lock", "uv.lock", "wheels = [\n" * 300_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_cost_grows_with_the_size_alone(
    name: str, memory_tree: Callable[[Mapping[str, bytes]], Tree]
) -> None:
    module, path, text = HOSTILE[name]
    read = import_module(f"pratique.formats.lockfiles.{module}").read
    start = time.process_time()
    try:
        read(text.encode(), path, memory_tree({}))
    except InputError as error:
        refusal = error.message
    else:
        refusal = ""
    assert "\n" not in refusal
    assert time.process_time() - start < ALLOWED_SECONDS
