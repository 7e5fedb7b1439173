"""Decisions on record, decided again."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import msgspec
import pytest

from pratique.model.decision import Circumstances
from pratique.model.facts import Facts, Known, Unknown, VulnerabilityFact
from pratique.model.severity import Severity
from pratique.policy.records import DecisionLine, record, replay_all
from pratique.policy.service import decide, load_pack
from pratique.policy.waivers import Waiver, Waivers


@pytest.fixture(scope="module")
def lines(now) -> list[bytes]:
    baseline = load_pack("baseline")
    flaw = VulnerabilityFact(id="A-1", aliases=("CVE-1",), severity=Known(Severity.CRITICAL))
    given = [
        Facts(subject="pkg:npm/alpha@1.0.0", malicious=Known(True)),
        Facts(subject="pkg:npm/beta@1.0.0", vulnerabilities=Known((flaw,)), age_days=Known(0.5)),
        Facts(subject="pkg:npm/gamma@1.0.0", yanked=Unknown("the index was down")),
    ]
    waivers = Waivers(
        waivers=tuple(
            Waiver(
                id=f"w{n}",
                subject="pkg:npm/beta",
                rule=rule,
                owner="team-a",
                reason="so",
                expires=now + timedelta(days=days),
                approver="ciso",
            )
            for n, (rule, days) in enumerate([("CVE-1", 3), ("new-release", -3)])
        )
    )
    where = Circumstances(team="team-a", environment="production")
    pairs = [(one, decide(baseline, one, waivers, now, where, decided_by="gate")) for one in given]
    return list(record(baseline, pairs, waivers))


def changed(lines: list[bytes], number: int, *path: str, to: object) -> list[bytes]:
    value = json.loads(lines[number])
    inner = value
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = to
    return [*lines[:number], json.dumps(value).encode(), *lines[number + 1 :]]


def test_a_record_is_decided_again_the_same(lines) -> None:
    answers = list(replay_all(lines, "record.jsonl"))
    assert [(one.line, one.subject) for one in answers] == [
        (2, "pkg:npm/alpha@1.0.0"),
        (3, "pkg:npm/beta@1.0.0"),
        (4, "pkg:npm/gamma@1.0.0"),
    ]
    assert all(one.same and not one.differences for one in answers)


def test_a_record_keeps_the_waivers_that_held(lines) -> None:
    line = msgspec.json.decode(lines[2], type=DecisionLine)
    assert [one.id for one in line.waivers] == ["w0"]
    assert line.decision.decided_by == "gate"
    assert line.decision.circumstances.environment == "production"


@pytest.mark.parametrize(
    ("number", "path", "to", "says"),
    [
        (1, ("decision", "verdict"), "admit", "verdict: was admit, is deny"),
        (1, ("facts", "malicious", "value"), False, "facts digest"),
        (1, ("decision", "reasons"), [], "rule malicious: gave no reason, gives one (deny)"),
        (2, ("waivers",), [], "rule critical-vulnerability (waived): gave a reason"),
        (1, ("decision", "subject"), "pkg:npm/other@1", "subject: was pkg:npm/other@1"),
    ],
)
def test_what_was_changed_comes_out(lines, number, path, to, says) -> None:
    answers = list(replay_all(changed(lines, number, *path, to=to), "record.jsonl"))
    different = [one for one in answers if not one.same]
    assert len(different) == 1
    assert any(says in text for text in different[0].differences), different


def test_a_changed_policy_is_not_the_one_of_its_digest(lines) -> None:
    value = json.loads(lines[0])
    value["policy"]["rules"][0]["effect"] = "warn"
    answers = list(replay_all([json.dumps(value).encode(), *lines[1:]], "record.jsonl"))
    assert "record was changed" in answers[0].error
    assert all("no policy" in one.error for one in answers[1:])
    assert not any(one.same for one in answers)


def test_another_engine_is_not_taken_for_this_one(lines) -> None:
    from pratique.policy.digests import digest
    from pratique.policy.records import PolicyLine

    line = msgspec.json.decode(lines[0], type=PolicyLine)
    other = msgspec.structs.replace(line.policy, engine=2)
    text = msgspec.json.encode(PolicyLine(digest=digest(other), policy=other))
    answers = list(replay_all([text], "record.jsonl"))
    assert "engine 2" in answers[0].error


def test_deciding_by_another_policy_says_what_differs(lines) -> None:
    answers = list(replay_all(lines, "record.jsonl", load_pack("observe")))
    assert "verdict: was deny, is admit" in answers[0].differences


def test_a_bad_line_loses_no_other(lines) -> None:
    answers = list(replay_all([lines[0], b"{", b"", b'{"is": "x"}', *lines[1:]], "record.jsonl"))
    assert [bool(one.error) for one in answers] == [True, True, False, False, False]
    assert answers[0].error.startswith("record.jsonl:2:1:")


def test_mutated_records_are_survived(lines) -> None:
    chooser = random.Random(10)
    for _ in range(150):
        data = bytearray(b"".join(lines))
        for _ in range(chooser.randint(1, 4)):
            data[chooser.randrange(len(data))] = chooser.randrange(256)
        for one in replay_all(bytes(data).split(b"\n"), "record.jsonl"):
            assert one.same != bool(one.error or one.differences)
