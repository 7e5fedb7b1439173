"""The commands, as they are typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.model.errors import PratiqueError, UsageError
from pratique.surfaces.cli.app import dispatch

ZERO = {"introduced": "0"}


def test_build_then_status(
    tmp_path: Path,
    record: Callable[..., dict[str, Any]],
    source: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = source(record("A-1", "npm", "alpha", ZERO, aliases=["A-1"]))
    data = str(tmp_path / "data")
    assert dispatch(["advisories", "build", str(path), "--data", data,
                     "--as-of", "2026-02-01T10:00"]) == 0  # fmt: skip
    out = capsys.readouterr().out
    assert "as of       2026-02-01 10:00 UTC" in out
    assert "1  bad-alias" in out
    assert dispatch(["advisories", "status", "--data", data, "--format", "json", "--verify"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["records"] == 1
    assert status["ecosystems"] == ["npm"]
    assert status["as_of"] == "2026-02-01T10:00:00Z"
    assert status["sources"][0]["newest"] == "2026-01-02T03:04:05Z"


def test_status_without_anything_is_the_starter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path))
    assert dispatch(["advisories", "status"]) == 0
    out = capsys.readouterr().out
    assert "generation  starter" in out
    assert "run 'pratique advisories update'" in out
    assert "golang/vulndb" in out


def test_update_refuses_offline(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="offline"):
        dispatch(["advisories", "update", "--offline", "--data", str(tmp_path)])


def test_wrong_use_is_explained(tmp_path: Path) -> None:
    for words, message in (
        (["build"], "no source"),
        (["build", "--starter", str(tmp_path)], "one folder"),
        (["build", "x.json", "--as-of", "soon"], "--as-of"),
        (["build", str(tmp_path / "absent.ndjson"), "--data", str(tmp_path)], "cannot be read"),
        (["status", "--data", str(tmp_path / "none")], "no finished advisories"),
        (["update", "--url", "gopher://x", "--data", str(tmp_path)], "not an http"),
    ):
        with pytest.raises(PratiqueError, match=message):
            dispatch(["advisories", *words])
