"""Where a document goes that a command made."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pratique.model.errors import UsageError
from pratique.report.writing import rewrite, write_out, write_whole


@pytest.mark.parametrize("target", [None, "-", Path("-")], ids=["none", "dash", "path"])
def test_without_a_file_it_goes_to_standard_output(
    target: Path | str | None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_out("ä\n".encode(), target)
    assert capsys.readouterr().out == "ä\n"
    assert not list(tmp_path.iterdir())


def test_a_file_gets_the_bytes_as_they_are(tmp_path: Path) -> None:
    write_out(b"a\r\nb\n", tmp_path / "one")
    write_out(b"c", str(tmp_path / "one"))
    assert (tmp_path / "one").read_bytes() == b"c"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        write_out(b"a", tmp_path / "absent" / "one")


@pytest.fixture
def pipe(tmp_path: Path):
    """A named pipe with a reader, so that writing to it does not wait."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield path, reader
    os.close(reader)


def test_a_pipe_is_written_to_and_stays_one(pipe: tuple[Path, int]) -> None:
    path, reader = pipe
    write_out(b"a", path)
    assert os.read(reader, 10) == b"a"
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_out(b"new", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_rewriting_keeps_links_and_modes_and_leaves_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    rewrite(b"new", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o640
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", "real"]


def test_rewriting_what_is_no_file_is_refused(pipe: tuple[Path, int], tmp_path: Path) -> None:
    path, _ = pipe
    with pytest.raises(UsageError, match="no regular file"):
        rewrite(b"a", path)
    assert stat.S_ISFIFO(path.stat().st_mode)
    with pytest.raises(UsageError, match="cannot be written"):
        rewrite(b"a", tmp_path / "absent")


def test_a_whole_file_goes_through_a_link_and_replaces_a_plain_one(tmp_path: Path) -> None:
    plain, link = tmp_path / "plain", tmp_path / "link"
    plain.write_bytes(b"old")
    link.symlink_to(plain)
    write_whole(b"by the link", link)
    assert link.is_symlink()
    assert plain.read_bytes() == b"by the link"
    node = plain.stat().st_ino
    write_whole(b"new", plain)
    assert plain.read_bytes() == b"new"
    assert plain.stat().st_ino != node
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "plain"]
    with pytest.raises(OSError, match="No such file"):
        write_whole(b"x", tmp_path / "absent" / "file")
