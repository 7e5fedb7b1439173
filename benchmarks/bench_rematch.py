"""Continuous matching: a change of the advisories held against an organisation's record.

Run ``pytest benchmarks/bench_rematch.py``.  By default it is a tenth of the organisation
that is owed; ``PRATIQUE_BENCH_SCALE=1`` makes all of it (10,000 bills).  The advisories
speak of one in fifty packages before, and a delta of 1,000 records comes in (a tenth of
that at the default scale); the same state is then held as a whole.

Writing the whole organisation takes longer than all else together (200 s of one
processor).  ``PRATIQUE_BENCH_KEPT=FOLDER`` keeps the written record there for the next run.

What is owed is held against the time that passes; ratios are of the processor's, as others
may work on the same machine.  Both are noted, with the machine's load.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import NamedTuple

import pytest

from pratique.advisories import Index
from pratique.advisories.build import build
from pratique.advisories.delta import Change, apply_delta
from pratique.advisories.exploitation import Exploitation
from pratique.advisories.inputs import Source
from pratique.ingest.models import Options
from pratique.ingest.service import ingest
from pratique.store.engine import open_store
from pratique.watch.comparing import Terms
from pratique.watch.service import rematch

_SPEC = spec_from_file_location(
    "pratique_bench_organisation", Path(__file__).with_name("organisation.py")
)
org = module_from_spec(_SPEC)
_SPEC.loader.exec_module(org)

pytestmark = pytest.mark.timeout(3_600)  # the whole organisation takes minutes to write

FULL_DELTA = 1_000
OWED_SECONDS = 30.0
"""For the delta, at the whole organisation: "in seconds"."""

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def record(id: str, name: str) -> dict[str, object]:
    events = [{"introduced": "0"}, {"fixed": "2.0.0"}]
    return {
        "schema_version": "1.7.5",
        "id": id,
        "modified": "2026-05-01T00:00:00Z",
        "affected": [
            {
                "package": {"ecosystem": "npm", "name": name},
                "ranges": [{"type": "SEMVER", "events": events}],
            }
        ],
    }


def terms(root: Path, hours: int = 0) -> Terms:
    return Terms(Index.open(root), Exploitation(root / "none"), NOW + timedelta(hours=hours))


class Took(NamedTuple):
    wall: float
    cpu: float


def timed(store, root: Path, hours: int, *, whole: bool = False):
    started, worked = time.perf_counter(), time.process_time()
    done = rematch(store, "default", terms(root, hours), whole=whole)
    return Took(time.perf_counter() - started, time.process_time() - worked), done


class Held:
    """An organisation's record that was held once, and its advisories."""

    def __init__(self, folder: Path) -> None:
        made = org.Organisation(int(org.FULL_BILLS * org.scale()))
        self.bills = made.bills
        every = {made.purl(n).partition("@")[0].removeprefix("pkg:npm/")
                 for n in range(made.packages)}  # fmt: skip
        self.names = sorted(every)
        self.folder = folder
        self.root = folder / "advisories"
        source = folder / "records.ndjson"
        source.write_text("\n".join(json.dumps(record(f"B-{n}", n)) for n in self.names[::50]))
        build(self.root, [Source(path=str(source), name="invented")], now=NOW)
        self.path = folder / "record.sqlite"
        org.written(self.path, made)
        with open_store(f"sqlite:///{self.path}") as store:
            self.first, begun = timed(store, self.root, 0)
            assert begun.first
        org.settle(self.path)

    def compared(self, benchmark, wanted: list[str], *, ingested: bool = False) -> None:
        """A delta about some names, held by itself and, from the same state, as a whole.

        Args:
            benchmark: The fixture.
            wanted: Names of packages, a record about each.
            ingested: Whether the records come into the organisation's record, rather
                than into the index.
        """
        folder = self.folder / f"run{len(list(self.folder.glob('run*')))}"
        root = folder / "advisories"
        shutil.copytree(self.root, root)
        records = [record(f"D-{n}", n) for n in wanted]
        if not ingested:
            changes = [Change(one, "invented") for one in records]
            apply_delta(root, changes, now=NOW + timedelta(hours=1))
        for name in ("whole", "delta"):
            shutil.copyfile(self.path, folder / f"{name}.sqlite")
            if ingested:
                bring(f"sqlite:///{folder}/{name}.sqlite", folder / "osv", records)
        with open_store(f"sqlite:///{folder}/whole.sqlite") as store:
            slow, whole = timed(store, root, 2, whole=True)
        with open_store(f"sqlite:///{folder}/delta.sqlite") as store:
            quick, done = benchmark.pedantic(timed, args=(store, root, 2), rounds=1)
            idle, _ = timed(store, root, 3)
        shutil.rmtree(folder)
        folder.mkdir()
        assert whole.whole
        assert not done.whole
        assert sorted(map(what, done.events)) == sorted(map(what, whole.events))
        extra = benchmark.extra_info
        extra |= {
            "bills": self.bills,
            "records": len(wanted),
            "events": len(done.events),
            "packages": done.known,
            "asked": done.packages,
            "processor_seconds": round(quick.cpu, 2),
            "seconds": round(quick.wall, 2),
            "load": round(os.getloadavg()[0], 1),
            "whole_processor_seconds": round(slow.cpu, 2),
            "first_processor_seconds": round(self.first.cpu, 2),
            "nothing_new_processor_seconds": round(idle.cpu, 3),
            "cpu_ratio": round(slow.cpu / quick.cpu, 1),
            "owed": f"< {OWED_SECONDS:.0f} s",
            "met": quick.wall < OWED_SECONDS,
        }
        print(f"{dict(extra)}")
        assert quick.wall < OWED_SECONDS
        assert done.packages < done.known / 10


def bring(url: str, folder: Path, records: list[dict[str, object]]) -> None:
    """Ingest OSV records, a document each."""
    folder.mkdir(exist_ok=True)
    for number, one in enumerate(records):
        (folder / f"{number}.json").write_text(json.dumps(one))
    with open_store(url) as store:
        report = ingest(store, [str(folder)], Options())
    assert report.added == len(records)


def what(event) -> tuple[str, ...]:
    return (event.kind, event.product, event.package, event.vulnerability)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    return Held(tmp_path_factory.mktemp("rematch"))


def test_a_delta_that_is_all_about_the_record(benchmark, held: Held) -> None:
    """Owed: in seconds, although each of its records makes events in some fifty products."""
    count = int(FULL_DELTA * org.scale())
    held.compared(benchmark, held.names[7 :: max(1, len(held.names) // count)][:count])


def test_a_delta_of_an_ordinary_day(benchmark, held: Held) -> None:
    """One record in fifty is about a package of the record; the others are about others."""
    count = int(FULL_DELTA * org.scale())
    rest = held.names[len(held.names) // 2 :]  # the first names are those of the hot packages
    inside = rest[:: max(1, len(rest) * 50 // count)][: max(1, count // 50)]
    held.compared(benchmark, inside + [f"elsewhere{n}" for n in range(count - len(inside))])


def test_a_delta_that_was_ingested(benchmark, held: Held) -> None:
    """A tenth of the records, that came into the organisation's own record as OSV documents."""
    count = max(1, int(FULL_DELTA * org.scale()) // 10)
    names = held.names[9 :: max(1, len(held.names) // count)][:count]
    held.compared(benchmark, names, ingested=True)
