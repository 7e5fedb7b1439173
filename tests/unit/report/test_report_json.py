"""The JSON forms and their schemas."""

from __future__ import annotations

import json

import jsonschema_rs
import msgspec
import pytest

from pratique.model.bill import SCHEMA, BillOfHealth
from pratique.model.inventory import Location, Problem, Trouble
from pratique.model.severity import Severity
from pratique.report import json as report_json
from pratique.report import jsonl, render


@pytest.fixture
def full(bill, finding):
    problem = Problem(Location("go.sum", 3), Trouble.UNKNOWN, "is not pinned")
    return bill(
        (finding(severity=Severity.CRITICAL), finding("beta", "MAL-1", score=None)),
        unknowns=(problem,),
    )


def test_bill_comes_back_as_it_was(full):
    text = render(full, "json")
    assert msgspec.json.decode(text, type=BillOfHealth) == full
    assert json.loads(text)["schema"] == SCHEMA


def test_bill_validates_against_its_schema(full):
    schema = json.loads(report_json.json_schema())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == SCHEMA
    validator = jsonschema_rs.Draft202012Validator(schema)
    instance = json.loads(render(full, "json"))
    assert [error.message for error in validator.iter_errors(instance)] == []
    del instance["complete"]
    assert not validator.is_valid(instance)


@pytest.mark.parametrize(
    ("file", "make"),
    [
        ("bill-of-health-1.schema.json", report_json.json_schema),
        ("bill-of-health-line-1.schema.json", jsonl.json_schema),
    ],
)
def test_published_schema_is_fresh(repository, file, make):
    path = repository / "docs" / "schemas" / file
    assert path.read_bytes() == make(), f"write {make.__module__}.json_schema() to docs/schemas"


def test_mappings_are_in_a_stable_order(bill, finding, component):
    parts = (component("alpha"), component("beta"))
    built = bill((finding(),), parts, licenses={"MIT": 1, "": 1, "Apache-2.0": 1})
    counts = msgspec.structs.replace(
        built.counts, severities={"low": 1, "critical": 2, "unknown": 1}
    )
    inventory = msgspec.structs.replace(built.inventory, edges={"b": (), "a": ("b",)})
    built = msgspec.structs.replace(built, counts=counts, inventory=inventory)
    out = json.loads(render(built, "json"))
    assert list(out["counts"]["severities"]) == ["critical", "unknown", "low"]
    assert list(out["licenses"]) == ["", "Apache-2.0", "MIT"]
    assert list(out["inventory"]["edges"]) == ["a", "b"]


def test_each_line_stands_alone_and_the_last_is_the_summary(full):
    lines = [json.loads(line) for line in render(full, "jsonl").splitlines()]
    validator = jsonschema_rs.Draft202012Validator(json.loads(jsonl.json_schema()))
    assert all(validator.is_valid(line) for line in lines)
    assert [line["kind"] for line in lines] == ["finding", "finding", "summary"]
    assert {line["schema"] for line in lines} == {jsonl.SCHEMA}
    assert [line["finding"]["id"] for line in lines[:-1]] == ["GHSA-aaaa-bbbb-cccc", "MAL-1"]
    assert lines[-1]["complete"] is False
    assert lines[-1]["unknowns"][0]["message"] == "is not pinned"


def test_summary_line_is_there_without_findings(bill):
    lines = render(bill(), "jsonl").splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["health"] == "healthy"
