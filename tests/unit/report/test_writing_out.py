"""Where a document goes that a command made."""

from __future__ import annotations

from pathlib import Path

import pytest

from pratique.model.errors import UsageError
from pratique.report.writing import write_out


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
