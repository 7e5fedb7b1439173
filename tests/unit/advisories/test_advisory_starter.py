"""The starter that comes with the program: small, honest, and quickly there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.advisories import Index, generation, open_index, orders, snapshot
from pratique.advisories.build import build
from pratique.advisories.errors import GenerationError
from pratique.advisories.inputs import Source
from pratique.advisories.origins import ORIGINS
from pratique.advisories.snapshot import (
    FACTS,
    INDEX,
    SOURCES,
    data_root,
    install,
    open_root,
    read_facts,
    shipped,
)
from pratique.model.advisory import Query

LOG4J = Query(ecosystem="Maven", name="org.apache.logging.log4j:log4j-core", version="2.14.1")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "advisories"


def test_is_small_and_complete() -> None:
    sizes = {path.name: path.stat().st_size for path in shipped().iterdir()}
    assert set(sizes) == {FACTS, INDEX, SOURCES, "kev.json"}
    assert sum(sizes.values()) < 5_500_000


def test_first_use_unpacks_it_and_later_ones_open_it(root: Path) -> None:
    started = time.process_time()
    first = open_root(root)
    unpacked = time.process_time() - started
    assert unpacked < 20, "2 s are owed; the rest is for a busy machine"
    assert first.manifest.generation == "starter"
    (match,) = [
        m for m in first.match([LOG4J])[0].matches if "CVE-2021-44228" in m.advisories[0].aliases
    ]
    assert match.advisories[0].id == "GHSA-jfh8-c2jp-5v3q"
    assert match.advisories[0].score == 10.0
    first.verify()
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    opened = min(_timed(lambda: open_root(root)) for _ in range(5))
    assert opened < 0.1, "5 ms are owed; the rest is for a busy machine"
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def _timed(call: object) -> float:
    started = time.process_time()
    call()  # type: ignore[operator]
    return time.process_time() - started


def test_holds_facts_only() -> None:
    count = 0
    for fact in read_facts(shipped() / FACTS):
        assert fact.record.summary == ""
        assert fact.record.references == ()
        count += 1
    assert count == 35_431 + 664 + 10 + 5_000


def test_status_is_honest(root: Path) -> None:
    status = open_root(root).status(datetime(2026, 9, 1, tzinfo=UTC))
    listed = json.loads((shipped() / SOURCES).read_text())
    assert [item["name"] for item in listed] == [origin.name for origin in ORIGINS]
    assert all(item["license"] for item in listed)
    assert sum(item["records"] for item in listed) == 41_105
    dated = [source.newest for source in status.sources if source.newest is not None]
    assert len(dated) == len(ORIGINS) - 1, "Go's records carry no dates"
    assert status.as_of == min(dated), "no source is said to be complete beyond its last change"
    assert status.stale
    assert {source.license for source in status.sources} >= {"CC-BY-4.0", "Apache-2.0", "MIT"}
    assert any("5,000 of 33,019" in source.name for source in status.sources)
    assert "npm" in open_root(root).partial
    assert "Go" not in open_root(root).partial


def test_index_was_built_with_these_orderings() -> None:
    """Where it fails: ``pratique advisories build --starter`` makes it anew (docs/)."""
    with (shipped() / INDEX).open("rb") as packed:
        stream = snapshot._Packed(packed, shipped() / INDEX)
        manifest = json.loads(stream.frame())
    assert manifest["fingerprint"] == orders.fingerprint()
    assert manifest["ordering_format"] == generation.ORDERING_FORMAT
    assert manifest["format"] == generation.FORMAT


def test_is_rebuilt_from_its_facts_where_orderings_differ(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Keys of two orderings are never compared."""
    data = tmp_path / "data"
    data.mkdir()
    for name in (SOURCES, INDEX):
        shutil.copyfile(shipped() / name, data / name)
    facts = [fact for fact in read_facts(shipped() / FACTS) if fact.record.id.startswith("GHSA")]
    encode = snapshot._encode
    snapshot.write_packed(data / FACTS, (encode(fact) for fact in facts))
    monkeypatch.setattr(snapshot, "shipped", lambda: data)
    monkeypatch.setattr(snapshot, "fingerprint", lambda: "another")
    index = open_root(root)
    assert index.manifest.records == len({fact.record.id for fact in facts})
    assert index.match([LOG4J])[0].matches


def test_is_installed_anew_with_another_version_of_the_program(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = open_root(root).folder
    monkeypatch.setattr(snapshot, "starter_name", lambda: "starter-other")
    assert open_root(root).folder.name == "starter-other"
    assert first.exists()


def test_damaged_unpacked_starter_is_unpacked_again(root: Path) -> None:
    folder = open_root(root).folder
    (folder / "packages.idx").write_bytes(b"")
    assert open_root(root).match([LOG4J])[0].matches


def test_own_advisories_stay_in_use(root: Path, record, source) -> None:
    build(root, [Source(path=str(source(record("A-1", "npm", "alpha", {"introduced": "0"}))))])
    assert open_root(root).manifest.records == 1
    generation.current(root).joinpath("packages.idx").write_bytes(b"")  # type: ignore[union-attr]
    with pytest.raises(GenerationError, match="truncated"):
        open_root(root)


@pytest.mark.parametrize("name", [INDEX, SOURCES])
def test_damaged_or_absent_package_file_is_told(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    data = tmp_path / "data"
    shutil.copytree(shipped(), data)
    monkeypatch.setattr(snapshot, "shipped", lambda: data)
    if name == INDEX:
        whole = bytearray((data / INDEX).read_bytes())
        for place in (10, len(whole) // 2, len(whole) - 10):
            broken = bytearray(whole)
            broken[place] ^= 0x55
            (data / INDEX).write_bytes(broken)
            with pytest.raises(GenerationError, match="damaged"):
                install(root)
        (data / INDEX).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(GenerationError, match="damaged"):
            install(root)
    (data / name).unlink()
    with pytest.raises(GenerationError, match="absent"):
        open_root(root)
    assert generation.current(root) is None if root.exists() else True


OPEN = """
import sys
from pathlib import Path
from pratique.advisories.snapshot import open_root
from pratique.model.advisory import Query
index = open_root(Path(sys.argv[1]))
index.verify()
asked = Query(ecosystem="Maven", name="org.apache.logging.log4j:log4j-core", version="2.14.1")
print(len(index.match([asked])[0].matches))
"""


def test_two_processes_may_start_at_once(root: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", OPEN, str(root)], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]  # fmt: skip
    outputs = [process.communicate(timeout=240) for process in running]
    assert [error for _, error in outputs] == ["", "", ""]
    assert len({out for out, _ in outputs}) == 1
    assert int(outputs[0][0]) > 0
    assert {path.name for path in root.iterdir()} - {".generations.lock"} == {
        "current",
        "generations",
    }
    assert len(list((root / "generations").iterdir())) == 1


def test_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path))
    assert data_root() == tmp_path / "advisories"
    assert open_index().folder.is_relative_to(tmp_path)
    monkeypatch.delenv("PRATIQUE_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert data_root() == tmp_path / "cache" / "pratique" / "advisories"


def test_named_folder_without_advisories_is_refused(tmp_path: Path) -> None:
    """The starter is not put into a folder that someone names."""
    with pytest.raises(GenerationError):
        open_index(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(GenerationError, match="Set PRATIQUE_DATA"):
        install(tmp_path / "file" / "advisories")


def test_index_class_is_exported() -> None:
    import pratique.advisories

    assert pratique.advisories.Index is Index
    with pytest.raises(AttributeError):
        pratique.advisories.nothing  # noqa: B018
