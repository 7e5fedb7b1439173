"""The starter in the package is what the shared corpus gives, and says where it is from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.advisories.origins import ORIGINS
from pratique.advisories.snapshot import FACTS, INDEX, SOURCES, shipped
from pratique.advisories.starter import build_starter


def test_origins_are_those_of_the_corpus(vector: Callable[[str], Path]) -> None:
    """Name, commit, licence and number of records, as the corpus' description has them."""
    told = {}
    for line in vector("osv/README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and re.match(r"[0-9a-f]{12}", cells[1]):
            told[cells[0]] = (cells[1][:12], cells[3], int(cells[4].replace(",", "")))
    listed = json.loads((shipped() / SOURCES).read_text())
    assert len(told) == 18
    assert len(ORIGINS) == 20
    for item in listed[:18]:
        commit, license, records = told.pop(item["name"])
        assert item["commit"] == commit
        assert item["records"] == records
        for identifier in item["license"].split(" AND "):
            assert identifier in license
    assert told == {}


@pytest.mark.nightly
def test_starter_is_reproduced_byte_for_byte(vector: Callable[[str], Path], tmp_path: Path) -> None:
    build_starter(vector("osv/README.md").parent, tmp_path)
    for name in (SOURCES, FACTS, INDEX):
        assert (tmp_path / name).read_bytes() == (shipped() / name).read_bytes(), name
