"""The page: self-contained, safe, whole without script."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from html.parser import HTMLParser
from itertools import pairwise

import msgspec
import pytest

from pratique.model.finding import Reference
from pratique.model.inventory import Location, Problem, Trouble
from pratique.model.severity import Severity
from pratique.report import render

VOID = {"meta", "input", "link", "br", "hr", "img"}


class Page(HTMLParser):
    """Elements with their attributes, and the text outside style and script."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.open = []
        self.text = ""
        self.raw = {"style": "", "script": ""}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in self.raw:
            self.raw[self.open[-1]] += data
        else:
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def page(bill):
    def of(*findings, **more):
        return Page(render(bill(findings, **more), "html"))

    return of


def test_elements_are_balanced(page, finding):
    assert page(finding()).open == []


def test_policy_admits_just_its_own_style_and_script(page, finding):
    out = page(finding())
    (policy,) = [one["content"] for one in out.all("meta") if "http-equiv" in one]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for kind, text in out.raw.items():
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert len(out.all("style")) == len(out.all("script")) == 1


def test_nothing_is_loaded_and_nothing_inline_is_refused(page, finding):
    out = page(finding())
    loading = {"src", "srcset", "action", "data", "poster", "background", "xlink:href"}
    for tag, attributes in out.elements:
        assert not loading & set(attributes)
        assert "style" not in attributes, "the policy refuses style attributes"
        assert not any(name.startswith("on") for name in attributes)
        assert tag not in {"link", "img", "iframe", "object", "embed", "base"}
    assert "url(" not in out.raw["style"]
    assert "@import" not in out.raw["style"]
    assert not re.search(r"fetch\(|XMLHttp|innerHTML|eval\(", out.raw["script"])


def test_hostile_names_are_text(page, finding, component):
    name = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    hostile = finding(
        title=name,
        id=name,
        aliases=(name,),
        remedy=name,
        reasons=(name,),
        fixed=(name,),
        paths=((name, "alpha"), (name, name)),
        locations=(Location(name, 1),),
        references=(Reference("javascript:alert(1)", name), Reference("https://a.test", name)),
    )
    problem = Problem(Location(name), Trouble.UNKNOWN, name)
    out = page(
        hostile,
        components=(component("alpha"), component(name)),
        unknowns=(problem,),
        subject=name,
        headline=name,
        licenses={name: 1},
    )
    assert len(out.all("script")) == 1
    assert out.all("img") == []
    assert name in out.text
    assert all("javascript" not in one["href"] for one in out.all("a"))


def test_everything_is_there_without_script(page, finding):
    out = page(finding(), finding("beta", "MAL-1", severity=Severity.MALICIOUS, score=None))
    hidden = [tag for tag, attributes in out.elements if "hidden" in attributes]
    assert set(hidden) == {"form"}, "only the tools that need the script are hidden"
    for said in ("GHSA-aaaa-bbbb-cccc", "Upgrade alpha to 1.4.0.", "MIT", "package-lock.json v3"):
        assert said in out.text


def test_landmarks_headings_and_tables__wcag_1_3_1(page, finding):
    out = page(finding(), unknowns=(Problem(Location("a"), Trouble.UNKNOWN, "why"),))
    assert len(out.all("main")) == len(out.all("h1")) == len(out.all("header")) == 1
    assert out.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in out.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all("scope" in one for one in out.all("th"))
    assert len(out.all("caption")) == len(out.all("table"))
    ids = [attributes["id"] for _, attributes in out.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = [one["for"] for one in out.all("label") if "for" in one]
    assert set(named) <= set(ids)
    anchors = [one["href"][1:] for one in out.all("a") if one["href"].startswith("#")]
    assert set(anchors) <= set(ids)


def test_result_count_is_announced__wcag_4_1_3(page, finding):
    live = [one for one in page(finding()).all("p") if one.get("aria-live") == "polite"]
    assert [one["id"] for one in live] == ["result", "cresult"]


def test_chart_says_in_words_what_it_shows__wcag_1_1_1(page, finding):
    found = (finding(), finding("beta", "X-2", severity=Severity.LOW))
    out = page(*found)
    (chart,) = out.all("svg")
    assert chart["role"] == "img"
    assert "1 high, 1 low" in out.text
    bars = out.all("rect")
    assert sum(float(one["width"]) for one in bars) == pytest.approx(100)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast__wcag_1_4_3(page, scheme):
    style = page().raw["style"]
    first = re.search(r":root\{(.*?)\}", style, re.DOTALL).group(1)
    dark = re.search(r"scheme:dark\)\{:root\{(.*?)\}", style, re.DOTALL).group(1)
    colors = dict(re.findall(r"--([a-z]+):(#[0-9a-f]{3,6})\b", first))
    if scheme == "dark":
        colors |= dict(re.findall(r"--([a-z]+):(#[0-9a-f]{3,6})\b", dark))
    texts = ["ink", "soft", "link", "ok", "bad", "unk", *(one.value for one in Severity)]
    for text in texts:
        for ground in ("bg", "card"):
            assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
    for severity in Severity:
        assert contrast(colors["on"], colors[severity.value]) >= 4.5
    assert contrast(colors["ink"], colors["warnbg"]) >= 4.5
    for edge in ("strong", "accent"):
        assert contrast(colors[edge], colors["card"]) >= 3


def contrast(one, other):
    """WCAG 2.2, relative luminance and contrast ratio."""

    def luminance(color):
        digits = color[1:] if len(color) == 7 else "".join(digit * 2 for digit in color[1:])
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_unknowns_and_their_places_are_shown(page):
    problems = tuple(
        Problem(Location("go.sum", line), Trouble.UNKNOWN, "is not pinned") for line in range(1, 8)
    )
    out = page(unknowns=problems)
    assert "this is no clean bill" in out.text
    assert out.text.count("is not pinned") == 1
    assert "go.sum:7" in out.text


def test_stale_advisories_warn(bill):
    built = bill()
    old = msgspec.structs.replace(built.advisories, stale=True, age_days=12.4)
    out = Page(render(msgspec.structs.replace(built, advisories=old), "html"))
    assert "Stale advisories. They are 12 days old" in out.text


def test_five_thousand_components_are_light_and_quick(large):
    built = large(500, 5000)
    render(built, "html")
    start = time.process_time()
    text = render(built, "html")
    assert time.process_time() - start < 5
    assert len(text.encode()) < 3_000_000
    assert "package-4999" in text


def test_components_over_the_limit_are_counted(large, monkeypatch):
    from pratique.report import html

    monkeypatch.setattr(html, "MAX_COMPONENTS", 10)
    out = Page(render(large(0, 25), "html"))
    assert "15 more components are not listed here" in out.text
