"""Hostile and broken records: named, skipped or kept, never fatal."""

from __future__ import annotations

import random
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pratique.advisories import Index, inputs
from pratique.advisories.build import build
from pratique.advisories.delta import Change, apply_delta
from pratique.advisories.imports import read_findings
from pratique.advisories.inputs import Source
from pratique.advisories.linting import Linted, lint_sources
from pratique.model.advisory import Query
from pratique.model.errors import InputError, LimitError

ZERO = {"introduced": "0"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def found(root: Path, name: str = "alpha") -> list[str]:
    answer = Index.open(root).match([Query(ecosystem="npm", name=name, version="1.0.0")])[0]
    return [each.id for match in answer.matches for each in match.advisories]


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return path


@pytest.fixture
def good(record: Any) -> bytes:
    return msgspec.json.encode(record("GOOD-1", "npm", "alpha", ZERO))


def test_bomb_of_one_member_is_skipped_and_the_rest_taken(
    tmp_path: Path, good: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "MAX_RECORD_BYTES", 1_000_000)
    bomb = b'{"id": "' + b"0" * 20_000_000 + b'"}'
    path = archive(tmp_path / "all.zip", {"a.json": bomb, "b.json": good})
    manifest = build(tmp_path / "data", [Source(path=str(path), name="S")])
    assert manifest.defects == {"not-json": 1}
    assert found(tmp_path / "data") == ["GOOD-1"]


def test_bomb_of_many_members_stops_the_source(
    tmp_path: Path, good: bytes, record: Any, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What unpacks to 250 times its size is no archive of records; what is in use stays."""
    build(tmp_path / "data", [Source(path=str(source(record("OLD-1", "npm", "alpha", ZERO))))])
    monkeypatch.setattr(inputs, "RATIO_FREE_BYTES", 1_000_000)
    bomb = b'{"summary": "' + b"0" * 1_000_000 + b'"}'
    path = archive(tmp_path / "all.zip", {f"{n}.json": bomb for n in range(20)})
    with pytest.raises(LimitError, match="more than 250 times"):
        build(tmp_path / "data", [Source(path=str(path))])
    assert found(tmp_path / "data") == ["OLD-1"]
    assert list((tmp_path / "data").glob(".building-*")) == []


def test_broken_member_is_skipped_and_the_rest_taken(tmp_path: Path, good: bytes) -> None:
    path = archive(tmp_path / "all.zip", {"a.json": b"x" * 5000 + good, "b.json": good})
    data = bytearray(path.read_bytes())
    data[60:70] = b"\xff" * 10  # in the packed bytes of the first member
    path.write_bytes(data)
    manifest = build(tmp_path / "data", [Source(path=str(path), name="S")])
    assert manifest.defects == {"not-json": 1}
    assert found(tmp_path / "data") == ["GOOD-1"]


def test_names_of_members_are_only_texts(tmp_path: Path, record: Any) -> None:
    names = ["../../x.json", "/etc/x.json", "C:\\x.json", "a\\..\\..\\x.json", "x.json/../y.json"]
    members = {
        name: msgspec.json.encode(record(f"A-{n}", "npm", "alpha", ZERO))
        for n, name in enumerate(names)
    }
    before = set(tmp_path.rglob("*"))
    path = archive(tmp_path / "all.zip", members)
    build(tmp_path / "data", [Source(path=str(path))])
    assert len(found(tmp_path / "data")) == 5
    outside = {p for p in tmp_path.rglob("*") if not p.is_relative_to(tmp_path / "data")}
    assert outside - before == {path}


@pytest.mark.parametrize(
    ("packages", "text"),
    [(1_000, 9_800_000), pytest.param(20_000, 3_000_000, marks=pytest.mark.nightly)],
)
def test_record_of_ten_megabytes(
    packages: int, text: int, tmp_path: Path, record: Any, source: Any
) -> None:
    """As Linux distributions publish them: it is read, and takes seconds, not minutes."""
    affected = [
        {"package": {"ecosystem": "npm", "name": f"p{n}"},
         "ranges": [{"type": "SEMVER", "events": [ZERO, {"fixed": f"{n}.0.0"}]}],
         "versions": [f"{n}.{m}.0" for m in range(20)]}
        for n in range(packages)
    ]  # fmt: skip
    large = record("BIG-1") | {"affected": affected, "details": "x" * text}
    path = source(large, record("GOOD-1", "npm", "alpha", ZERO))
    assert path.stat().st_size > 10_000_000
    started = time.process_time()
    manifest = build(tmp_path / "data", [Source(path=str(path), name="S")], now=NOW)
    last = f"p{packages - 1}"
    assert manifest.packages == packages + 1
    assert found(tmp_path / "data", last) == ["BIG-1"]
    apply_delta(tmp_path / "data", [Change(large | {"affected": affected[:5]}, "S")],
                now=NOW + timedelta(hours=1))  # fmt: skip
    assert found(tmp_path / "data", last) == []
    assert found(tmp_path / "data", "p4") == ["BIG-1"]
    assert time.process_time() - started < 60


def test_cyclic_aliases(tmp_path: Path, record: Any, source: Any) -> None:
    ring = [record(f"A-{n}", "npm", "alpha", ZERO, aliases=[f"A-{(n + 1) % 7}", f"A-{n}"])
            for n in range(7)]  # fmt: skip
    build(tmp_path / "data", [Source(path=str(source(*ring)), name="S")], now=NOW)
    answer = Index.open(tmp_path / "data").match(
        [Query(ecosystem="npm", name="alpha", version="1.0.0")]
    )[0]
    assert len(answer.matches) == 1
    assert len(answer.matches[0].advisories) == 7
    apply_delta(tmp_path / "data", [Change(ring[3] | {"aliases": []}, "S")],
                now=NOW + timedelta(hours=1))  # fmt: skip
    answer = Index.open(tmp_path / "data").match(
        [Query(ecosystem="npm", name="alpha", version="1.0.0")]
    )[0]
    assert [len(match.advisories) for match in answer.matches] == [7], "A-2 still names A-3"


def test_alias_groups_of_thousands(tmp_path: Path, record: Any, source: Any) -> None:
    """Thousands that all name one id are no one vulnerability: each stands for itself."""
    star = [record(f"A-{n}", "npm", f"p{n % 10}", ZERO, aliases=["CVE-1"]) for n in range(5000)]
    listing = record("L-1", "npm", "p1", ZERO, aliases=[f"A-{n}" for n in range(5000)])
    build(tmp_path / "data", [Source(path=str(source(*star, listing)), name="S")], now=NOW)
    assert len(found(tmp_path / "data", "p1")) == 501
    started = time.process_time()
    apply_delta(tmp_path / "data", [Change(star[0] | {"summary": "new"}, "S")],
                now=NOW + timedelta(hours=1))  # fmt: skip
    assert time.process_time() - started < 20
    layer = Index.open(tmp_path / "data").manifest.layers[0]
    assert layer.records == 1, "the others are not written again"
    advisory = Index.open(tmp_path / "data").advisory("A-0")
    assert advisory is not None
    assert advisory.summary == "new"


WRONG = [
    {"affected": {"package": "npm"}}, {"affected": [None, 1, "x", []]}, {"aliases": {"a": 1}},
    {"aliases": [[], {}, None]}, {"modified": []}, {"modified": "never"}, {"severity": "high"},
    {"severity": [1]}, {"withdrawn": True}, {"references": [[]]}, {"unknown": {"deep": [1]}},
    {"affected": [{"package": {"ecosystem": ["npm"], "name": {}}}]}, {"summary": {"a": "b"}},
    {"affected": [{"package": {"ecosystem": "npm", "name": "alpha"}, "ranges": [{"type": "SEMVER",
     "events": [{"introduced": 0}, {}, None]}], "versions": {"1": 2}}]},
    {"affected": [{"package": {"ecosystem": "NoSuch:1", "name": "alpha"}, "versions": ["1"]}]},
    {"database_specific": "x", "credits": 5}, {"id": "x" * 5000}, {"id": ["A"]}, {"id": None},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_unknown_fields_and_types(
    wrong: dict[str, Any], tmp_path: Path, record: Any, source: Any
) -> None:
    bad = record("BAD-1", "npm", "alpha", ZERO) | wrong
    path = source(bad, record("GOOD-1", "npm", "alpha", ZERO))
    build(tmp_path / "data", [Source(path=str(path), name="S")], now=NOW)
    assert "GOOD-1" in found(tmp_path / "data")
    changes = [Change(bad, "S"), Change(record("NEW-1", "npm", "alpha", ZERO), "S")]
    later = NOW + timedelta(hours=1)
    apply_delta(tmp_path / "data", changes, now=later, accept_shrinking=True)
    assert {"GOOD-1", "NEW-1"} <= set(found(tmp_path / "data"))
    linted = Linted()
    findings = list(lint_sources([path], linted))
    assert linted.records == 2
    assert any(each.where == "line 1" for each in findings), "named"


@pytest.mark.parametrize(
    "line", [b'{"id": "\xff\xfe"}', b"\x00\x01", b'{"id": "A', b"[]", b"1", b"null", b"[" * 100_000,
             b'{"id": "\\ud800", "modified": "2026-01-01T00:00:00Z"}', b'{"a": 1e999999}']
)  # fmt: skip
def test_lines_that_are_no_records(line: bytes, tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "records.ndjson"
    path.write_bytes(line + b"\n" + good + b"\n")
    manifest = build(tmp_path / "data", [Source(path=str(path), name="S")])
    assert found(tmp_path / "data") == ["GOOD-1"]
    assert sum(manifest.defects.values()) >= 1
    assert [each.types for each in read_findings(Index.open(tmp_path / "data").folder, "S")]
    assert [each for each in lint_sources([path], Linted()) if each.where == "line 1"]


@pytest.mark.parametrize("turns", [40, pytest.param(800, marks=pytest.mark.nightly)])
def test_random_and_mutated_bytes(turns: int, tmp_path: Path, record: Any) -> None:
    """Of archives and of line files: an error that is one, or a generation that is right."""
    draw = random.Random(6)
    whole = archive(
        tmp_path / "whole.zip",
        {f"{n}.json": msgspec.json.encode(record(f"A-{n}", "npm", "alpha", ZERO, details="x" * n))
         for n in range(20)},
    ).read_bytes()  # fmt: skip
    lines = b"\n".join(
        msgspec.json.encode(record(f"A-{n}", "npm", "alpha", ZERO)) for n in range(20)
    )
    taken = 0
    for turn in range(turns):
        name, data = draw.choice((("a.zip", whole), ("a.ndjson", lines)))
        mutated = bytearray(data)
        for _ in range(draw.choice((1, 3, 40))):
            mutated[draw.randrange(len(mutated))] = draw.randrange(256)
        if draw.random() < 0.2:
            del mutated[draw.randrange(len(mutated)) :]
        path = tmp_path / name
        path.write_bytes(mutated)
        try:
            build(tmp_path / f"data-{turn}", [Source(path=str(path))], now=NOW)
        except InputError:
            continue
        taken += 1
        Index.open(tmp_path / f"data-{turn}").verify()
        list(lint_sources([path], Linted()))
    assert taken > turns // 4


def test_delta_of_random_records_never_breaks_a_generation(
    tmp_path: Path, record: Any, source: Callable[..., Path]
) -> None:
    draw = random.Random(9)
    build(tmp_path / "data", [Source(path=str(source(record("GOOD-1", "npm", "alpha", ZERO))))],
          now=NOW)  # fmt: skip
    values: list[Any] = [None, 1, "", "x", [], {}, [None], {"id": "A"}, "2026-01-01T00:00:00Z"]
    for turn in range(12):
        changes = []
        for _ in range(4):
            made = record(f"B-{draw.randrange(6)}", "npm", "alpha", ZERO, aliases=["CVE-1"])
            made[draw.choice(list(made))] = draw.choice(values)
            changes.append(Change(made, "S"))
        apply_delta(tmp_path / "data", changes, now=NOW + timedelta(hours=turn + 1),
                    accept_shrinking=True)  # fmt: skip
        Index.open(tmp_path / "data").verify()
        assert "GOOD-1" in found(tmp_path / "data")
