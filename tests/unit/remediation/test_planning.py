"""Which upgrades a plan chooses, and what it says of the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from pratique.advisories import Index
from pratique.health.service import Request, check
from pratique.health.verdict import Threshold
from pratique.remediation.advice import Advisor
from pratique.remediation.models import Step
from pratique.remediation.plan import NEWEST, Plan
from pratique.remediation.planning import Wishes, plan, urgency
from pratique.remediation.targets import Choice, Chooser, Policy, fewest

Tree = Callable[[dict[str, str]], Path]


@pytest.fixture
def planned(index: Index, now: datetime, tree: Tree) -> Callable[..., Plan]:
    def make(files: dict[str, str], wishes: Wishes | None = None) -> Plan:
        bill = check(Request(subject=str(tree(files))), index, now)
        return plan(bill, index, wishes or Wishes(), lambda path: path.partition("/")[0])

    return make


def pins(text: str) -> dict[str, str]:
    return {"requirements.txt": text}


def test_the_target_is_the_lowest_that_nothing_affects(planned) -> None:
    (one,) = planned(pins("alpha==1.0\n")).upgrades
    assert (one.name, one.after, one.fixes, one.leaves) == ("alpha", "1.3", ("EX-1",), ())
    assert one.aliases == ("CVE-2026-0001",)
    assert one.occurrences[0].step is Step.MINOR


def test_no_fix_an_attack_and_a_fix_that_is_one_remain_with_their_reason(planned) -> None:
    made = planned(pins("gamma==1.0\nzeta==1.0\nepsilon==1.0\n"))
    assert not made.upgrades
    reasons = {one.subject: one.reason for one in made.remaining}
    assert reasons["pkg:pypi/gamma@1.0"] == "no fixed version is known"
    assert reasons["pkg:pypi/zeta@1.0"].startswith("published as an attack: remove it")
    assert reasons["pkg:pypi/epsilon@1.0"] == "1.1 was published as an attack"


def test_where_only_the_last_affected_version_is_told_the_resolver_is_asked(planned) -> None:
    (one,) = planned(pins("delta==1.0\n")).upgrades
    assert one.after == NEWEST
    seen = planned({"a/requirements.txt": "delta==1.0\n", "b/requirements.txt": "delta==1.6\n"})
    assert [one.after for one in seen.upgrades] == ["1.6"], "a clean version in use elsewhere"


def test_major_versions_are_crossed_only_as_far_as_wished(planned) -> None:
    assert planned(pins("beta==1.0\n")).upgrades[0].after == "2.0"
    made = planned(pins("beta==1.0\n"), Wishes(policy=Policy(majors=0)))
    assert not made.upgrades
    assert made.remaining[0].reason == "2.0 is another major version"


def test_a_lesser_fix_is_taken_within_the_limit_and_the_rest_is_said(planned) -> None:
    made = planned(pins("eta==1.0\n"), Wishes(policy=Policy(majors=0)))
    assert [(one.after, one.fixes, one.leaves) for one in made.upgrades] == [
        ("1.5", ("EX-13",), ("EX-14",))
    ]
    assert [one.ids for one in made.remaining] == [("EX-14",)]
    (best,) = planned(pins("eta==1.0\n")).upgrades
    assert (best.after, best.occurrences[0].fallbacks) == ("3.0", ("1.5",))


def test_only_what_is_bad_or_exploited(planned) -> None:
    text = "alpha==1.0\nbeta==1.0\ngamma==1.0\ntheta==1.0\n"
    made = planned(pins(text), Wishes(only=Threshold.parse("critical")))
    assert {one.name for one in made.upgrades} == {"beta", "theta"}, "unrated ones always count"
    assert [one.ids for one in made.remaining] == [("EX-5",)]
    assert made.notes == ("1 findings are left out by --only",)
    made = planned(pins(text), Wishes(only=Threshold.parse("kev")))
    assert [(one.name, one.exploited) for one in made.upgrades] == [("theta", True)]


def test_the_exploited_come_first_then_probability_times_severity_times_reach(planned) -> None:
    text = "alpha==1.0\nbeta==1.0\n"
    assert [one.name for one in planned(pins(text)).upgrades] == ["beta", "alpha"]
    assert planned(pins(text + "theta==1.0\n")).upgrades[0].name == "theta"
    wide = {f"{number}/requirements.txt": "alpha==1.0\n" for number in range(3)}
    made = planned({**wide, "x/requirements.txt": text, "requirements.txt": ""}).upgrades
    assert made[0].name == "alpha"
    likely = msgspec.structs.replace(made[1], probability=0.9)
    unlikely = msgspec.structs.replace(made[0], probability=0.01)
    assert urgency(likely) < urgency(unlikely)


def test_the_standard_library_is_not_for_a_manifest_to_upgrade(planned) -> None:
    made = planned({"go.mod": "module m\n\ngo 1.20\n\nrequire example.test/alpha v1.0.0\n"})
    assert [(one.name, one.after) for one in made.upgrades] == [("example.test/alpha", "1.1.0")]
    assert made.remaining[0].reason == "it comes with Go itself: build with Go 1.22.3"


def test_many_checkouts_share_their_upgrades(planned) -> None:
    files = {
        "one/requirements.txt": "alpha==1.0\nbeta==1.0\n",
        "two/requirements.txt": "alpha==1.1\n",
        "three/requirements.txt": "alpha==1.2\n",
        "four/requirements.txt": "alpha==2.0\n",
    }
    made = planned(files)
    found = {(one.name, one.after): one for one in made.upgrades}
    assert set(found) == {("alpha", "1.3"), ("alpha", "2.5"), ("beta", "2.0")}
    assert found["alpha", "1.3"].checkouts == 3
    assert msgspec.json.encode(planned(files)) == msgspec.json.encode(made), "the same every time"


def test_as_few_targets_as_can_be(index: Index) -> None:
    chooser = Chooser("PyPI", "alpha", Advisor(index), Policy())
    choices = [
        Choice(before="1.0", targets=("1.1", "1.2", "1.3")),
        Choice(before="1.1", targets=("1.2", "1.3", "1.4")),
        Choice(before="1.2", targets=("1.3", "1.4")),
        Choice(before="1.4", targets=("1.5",)),
        Choice(before="9"),
    ]
    assert fewest(choices, chooser) == {"1.0": "1.3", "1.1": "1.3", "1.2": "1.3", "1.4": "1.5"}
