"""A generation is whole or refused; building one never harms the one before."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pratique.advisories import Index, generation, layout
from pratique.advisories.build import build
from pratique.advisories.errors import FormatError, GenerationError
from pratique.advisories.imports import read_findings
from pratique.advisories.inputs import Source
from pratique.model.advisory import Query
from pratique.model.errors import EvidenceError

ZERO = {"introduced": "0"}
Record = Callable[..., dict[str, Any]]


def queries() -> list[Query]:
    asked = [Query(ecosystem="npm", name=f"p{n}", version="1.0.0") for n in range(40)]
    return [*asked, Query(ecosystem="npm", name="p1", commit="a" * 40)]


@pytest.fixture
def root(tmp_path: Path, record: Record, source: Callable[..., Path]) -> Path:
    git = {"type": "GIT", "repo": "r", "events": [{"introduced": "a" * 40}]}
    records = [
        record(
            f"A-{n}",
            "npm",
            f"p{n % 30}",
            ZERO,
            {"fixed": f"{n}.0.0"},
            aliases=[f"C-{n}"],
            details=f"Text {n}",
            references={"wrong": n},
        )
        for n in range(900)
    ] + [record("G-1", "npm", "p1", ranges=[git])]
    build(tmp_path / "data", [Source(path=str(source(*records)))])
    return tmp_path / "data"


def everything(root: Path) -> tuple[object, ...]:
    index = Index.open(root)
    try:
        return (
            *index.match(queries()),
            *(index.advisory(f"C-{n}") for n in range(900)),
            *(index.details(f"A-{n}") for n in range(0, 900, 3)),
            *read_findings(index.folder, "records-0.ndjson"),
        )
    finally:
        index.close()


FILES = ("packages.idx", "packages.dat", "records.idx", "records.dat", "names.idx", "names.dat",
         "commits.idx", "commits.dat", "dictionary", "documents.idx", "documents.dat",
         "documents.dictionary", "findings.zst", "manifest.json")  # fmt: skip


@pytest.mark.parametrize("flips", [10, pytest.param(80, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("name", FILES)
def test_damage_is_an_error_never_another_answer(root: Path, name: str, flips: int) -> None:
    """Any byte of any file may be wrong: what is read is right, or refused."""
    path = Index.open(root).folder / name
    whole, right = path.read_bytes(), everything(root)
    draw, refused = random.Random(name), 0
    for _ in range(flips):
        data = bytearray(whole)
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        path.write_bytes(data)
        try:
            found = everything(root)
        except GenerationError:
            refused += 1
        else:
            assert found == right
        with pytest.raises(GenerationError):
            generation.verify(path.parent)
    assert refused > flips // 10, "damage was never met"
    path.write_bytes(whole)
    assert everything(root) == right


@pytest.mark.parametrize("name", FILES)
def test_truncated_or_absent_file_is_refused(root: Path, name: str) -> None:
    path = Index.open(root).folder / name
    whole = path.read_bytes()
    for size in (0, 1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(EvidenceError, match=r"truncated|damaged|no finished|absent"):
            Index.open(root)
    path.unlink()
    with pytest.raises(GenerationError):
        Index.open(root)


@pytest.mark.parametrize(("constant", "module"), [("FORMAT", layout), ("ORDERING_FORMAT", layout)])
def test_other_format_is_refused_with_a_remedy(
    root: Path, monkeypatch: pytest.MonkeyPatch, constant: str, module: Any
) -> None:
    number = getattr(module, constant)
    monkeypatch.setattr(generation, constant, number + 1)
    with pytest.raises(
        FormatError, match=rf"format {number}, not {number + 1}.* Run `pratique advisories update`"
    ):
        Index.open(root)


def rewrite(folder: Path, body: bytes) -> None:
    """Write a manifest as a program that has another one would: with a checksum that is right."""
    line = sha256(body).hexdigest().encode()
    (folder / layout.MANIFEST).write_bytes(body + b"\n" + line + b"\n")


@pytest.mark.parametrize(
    "change",
    [
        {"sources": None},
        {"files": []},
        {"watermarks": {"npm": "2026-01-01"}},
        {"layers": [{"name": "l1"}], "format": layout.LAYERED_FORMAT},
        {"created": 7},
    ],
    ids=str,
)
def test_manifest_of_another_layout_is_another_format(root: Path, change: dict[str, Any]) -> None:
    """One that a program between two releases wrote has this number and other fields."""
    folder = Index.open(root).folder
    manifest = msgspec.json.decode((folder / layout.MANIFEST).read_bytes().partition(b"\n")[0])
    rewrite(folder, msgspec.json.encode(manifest | change))
    match = r"another version of the program wrote: .* Run `pratique advisories update`"
    with pytest.raises(FormatError, match=match):
        Index.open(root)


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b'{"a": "\xff"}', b"\x00" * 100])
def test_manifest_that_is_none_is_another_format(root: Path, body: bytes) -> None:
    folder = Index.open(root).folder
    rewrite(folder, body)
    with pytest.raises(GenerationError, match="Run `pratique advisories update`"):
        Index.open(root)


def test_nothing_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match="no finished advisories"):
        Index.open(tmp_path)
    (tmp_path / "current").write_text("../../etc\n")
    with pytest.raises(GenerationError, match="names no generation"):
        Index.open(tmp_path)


def test_previous_generation_is_kept_and_older_ones_go(
    root: Path, source: Any, record: Any
) -> None:
    first = Index.open(root).folder.name
    path = source(record("B-1", "npm", "beta", ZERO))
    names = [build(root, [Source(path=str(path))]).generation for _ in range(3)]
    kept = sorted(found.name for found in (root / "generations").iterdir())
    assert kept == sorted(names[-2:])
    assert first not in kept
    generation.point(root, kept[0])
    assert Index.open(root).manifest.generation == kept[0]


def test_open_index_goes_on_while_another_generation_comes(
    root: Path, source: Any, record: Any
) -> None:
    index = Index.open(root)
    right = index.match(queries())
    for _ in range(3):
        build(root, [Source(path=str(source(record("B-1", "npm", "beta", ZERO))))])
    assert not index.folder.exists()
    assert index.match(queries()) == right


KILLED = """
import sys
from pathlib import Path
from pratique.advisories.build import build
from pratique.advisories.imports import read_findings
from pratique.advisories.inputs import Source
print("ready", flush=True)
while True:
    build(Path(sys.argv[1]), [Source(path=sys.argv[2])])
"""


def test_kill_during_a_build_leaves_a_whole_generation(
    root: Path, tmp_path: Path, record: Record, source: Callable[..., Path]
) -> None:
    path = source(*(record(f"B-{n}", "npm", f"p{n}", ZERO) for n in range(400)))
    old = everything(root)
    draw, states = random.Random(1), set()
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(root), str(path)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(draw.uniform(0.01, 0.25))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        found = everything(root)
        states.add(found == old)
        generation.verify(Index.open(root).folder)
    assert states


def test_what_a_killed_build_left_goes_after_a_day(root: Path, source: Any, record: Any) -> None:
    fresh, old = root / ".building-fresh", root / ".building-old"
    for folder in (fresh, old):
        folder.mkdir()
        (folder / ".facts").write_bytes(b"x")
    os.utime(old, (1, 1))
    build(root, [Source(path=str(source(record("B-1", "npm", "beta", ZERO))))])
    assert fresh.exists()
    assert not old.exists()


def test_publishing_what_is_there_already_keeps_it(root: Path) -> None:
    folder = Index.open(root).folder
    inode = folder.stat().st_ino
    with generation.workshop(root) as built:
        for path in folder.iterdir():
            (built / path.name).write_bytes(path.read_bytes())
        generation.publish(root, built, folder.name)
    assert folder.stat().st_ino == inode
    (folder / "packages.dat").write_bytes(b"")
    with generation.workshop(root) as built:
        for name in FILES:
            (built / name).write_bytes(b"")
        generation.publish(root, built, folder.name)
    assert folder.stat().st_ino != inode, "a damaged one is replaced"


def test_manifest_tells_sizes_and_digests(root: Path) -> None:
    folder = Index.open(root).folder
    body = (folder / "manifest.json").read_bytes().splitlines()[0]
    manifest = msgspec.json.decode(body, type=layout.Manifest)
    assert set(manifest.files) == set(FILES) - {"manifest.json"}
    for name, info in manifest.files.items():
        assert generation.digest(folder / name) == info
