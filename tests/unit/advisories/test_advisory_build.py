"""Records from every kind of source, within limits, into one index."""

from __future__ import annotations

import gzip
import lzma
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from pratique.advisories import Index, inputs
from pratique.advisories.build import build
from pratique.advisories.generation import MANIFEST
from pratique.advisories.inputs import Source, read_items
from pratique.model.advisory import Query
from pratique.model.errors import InputError, LimitError

ZERO = {"introduced": "0"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)
Record = Callable[..., dict[str, Any]]


def zipped(path: Path, *records: dict[str, Any]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for record in records:
            archive.writestr(f"{record['id']}.json", msgspec.json.encode(record))
    return path


def test_every_kind_of_source(tmp_path: Path, record: Record) -> None:
    records = [record(f"A-{n}", "npm", f"p{n}", ZERO) for n in range(8)]
    data = [msgspec.json.encode(one) for one in records]
    folder = tmp_path / "folder" / "deep"
    folder.mkdir(parents=True)
    (folder / "a.json").write_bytes(data[1])
    (folder / "note.txt").write_text("no record")
    (tmp_path / "lines.jsonl").write_bytes(data[2] + b"\r\n\n" + data[3] + b"\n")
    (tmp_path / "l.ndjson.xz").write_bytes(lzma.compress(data[4]))
    (tmp_path / "l.ndjson.gz").write_bytes(gzip.compress(data[5]))
    packer = zstandard.ZstdCompressor()
    (tmp_path / "l.ndjson.zst").write_bytes(packer.compress(data[6]) + packer.compress(b"\n"))
    (tmp_path / "one.json").write_bytes(data[7])
    paths = [zipped(tmp_path / "all.zip", records[0]), tmp_path / "folder"]
    paths += [tmp_path / name for name in
              ("lines.jsonl", "l.ndjson.xz", "l.ndjson.gz", "l.ndjson.zst", "one.json")]  # fmt: skip
    manifest = build(tmp_path / "data", [Source(path=str(path)) for path in paths])
    assert manifest.records == 8
    assert [source.records for source in manifest.sources] == [1, 1, 2, 1, 1, 1, 1]
    index = Index.open(tmp_path / "data")
    asked = [Query(ecosystem="npm", name=f"p{n}", version="1.0.0") for n in range(8)]
    assert [a.matches[0].advisories[0].id for a in index.match(asked)] == [
        f"A-{n}" for n in range(8)
    ]


def test_latest_modified_wins_whatever_the_order(
    tmp_path: Path, record: Record, source: Callable[..., Path]
) -> None:
    old = record("A-1", "npm", "alpha", ZERO, modified="2026-01-01T00:00:00Z")
    new = record("A-1", "npm", "beta", ZERO, modified="2026-01-01T00:00:00.000001Z")
    for place, records in enumerate([(old, new), (new, old)]):
        root = tmp_path / str(place)
        manifest = build(root, [Source(path=str(source(*records)))])
        assert manifest.defects["duplicate-id"] == 1
        assert manifest.records == 1
        answers = Index.open(root).match(
            [Query(ecosystem="npm", name=n, version="1.0.0") for n in ("alpha", "beta")]
        )
        assert [len(answer.matches) for answer in answers] == [0, 1]


def test_records_of_equal_time_are_kept_both(make_index: Any, record: Record) -> None:
    index = make_index(record("A-1", "npm", "alpha", ZERO), record("A-1", "npm", "beta", ZERO))
    for name in ("alpha", "beta"):
        answer = index.match([Query(ecosystem="npm", name=name, version="1.0.0")])[0]
        assert [one.id for one in answer.matches[0].advisories] == ["A-1"]


def test_same_records_give_the_same_bytes(
    tmp_path: Path, record: Record, source: Callable[..., Path]
) -> None:
    records = [
        record(f"A-{n}", "npm", f"p{n % 7}", ZERO, {"fixed": f"{n}.0.0"}, aliases=[f"C-{n % 9}"])
        for n in range(600)
    ]
    made = []
    for place, order in enumerate((records, records[::-1])):
        root = tmp_path / str(place)
        build(root, [Source(path=str(source(*order)), name="s")], now=NOW)
        folder = Index.open(root).folder
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert made[0] == made[1]
    assert len(made[0]) == 14


def test_bad_records_are_counted_and_the_others_taken(tmp_path: Path, record: Record) -> None:
    path = tmp_path / "a.ndjson"
    good = msgspec.json.encode(record("A-1", "npm", "alpha", ZERO))
    path.write_bytes(b"{broken\n[]\n" + good + b'\n{"modified": "x"}\n\xff\xff\n')
    manifest = build(tmp_path / "data", [Source(path=str(path))])
    assert manifest.records == 1
    assert manifest.defects["not-json"] == 3
    assert manifest.defects["missing-id"] == 1


def test_source_dates_and_as_of(
    tmp_path: Path, record: Record, source: Callable[..., Path]
) -> None:
    dated = source(record("A-1", "npm", "a", ZERO, modified="2026-02-01T00:00:00Z"))
    older = source(record("B-1", "npm", "b", ZERO, modified="2026-01-01T00:00:00Z"))
    undated = source(record("C-1", "npm", "c", ZERO, modified="0001-01-01T00:00:00Z"))
    sources = [Source(path=str(path)) for path in (dated, older, undated)]
    manifest = build(tmp_path / "data", sources, now=NOW)
    assert [item.newest and item.newest.month for item in manifest.sources] == [2, 1, None]
    assert manifest.as_of == datetime(2026, 1, 1, tzinfo=UTC)
    assert build(tmp_path / "data", sources, now=NOW, as_of=NOW).as_of == NOW
    undated_only = build(tmp_path / "other", sources[2:], now=NOW)
    assert undated_only.as_of == NOW


@pytest.mark.parametrize("name", ["a.txt", "a.zip", "a.ndjson.xz", "a.ndjson.gz", "a.ndjson.zst"])
def test_unreadable_source_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"neither one nor the other" * 9)
    with pytest.raises(InputError) as caught:
        list(read_items(path))
    assert str(path) in caught.value.message
    with pytest.raises(InputError):
        build(tmp_path / "data", [Source(path=str(path))])
    assert [found.name for found in (tmp_path / "data").iterdir()] == []


@pytest.mark.parametrize("suffix", [".xz", ".gz", ".zst"])
def test_truncated_source_is_refused(tmp_path: Path, record: Record, suffix: str) -> None:
    data = b"\n".join(msgspec.json.encode(record(f"A-{n}")) for n in range(500))
    pack = {".xz": lzma.compress, ".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}
    path = tmp_path / f"a.ndjson{suffix}"
    path.write_bytes(pack[suffix](data)[:-40])
    with pytest.raises(InputError, match="cannot be"):
        list(read_items(path))


def test_absent_and_empty_sources(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be read|is not"):
        list(read_items(tmp_path / "absent.ndjson"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no OSV record"):
        build(tmp_path / "data", [Source(path=str(tmp_path / "empty"))])


def test_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "RATIO_FREE_BYTES", 1024 * 1024)
    bomb = tmp_path / "bomb.ndjson.xz"
    bomb.write_bytes(lzma.compress(b"\n" * 30_000_000))
    with pytest.raises(LimitError, match="times its size"):
        list(read_items(bomb))
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", b" " * 30_000_000)
    with pytest.raises(LimitError, match="times its size"):
        list(read_items(path))


def test_large_record_is_named_and_the_others_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "MAX_RECORD_BYTES", 1000)
    (tmp_path / "a.ndjson").write_bytes(b"{}\n" + b"x" * 3_000_000 + b"\n{}\n")
    (tmp_path / "b.json").write_bytes(b"x" * 2000)
    zipped(tmp_path / "c.zip", {"id": "A-1", "summary": "x" * 2000})
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.json").write_bytes(b"x" * 2000)
    (tmp_path / "d" / "b.json").write_bytes(b"{}")
    with pytest.raises(LimitError, match="over"):
        list(read_items(tmp_path / "b.json"))
    for name, problems in (("a.ndjson", [0, 1, 0]), ("c.zip", [1]), ("d", [1, 0])):
        items = list(read_items(tmp_path / name))
        assert [bool(item.problem) for item in items] == problems
        assert all(item.problem or item.data == b"{}" for item in items)
        assert all("over" in item.problem for item in items if item.problem)


def test_members_of_a_zip_stay_in_it(tmp_path: Path, record: Record) -> None:
    path = tmp_path / "in" / "all.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../evil.json", msgspec.json.encode(record("A-1", "npm", "a", ZERO)))
        archive.writestr("/abs.json", msgspec.json.encode(record("A-2", "npm", "b", ZERO)))
    before = {found for found in tmp_path.rglob("*") if "data" not in found.parts}
    manifest = build(tmp_path / "data", [Source(path=str(path))])
    assert manifest.records == 2
    assert {found for found in tmp_path.rglob("*") if "data" not in found.parts} == before


def test_links_out_of_a_folder_are_not_followed(tmp_path: Path, record: Record) -> None:
    (tmp_path / "secret.json").write_bytes(msgspec.json.encode(record("A-9", "npm", "a", ZERO)))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_bytes(msgspec.json.encode(record("A-1", "npm", "a", ZERO)))
    (tmp_path / "in" / "b.json").symlink_to(tmp_path / "secret.json")
    assert [item.where for item in read_items(tmp_path / "in")] == ["a.json"]


def test_nothing_but_the_generation_is_left(
    make_index: Any, record: Record, tmp_path: Path
) -> None:
    index = make_index(record("A-1", "npm", "alpha", ZERO))
    names = {path.name for path in index.folder.iterdir()}
    assert MANIFEST in names
    assert not any(name.startswith(".") for name in names)
    root = index.folder.parent.parent
    left = {path.name for path in root.iterdir()} - {".generations.lock"}
    assert left == {"current", "generations"}
