"""Killed processes, full disks and several writers: real processes, on both databases."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from pratique.ingest.models import Options
from pratique.ingest.service import ingest
from pratique.store import migrate
from pratique.store.engine import open_store
from pratique.store.record import open_record

FEW, MANY = 2, 20
"""Kills in the default run, and in the nightly one."""

KILLS = [FEW, pytest.param(MANY, marks=pytest.mark.nightly)]


@pytest.fixture(autouse=True, scope="module")
def compiled(tmp_path_factory):
    """Children find the program compiled, so that they start in a third of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.mktemp("compiled")))
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield


INGESTING = """
import sys
from pratique.ingest.service import ingest
from pratique.store.engine import open_store
with open_store(sys.argv[1]) as store:
    print("ready", flush=True)
    ingest(store, [sys.argv[2]], progress=lambda count: print(count, flush=True))
"""
MIGRATING = """
import sys
from pratique.store import migrate
from pratique.store.engine import Store, connect
store = Store(connect(sys.argv[1]))
migrate.ensure(store)
print("ready", flush=True)
while True:
    migrate.downgrade(store, "0001")
    print("down", flush=True)
    migrate.upgrade(store)
    print("up", flush=True)
"""
REACHING = """
import sys
from pratique.graph.union.cache import path_of, union_of
from pratique.store.engine import open_store
from pratique.store.record import open_record
with open_store(sys.argv[1]) as store, open_record(store, "default") as record:
    print("ready", flush=True)
    while True:
        store.memory.clear()
        if len(sys.argv) > 2:
            path_of(record).unlink(missing_ok=True)
        union_of(record)
        print("made", flush=True)
"""


def killed_at(code: str, words: list[str], lines: int, wait: float) -> list[str]:
    """What a process printed that was killed some time after so many lines."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, text=True
    )
    seen = []
    for line in process.stdout:
        seen.append(line.strip())
        if len(seen) > lines:
            break
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate()
    return [*seen, *rest.split()]


def bills(folder: Path, make_sbom, count: int) -> Path:
    folder.mkdir()
    draw = random.Random(7)
    for number in range(count):
        chosen = draw.sample(range(300), 20)
        edges = {"": [f"pkg:npm/q{chosen[0]}@1"]}
        edges |= {f"pkg:npm/q{a}@1": [f"pkg:npm/q{b}@1"] for a, b in pairwise(chosen)}
        path = folder / f"{number:03d}.cdx.json"
        path.write_bytes(make_sbom(f"pkg:npm/app@{number}", edges))
    return folder


def whole_documents(store) -> int:
    """Number of documents; every one of them is whole."""
    with open_record(store, "default") as record:
        documents = record.documents()
        sboms = record.bill_digests()
        assert set(sboms.values()) == {one.digest for one in documents}
        for number, rows, roles in record.graphs(sboms):
            assert len(rows.nodes) == len(roles.before) == 20
            assert {sbom for _, sbom in record.holders(rows.nodes, [number])} == {number}
            assert len(record.holders(rows.nodes, [number])) == 20
        assert {one.digest for one in record.shipments()} == set(sboms.values())
        return len(documents)


def undamaged(url: str) -> None:
    if not url.startswith("sqlite"):
        return
    import sqlite3

    check = sqlite3.connect(url.removeprefix("sqlite:///"))
    assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert check.execute("PRAGMA foreign_key_check").fetchall() == []
    check.close()


@pytest.mark.parametrize("kills", KILLS)
def test_killed_while_taking_in(url, make_sbom, tmp_path, kills):
    folder = bills(tmp_path / "in", make_sbom, 400)
    open_store(url).close()
    draw, found = random.Random(kills), 0
    for _ in range(kills):
        lines = killed_at(INGESTING, [url, str(folder)], draw.randrange(4), draw.uniform(0, 0.05))
        undamaged(url)
        with open_store(url) as store:
            now = whole_documents(store)
        told = max((int(line) for line in lines if line.isdigit()), default=0)
        assert now >= max(found, told), "what was said to be in is in"
        found = now
    with open_store(url) as store:
        report = ingest(store, [str(folder)], Options())
        assert report.added + report.known == whole_documents(store) == 400


@pytest.mark.parametrize("kills", KILLS)
def test_killed_while_migrating(url, make_sbom, tmp_path, kills):
    with open_store(url) as store:
        ingest(store, [str(bills(tmp_path / "in", make_sbom, 60))], Options())
        with open_record(store, "default") as record:
            evidence, packages = record.evidence(), record.packages()
    draw = random.Random(kills)
    for _ in range(kills):
        killed_at(MIGRATING, [url], draw.randrange(4), draw.uniform(0, 0.1))
        undamaged(url)
        with open_store(url) as store:  # finishes what was stopped
            with store.reading() as connection:
                assert migrate.version(connection) == migrate.HEAD
            with open_record(store, "default") as record:
                assert record.evidence() == evidence
                assert record.packages() == packages
                assert len(record.shipments()) == len(record.bill_digests()) == 60


@pytest.mark.parametrize("anew", [True, False])
@pytest.mark.parametrize("kills", KILLS)
def test_killed_while_making_the_graph(make_sbom, tmp_path, monkeypatch, kills, anew):
    from pratique.graph.reach import reach
    from pratique.graph.union import files
    from pratique.graph.union.cache import path_of, union_of

    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "data"))
    url = f"sqlite:///{tmp_path}/x.sqlite"
    with open_store(url) as store:
        folder = bills(tmp_path / "in", make_sbom, 60)
        ingest(store, [str(folder)], Options())
        with open_record(store, "default") as record:
            path, expected = path_of(record), reach(record, "pkg:npm/q5", dependents=True)
    assert expected
    draw = random.Random(kills)
    for turn in range(kills):
        killed_at(REACHING, [url, *(["anew"] * anew)], draw.randrange(6), draw.uniform(0, 0.02))
        if path.exists():
            files.read(path)  # whole, or it would be damage
        with open_store(url) as store:
            if not anew:  # the next process adds to what is kept
                other = tmp_path / f"more{turn}.cdx.json"
                other.write_bytes(make_sbom(f"pkg:npm/more@{turn}", {"": [f"pkg:npm/m{turn}@1"]}))
                ingest(store, [str(other)], Options())
            with open_record(store, "default") as record:
                assert reach(record, "pkg:npm/q5", dependents=True) == expected
    for left in path.parent.iterdir():
        os.utime(left, (0, 0))
    with open_store(url) as store, open_record(store, "default") as record:
        path.unlink()
        union_of(record)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_limit_on_the_size_of_files_is_one_line(make_sbom, tmp_path):
    folder = bills(tmp_path / "in", make_sbom, 200)
    url = f"sqlite:///{tmp_path}/x.sqlite"
    open_store(url).close()
    size = (tmp_path / "x.sqlite").stat().st_size

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 200_000, size + 200_000))

    words = [sys.executable, "-m", "pratique", "ingest", str(folder), "--store", url]
    done = subprocess.run(words, preexec_fn=limited, capture_output=True, text=True)
    assert done.returncode not in {0, 1}
    assert "a limit on the size of files" in done.stderr
    assert "Traceback" not in done.stderr
    undamaged(url)
    with open_store(url) as store:
        assert whole_documents(store) < 200
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    with open_store(url) as store:
        assert whole_documents(store) == 200


FULL = """
set -e
mount -t tmpfs -o size=2m tmpfs "$1"
head -c 1000000 /dev/zero > "$1/ballast"
if "$2" -m pratique ingest "$3" --store "sqlite:///$1/x.sqlite"; then exit 90; fi
echo "freeing" >&2
mount -o remount,size=60m "$1"
"$2" -m pratique ingest "$3" --store "sqlite:///$1/x.sqlite"
cp "$1"/x.sqlite* "$4"
"""


def test_a_full_disk_is_one_line_and_the_next_run_resumes(make_sbom, tmp_path):
    """On a small file system in a name space of the test's own."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed (Debian package: util-linux)")
    space = ["unshare", "--user", "--map-root-user", "--mount"]
    if os.geteuid() == 0:
        space = ["unshare", "--mount"]
    disk, saved = tmp_path / "disk", tmp_path / "saved"
    disk.mkdir()
    saved.mkdir()
    trial = [*space, "mount", "-t", "tmpfs", "tmpfs", str(disk)]
    if subprocess.run(trial, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    folder = bills(tmp_path / "in", make_sbom, 300)
    done = subprocess.run(
        [*space, "sh", "-c", FULL, "sh", str(disk), sys.executable, str(folder), str(saved)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    before, _, _ = done.stderr.partition("freeing")
    assert "the disk with the record is full" in before
    assert "resumes" in before
    assert "Traceback" not in done.stderr
    url = f"sqlite:///{saved}/x.sqlite"
    undamaged(url)
    with open_store(url) as store:
        assert whole_documents(store) == 300


def test_writers_of_several_processes_wait(url, make_sbom, tmp_path):
    folder = bills(tmp_path / "in", make_sbom, 150)
    words = [sys.executable, "-m", "pratique", "ingest", str(folder), "--store", url]
    running = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in running:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
    with open_store(url) as store:
        assert whole_documents(store) == 150
