"""``pratique sbom generate``: what is found becomes a bill of materials that reads back."""

from __future__ import annotations

from pathlib import Path

import pytest

from pratique.inventory import take
from pratique.inventory.sbom_generate_cli import SHORT
from pratique.surfaces.cli import main

LOCK = """\
version = 4

[[package]]
name = "harbour"
version = "1.0.0"
dependencies = ["alpha"]

[[package]]
name = "alpha"
version = "1.2.3"
source = "registry+https://example.test/index"
checksum = "{digest}"
dependencies = ["beta"]

[[package]]
name = "beta"
version = "2.0.0"
source = "registry+https://example.test/index"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    (place / "Cargo.lock").write_text(LOCK.format(digest="ab" * 32))
    return place


@pytest.mark.parametrize("form", SHORT)
def test_every_form_reads_back(folder: Path, tmp_path: Path, form: str) -> None:
    target = tmp_path / "out"
    assert main(["sbom", "generate", str(folder), "--to", form, "-o", str(target)]) == 0
    found = take(str(target))
    purls = {str(part.package): part for part in found.components}
    assert {"pkg:cargo/alpha@1.2.3", "pkg:cargo/beta@2.0.0"} <= purls.keys()
    assert [str(one) for one in purls["pkg:cargo/alpha@1.2.3"].hashes] == ["sha256:" + "ab" * 32]
    names = {part.ref: str(part.package) for part in found.components}
    pairs = {(names[a], names[b]) for a, row in found.edges.items() for b in row}
    assert ("pkg:cargo/alpha@1.2.3", "pkg:cargo/beta@2.0.0") in pairs


def test_the_same_bytes_twice(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert main(["sbom", "generate", str(folder)]) == 0
    first = capsysbinary.readouterr().out
    assert main(["sbom", "generate", str(folder)]) == 0
    assert capsysbinary.readouterr().out == first


def test_what_cannot_be_read_is_said(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "poetry.lock").write_text("[[package")
    assert main(["sbom", "generate", str(folder), "-o", str(tmp_path / "out")]) == 3
    assert "poetry.lock" in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["sbom", "generate", str(empty), "-o", str(tmp_path / "out")]) == 3
    assert "nothing was found" in capsys.readouterr().err
