"""Real documents that are enriched or redacted: nothing else of them is lost, nothing raises."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pratique.formats.sbom.convert.leaves import leaves
from pratique.formats.sbom.validation import validate
from pratique.model.errors import InputError
from pratique.sboms.document import Document
from pratique.sboms.enriching import enrich
from pratique.sboms.pseudonyms import Pseudonyms
from pratique.sboms.redacting import redact
from pratique.sboms.redaction_rules import rules_of
from pratique.sources.packages.client import RegistryClient

MAX_BYTES = 100_000
"""Larger documents are left to nightly runs."""

RULES = rules_of(
    ["component=*a*", "paths", "urls=*", "authors", "properties", "annotations"],
    ["component=*b*"],
    rewire=True,
)


def documents(root: Path, every: int) -> Iterator[tuple[Path, Document]]:
    paths = sorted(p for p in root.rglob("*") if p.is_file() and p.stat().st_size < MAX_BYTES)
    random.Random(1).shuffle(paths)
    for path in paths[::every]:
        try:
            document = Document(path.read_bytes())
        except InputError:
            continue
        document.unsigned(drop=True)
        yield path, document


@pytest.fixture(scope="module")
def corpus(vector_folder: Callable[[str], Path]) -> Path:
    return vector_folder("sbom/sbom-vectors.tar.xz")


@pytest.mark.parametrize("every", [12, pytest.param(1, marks=pytest.mark.nightly)])
def test_enriching_without_answers_changes_nothing(corpus: Path, every: int) -> None:
    seen = 0
    for path, document in documents(corpus, every):
        signed = "signature" in document.bill.value
        with RegistryClient(None, offline=True) as client:
            data, report = enrich(document, client, {}, name=path.name, now="2025-01-01T00:00:00Z")
        lines = {f"line {line}" for line, _, _ in document.bill.left}
        lost = [one for one in report.lost if one not in lines]
        assert not lost or (signed and all(one.startswith("signature") for one in lost)), path
        assert report.filled == ()
        assert Document(data).form == document.form
        seen += 1
    assert seen > 30


@pytest.mark.parametrize("every", [12, pytest.param(1, marks=pytest.mark.nightly)])
def test_redacting_lists_what_goes_and_stays_readable(corpus: Path, every: int) -> None:
    seen = clean = 0
    for path, document in documents(corpus, every):
        before = leaves(document.value)
        valid = _valid(document.written())
        try:
            data, done = redact(document, RULES, Pseudonyms(b"k" * 16), name=path.name)
        except InputError:
            assert document.bill.left, path  # lines that could hold anything
            continue
        again = Document(data)
        assert again.form == document.form
        assert all(before.get(one.path) == one.value for one in done.removals), path
        assert not done.dangling, path
        if valid and not _valid(data):
            assert done.faults, path  # what is newly invalid is always told
        seen += 1
        clean += done.clean
    assert seen > 30
    assert clean > seen * 0.8


def _valid(data: bytes) -> bool:
    try:
        return validate(data).valid
    except InputError:
        return False
