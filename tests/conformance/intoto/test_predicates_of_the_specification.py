"""The examples on the specification's pages are read as what they are."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from pratique.formats.intoto import read_statement
from pratique.formats.intoto.predicates import (
    PREDICATES,
    AttributeReport,
    Reference,
    Release,
    SimpleResult,
    Vulnerabilities,
    typed_predicate,
)
from pratique.formats.intoto.predicates import (
    TestResult as ResultOfTests,
)
from pratique.model.errors import InputError

EXPECTED = {"test-result": ResultOfTests, "scai": AttributeReport, "release": Release,
            "reference": Reference, "svr": SimpleResult}  # fmt: skip


def statements(vectors: Path) -> list[tuple[str, dict[str, Any]]]:
    folder = vectors / "in-toto-attestation/examples"
    found = []
    for path in sorted(folder.glob("spec_predicates_*.json")):
        document = json.loads(path.read_text())
        if isinstance(document, dict) and document.get("predicateType") in PREDICATES:
            found.append((path.name, document))
    return found


def test_examples(vectors: Path) -> None:
    seen = set()
    for name, document in statements(vectors):
        if "_type" not in document or not document.get("subject"):
            continue
        found = typed_predicate(read_statement(json.dumps(document).encode()))
        kind = name.removeprefix("spec_predicates_").rpartition("_")[0]
        assert isinstance(found, EXPECTED[kind]), name
        seen.add(kind)
    assert {"test-result", "scai"} <= seen


SCAN = {
    "scanner": {
        "uri": "https://scanner.example.test",
        "db": {"lastUpdate": "2025-06-01T00:00:00Z"},
        "result": [{"id": "EXAMPLE-1", "severity": [{"method": "cvss", "score": "7.5"}]}],
    },
    "metadata": {
        "scanStartedOn": "2025-06-01T00:00:00Z",
        "scanFinishedOn": "2025-06-01T00:01:00Z",
    },
}


def stated(kind: str, predicate: dict[str, Any]) -> bytes:
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"digest": {"sha256": "0" * 64}}],
            "predicateType": kind,
            "predicate": predicate,
        }
    ).encode()


@pytest.mark.parametrize("version", ["v0.1", "v0.2"])
def test_scans(version: str) -> None:
    kind = f"https://in-toto.io/attestation/vulns/{version}"
    found = typed_predicate(read_statement(stated(kind, SCAN)))
    assert isinstance(found, Vulnerabilities)
    assert found.scanner.result[0].id == "EXAMPLE-1"
    for missing in ("scanner", "metadata"):
        with pytest.raises(InputError):
            typed_predicate(
                read_statement(stated(kind, {k: v for k, v in SCAN.items() if k != missing}))
            )


@pytest.mark.parametrize("kind", sorted(PREDICATES))
def test_wrong_types_raise_our_own_errors(kind: str) -> None:
    dice = random.Random(kind)
    names = ["name", "command", "materials", "result", "attributes", "purl", "scanner", "metadata"]
    junk = [None, 1, "x", [], {}, [{}], {"a": 1}, [None]]
    for _ in range(60):
        predicate = {name: dice.choice(junk) for name in dice.sample(names, 4)}
        try:
            typed_predicate(read_statement(stated(kind, predicate)))
        except InputError:
            continue
