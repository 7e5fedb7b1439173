"""Models: what bills of materials say of them, and what their files would call."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest

from pratique.surfaces.cli import main

BOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"component": {"bom-ref": "app", "type": "application", "name": "app"}},
    "components": [
        {
            "bom-ref": "m",
            "type": "machine-learning-model",
            "name": "alpha",
            "version": "2",
            "modelCard": {
                "modelParameters": {
                    "task": "classification",
                    "architectureFamily": "transformer",
                    "datasets": [{"ref": "d"}],
                },
                "considerations": {"technicalLimitations": ["only English"]},
            },
        },
        {
            "bom-ref": "d",
            "type": "data",
            "name": "corpus",
            "data": [{"type": "dataset", "classification": "public"}],
        },
        {"bom-ref": "l", "type": "library", "name": "plain"},
    ],
    "dependencies": [{"ref": "app", "dependsOn": ["m"]}, {"ref": "m", "dependsOn": ["d"]}],
}


class Canary:
    def __reduce__(self):
        return os.getcwd, ()


@pytest.fixture
def bom(tmp_path: Path) -> str:
    path = tmp_path / "ml.cdx.json"
    path.write_text(json.dumps(BOM))
    return str(path)


def test_query_by_kind(bom: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sbom", "query", bom, "kind=machine-learning-model"]) == 0
    line = capsys.readouterr().out
    assert line == (
        "pkg:generic/alpha@2 [machine-learning-model, classification, transformer, trained on d]\n"
    )
    assert main(["sbom", "query", bom, "kind=data", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["model"]["classification"] == ["public"]
    assert main(["sbom", "query", bom, "kind=library"]) == 0
    assert capsys.readouterr().out == "pkg:generic/plain\n"


def test_tree_shows_models(bom: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sbom", "tree", bom]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith(
        "alpha@2 [machine-learning-model, classification, transformer, trained on d]"
    )
    assert lines[2].endswith("corpus [data]")


def test_files_of_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.pkl").write_bytes(pickle.dumps(Canary()))
    (tmp_path / "good.gguf").write_bytes(b"GGUF\x03\0\0\0")
    assert main(["sbom", "models", str(tmp_path), "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["path"] for one in found["files"]] == ["bad.pkl", "good.gguf"]
    (finding,) = found["findings"]
    assert finding["rule"] == "model-runs-code"
    assert finding["severity"] == "critical"
    assert "posix.getcwd" in finding["title"]
    assert main(["sbom", "models", str(tmp_path), "--exclude", "bad.pkl"]) == 0
    assert "1 model files, 0 findings" in capsys.readouterr().out
    assert main(["explain", "model-runs-code"]) == 0
    assert main(["sbom", "models", str(tmp_path / "none")]) == 2


def test_a_damaged_archive_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.pt").write_bytes(b"PK\x03\x04" + b"\0" * 40)
    assert main(["sbom", "models", str(tmp_path)]) == 3
    assert "m.pt: is no ZIP archive" in capsys.readouterr().out


def test_a_model_is_in_the_bill(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.pkl").write_bytes(pickle.dumps(Canary()))
    assert main(["sbom", "generate", str(tmp_path), "--installed"]) == 3
    out, error = capsys.readouterr()
    (component,) = json.loads(out)["components"]
    assert component["name"] == "bad.pkl"
    assert component["type"] == "machine-learning-model"
    assert "posix.getcwd, which runs code" in error


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7"])
def test_a_model_is_valid_in_every_version(
    version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.gguf").write_bytes(b"GGUF\x03\0\0\0")
    target = str(tmp_path / "bill.cdx.json")
    form = f"cyclonedx-json-{version}"
    assert main(["sbom", "generate", str(tmp_path), "--installed", "--to", form, "-o", target]) == 0
    (component,) = json.loads(Path(target).read_text())["components"]
    assert component["type"] == ("file" if version == "1.4" else "machine-learning-model")
    assert main(["sbom", "validate", target]) == 0
    capsys.readouterr()


def test_findings_of_models_as_sarif(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.pkl").write_bytes(pickle.dumps(Canary()))
    assert main(["sbom", "models", str(tmp_path), "--format", "sarif"]) == 1
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    (result,) = run["results"]
    assert result["level"] == "error"
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "bad.pkl"
    assert run["tool"]["driver"]["rules"][0]["name"] == "ModelRunsCode"
    assert run["invocations"][0]["executionSuccessful"] is True
    (tmp_path / "bad.pkl").unlink()
    (tmp_path / "m.pt").write_bytes(b"PK\x03\x04" + b"\0" * 40)
    assert main(["sbom", "models", str(tmp_path), "--format", "sarif"]) == 3
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["invocations"][0]["executionSuccessful"] is False


def test_a_check_finds_what_a_model_would_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "data"))
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "bad.pkl").write_bytes(pickle.dumps(Canary()))
    words = ["check", str(folder), "--installed", "--offline", "-f"]
    assert main([*words, "json"]) == 1
    bill = json.loads(capsys.readouterr().out)
    (finding,) = bill["findings"]
    assert (finding["rule"], finding["severity"]) == ("model-runs-code", "critical")
    assert finding["subject"].startswith("pkg:generic/bad.pkl?checksum=sha256:")
    assert not [one for one in bill["unknowns"] if "getcwd" in one["message"]]
    assert main([*words, "html"]) == 1
    assert "loading it imports posix.getcwd, which runs code" in capsys.readouterr().out
