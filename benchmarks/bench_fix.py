"""One plan over an organisation of 200 lockfiles.

Run ``pytest benchmarks/bench_fix.py``.  Lockfiles and advisories are synthetic
and seeded: 200 package-lock.json of 500 packages each, drawn from 3,000 packages
with several versions; every tenth package has an advisory.  Owed: the plan in
under 60 s, the same every time, with no target that an advisory affects.
"""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil
import pytest

from pratique.advisories import Index
from pratique.advisories.build import build
from pratique.advisories.inputs import Source
from pratique.model.advisory import Query
from pratique.remediation.proving import Terms
from pratique.remediation.service import Mode, Order, fix

LOCKFILES = 200
PACKAGES = 500
POOL = 3_000
OWED_SECONDS = 60.0
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def advisories(folder: Path) -> Index:
    draw = random.Random(20260101)
    lines = []
    for number in range(0, POOL, 10):
        for which in range(draw.randint(1, 4)):
            fixed = f"{draw.randint(1, 3)}.{draw.randint(0, 9)}.{draw.randint(0, 9)}"
            events = [{"introduced": "0"}, {"fixed": fixed}]
            package = {"ecosystem": "npm", "name": f"package-{number}"}
            record = {
                "id": f"EX-{number}-{which}",
                "modified": "2026-01-01T00:00:00Z",
                "affected": [
                    {"package": package, "ranges": [{"type": "SEMVER", "events": events}]}
                ],
            }
            lines.append(json.dumps(record))
    (folder / "records.ndjson").write_text("\n".join(lines))
    source = Source(path=str(folder / "records.ndjson"), name="synthetic")
    build(folder / "data", [source], now=WHEN)
    return Index.open(folder / "data")


def organisation(folder: Path) -> Path:
    draw = random.Random(20260102)
    for number in range(LOCKFILES):
        names = [f"package-{one}" for one in draw.sample(range(POOL), PACKAGES)]
        packages: dict[str, object] = {"": {"dependencies": dict.fromkeys(names[:50], "*")}}
        for place, name in enumerate(names):
            version = f"{draw.randint(0, 3)}.{draw.randint(0, 9)}.{draw.randint(0, 9)}"
            needs = dict.fromkeys(names[place + 1 : place + 4], "*")
            packages[f"node_modules/{name}"] = {"version": version, "dependencies": needs}
        target = folder / f"checkout-{number:03d}"
        target.mkdir(parents=True)
        lock = {"name": f"app-{number}", "lockfileVersion": 3, "packages": packages}
        (target / "package-lock.json").write_text(json.dumps(lock, indent=2))
    return folder


@pytest.mark.timeout(600)
def test_one_plan_over_200_lockfiles(tmp_path: Path) -> None:
    index = advisories(tmp_path)
    folder = organisation(tmp_path / "checkouts")
    order = Order(subject=folder, mode=Mode.PLAN, terms=Terms(now=WHEN), organisation=True)
    start = time.perf_counter()
    done = fix(order, index)
    took = time.perf_counter() - start
    plan = done.plan
    places = sum(len(one.occurrences) for one in plan.upgrades)
    memory = psutil.Process().memory_info().rss / 1e6
    print(
        f"\n{LOCKFILES} lockfiles, {len(done.before.inventory.components):,} components, "
        f"{plan.findings:,} findings: {len(plan.upgrades):,} upgrades in {places:,} places "
        f"in {took:.1f} s, {memory:.0f} MB"
    )
    assert took < OWED_SECONDS
    assert places > len(plan.upgrades), "upgrades are shared"
    targets = [Query(ecosystem="npm", name=one.name, version=one.after) for one in plan.upgrades]
    assert not any(answer.matches for answer in index.match(targets))
    again = fix(order, index)
    assert msgspec.json.encode(again.plan) == msgspec.json.encode(plan)
