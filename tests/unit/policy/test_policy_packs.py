"""The packs: they load, each rule is tested and serves a control, and they grow stricter."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.model.decision import Verdict
from pratique.model.facts import Facts, Known, VulnerabilityFact
from pratique.model.severity import Severity
from pratique.policy.library import PACKS, pack
from pratique.policy.lint import lint
from pratique.policy.service import NO_WAIVERS, decide, load_pack, load_untested
from pratique.policy.variables import PROVENANCE, VARIABLES

REQUIREMENTS = {
    "s2c2f-level-1": {"ING-1", "ING-2", "SCA-1", "SCA-2", "UPD-1"},
    "s2c2f-level-2": {"SCA-3", "AUD-2", "AUD-3", "ENF-1"},
    "s2c2f-level-3": {"ING-3", "ING-4", "SCA-4", "SCA-5", "AUD-1", "ENF-2"},
    "s2c2f-level-4": {"AUD-4", "REB-1", "REB-2", "REB-3", "REB-4", "FIX-1"},
}
"""S2C2F 1.1: the requirements of each level that can be decided for one component."""

TRUTHS = [one.name for one in VARIABLES.values() if one.kind == "truth" and one.field]


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_loads_and_its_tests_pass(name) -> None:
    found = pack(name)
    assert found is not None
    loaded, results = load_untested(*found)
    assert loaded.policy.id == name
    assert loaded.document.description
    assert len(results) > 20
    assert all(one.passed for one in results)


@pytest.mark.parametrize("name", PACKS)
def test_every_rule_is_tested_and_serves_a_control(name) -> None:
    warnings = [one for one in lint(load_pack(name)) if one.level == "warning"]
    # The first two levels do not ask for malware scanning (SCA-4 is of level 3).
    allowed = {"blind-spot"} if name in {"s2c2f-level-1", "s2c2f-level-2"} else set()
    assert {one.rule for one in warnings} <= allowed
    for rule in load_pack(name).policy.rules:
        for control in rule.controls:
            assert re.fullmatch(r"S2C2F:(ING|SCA|INV|UPD|AUD|ENF|REB|FIX)-\d|CWE-\d+", control)


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_a_level_covers_what_it_says(name) -> None:
    loaded = load_pack(name)
    served = {c for rule in loaded.policy.rules for c in rule.controls}
    wanted: set[str] = set()
    for level in sorted(REQUIREMENTS):
        wanted |= REQUIREMENTS[level]
        if level == name:
            break
    assert {c.removeprefix("S2C2F:") for c in served if c.startswith("S2C2F")} == wanted


@pytest.mark.parametrize("name", PACKS)
def test_nothing_known_is_never_admitted_but_where_all_is(name, now) -> None:
    decision = decide(load_pack(name), Facts(subject="pkg:npm/alpha@1"), NO_WAIVERS, now)
    assert (decision.verdict is Verdict.ADMIT) == (name == "observe")
    assert decision.reasons


@st.composite
def any_facts(draw) -> Facts:
    chosen = draw(st.dictionaries(st.sampled_from(TRUTHS), st.booleans()))
    fields = {name: Known(value) for name, value in chosen.items()}
    for name in ("age_days", "advisories_age_days"):
        if draw(st.booleans()):
            fields[name] = Known(draw(st.sampled_from([0.5, 5.0, 30.0])))
    if draw(st.booleans()):
        fields["licenses"] = Known(draw(st.sampled_from([("MIT",), ("odd",)])))
    if draw(st.booleans()):
        fields["provenance"] = Known(draw(st.sampled_from(PROVENANCE)))
    if draw(st.booleans()):
        flaws = draw(
            st.lists(st.sampled_from([None, *Severity]), max_size=2).map(
                lambda found: tuple(
                    VulnerabilityFact(id=f"A-{n}")
                    if severity is None
                    else VulnerabilityFact(id=f"A-{n}", severity=Known(severity), kev=Known(n == 1))
                    for n, severity in enumerate(found)
                )
            )
        )
        fields["vulnerabilities"] = Known(flaws)
    return Facts(subject="pkg:npm/alpha@1.0.0", **fields)


@given(any_facts())
@settings(max_examples=150, deadline=None)
def test_packs_grow_stricter(now, facts) -> None:
    def admitted(name: str) -> bool:
        return decide(load_pack_once(name), facts, NO_WAIVERS, now).verdict is Verdict.ADMIT

    for chain in (["observe", "baseline", "strict"], sorted(REQUIREMENTS)):
        for milder, stricter in pairwise(chain):
            assert admitted(milder) or not admitted(stricter)


_LOADED: dict[str, object] = {}


def load_pack_once(name: str):
    if name not in _LOADED:
        _LOADED[name] = load_pack(name)
    return _LOADED[name]
