"""Updates that are cut off or killed go on."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories import Index
from pratique.advisories.update import Update, update
from pratique.model.advisory import Query
from pratique.model.errors import UpstreamError
from pratique.sources import osv

ZERO = {"introduced": "0"}


NOW = datetime(2026, 3, 1, tzinfo=UTC)


def found(root: Path, ecosystem: str, name: str) -> list[str]:
    answer = Index.open(root).match([Query(ecosystem=ecosystem, name=name, version="1.0.0")])[0]
    return [match.advisories[0].id for match in answer.matches]


def asked(export: Any, kind: str) -> list[str]:
    return [line for line in export.asked if kind in line]


def later(root: Path, hours: int, **more: Any) -> Update:
    return update(root, now=NOW + timedelta(hours=hours), **more)


def _port(root: Path) -> int:
    return int(Index.open(root).manifest.watermarks["npm"].url.rpartition(":")[2])


KILLED = """
import sys
import httpx
from datetime import UTC, datetime
from pathlib import Path
from pratique.advisories.update import update
print("ready", flush=True)
while True:
    update(Path(sys.argv[1]), now=datetime.now(UTC))
    print("done", flush=True)
"""


def test_interrupted_zip_goes_on(export: Any, tmp_path: Path) -> None:
    export.cut = 1
    later(tmp_path, 0)
    zips = asked(export, "/npm/all.zip")
    assert zips[0] == "GET /npm/all.zip"
    assert re.fullmatch(r"GET /npm/all\.zip bytes=\d{5,}-", zips[1]), zips
    export.cut = osv.ATTEMPTS
    with pytest.raises(UpstreamError):
        later(tmp_path, 1, whole=True)
    export.asked.clear()
    assert later(tmp_path, 2, whole=True).fetched == ("npm", "PyPI")
    assert re.fullmatch(r"GET /npm/all\.zip bytes=\d{5,}-", asked(export, "/npm/all.zip")[0])
    Index.open(tmp_path).verify()


def test_part_of_a_file_that_has_changed_is_not_gone_on_from(
    dated: Any, export: Any, tmp_path: Path, record: Any
) -> None:
    export.cut = osv.ATTEMPTS
    with pytest.raises(UpstreamError):
        later(tmp_path, 0)
    export.put("npm", dated(record("GHSA-new", "npm", "new", ZERO), 50))
    later(tmp_path, 1)
    assert found(tmp_path, "npm", "new") == ["GHSA-new"]


def test_interrupted_changes_go_on(
    dated: Any, export: Any, tmp_path: Path, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(tmp_path, 0)
    export.put("npm", *(dated(record(f"GHSA-n{n}", "npm", f"n{n}", ZERO), 50) for n in range(12)))
    export.put("PyPI", dated(record("PYSEC-n", "PyPI", "n", ZERO), 50))
    url = f"http://127.0.0.1:{_port(tmp_path)}"
    file = export.file

    def cutting(path: str) -> bytes | None:
        export.cut = int("PYSEC-n." in path)
        return file(path)

    monkeypatch.setattr(export, "file", cutting)
    with pytest.raises(UpstreamError):
        later(tmp_path, 1)
    monkeypatch.setattr(export, "file", file)
    export.cut = 0
    path = tmp_path / "downloads" / "npm.changes"
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 12
    path.write_bytes(b"".join(lines[:9]) + lines[9][:100])
    export.asked.clear()
    assert later(tmp_path, 2, url=url).changed == {"npm": 12, "PyPI": 1}
    assert len(asked(export, "GHSA-")) == 3, "nine were here"
    assert found(tmp_path, "npm", "n11") == ["GHSA-n11"]


@pytest.mark.parametrize("turns", [5, pytest.param(40, marks=pytest.mark.nightly)])
def test_kill_at_any_moment_leaves_a_readable_generation(
    dated: Any, turns: int, export: Any, tmp_path: Path, record: Any
) -> None:
    """Changes come all the time; the process is killed at random, and goes on."""
    root = tmp_path / "data"
    update(root, now=NOW)
    draw = random.Random(11)
    names: set[str] = set()
    span = 0.0
    for turn in range(turns):
        changed = [draw.randrange(40) for _ in range(draw.choice((1, 2, 30)))]
        for n in changed:
            moment = 60 + turn
            export.put("npm", dated(record(f"GHSA-{n}", "npm", f"p{n}", ZERO), moment, details="x"))
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(root)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        if turn == turns - 1:  # this one is in time, however slow the machine has become
            process.stdout.readline()
        if not span:  # how long an update takes on this machine, now
            started = time.perf_counter()
            process.stdout.readline()
            span = time.perf_counter() - started
        time.sleep(draw.uniform(0.0, 1.2 * span))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        index = Index.open(root)
        index.verify()
        assert found(root, "PyPI", "p7") == ["PYSEC-7"]
        assert all(found(root, "npm", f"p{n}") == [f"GHSA-{n}"] for n in range(0, 40, 7))
        names.add(index.manifest.generation)
        index.close()
    assert len(names) > 1, "the process was never in time to do anything"
    update(root, now=datetime.now(UTC))
    index = Index.open(root)
    moments = {n: index.advisory(f"GHSA-{n}") for n in range(40)}
    for n, advisory in moments.items():
        assert advisory is not None
        published = export.records["npm"][f"GHSA-{n}"]["modified"]
        assert f"{advisory.modified:%Y-%m-%dT%H:%M:%SZ}" == published
