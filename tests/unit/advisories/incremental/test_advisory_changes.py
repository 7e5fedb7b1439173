"""Updates by changes, against a loopback server with OSV's lists."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories import Index, generation
from pratique.advisories.planning import RECORD_COST, cheaper_whole
from pratique.advisories.update import Update, update
from pratique.model.advisory import Query
from pratique.model.errors import EvidenceError, UpstreamError, UsageError
from pratique.sources.osv_changes import newest_rows
from pratique.sources.osv_places import proxy_of

ZERO = {"introduced": "0"}


NOW = datetime(2026, 3, 1, tzinfo=UTC)


def found(root: Path, ecosystem: str, name: str) -> list[str]:
    answer = Index.open(root).match([Query(ecosystem=ecosystem, name=name, version="1.0.0")])[0]
    return [match.advisories[0].id for match in answer.matches]


def asked(export: Any, kind: str) -> list[str]:
    return [line for line in export.asked if kind in line]


def later(root: Path, hours: int, **more: Any) -> Update:
    return update(root, now=NOW + timedelta(hours=hours), **more)


def test_changes_are_fetched_one_by_one(
    dated: Any, export: Any, tmp_path: Path, record: Any
) -> None:
    first = later(tmp_path, 0)
    assert first.fetched == ("npm", "PyPI")
    assert first.manifest.watermarks["npm"].modified == datetime(2026, 2, 9, tzinfo=UTC)
    export.put("npm", dated(record("GHSA-new", "npm", "new", ZERO), 50))
    export.put("npm", dated(record("GHSA-3", "npm", "p3", ZERO), 51, withdrawn="2026-02-20T00:00:00Z"))  # fmt: skip
    export.asked.clear()
    done = later(tmp_path, 1)
    assert done.fetched == ("npm",)
    assert done.unchanged == ("PyPI",)
    assert done.changed == {"npm": 2}
    assert asked(export, "all.zip") == ["HEAD /npm/all.zip"]
    assert sorted(asked(export, ".json")) == ["GET /npm/GHSA-3.json", "GET /npm/GHSA-new.json"]
    assert found(tmp_path, "npm", "new") == ["GHSA-new"]
    assert found(tmp_path, "npm", "p3") == []
    assert found(tmp_path, "npm", "p4") == ["GHSA-4"]
    manifest = Index.open(tmp_path).manifest
    assert manifest.watermarks["npm"].modified == datetime(2026, 2, 21, tzinfo=UTC)
    assert manifest.as_of == NOW + timedelta(hours=1)
    assert len(manifest.layers) == 1
    Index.open(tmp_path).verify()
    assert list((tmp_path / "downloads").iterdir()) == []
    export.asked.clear()
    again = later(tmp_path, 2)
    assert again.fetched == ()
    assert len(export.asked) == 3, "the list of ecosystems and two lists of changes"
    assert again.manifest.as_of == NOW + timedelta(hours=2)


def test_record_that_appears_late_is_found(
    dated: Any, export: Any, tmp_path: Path, record: Any
) -> None:
    later(tmp_path, 0)
    export.put("npm", dated(record("GHSA-late", "npm", "late", ZERO), 38))
    assert later(tmp_path, 1).changed == {"npm": 1}
    assert found(tmp_path, "npm", "late") == ["GHSA-late"]


@pytest.mark.parametrize(
    ("changes", "size", "whole"),
    [(1, RECORD_COST, False), (2, RECORD_COST, True), (0, 1, False), (1000, 0, False),
     (1001, 0, True), (60_000, 1 << 30, False), (70_000, 1 << 30, True)],
)  # fmt: skip
def test_rule_of_what_is_cheaper(changes: int, size: int, whole: bool) -> None:
    assert cheaper_whole(changes, size) == whole


def test_many_changes_are_taken_as_a_whole(
    dated: Any, export: Any, tmp_path: Path, record: Any
) -> None:
    later(tmp_path, 0)
    small = {"details": "small"}
    export.put("npm", *(dated(record(f"GHSA-{n}", "npm", f"p{n}", ZERO), 60, **small) for n in range(40)))  # fmt: skip
    export.asked.clear()
    done = later(tmp_path, 1)
    assert done.changed == {}
    assert asked(export, "all.zip") == ["HEAD /npm/all.zip", "GET /npm/all.zip"]
    assert asked(export, ".json") == []
    assert found(tmp_path, "PyPI", "p4") == ["PYSEC-4"], "what was not fetched is kept"
    assert not done.manifest.layers


def test_whole_now_and_then(export: Any, tmp_path: Path) -> None:
    later(tmp_path, 0)
    del export.records["npm"]["GHSA-5"]
    assert later(tmp_path, 1).fetched == (), "no list tells what was removed"
    done = later(tmp_path, 24 * 31)
    assert done.fetched == ("npm", "PyPI")
    assert found(tmp_path, "npm", "p5") == []


def test_place_without_lists(dated: Any, export: Any, tmp_path: Path, record: Any) -> None:
    export.lists = False
    assert later(tmp_path, 0).manifest.watermarks["npm"].modified is None
    export.put("npm", dated(record("GHSA-new", "npm", "new", ZERO), 50))
    done = later(tmp_path, 1)
    assert (done.fetched, done.unchanged) == (("npm",), ("PyPI",))
    assert found(tmp_path, "npm", "new") == ["GHSA-new"]


def test_record_that_is_listed_and_absent(
    dated: Any, export: Any, tmp_path: Path, record: Any
) -> None:
    later(tmp_path, 0)
    export.put("npm", dated(record("GHSA-new", "npm", "new", ZERO), 50))
    export.absent.add("/npm/GHSA-new.json")
    later(tmp_path, 1)
    assert found(tmp_path, "npm", "new") == ["GHSA-new"], "taken from the zip"


@pytest.mark.parametrize("data", [b'{"id": "GHSA-other"}', b"<html>", b"[]", b"\xff", b""])
def test_record_that_is_another_or_none(
    dated: Any,
    export: Any,
    tmp_path: Path,
    record: Any,
    monkeypatch: pytest.MonkeyPatch,
    data: bytes,
) -> None:
    """The zip is taken instead: what is wrong there costs one record, not the update."""
    later(tmp_path, 0)
    export.put("npm", dated(record("GHSA-new", "npm", "new", ZERO), 50))
    file = export.file
    monkeypatch.setattr(export, "file", lambda path: data if "new.json" in path else file(path))
    done = later(tmp_path, 1)
    assert (done.fetched, done.changed) == (("npm",), {})
    assert found(tmp_path, "npm", "new") == ["GHSA-new"]
    assert found(tmp_path, "npm", "other") == []


def test_delta_that_withdraws_a_tenth_is_refused(dated: Any, export: Any, tmp_path: Path, record: Any) -> None:  # fmt: skip
    later(tmp_path, 0)
    gone = {"withdrawn": "2026-02-25T00:00:00Z"}
    export.put("npm", *(dated(record(f"GHSA-{n}", "npm", f"p{n}", ZERO), 55, **gone) for n in range(5)))  # fmt: skip
    with pytest.raises(EvidenceError, match=r"npm: the changes withdraw 5 of 40"):
        later(tmp_path, 1)
    assert found(tmp_path, "npm", "p4") == ["GHSA-4"]
    assert later(tmp_path, 2, accept_shrinking=True).changed == {"npm": 5}
    assert found(tmp_path, "npm", "p4") == []


def test_proxy_by_option_and_setting(
    export: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server answers as a proxy would; the host that is asked for does not exist."""
    proxy = os.environ["PRATIQUE_OSV_URL"]
    url = "http://osv.example.test"
    assert update(tmp_path / "a", ["npm"], url=url, proxy=proxy, now=NOW).fetched == ("npm",)
    monkeypatch.setenv("PRATIQUE_OSV_PROXY", proxy)
    assert update(tmp_path / "b", ["npm"], url=url, now=NOW).fetched == ("npm",)
    monkeypatch.delenv("PRATIQUE_OSV_PROXY")
    monkeypatch.setenv("HTTP_PROXY", proxy)
    assert update(tmp_path / "c", ["npm"], url=url, now=NOW).fetched == ("npm",)
    for wrong in ("proxy.example.test:3128", "file:///etc/passwd", "http://"):
        with pytest.raises(UsageError, match="not the address of a proxy"):
            proxy_of(wrong)


@pytest.mark.parametrize(
    "line", [b"<html>", b"2026-01-01T00:00:00Z", b"yesterday,A-1", b"2026-01-01T00:00:00Z,../../x",
             b"2026-01-01T00:00:00Z,", b"\xff\xfe,A-1", b"2026-01-01T00:00:00Z,a\0b"]
)  # fmt: skip
def test_list_that_is_none(line: bytes) -> None:
    if line.endswith(b"../../x"):
        assert newest_rows("w", [line], lambda _: False)[0].id == "x", "only a last part is used"
        return
    with pytest.raises(UpstreamError, match="line 2 is not a time and an id"):
        newest_rows("w", [b"2026-01-02T00:00:00Z,npm/A-1\r\n", line], lambda _: False)


def test_list_out_of_order_is_read_to_its_end() -> None:
    lines = [b"2026-01-01T00:00:00Z,A", b"2026-01-03T00:00:00Z,B", b"2026-01-01T00:00:00Z,C",
             b"2026-01-04T00:00:00Z,D"]  # fmt: skip
    new: Callable[[Any], bool] = lambda row: row.modified.day < 2  # noqa: E731 - as it is passed
    assert [row.id for row in newest_rows("w", lines[1:], new)] == ["B"]
    assert [row.id for row in newest_rows("w", [lines[1], lines[3], *lines], new)] == ["B", "D", "B", "D"]  # fmt: skip


def test_generation_of_other_orderings_is_built_anew(
    dated: Any, export: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: Any
) -> None:
    later(tmp_path, 0)
    export.put("npm", dated(record("GHSA-new", "npm", "new", ZERO), 50))
    monkeypatch.setattr("pratique.advisories.update.fingerprint", lambda: "another")
    done = update(tmp_path, ["npm"], now=NOW + timedelta(hours=1))
    assert not done.manifest.layers
    assert found(tmp_path, "npm", "new") == ["GHSA-new"]
    assert found(tmp_path, "PyPI", "p1") == ["PYSEC-1"]
    assert generation.verify(Index.open(tmp_path).folder).watermarks.keys() == {"npm", "PyPI"}
