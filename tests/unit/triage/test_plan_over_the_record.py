"""``pratique fix --record``: one plan over all products, without what was settled."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.surfaces.cli import main

Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def planned(run: Run, advisories: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[], Any]:
    def plan(*words: str) -> Any:
        main(["fix", "--record", "--advisories", str(advisories), "-f", "json", *words])
        return json.loads(capsys.readouterr().out)

    return plan


def test_shared_upgrades_are_one(planned: Callable[[], Any]) -> None:
    plan = planned()
    assert plan["subject"] == "the record"
    upgrades = {one["name"]: one for one in plan["upgrades"]}
    assert set(upgrades) == {"alpha", "beta"}
    assert upgrades["alpha"]["after"] == "2.0"
    assert {one["checkout"] for one in upgrades["alpha"]["occurrences"]} == {"desk 2.0", "shop 1.4"}
    assert plan == {**planned(), "created": plan["created"]}


def test_what_was_settled_needs_no_fix(run: Run, planned: Callable[[], Any]) -> None:
    run("triage", "set", "CVE-2026-0002", "-p", "shop", "-s", "not_affected",
        "-j", "code_not_reachable")  # fmt: skip
    assert {one["name"] for one in planned()["upgrades"]} == {"alpha"}


@pytest.mark.parametrize("words", [["."], ["--prove"], ["--apply"], ["--organisation", "."]])
def test_the_record_is_not_changed(
    run: Run, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fix", "--record", *words]) == 2
    assert "record" in capsys.readouterr().err
