"""Which files count as documents."""

from __future__ import annotations

import pytest

from pratique.inventory.find import documents, excluded


def paths(*names: str, installed: bool = False) -> set[str]:
    return {found.path for found in documents(names, installed=installed)}


def test_documents_are_found_by_name() -> None:
    assert paths("a/uv.lock", "a/main.py", "b/package-lock.json", "README.md") == {
        "a/uv.lock",
        "b/package-lock.json",
    }


def test_a_manifest_beside_its_lockfile_says_nothing_more() -> None:
    assert paths("package.json", "package-lock.json") == {"package-lock.json"}
    assert paths("a/package.json", "package-lock.json") == {"a/package.json", "package-lock.json"}
    assert paths("package.json", "Cargo.lock") == {"package.json", "Cargo.lock"}


def test_installed_trees_are_read_on_request() -> None:
    names = ("node_modules/a/package.json",)
    assert "node_modules/a/package.json" in paths(*names, installed=True)


@pytest.mark.parametrize(
    ("path", "globs", "out"),
    [
        ("tests/uv.lock", ["tests"], True),
        ("tests", ["tests/**"], True),
        ("a/tests", ["tests/"], True),
        ("a/b/uv.lock", ["a/b/*"], True),
        ("x/a/b/uv.lock", ["a/b/*"], True),
        ("a/uv.lock", ["./a"], True),
        ("a", ["./a"], True),
        ("a/poetry.lock", ["*.lock"], True),
        ("a/latest", ["test"], False),
        ("a", [], False),
    ],
)
def test_excluded(path: str, globs: list[str], out: bool) -> None:
    assert excluded(path, globs) is out
