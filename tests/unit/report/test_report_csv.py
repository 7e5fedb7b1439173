"""What a spreadsheet makes of it."""

from __future__ import annotations

import csv
import io

import pytest

from pratique.model.inventory import Location, Problem, Trouble
from pratique.report import render
from pratique.report.csv import COLUMNS, cell


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_one_row_a_finding_with_its_facts(bill, finding):
    (row,) = read(render(bill((finding(),)), "csv"))
    assert tuple(row) == COLUMNS
    assert row["kind"] == "finding"
    assert row["severity"] == "high"
    assert row["score"] == "7.5"
    assert row["id"] == "GHSA-aaaa-bbbb-cccc"
    assert row["aliases"] == "CVE-2024-0001"
    assert (row["package"], row["version"], row["ecosystem"]) == ("alpha", "1.0.0", "npm")
    assert row["relation"] == "direct"
    assert row["fixed"] == "1.4.0 2.0.1"
    assert (row["file"], row["line"]) == ("services/shop/package-lock.json", "7")
    assert (row["path"], row["other_paths"]) == ("shop > alpha", "1")
    assert row["license"] == "MIT"
    assert row["subject"] == "pkg:npm/alpha@1.0.0"


def test_unknowns_are_rows_of_their_own_kind(bill):
    problem = Problem(Location("go.sum", 3), Trouble.UNREADABLE, "is cut short")
    (row,) = read(render(bill(unknowns=(problem,)), "csv"))
    assert (row["kind"], row["title"]) == ("unreadable", "is cut short")
    assert (row["file"], row["line"]) == ("go.sum", "3")
    assert row["severity"] == ""


@pytest.mark.parametrize("first", ["=", "+", "-", "@", " =", "  +"])
def test_formula_is_quoted__owasp_csv_injection(bill, finding, first):
    hostile = f"{first}cmd|' /C calc'!A0"
    (row,) = read(render(bill((finding(title=hostile),)), "csv"))
    assert row["title"] == f"'{hostile}"


@pytest.mark.parametrize("first", ["\t=1", "\r=1", "\n=1"])
def test_control_before_a_formula_is_written_out(first):
    assert cell(first)[0] == "\\"


def test_rows_stay_whole_with_line_breaks_in_a_name(bill, finding):
    text = render(bill((finding(title='a\nb,"c"\r\n'),)), "csv")
    assert len(text.splitlines()) == 2
    assert read(text)[0]["title"] == 'a\\nb,"c"\\r\\n'
