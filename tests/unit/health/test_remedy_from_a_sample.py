"""Advice that rests on a part of an ecosystem's advisories says so: 2.15.0 of log4j is no cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from pratique.surfaces.cli import main

LOG4J = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"


@pytest.fixture(autouse=True)
def starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The advisories that come with the program, which hold a part of Maven's."""
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")


def test_a_check_does_not_call_the_version_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", LOG4J, "--offline"]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "2.15.0 or later (only a part of the advisories for Maven is here" in shown
    assert "lowest version without a vulnerability" not in shown


def test_nor_does_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>test.example</groupId>"
        "<artifactId>shop</artifactId><version>1</version><dependencies><dependency>"
        "<groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId>"
        "<version>2.14.1</version></dependency></dependencies></project>"
    )
    main(["fix", str(tmp_path)])
    assert "note: only a part of the advisories for Maven is here" in capsys.readouterr().out


def test_where_all_advisories_are_here_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "pkg:pypi/jinja2@2.10", "--offline"]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "the lowest version without a vulnerability known here" in shown
