"""S2C2F 1.1 ENF-1: the shared corpus of package-manager configurations, each verdict and rule."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pratique.controls.configs.names import parse
from pratique.controls.configs.service import lint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def corpus(vector_folder: Callable[[str], Path]) -> tuple[Path, list[dict[str, Any]]]:
    root = vector_folder("controls/controls.tar.xz") / "configs"
    samples = json.loads((root / "verdict.json").read_text())["samples"]
    assert len(samples) >= 50
    return root, samples


@pytest.mark.parametrize("hosts", [frozenset({"example.test"}), frozenset()], ids=["named", "told"])
def test_every_sample_has_its_verdict_and_rule(
    corpus: tuple[Path, list[dict[str, Any]]], hosts: frozenset[str]
) -> None:
    root, samples = corpus
    wrong = []
    for sample in samples:
        folder = root / sample["manager"] / sample["id"]
        result = lint(folder, parse(sample["internal_names"]), hosts)
        rules = sorted({one.rule for one in result.faults})
        expected = [sample["rule"]] if sample["verdict"] == "unsafe" else []
        if rules != expected or result.unknown:
            wrong.append((sample["id"], expected, rules, result.unknown))
    assert not wrong


def test_no_safe_sample_is_accused_where_no_names_are_given(
    corpus: tuple[Path, list[dict[str, Any]]],
) -> None:
    root, samples = corpus
    for sample in samples:
        if sample["verdict"] == "safe":
            folder = root / sample["manager"] / sample["id"]
            result = lint(folder, parse([]), frozenset())
            assert result.faults == (), sample["id"]
            assert result.unknown == (), sample["id"]


def test_every_fault_stands_on_a_line_and_column_of_its_file(
    corpus: tuple[Path, list[dict[str, Any]]],
) -> None:
    root, samples = corpus
    for sample in samples:
        folder = root / sample["manager"] / sample["id"]
        for fault in lint(folder, parse(sample["internal_names"]), frozenset()).faults:
            lines = (folder / fault.place.path).read_text().split("\n")
            line = lines[fault.place.line - 1]
            assert 1 <= fault.place.column <= max(len(line), 1), sample["id"]
            assert fault.why, sample["id"]
            assert fault.fix, sample["id"]
