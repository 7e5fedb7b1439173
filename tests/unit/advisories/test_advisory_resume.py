"""A build that is killed goes on where it was, and makes the same."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pratique.advisories import Index, build, generation
from pratique.advisories.checkpoints import read_checkpoint
from pratique.advisories.imports import all_findings
from pratique.advisories.inputs import Source
from pratique.model.errors import InputError

ZERO = {"introduced": "0"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)

KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from pratique.advisories import build
from pratique.advisories.inputs import Source

build.CHECKPOINT_RECORDS = 150
place, moment = sys.argv[3], int(sys.argv[4])
seen = 0

def trace(frame, event, argument):
    global seen
    if event == "call" and frame.f_code.co_name == place and "pratique" in frame.f_code.co_filename:
        seen += 1
        if seen == moment:
            os.kill(os.getpid(), signal.SIGKILL)

sys.setprofile(trace)
sources = [Source(path=path, name=Path(path).name) for path in sys.argv[2].split(":")]
build.build(Path(sys.argv[1]), sources, now=datetime(2026, 3, 1, tzinfo=UTC))
"""


@pytest.fixture
def sources(tmp_path: Path, record: Any, source: Callable[..., Path]) -> list[Path]:
    """A line file and a zip with what makes a build's state: twins, defects, aliases, no JSON."""
    draw = random.Random(2)

    def made(n: int, day: int) -> dict[str, Any]:
        one = record(f"A-{n}", draw.choice(("npm", "PyPI", "Debian:12")), f"p{n % 70}", ZERO,
                     {"fixed": f"{n}.0"}, aliases=[f"C-{n}", f"A-{n + 1}"][: n % 3])  # fmt: skip
        one["modified"] = f"2026-01-{day:02d}T00:00:00Z"
        if n % 50 == 0:
            one["references"] = "wrong"
        return one

    first = source(*(made(n, 1 + n % 28) for n in range(400)))
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for n in range(300, 600):
            text = b"{" if n == 350 else msgspec.json.encode(made(n, 1 + n % 27))
            archive.writestr(f"{n:04d}.json", text)
    return [first, tmp_path / "all.zip"]


def content(root: Path) -> dict[str, bytes]:
    folder = generation.current(root)
    assert folder is not None
    Index.open(root).verify()
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    files["findings"] = repr(list(all_findings(folder))).encode()
    # Frames of zstd end where the process ended; what they hold is the same.
    del files["findings.zst"]
    text = re.sub(rb'"findings.zst":{[^}]*},?', b"", files["manifest.json"])
    # One that was published before it was killed has the name already.
    text = re.sub(rb'"generation":"[^"]*"', b"", text)
    files["manifest.json"] = text.splitlines()[0]
    return files


SELDOM = [("checkpoint", (2, 5)), ("write_names", (1,)), ("_finished", (1, 2)),
          ("merge_packages", (60,)), ("publish", (1,)), ("prune", (1,)),
          ("offer", (1, 149, 150, 151, 299, 301, 80))]  # fmt: skip
# A run that goes on counts from its checkpoint, so that later ones have fewer to offer.


@pytest.mark.parametrize(
    ("place", "moments"),
    [("offer", (40, 170, 333)), ("_write_documents", (1,)), ("seal", (1,)), ("point", (1,)),
     *(pytest.param(*each, marks=pytest.mark.nightly) for each in SELDOM)],
)  # fmt: skip
def test_killed_build_goes_on(
    place: str, moments: tuple[int, ...], tmp_path: Path, sources: list[Path]
) -> None:
    named = [Source(path=str(path), name=path.name) for path in sources]
    build.build(tmp_path / "right", named, now=NOW)
    root = tmp_path / "data"
    words = [str(root), ":".join(map(str, sources)), place]
    resumed = 0
    for moment in moments:
        done = subprocess.run(
            [sys.executable, "-c", KILLED, *words, str(moment)], capture_output=True, check=False
        )
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
        resumed += any(read_checkpoint(path) is not None for path in root.glob(".building-*"))
    build.build(root, named, now=NOW)
    assert content(root) == content(tmp_path / "right")
    assert list(root.glob(".building-*")) == []
    assert resumed or place == "prune" or moments[0] < 150


def test_resumed_build_reads_only_the_rest(
    tmp_path: Path, sources: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [str(tmp_path / "data"), ":".join(map(str, sources)), "offer", "420"]
    subprocess.run([sys.executable, "-c", KILLED, *words], capture_output=True, check=False)
    added: list[str] = []
    add = build.Builder.add
    monkeypatch.setattr(
        build.Builder, "add",
        lambda self, record, *rest, **more: (added.append(record.id), add(self, record, *rest, **more)),
    )  # fmt: skip
    named = [Source(path=str(path), name=path.name) for path in sources]
    build.build(tmp_path / "data", named, now=NOW)
    assert 250 < len(added) <= 400, "700 in all, checkpoints at 150 and 300"


def test_changed_sources_begin_anew(tmp_path: Path, sources: list[Path]) -> None:
    words = [str(tmp_path / "data"), ":".join(map(str, sources)), "offer", "420"]
    subprocess.run([sys.executable, "-c", KILLED, *words], capture_output=True, check=False)
    sources[0].write_bytes(sources[0].read_bytes().replace(b"p1", b"q1"))
    named = [Source(path=str(path), name=path.name) for path in sources]
    build.build(tmp_path / "data", named, now=NOW)
    build.build(tmp_path / "right", named, now=NOW)
    assert content(tmp_path / "data") == content(tmp_path / "right")


@pytest.mark.parametrize(
    "name", [".facts", ".originals.places", "ledger", ".packages.07", "checkpoint.json"]
)
def test_damaged_leftovers_begin_anew(tmp_path: Path, sources: list[Path], name: str) -> None:
    words = [str(tmp_path / "data"), ":".join(map(str, sources)), "offer", "420"]
    subprocess.run([sys.executable, "-c", KILLED, *words], capture_output=True, check=False)
    (path,) = (tmp_path / "data").glob(f".building-*/{name}")
    path.write_bytes(path.read_bytes()[:20])
    named = [Source(path=str(path), name=path.name) for path in sources]
    build.build(tmp_path / "data", named, now=NOW)
    build.build(tmp_path / "right", named, now=NOW)
    assert content(tmp_path / "data") == content(tmp_path / "right")


def test_two_builds_at_once_do_not_meet(tmp_path: Path, sources: list[Path]) -> None:
    named = [Source(path=str(path), name=path.name) for path in sources]
    failed: list[BaseException] = []

    def run() -> None:
        try:
            build.build(tmp_path / "data", named, now=datetime.now(UTC))
        except BaseException as error:  # noqa: BLE001 - told by the test
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    Index.open(tmp_path / "data").verify()
    assert list((tmp_path / "data" / "generations").iterdir())


def test_failed_build_leaves_nothing(tmp_path: Path, sources: list[Path]) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError):
        build.build(
            tmp_path / "data",
            [Source(path=str(path)) for path in [*sources, tmp_path / "broken.zip"]],
        )
    assert list((tmp_path / "data").iterdir()) == []
