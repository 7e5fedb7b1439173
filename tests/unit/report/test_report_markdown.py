"""What a reader of a pull request's comment notices."""

from __future__ import annotations

import re

import msgspec
import pytest
from markdown_it import MarkdownIt

from pratique.model.finding import Reference
from pratique.model.inventory import Location, Problem, Trouble
from pratique.report import render
from pratique.report.markdown import MAX_COMMENT, OPEN_ROWS
from pratique.report.markup import code, inline


@pytest.fixture(scope="module")
def html():
    return MarkdownIt("commonmark", {"html": True}).enable("table").render


def rows(text):
    return [line for line in text.splitlines() if line.startswith("| ")]


def test_table_names_package_fix_and_place(bill, finding, html):
    page = html(render(bill((finding(),)), "markdown"))
    table = page[page.index("<h3>Findings") : page.index("<details>")]
    cells = re.findall(r"<td>(.*?)</td>", table)
    assert cells == [
        "▲ high",
        "<code>alpha</code> <code>1.0.0</code>",
        "<code>GHSA-aaaa-bbbb-cccc</code>",
        "<code>1.4.0</code>",
        "<code>services/shop/package-lock.json:7</code>",
    ]


def test_details_are_folded(bill, finding, html):
    page = html(render(bill((finding(),)), "markdown"))
    fold = page[page.index("<details>") :]
    assert "<strong>Upgrade alpha to 1.4.0.</strong>" in fold
    assert "in range introduced 0, fixed 1.4.0" in fold
    assert '<a href="https://example.test/advisory/1">' in fold
    assert page.count("<details>") == page.count("</details>")


def test_long_list_is_open_only_at_its_head(bill, finding):
    found = tuple(finding(f"p{number:02}", f"GHSA-{number}") for number in range(OPEN_ROWS + 5))
    text = render(bill(found), "markdown")
    head = text[: text.index("<details>")]
    assert sum(line.startswith("| ▲ high") for line in head.splitlines()) == OPEN_ROWS
    assert f"Packages {OPEN_ROWS + 1} to {OPEN_ROWS + 5} of {OPEN_ROWS + 5}" in text


def test_what_does_not_fit_a_comment_is_said(large):
    problem = Problem(Location("go.sum", 3), Trouble.UNKNOWN, "is not pinned")
    text = render(msgspec.structs.replace(large(5000, 2000), unknowns=(problem,)), "markdown")
    assert "is not pinned" in text
    assert len(text) <= MAX_COMMENT
    assert re.search(r"\*\*[\d,]+ parts of this report did not fit here", text)
    assert text.count("<details>") == text.count("</details>")


def test_unknown_and_stale_are_in_the_open(bill):
    problem = Problem(Location("go.sum", 3), Trouble.UNKNOWN, "is not pinned")
    built = bill(unknowns=(problem,))
    old = msgspec.structs.replace(built.advisories, stale=True)
    text = render(msgspec.structs.replace(built, advisories=old), "markdown")
    assert "**Incomplete:**" in text
    assert "⚠ **stale:**" in text
    assert "unknown: is not pinned (<code>go.sum:3</code>)" in text


@pytest.mark.parametrize(
    "name",
    [
        "a|b",
        "<script>alert(1)</script>",
        "<!-- -->",
        "**bold** _it_ ~~gone~~",
        "[text](https://example.test)",
        "![image](https://example.test/x.png)",
        "`code` ``",
        "\\|",
        "&lt;b&gt;",
        "</code></details>",
        "- item",
        "1. item",
        "=+-",
        "$x$",
    ],
)
def test_hostile_name_shows_as_itself(name):
    render_inline = MarkdownIt("commonmark", {"html": True}).renderInline
    for shown in (inline(name), re.fullmatch("<code>(.*)</code>", code(name)).group(1)):
        page = render_inline(shown)
        assert "<" not in page
        unescaped = page.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
        assert unescaped.replace("&amp;", "&") == name
        assert not re.search(r"(?<!\\)\|", shown)


def test_nobody_is_mentioned_and_no_issue_is_referred_to():
    assert not re.search(r"@\w", inline("@octo and @team/x"))
    assert inline("see #12") == "see \\#&#8203;12"
    assert "@" not in code("@babel/core")


def test_addresses_are_not_linked_by_themselves(bill, finding):
    assert "https://" not in inline("see https://example.test")
    assert "www." not in inline("see WWW.example.test".lower())
    hostile = finding(references=(Reference("javascript:alert(1)"), Reference("https://x> <b>")))
    text = render(bill((hostile,)), "markdown")
    assert "javascript" not in text
    assert "https://x" not in text


def test_table_keeps_its_columns_with_a_pipe_in_a_name(bill, finding, html, component):
    found = finding(locations=(Location("a|b`c\nd", 1),), fixed=("1|2",))
    page = html(render(bill((found,), (component("alpha"),)), "markdown"))
    table = page[page.index("<h3>Findings") : page.index("<details>")]
    assert len(re.findall(r"<td>", table)) == 5
    assert "<code>a|b`c\\nd:1</code>" in table


def test_licences_beyond_the_list_are_counted(bill):
    text = render(bill(licenses={f"LicenseRef-{n}": 1 for n in range(130)}), "markdown")
    assert "| and 30 more | |" in text
