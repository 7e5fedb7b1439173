"""Why a finding stands where it stands is in every output."""

from __future__ import annotations

import html
import json

import pytest

from pratique import __version__
from pratique.formats.sbom.cyclonedx.write import write
from pratique.model.severity import Severity
from pratique.report import render
from pratique.report.outputs import OUTPUTS

REASONS = (
    "known to be exploited since 2021-12-10 (CISA KEV)",
    "exploited within 30 days with probability 0.900 (EPSS, above 99.0% of all)",
    "in range introduced 0, fixed 1.4.0 of GHSA-aaaa-bbbb-cccc",
)


@pytest.mark.parametrize("name", sorted(OUTPUTS))
def test_reasons_are_in_every_output(name, bill, finding):
    text = render(bill((finding(reasons=REASONS),)), name, width=80)
    shown = " ".join(html.unescape(text.replace("\\", "")).split())
    for reason in REASONS:
        assert reason in shown, name


def test_reasons_are_in_the_bill_of_materials(bill, finding):
    made = bill((finding(reasons=REASONS),))
    text = write(
        made.inventory,
        tool="pratique",
        tool_version=__version__,
        timestamp=made.created,
        vulnerabilities=made.findings,
    )
    (one,) = json.loads(text)["vulnerabilities"]
    assert all(reason in json.dumps(one) for reason in REASONS)


@pytest.mark.parametrize("name", sorted(OUTPUTS))
def test_every_output_keeps_the_order_of_the_bill(name, bill, finding):
    """An exploited finding stands before a graver one, and so it must stay."""
    made = (
        finding("gamma", "GHSA-3", severity=Severity.HIGH, exploited="2021-12-10"),
        finding("alpha", "GHSA-1", severity=Severity.CRITICAL),
        finding("beta", "GHSA-2", severity=Severity.LOW),
    )
    text = render(bill(made), name, width=80)
    if name == "sarif":
        results = json.loads(text)["runs"][0]["results"]
        ids = [one["ruleId"] + one["message"]["text"] for one in results]
        text = "".join(ids)
    elif name == "html":
        text = text[text.index("<main") :]
    places = [text.index(one.id) for one in made]
    assert places == sorted(places), name
