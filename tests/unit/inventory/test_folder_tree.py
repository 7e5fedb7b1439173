"""What a folder shows to readers, and what it keeps from them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pratique.formats.base import TreeError
from pratique.ingest import files as tree_module
from pratique.inventory.tree import FolderTree, LoneTree


def make(root: Path, **files: str) -> FolderTree:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return FolderTree(root)


def test_reads_below_the_root_and_normalises(tmp_path: Path) -> None:
    tree = make(tmp_path, a__b="one")
    assert tree.read("a/b") == b"one"
    assert tree.read("a/../a/./b") == b"one"
    assert tree.is_file("a/b")
    assert not tree.is_file("a")
    assert tree.names("a") == ["b"]
    assert tree.names("absent") == ()


@pytest.mark.parametrize(
    "path", ["../secret", "a/../../secret", "/etc/passwd", "link", "far/secret"]
)
def test_never_leads_outside(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("x")
    root = tmp_path / "root"
    tree = make(root, a__b="one")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "far").symlink_to(tmp_path)
    with pytest.raises(TreeError):
        tree.read(path)
    assert not tree.is_file(path)


def test_a_link_inside_is_followed(tmp_path: Path) -> None:
    tree = make(tmp_path, a__lock="x")
    (tmp_path / "lock").symlink_to("a/lock")
    assert tree.read("lock") == b"x"


def test_loops_of_links_end(tmp_path: Path) -> None:
    tree = make(tmp_path, a__b="x")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to("self")
    assert "a/b" in list(tree.walk())
    with pytest.raises(TreeError):
        tree.read("self")


def test_a_named_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TreeError, match="not a regular file"):
        FolderTree(tmp_path).read("pipe")


def test_a_file_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_module, "MAX_DOCUMENT_BYTES", 10)
    tree = make(tmp_path, big="x" * 11, fits="x" * 10)
    with pytest.raises(TreeError, match="over the limit of 10"):
        tree.read("big")
    assert len(tree.read("fits")) == 10


def test_a_sparse_gigabyte_is_refused_without_reading_it(tmp_path: Path) -> None:
    with (tmp_path / "package-lock.json").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(TreeError, match="1,073,741,824 bytes"):
        FolderTree(tmp_path).read("package-lock.json")


def test_walk_skips_version_control_and_installed_trees(tmp_path: Path) -> None:
    tree = make(
        tmp_path,
        z="",
        a__x="",
        **{".git__config": "", "node_modules__m__package.json": "", ".venv__pyvenv.cfg": ""},
    )
    assert list(tree.walk()) == ["z", "a/x"]
    assert "node_modules/m/package.json" in list(tree.walk(installed=True))
    assert ".git/config" not in list(tree.walk(installed=True))


def test_walk_says_what_it_could_not_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = make(tmp_path, a__x="", b__y="")
    scandir = os.scandir

    def refuse(path: object) -> object:
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "scandir", refuse)
    failed: list[tuple[str, str]] = []
    assert list(tree.walk(failed=lambda path, why: failed.append((path, why)))) == ["b/y"]
    assert failed == [("a", "cannot be listed: permission denied")]


def test_walk_ends_at_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_module, "MAX_FILES", 3)
    tree = make(tmp_path, **{f"f{n}": "" for n in range(6)})
    failed: list[str] = []
    assert len(list(tree.walk(failed=lambda _path, why: failed.append(why)))) == 3
    assert "more than 3 files" in failed[0]


def test_a_lone_document_has_nothing_beside_it() -> None:
    tree = LoneTree()
    assert tree.names("") == ()
    assert not tree.is_file("x")
    with pytest.raises(TreeError, match="given alone"):
        tree.read("x")
