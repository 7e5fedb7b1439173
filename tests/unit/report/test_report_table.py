"""What a reader of the terminal notices."""

from __future__ import annotations

import re

import msgspec
import pytest
from rich.cells import cell_len

from pratique.model.bill import Health
from pratique.model.inventory import Location, Problem, Trouble
from pratique.model.severity import Severity
from pratique.report import render


def test_block_says_what_where_how_and_what_to_do(bill, finding):
    lines = render(bill((finding(),)), "table", width=80).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("▲ alpha 1.0.0"))
    block = "\n".join(lines[start : start + 8])
    assert "npm, direct, runtime" in block
    assert "services/shop/package-lock.json:7" in block
    assert "shop > alpha, and 1 more path" in block
    assert "Upgrade alpha to 1.4.0." in block
    assert "▲ high" in block
    assert "7.5" in block
    assert "GHSA-aaaa-bbbb-cccc (CVE-2024-0001)" in block
    assert "fixed in 1.4.0, 2.0.1" in block


def test_one_block_a_package_worst_first(bill, finding):
    found = (
        finding("beta", "MAL-1", severity=Severity.MALICIOUS, score=None),
        finding("alpha", "GHSA-1", severity=Severity.CRITICAL, score=9.8),
        finding("gamma", "GHSA-3", severity=Severity.LOW, score=2.0),
        finding("alpha", "GHSA-2", severity=Severity.LOW, score=2.0),
    )
    text = render(bill(found), "table", width=80)
    heads = re.findall(r"^\S (alpha|beta|gamma) 1\.0\.0", text, re.MULTILINE)
    assert heads == ["beta", "alpha", "gamma"]
    assert text.index("GHSA-1") < text.index("GHSA-2") < text.index("GHSA-3")
    assert text.count("Upgrade alpha to 1.4.0.") == 1


def test_headline_counts_and_age(bill, finding):
    text = render(bill((finding(),)), "table")
    assert text.startswith("✖ NEEDS ATTENTION  shop\n1 findings in 1 components.\n")
    assert "▲ 1 high" in text
    assert "412,345 records, complete to 2026-03-02 (2 days old)" in text
    assert "STALE" not in text


def test_healthy_bill_has_no_findings_section(bill):
    text = render(bill(), "table")
    assert text.startswith("✔ HEALTHY")
    assert "FINDINGS" not in text
    assert "Incomplete" not in text


def test_stale_advisories_warn(bill):
    built = bill()
    old = msgspec.structs.replace(built.advisories, stale=True, age_days=12.4)
    text = render(msgspec.structs.replace(built, advisories=old), "table")
    assert "! STALE" in text
    assert "12 days old" in text


def test_unknowns_are_said_by_reason_with_their_places(bill):
    unknowns = tuple(
        Problem(Location("go.mod", line), Trouble.UNKNOWN, "no advisories for ecosystem X")
        for line in range(1, 9)
    )
    unreadable = Problem(Location("Pipfile.lock"), Trouble.UNREADABLE, "is not valid JSON")
    text = render(bill(unknowns=(*unknowns, unreadable)), "table", width=80)
    assert text.startswith("? UNKNOWN")
    assert "This is no clean bill." in text
    assert text.count("no advisories for ecosystem X") == 1
    assert "go.mod:1, go.mod:2, go.mod:3 and 5 more" in text
    assert text.index("is not valid JSON") < text.index("no advisories for ecosystem X")


def test_answered_findings_are_apart(bill, finding):
    answered = finding("beta", "GHSA-9", status="not affected: code is absent")
    text = render(bill((finding(), answered)), "table")
    assert "1 in 1 package" in text
    assert text.index("ANSWERED") < text.index("GHSA-9")


@pytest.mark.parametrize("width", [60, 80, 132])
def test_no_line_is_wider_than_asked(large, width):
    text = render(large(100, 40), "table", width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_five_hundred_findings_stay_compact(large):
    text = render(large(500, 1000), "table", width=80)
    lines = text.splitlines()
    assert len(lines) < 500 * 4, "with the reasons of each"
    assert len(re.findall(r"^\S package-\d{4} 1\.0\.0", text, re.MULTILINE)) == 100


def test_colour_only_when_asked_and_never_alone(bill, finding, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    built = bill((finding(),))
    plain = render(built, "table", color=False)
    coloured = render(built, "table", color=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in stripped.splitlines()] == plain.splitlines()


def test_every_severity_has_its_own_shape_and_word(bill, finding):
    found = tuple(
        finding(f"p{n}", f"ID-{n}", severity=one, score=None) for n, one in enumerate(Severity)
    )
    text = render(bill(found), "table")
    shapes = {
        one: re.search(rf"^  (\S) {one.value}\b", text, re.MULTILINE).group(1) for one in Severity
    }
    assert len(set(shapes.values())) == len(Severity)


@pytest.mark.parametrize("health", Health)
def test_every_headline_is_a_word(bill, health):
    text = render(msgspec.structs.replace(bill(), health=health), "table")
    assert health.value.upper() in text.splitlines()[0]


def test_subject_that_is_no_package_is_named_as_it_is(bill, finding, component):
    built = bill((finding(subject="the release workflow"),), components=(component("alpha"),))
    assert "▲ the release workflow\n" in render(built, "table")


def test_title_that_says_nothing_new_is_said_once(bill, finding):
    title = "alpha 1.0.0: package with a known vulnerability"
    found = tuple(finding(id=f"GHSA-{number}", title=title) for number in range(4))
    text = render(bill(found), "table")
    assert text.count("package with a known vulnerability") == 1
    assert title not in text


def test_one_reason_for_several_packages_is_one_entry(bill):
    names = ("alpha 1.0", "beta", "gamma 2")
    unknowns = tuple(
        Problem(Location("a.txt", line), Trouble.UNKNOWN, f"{name}: no version is stated")
        for line, name in enumerate(names, 1)
    )
    other = Problem(Location("b.txt", 9), Trouble.UNKNOWN, "line 9: is cut short")
    text = render(bill(unknowns=(*unknowns, other)), "table")
    assert text.count("no version is stated") == 1
    assert "alpha 1.0, beta, gamma 2\n" in text
    assert "a.txt:1, a.txt:2, a.txt:3" in text
    assert "line 9: is cut short" in text
