"""The registry of outputs, and what holds for every one of them."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from pratique.model.errors import UsageError
from pratique.model.inventory import Location, Problem, Trouble
from pratique.report import OUTPUTS, Output, render

FORMATS = ["table", "json", "jsonl", "sarif", "markdown", "html", "csv"]


def test_the_formats_of_the_command_line_are_there():
    assert list(OUTPUTS) == FORMATS
    assert all(name == output.name for name, output in OUTPUTS.items())
    assert all(output.suffix.startswith(".") for output in OUTPUTS.values())


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_names_what_was_found_and_what_is_unknown(bill, finding, format):
    problem = Problem(Location("go.sum", 3), Trouble.UNKNOWN, "checksum of gamma is absent")
    text = render(bill((finding(),), unknowns=(problem,)), format)
    assert "GHSA-aaaa-bbbb-cccc" in text
    assert "checksum of gamma is absent" in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("format", FORMATS)
def test_same_bill_same_bytes(bill, finding, format):
    built = bill((finding(), finding("beta", "GHSA-2")))
    assert render(built, format) == render(built, format)


@pytest.mark.parametrize("format", FORMATS)
def test_bill_without_anything(bill, format):
    assert render(bill(components=(), advisories=None, licenses={}), format)


@pytest.mark.parametrize("format", FORMATS)
def test_file_name_that_is_not_utf8(bill, finding, format):
    found = finding(locations=(Location("shop\udcff/package-lock.json", 7),))
    text = render(bill((found,)), format)
    text.encode()
    assert "udcff" in text


def test_unknown_format_lists_the_known_ones(bill):
    with pytest.raises(UsageError) as caught:
        render(bill(), "yaml")
    assert "sarif" in caught.value.remedy


def _shout(bill, *, color, width):
    return f"{bill.subject} {color} {width}"


def test_caller_adds_a_format_of_its_own(bill, monkeypatch):
    module = type(sys)("pratique_test_output")
    module.shout = _shout
    monkeypatch.setitem(sys.modules, module.__name__, module)
    mine = Output(
        name="shout",
        media_type="text/plain",
        suffix=".txt",
        render="pratique_test_output:shout",
    )
    text = render(bill(), "shout", color=True, width=7, outputs={**OUTPUTS, "shout": mine})
    assert text == "shop True 7\n"
    with pytest.raises(UsageError):
        render(bill(), "shout")


def test_component_that_the_bill_says_nothing_about_is_unknown(bill):
    silent = msgspec.structs.replace(bill(), components=())
    assert "was not looked at" in render(silent, "html")


def test_importing_the_room_loads_no_output():
    code = "import sys, pratique.report; print([m for m in ('rich', 'jinja2', 'csv') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
