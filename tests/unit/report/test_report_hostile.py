"""Any text in any name: no output breaks, and no terminal obeys."""

from __future__ import annotations

import csv
import html
import io
import json
import re

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pratique.model.bill import BillOfHealth
from pratique.model.finding import Reference
from pratique.model.inventory import Location, Problem, Trouble
from pratique.report import render
from pratique.report.csv import rows
from pratique.report.markup import code, inline
from pratique.report.text import printable

HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u2066\x9b31m\r\n\x00\u200b\x7f\ud800"
DRIVING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Everything that moves a cursor or turns a text around, but the line feed."""

texts = st.text(max_size=30) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "a|b",
        "=1+1",
        "\"',;",
        "{0}[x](1)",
        "</style>",
        "{{ 7*7 }}",
        "[bold]x[/bold]",
        "[/]",
        ":smile:",
        HOSTILE[:-1],
    ],
)


def of_text(bill, finding, component, text, other):
    found = finding(
        subject=text,
        id=other,
        title=text,
        remedy=other,
        aliases=(text,),
        reasons=(text, other),
        fixed=(text,),
        paths=((text, other), (other,)),
        locations=(Location(text, 3), Location(other)),
        references=(Reference(text, other),),
        status="open",
    )
    return bill(
        (found, finding()),
        (component("alpha"), component(text, other)),
        (Problem(Location(text), Trouble.UNKNOWN, other),),
        subject=text,
        headline=other,
        tool=text,
        licenses={text: 1},
    )


@pytest.mark.parametrize("format", ["table", "markdown", "csv", "html"])
def test_no_control_reaches_the_reader(bill, finding, component, format):
    text = render(of_text(bill, finding, component, HOSTILE, HOSTILE), format)
    shown = text.replace("&#8203;", "")
    assert DRIVING.search(shown) is None
    assert "\\x1b" in text or "\\\\x1b" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("gnp\u202eexe", "gnp\\u202eexe"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\U000e0041", "\\U000e0041"),
        ("naïve-日本語", "naïve-日本語"),
        ("x" * 500, "x" * 399 + "…"),
    ],
)
def test_invisible_text_is_written_out(text, shown):
    assert printable(text) == shown


@settings(max_examples=60, deadline=None)
@given(text=texts, other=texts)
@example(text="", other="")
def test_machine_formats_keep_every_text(bill, finding, component, text, other):
    built = of_text(bill, finding, component, text, other)
    assert msgspec.json.decode(render(built, "json"), type=BillOfHealth) == built
    lines = [json.loads(line) for line in render(built, "jsonl").strip("\n").split("\n")]
    assert [line["finding"]["title"] for line in lines[:-1]] == [
        one.title for one in built.findings
    ]
    sarif_holds(json.loads(render(built, "sarif")), built)


def sarif_holds(log, bill):
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert len(run["results"]) == len(bill.findings)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] != ""
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]
        for place in result["locations"]:
            if "physicalLocation" in place:
                uri = place["physicalLocation"]["artifactLocation"]["uri"]
                assert re.fullmatch(r"[A-Za-z0-9\-._~%!$&'()*+,;=:@/]+", uri)


@settings(max_examples=60, deadline=None)
@given(text=texts, other=texts)
def test_csv_reads_back_as_the_same_rows(bill, finding, component, text, other):
    built = of_text(bill, finding, component, text, other)
    read = list(csv.reader(io.StringIO(render(built, "csv"))))[1:]
    for got, wanted in zip(read, rows(built), strict=True):
        assert [value.removeprefix("'") for value in got] == [
            printable(value, 32_000).removeprefix("'") for value in wanted
        ]
        assert not any(re.match(r"\s*[=+\-@]", value) for value in got)


@settings(max_examples=60, deadline=None)
@given(text=texts, other=texts)
def test_page_has_one_script_whatever_it_is_about(bill, finding, component, text, other):
    page = render(of_text(bill, finding, component, text, other), "html")
    assert len(re.findall(r"<script", page, re.IGNORECASE)) == 1
    assert len(re.findall(r"</style", page, re.IGNORECASE)) == 1
    assert "49" not in re.findall(r"<h1>(.*?)</h1>", page) or text == "49"


@settings(max_examples=40, deadline=None)
@given(text=texts, other=texts)
def test_terminal_shows_names_and_no_controls(bill, finding, component, text, other):
    shown = render(of_text(bill, finding, component, text, other), "table", width=400)
    assert DRIVING.search(shown) is None
    assert printable(text).strip() in shown


@settings(max_examples=150, deadline=None)
@given(text=texts)
@example(text="1) a")
@example(text="\\")
@example(text="a  ")
def test_markdown_shows_the_text_itself(text):
    read = MarkdownIt("commonmark", {"html": True}).render
    wanted = printable(text).strip()
    shown = read("x " + inline(text)).removeprefix("<p>x").removesuffix("</p>\n").strip()
    assert "<" not in shown
    assert html.unescape(shown).replace("\u200b", "") == wanted
    inside = read("x " + code(text)).removeprefix("<p>x <code>").removesuffix("</code></p>\n")
    assert html.unescape(inside).strip() == wanted


@settings(max_examples=40, deadline=None)
@given(text=texts, other=texts)
def test_markdown_keeps_its_folds(bill, finding, component, text, other):
    text_out = render(of_text(bill, finding, component, text, other), "markdown")
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(text_out)
    assert page.count("<details>") == page.count("</details>") == page.count("<summary>")
    assert "<script" not in page
