"""The log against the schema that OASIS publishes with SARIF 2.1.0 (errata 01).

The schema is not ours to ship.  It is taken from ``PRATIQUE_SARIF_SCHEMA`` or
from the npm package ``@microsoft/jest-sarif`` where that is installed.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import pytest

from pratique.model.bill import BillOfHealth, Counts, Health
from pratique.model.finding import Finding, Reference
from pratique.model.inventory import Document, Inventory, Location, Problem, Trouble
from pratique.model.severity import Severity
from pratique.report import render

PACKAGED = "tests/tools/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"


@pytest.fixture(scope="module")
def validator(repository):
    named = os.environ.get("PRATIQUE_SARIF_SCHEMA")
    path = Path(named) if named else repository / PACKAGED
    if not path.is_file():
        pytest.skip("the SARIF schema is absent (set PRATIQUE_SARIF_SCHEMA)")
    text = path.read_text(encoding="utf-8")
    # Before errata 01 the pattern of a language has a bracket too many to be a pattern.
    schema = json.loads(text.replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}$"))
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def _finding(number, severity):
    return Finding(
        rule="vulnerable-package",
        id=f"GHSA-{number}",
        aliases=("CVE-2024-0001",) if number % 2 else (),
        fingerprint=f"{number:032x}",
        subject=f"pkg:npm/alpha@1.0.{number}",
        severity=severity,
        score=None if number % 3 else 7.5,
        title="Slow parsing of [braces] {0}",
        reasons=("in range introduced 0",),
        remedy="Upgrade alpha.",
        fixed=("1.4.0",),
        paths=(("shop", "alpha"),),
        locations=(Location(f"a b{number}/ü:lock", number),) if number else (),
        references=(Reference("https://example.test/1"), Reference("not a uri")),
        status="open" if number % 2 else "waived",
    )


@pytest.mark.parametrize("problems", [(), tuple(Trouble)])
def test_log_validates_against_the_published_schema(validator, problems):
    bill = BillOfHealth(
        tool="pratique 0.1.0",
        created=datetime(2026, 3, 4, 5, 6, tzinfo=UTC),
        subject="shop",
        health=Health.ATTENTION,
        headline="7 findings.",
        counts=Counts(findings=7),
        findings=tuple(_finding(number, one) for number, one in enumerate(Severity)),
        inventory=Inventory(
            subject="shop",
            documents=(Document(path="go.sum", format="go.sum", sha256="ab" * 32, size=9),) * 2,
        ),
        unknowns=tuple(Problem(Location("-"), one, "is cut short") for one in problems),
        complete=not problems,
    )
    log = json.loads(render(bill, "sarif"))
    assert [(error.instance_path, error.message) for error in validator.iter_errors(log)] == []
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator.is_valid(log)
