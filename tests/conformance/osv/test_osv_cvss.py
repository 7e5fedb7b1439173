"""CVSS 2.0, 3.0, 3.1 and 4.0: every shared vector has the score that its file says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.formats.osv.severity import base_score

FILES = {
    "calculator2": "CVSS_V2",
    "cvsslib2": "CVSS_V2",
    "simple2": "CVSS_V2",
    "calculator3": "CVSS_V3",
    "cvsslib3": "CVSS_V3",
    "simple3": "CVSS_V3",
    "simple31": "CVSS_V3",
    "security4": "CVSS_V4",
    "simple4": "CVSS_V4",
    "supplemental4": "CVSS_V4",
    "threat4": "CVSS_V4",
}


@pytest.mark.parametrize("name", FILES)
def test_every_vector_is_scored_exactly(name: str, vector_folder: Callable[[str], Path]) -> None:
    folder = vector_folder("osv/cvss.tar.xz") / "redhat-cvss"
    lines = (folder / f"vectors_{name}").read_text("utf-8").splitlines()
    wrong = []
    for line in filter(None, map(str.strip, lines)):
        vector, _, scores = line.partition(" - ")
        wanted = float(scores.strip("()").split(",")[0])
        found = base_score(FILES[name], vector)
        if found != wanted:
            wrong.append((vector, wanted, found))
    assert lines
    assert wrong == []


def test_files_are_all(vector_folder: Callable[[str], Path]) -> None:
    folder = vector_folder("osv/cvss.tar.xz") / "redhat-cvss"
    there = {path.name.removeprefix("vectors_") for path in folder.glob("vectors_*")}
    assert there == set(FILES)
