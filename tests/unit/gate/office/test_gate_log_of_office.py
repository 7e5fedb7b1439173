"""The log that approvals are on: of one chain, anchored, and read whatever is in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.gate.approvals import Approvals
from pratique.gate.inspect import Question
from pratique.gate.log import NAME, Log, entries
from pratique.gate.office import Books
from pratique.gate.verifying import Anchor, verify
from pratique.model.errors import EvidenceError, UsageError

NOW = datetime.now(UTC)


def test_two_write_one_chain(tmp_path: Any) -> None:
    seen: list[str] = []
    first = Log(tmp_path, NOW, lambda entry: seen.append(entry["kind"]))
    second = Log(tmp_path, NOW)
    for number in range(5):
        first.append(f"first{number}", NOW)
        second.append(f"second{number}", NOW)
    first.refresh(NOW)
    assert [entry["kind"] for entry in entries(tmp_path)] == seen
    assert seen[-2:] == ["first4", "second4"]
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{"n":11,"torn')
    first.append("after", NOW)
    assert [entry["kind"] for entry in entries(tmp_path)][-2:] == ["torn", "after"]
    (tmp_path / NAME).write_bytes(b"")
    assert first.intact == "the end of the log was taken away"
    with pytest.raises(EvidenceError, match="taken away"):
        first.append("late", NOW)
    first.close()
    second.close()


def test_the_anchor_knows_what_was_taken_away(tmp_path: Any) -> None:
    log = Log(tmp_path, NOW)
    for number in range(4):
        log.append("trial", NOW, number=number)
    log.close()
    report = verify(tmp_path)
    anchor = Anchor(report.entries, report.head)
    lines = (tmp_path / NAME).read_bytes().splitlines(keepends=True)
    (tmp_path / NAME).write_bytes(b"".join(lines[:2]))
    short = verify(tmp_path, anchor=anchor)
    assert not short.sound
    assert "2 were taken away" in "\n".join(short.lines)
    (tmp_path / NAME).unlink()
    log = Log(tmp_path, NOW)
    for number in range(9):
        log.append("other", NOW, number=number)
    log.close()
    anew = verify(tmp_path, anchor=anchor)
    assert "entry 4 has another digest" in "\n".join(anew.lines)


def test_times_of_questions() -> None:
    asked = Question.of({"since": "2026-11-01", "until": "2026-11-02T00:00:00+01:00"})
    assert asked.when({"at": "2026-11-01T12:00:00Z"})
    assert not asked.when({"at": "2026-11-01T23:30:00Z"})
    for wrong in ({"since": "yesterday"}, {"sinse": "2026-11-01"}):
        with pytest.raises(UsageError):
            Question.of(wrong)


KINDS = ("approved", "revoked", "rejected", "requested", "index", "refused", "served", "stored")


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)


TABLES = st.dictionaries(st.text(max_size=6), LEAVES, max_size=3)


VALUES = LEAVES | TABLES | st.lists(LEAVES | TABLES, max_size=3)


FIELDS = ("approval", "subject", "rule", "by", "ecosystem", "package", "held", "refused", "at")


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from([*FIELDS, "verdict"]), VALUES))
def test_an_entry_that_is_not_understood_lets_nothing_in(kind: str, more: dict[str, Any]) -> None:
    books = Books()
    books.see({**more, "kind": kind})
    assert books.approvals.every() == []
    books.waiting.pending(NOW)


def test_nothing_was_given() -> None:
    approvals = Approvals()
    approvals.see({"kind": "revoked", "approval": "a-1", "by": "x"})
    assert approvals.every() == []
