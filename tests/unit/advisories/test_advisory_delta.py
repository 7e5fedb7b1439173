"""Changes laid over a generation answer as if all had been built anew."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories import Index, generation, merging
from pratique.advisories.build import build
from pratique.advisories.delta import Change, Removal, apply_delta
from pratique.advisories.errors import GenerationError
from pratique.advisories.imports import read_findings
from pratique.advisories.inputs import Source
from pratique.advisories.regrouping import TooManyError
from pratique.advisories.served import open_served
from pratique.model.advisory import Answer, Query
from pratique.model.errors import EvidenceError

ZERO = {"introduced": "0"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = [f"p{n}" for n in range(12)]
PLACES = ("npm", "PyPI", "Debian:12", "Debian:13", "Ubuntu:22.04:LTS")
COMMITS = [f"{n:x}" * 40 for n in range(4)]


def invented(draw: random.Random, number: int, moment: datetime) -> dict[str, Any]:
    """A record that may be joined with any other, withdrawn, of several packages or wrong."""
    affected: list[dict[str, Any]] = []
    for _ in range(draw.randint(0, 3)):
        package = {"ecosystem": draw.choice(PLACES), "name": draw.choice(NAMES)}
        events = [ZERO, {"fixed": f"{draw.randint(1, 9)}.0"}]
        affected.append({"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]})
    if draw.random() < 0.2:
        events = [{"introduced": draw.choice(COMMITS)}]
        affected.append({"ranges": [{"type": "GIT", "repo": "https://git.example.test/a",
                                     "events": events}]})  # fmt: skip
    record: dict[str, Any] = {
        "id": f"T-{number}",
        "modified": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "aliases": draw.sample(
            [f"T-{n}" for n in range(30)] + [f"CVE-{n}" for n in range(10)],
            draw.choice((0, 0, 0, 1, 1, 2, 7)),
        ),
        "details": f"number {draw.random()}",
        "affected": affected,
    }
    if draw.random() < 0.15:
        record["withdrawn"] = record["modified"]
    if draw.random() < 0.15:
        record["references"] = "wrong"
    return record


def everything(root: Path) -> dict[str, Any]:
    """All that a generation says, whatever the numbers of its records."""
    index = open_served(root)
    try:
        index.verify()
        queries = [
            Query(ecosystem=place, name=name, version=version)
            for place in (*PLACES, "Debian", "Ubuntu", "Ubuntu:22.04")
            for name in NAMES
            for version in ("0.1", "3.0", "8.5")
        ]
        queries += [Query(ecosystem="npm", name="p1", commit=commit) for commit in COMMITS]
        ids = [f"T-{n}" for n in range(40)] + [f"CVE-{n}" for n in range(10)]
        names = {source.name for source in index.manifest.sources}
        return {
            "answers": index.match(queries),
            "found": [[index.identifier(n) for n in index.find(q).numbers] for q in queries],
            "advisories": [index.advisory(identifier) for identifier in ids],
            "details": [index.details(identifier) for identifier in ids],
            "aliased": [index.aliased(identifier) for identifier in ids],
            "findings": sorted(
                (f.id, f.types) for name in names for f in read_findings(index.folder, name)
            ),
            "records": index.manifest.records,
            "packages": index.manifest.packages,
            "sources": sorted((s.name, s.records) for s in index.manifest.sources if s.records),
        }
    finally:
        index.close()


def emptied(changed: list[Answer], expected: list[Answer]) -> list[Answer]:
    """Answers, where an ecosystem whose last record went is as one that never had any.

    Layers remember that their sources cover it: no match is an answer there, while
    a build anew has never heard of it.
    """
    return [
        wanted
        if wanted.unknown is not None
        and wanted.unknown.reason.startswith("no advisories for ecosystem")
        and one == Answer()
        else one
        for one, wanted in zip(changed, expected, strict=True)
    ]


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 40))]
)
def test_layers_answer_as_a_build_of_the_same_records(
    seed: int, tmp_path: Path, source: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "MAX_LAYERS", 2)
    draw = random.Random(seed)
    state = {f"T-{n}": invented(draw, n, NOW) for n in range(25)}
    root = tmp_path / "changed"
    build(root, [Source(path=str(source(*state.values())), name="S")], now=NOW)
    for step in range(1, 6):
        moment = NOW + timedelta(hours=step)
        new = [invented(draw, draw.randrange(35), moment) for _ in range(draw.randint(1, 6))]
        gone = draw.sample(sorted(state), 1)
        new = list({record["id"]: record for record in new if record["id"] not in gone}.values())
        state |= {record["id"]: record for record in new}
        del state[gone[0]]
        apply_delta(
            root,
            [Change(record, "S") for record in new],
            [Removal(gone[0], "S")],
            now=moment,
            accept_shrinking=True,
        )
        merging.merge_layers(root, now=moment + timedelta(minutes=1))
        anew = tmp_path / f"anew-{step}"
        build(anew, [Source(path=str(source(*state.values())), name="S")], now=NOW)
        changed, expected = everything(root), everything(anew)
        changed["answers"] = emptied(changed["answers"], expected["answers"])
        for part, value in expected.items():
            assert changed[part] == value, f"step {step}: {part}"
    assert 1 <= len(Index.open(root).manifest.layers) <= 3


def test_reader_of_the_generation_before_goes_on(
    tmp_path: Path, source: Callable[..., Path]
) -> None:
    draw = random.Random(5)
    records = [invented(draw, n, NOW) for n in range(900)]
    build(tmp_path / "data", [Source(path=str(source(*records)), name="S")], now=NOW)
    index = Index.open(tmp_path / "data")
    queries = [Query(ecosystem=p, name=name, version="0.1") for p in PLACES for name in NAMES]
    for step in range(1, 4):
        moment = NOW + timedelta(hours=step)
        apply_delta(
            tmp_path / "data", [Change(invented(draw, n, moment), "S") for n in range(20)],
            now=moment, accept_shrinking=True,
        )  # fmt: skip
    assert not index.folder.exists(), "two generations are kept"
    again = tmp_path / "again"
    build(again, [Source(path=str(source(*records)), name="S")], now=NOW)
    assert index.match(queries) == Index.open(again).match(queries)
    assert index.details("T-3") == records[3]["details"]


def test_delta_that_withdraws_much_is_refused(
    tmp_path: Path, record: Any, source: Callable[..., Path]
) -> None:
    many = [record(f"A-{n}", "npm", f"p{n}", ZERO) for n in range(30)]
    build(tmp_path / "data", [Source(path=str(source(*many)), name="npm")], now=NOW)

    def withdrawing(count: int) -> list[Change]:
        later = {"modified": "2026-02-01T00:00:00Z", "withdrawn": "2026-02-01T00:00:00Z"}
        return [Change(each | later, "npm") for each in many[:count]]

    with pytest.raises(EvidenceError, match="withdraw 4 of 30") as caught:
        apply_delta(tmp_path / "data", withdrawing(4), now=NOW)
    assert "--accept-shrinking" in caught.value.remedy
    assert not Index.open(tmp_path / "data").manifest.layers
    gone = [Removal(f"A-{n}", "npm") for n in range(4)]
    with pytest.raises(EvidenceError, match="withdraw 4 of 30"):
        apply_delta(tmp_path / "data", [], gone, now=NOW)
    asked = [Query(ecosystem="npm", name=f"p{n}", version="1.0.0") for n in range(4)]
    apply_delta(tmp_path / "data", withdrawing(3), now=NOW)
    assert [len(a.matches) for a in Index.open(tmp_path / "data").match(asked)] == [0, 0, 0, 1]
    apply_delta(
        tmp_path / "data", withdrawing(30), now=NOW + timedelta(hours=1), accept_shrinking=True
    )
    assert not any(a.matches for a in Index.open(tmp_path / "data").match(asked))


def test_older_state_of_another_source_changes_nothing(
    tmp_path: Path, record: Any, source: Callable[..., Path]
) -> None:
    old = record("A-1", "npm", "alpha", ZERO)
    build(tmp_path / "data", [Source(path=str(source(old)), name="npm")], now=NOW)
    older = record("A-1", "npm", "beta", ZERO) | {"modified": "2025-01-01T00:00:00Z"}
    apply_delta(tmp_path / "data", [Change(older, "PyPI")], now=NOW + timedelta(hours=1))
    index = Index.open(tmp_path / "data")
    asked = [Query(ecosystem="npm", name=n, version="1.0.0") for n in ("alpha", "beta")]
    assert [len(a.matches) for a in index.match(asked)] == [1, 0]
    assert {s.name: s.records for s in index.manifest.sources} == {"npm": 1, "PyPI": 1}


def test_removal_from_one_of_two_sources_keeps_the_record(
    tmp_path: Path, record: Any, source: Callable[..., Path]
) -> None:
    one = record("A-1", "npm", "alpha", ZERO)
    path = str(source(one))
    sources = [Source(path=path, name="npm"), Source(path=path, name="PyPI")]
    manifest = build(tmp_path / "data", sources, now=NOW)
    assert manifest.records == 1
    assert manifest.defects == {}, "one record of two sources is no duplicate"
    apply_delta(tmp_path / "data", [], [Removal("A-1", "npm")], now=NOW, accept_shrinking=True)
    index = Index.open(tmp_path / "data")
    assert index.advisory("A-1") is not None
    assert {s.name: s.records for s in index.manifest.sources} == {"npm": 0, "PyPI": 1}


def test_what_joins_too_many_is_left_to_a_build(
    tmp_path: Path, record: Any, source: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pratique.advisories.regrouping.MAX_REACHED", 50)
    chain = [record(f"A-{n}", "npm", "alpha", ZERO, aliases=[f"A-{n + 1}"]) for n in range(100)]
    build(tmp_path / "data", [Source(path=str(source(*chain)), name="npm")], now=NOW)
    with pytest.raises(TooManyError):
        apply_delta(tmp_path / "data", [Change(chain[5] | {"aliases": []}, "npm")], now=NOW)
    assert not Index.open(tmp_path / "data").manifest.layers


def test_damage_of_a_layer_is_an_error(
    tmp_path: Path, record: Any, source: Callable[..., Path]
) -> None:
    build(tmp_path / "data", [Source(path=str(source(record("A-1", "npm", "a", ZERO))))], now=NOW)
    apply_delta(
        tmp_path / "data", [Change(record("A-2", "npm", "b", ZERO), "S")],
        now=NOW + timedelta(hours=1),
    )  # fmt: skip
    folder = Index.open(tmp_path / "data").folder
    for name in ("000001.packages.idx", "000001.records.dat", "000001.documents.dat"):
        path = folder / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with pytest.raises(GenerationError, match="truncated"):
            Index.open(tmp_path / "data")
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(GenerationError):
            generation.verify(folder)
        path.write_bytes(whole)
    generation.verify(folder)
