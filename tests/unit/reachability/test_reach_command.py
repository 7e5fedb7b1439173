"""``pratique reach``: answers, drafts, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.surfaces.cli import main

Project = Callable[[dict[str, str]], Path]


@pytest.fixture
def folder(project: Project, installed: Callable[..., dict[str, str]]) -> Path:
    return project(
        {
            "requirements.txt": "alpha==1.0\ngamma==1.0\n",
            "main.py": "import alpha\n",
            **installed("alpha", {"alpha.py": ""}),
            **installed("gamma", {"gamma.py": ""}),
        }
    )


def test_the_table_says_what_is_reached_and_what_is_not(
    folder: Path, index_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reach", str(folder), "--advisories", str(index_folder)]) == 1
    text = capsys.readouterr().out
    assert text.startswith("2 findings, 2 source files read: 1 imported, 1 unimported.")
    assert "main.py:1: import alpha" in text
    assert "judge it" in text


def test_drafts_dismiss_nothing(folder: Path, index_folder: Path, tmp_path: Path) -> None:
    drafts = tmp_path / "drafts.json"
    arguments = ["reach", str(folder), "--advisories", str(index_folder), "-f", "openvex"]
    arguments += ["--product", "pkg:generic/app@1", "--author", "A. Judge", "-o", str(drafts)]
    assert main(arguments) == 1
    document = json.loads(drafts.read_text())
    assert document["author"] == "A. Judge"
    assert {one["status"] for one in document["statements"]} == {"under_investigation"}
    notes = {one["vulnerability"]["name"]: one["status_notes"] for one in document["statements"]}
    assert "Proposed, to be judged: not_affected" in notes["EX-gamma"]
    assert "Proposed" not in notes["EX-alpha"]


def test_drafts_applied_as_they_are_leave_every_finding_open(
    folder: Path, index_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drafts = tmp_path / "drafts.json"
    common = [str(folder / "requirements.txt"), "--advisories", str(index_folder)]
    arguments = [
        "reach",
        str(folder),
        *common[1:],
        "-f",
        "openvex",
        "--product",
        "pkg:pypi/gamma@1.0",
    ]
    main([*arguments, "-o", str(drafts)])
    assert main(["check", *common, "--vex", str(drafts), "-f", "json"]) == 1
    bill = json.loads(capsys.readouterr().out)
    assert {one["status"] for one in bill["findings"]} <= {"open", "under_investigation"}
    assert len(bill["findings"]) == 2


def test_json_has_the_evidence(
    folder: Path, index_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["reach", str(folder), "--advisories", str(index_folder), "-f", "json"])
    report = json.loads(capsys.readouterr().out)
    states = {one["id"]: one["state"] for one in report["answers"]}
    assert states == {"EX-alpha": "imported", "EX-gamma": "unimported"}
    assert report["answers"][0]["chain"][0]["text"] == "import alpha"


def test_unknown_answers_are_incomplete(
    project: Project, index_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = project({"requirements.txt": "alpha==1.0\n", "main.py": ""})
    assert main(["reach", str(folder), "--advisories", str(index_folder)]) == 3
    assert "--environment" in capsys.readouterr().out


def test_what_is_missing_is_asked_for(
    folder: Path, index_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["reach", str(folder), "--advisories", str(index_folder)]
    assert main([*arguments, "-f", "openvex"]) == 2
    assert "--product" in capsys.readouterr().err
    assert main(["reach", str(folder / "main.py"), "--advisories", str(index_folder)]) == 2
    assert main([*arguments, "--environment", str(folder / "nothing")]) == 2
