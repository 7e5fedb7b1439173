"""Repositories and commits after changes were laid over a generation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from pratique.advisories import Index
from pratique.advisories.build import build
from pratique.advisories.commits import Checkout
from pratique.advisories.delta import Change, apply_delta
from pratique.advisories.inputs import Source
from pratique.model.advisory import Query

Make = Callable[..., Any]
LIB, OTHER = "https://example.test/lib", "https://example.test/other"
FIRST, SECOND, THIRD = "a" * 40, "b" * 40, "c" * 40


def dated(record: dict[str, Any], day: int, **more: Any) -> dict[str, Any]:
    return record | {"modified": f"2026-02-{day:02}T00:00:00Z"} | more


def ids(index: Index, repository: str, commit: str) -> list[str]:
    answer = index.match_commit(Checkout(repository, commit)).answer
    return [match.advisories[0].id for match in answer.matches]


def tagged(index: Index, repository: str, tag: str) -> list[str]:
    (answer,) = index.match([Query(ecosystem="GIT", name=repository, version=tag)])
    return [match.advisories[0].id for match in answer.matches]


def test_changed_records_are_found_anew_and_nowhere_else(
    advisories: Callable[..., Path], record: Make, tmp_path: Path
) -> None:
    one = record("A-1", LIB, {"introduced": FIRST}, versions=("v1",))
    two = record("A-2", LIB, {"introduced": SECOND}, versions=("v1", "v2"))
    three = record("A-3", OTHER, {"introduced": THIRD}, versions=("v9",))
    rest = [record(f"B-{n}", f"https://example.test/{n}", {"introduced": "0"}) for n in range(30)]
    root = advisories(one, two, three, *rest)
    moved = dated(record("A-1", OTHER, {"introduced": SECOND}, versions=("v7",)), 2)
    gone = dated(two, 2, withdrawn="2026-02-02T00:00:00Z")
    new = dated(record("A-4", LIB, {"introduced": FIRST}, versions=("v3",)), 2)
    changes = [Change(each, "records.ndjson") for each in (moved, gone, new)]
    apply_delta(root, changes, now=datetime(2027, 1, 1, tzinfo=UTC), accept_shrinking=True)

    layered = Index.open(root)
    assert layered.manifest.layers
    lines = tmp_path / "whole.ndjson"
    lines.write_bytes(b"\n".join(map(msgspec.json.encode, (moved, gone, new, three, *rest))))
    build(tmp_path / "whole", [Source(path=str(lines))])
    whole = Index.open(tmp_path / "whole")
    for index in (layered, whole):
        assert ids(index, LIB, FIRST) == ["A-4"]
        assert ids(index, LIB, SECOND) == ["A-1"], "known by the commit, which is another's now"
        assert ids(index, OTHER, THIRD) == ["A-3"]
        assert tagged(index, LIB, "v1") == []
        assert tagged(index, LIB, "v3") == ["A-4"]
        assert tagged(index, OTHER, "v7") == ["A-1"]
        assert tagged(index, OTHER, "v9") == ["A-3"]
        assert ids(index, "https://example.test/7", FIRST) == ["A-4", "B-7"]
