"""The corpus of CSAF's mandatory tests: what must fail fails, by its number; the rest passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.formats.csaf.mandatory.run import ABSENT, PARTIAL, mandatory_tests, validate
from pratique.formats.csaf.structure import check_structure

ARCHIVE = "vex/vex.tar.xz"


@pytest.fixture(scope="module")
def corpus(vector_folder: Callable[[str], Path]) -> Path:
    return vector_folder(ARCHIVE) / "csaf"


def _cases(corpus: Path) -> list[tuple[str, bool, Path]]:
    data = corpus / "test/validator/data"
    rows = json.loads((data / "testcases.json").read_bytes())["tests"]
    return [
        (row["id"], kind == "failures", data / one["name"])
        for row in rows
        if row["group"] == "mandatory"
        for kind in ("failures", "valid")
        for one in row.get(kind, [])
        if (data / one["name"]).exists()
    ]


def test_csaf_2_0__section_6_1(corpus: Path) -> None:
    cases = _cases(corpus)
    assert len(cases) >= 88
    for number, fails, path in cases:
        failures = validate(path.read_bytes()).failures
        if fails:
            assert number in {one.test for one in failures}, (number, path.name)
        else:
            assert not failures, (number, path.name, failures[:2])


def test_csaf_2_0__every_test_of_the_corpus_is_made(corpus: Path) -> None:
    made = {one.number for one in mandatory_tests("2.0")}
    assert {number for number, _, _ in _cases(corpus)} <= made
    assert not (set(ABSENT) - PARTIAL) & {one.number for one in mandatory_tests("2.1")}


def test_csaf_2_0__other_documents_of_the_corpus_pass_the_structure(corpus: Path) -> None:
    """Documents of the optional and informative tests keep to the schema."""
    for path in sorted((corpus / "test/validator/data").rglob("*-6-[23]-*.json")):
        assert not check_structure(json.loads(path.read_bytes()), "2.0"), path.name


def test_csaf_2_0__examples_are_valid(corpus: Path) -> None:
    names = sorted((corpus / "examples/csaf/csaf_vex").glob("*.json"))
    assert len(names) >= 13
    for path in names:
        result = validate(path.read_bytes())
        assert result.valid, (path.name, result.failures[:2])
        assert result.category == "csaf_vex"
