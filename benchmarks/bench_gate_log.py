"""Questions to the gate's log, from its index and by reading all of it, in the same run.

The log is invented: 20,000 packages in four ecosystems, 200 users in four teams,
on 65,000 addresses; each entry follows the one before as in a real one.

Run: python benchmarks/bench_gate_log.py [--entries 1000000] [--folder DIR]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.gate.inspect import Question, why
from pratique.gate.log import FIRST, NAME, entries
from pratique.gate.logindex import INDEX
from pratique.gate.logquery import found, refresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OWED_SECONDS = 1.0
"""Of processor time for one question, which "well under a second" must stay below."""

DIGEST = "sha256:" + "0" * 64
KINDS = (("PyPI", "pypi"), ("npm", "npm"), ("crates.io", "cargo"), ("Go", "golang"))
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
QUESTIONS = {
    "client and day": Question(
        kind="refused",
        client="ci-7",
        since=BEGIN + timedelta(days=5),
        until=BEGIN + timedelta(days=6),
    ),
    "package": Question(package="pkg77"),
    "version": Question(package="pkg:npm/pkg77@1.14.0"),
    "team and package": Question(team="cards", package="pkg88"),
    "a kind there is none of": Question(kind="alarm"),
    "an hour": Question(since=BEGIN + timedelta(days=2), until=BEGIN + timedelta(days=2, hours=1)),
}


def bodies(count: int) -> Iterator[dict[str, Any]]:
    """Entries without their place in the chain."""
    chance = random.Random(7)
    at = BEGIN
    for _ in range(count):
        at += timedelta(seconds=20 + chance.random())
        number, kind = chance.randrange(20_000), chance.random()
        ecosystem, type_ = KINDS[number % 4]
        name = f"example.test/pkg{number}" if type_ == "golang" else f"pkg{number}"
        version = f"1.{chance.randrange(30)}.0"
        if kind >= 0.9:
            told = {"ecosystem": ecosystem, "package": name, "policy": "trial"}
            refused = {f"1.{one}.0": "deny by critical: x" for one in range(20, 24)}
            admitted = [f"1.{one}.0" for one in range(20)]
            yield {"at": at, "kind": "index", **told, "admitted": admitted, "refused": refused}
            continue
        word = "refused" if kind >= 0.85 else "stored" if kind >= 0.8 else "served"
        address = f"10.0.{chance.randrange(256)}.{chance.randrange(256)} pip/24.0"
        who = {"client": address, "user": f"ci-{chance.randrange(200)}"}
        team = chance.choice(("payments", "cards", "risk", "web"))
        what = {"subject": f"pkg:{type_}/{name}@{version}", "file": f"{name}-{version}.zip"}
        more = {"sha256": "0" * 64, "policy_digest": DIGEST, "facts_digest": DIGEST}
        yield {"at": at, "kind": word, **what, **more, "why": "deny by x: y", **who, "team": team}


def write(path: Path, count: int) -> None:
    """A log of so many entries."""
    encode, head = msgspec.json.Encoder().encode, FIRST
    with path.open("wb") as file:
        for number, body in enumerate(bodies(count), 1):
            line = encode({"n": number, "at": body.pop("at"), "prev": head, **body})
            head = hashlib.sha256(line).hexdigest()
            file.write(line[:-1] + b',"hash":"' + head.encode() + b'"}\n')


def took(call: Callable[[], object]) -> tuple[object, float, float]:
    """What it gives, and its seconds of processor and of wall time."""
    cpu, wall = time.process_time(), time.perf_counter()
    given = call()
    return given, time.process_time() - cpu, time.perf_counter() - wall


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the log is written (default: temporary)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        data = Path(name)
        write(data / NAME, options.entries)
        size = (data / NAME).stat().st_size
        print(f"{options.entries:,} entries, {size / 1e6:,.0f} MB; load {os.getloadavg()[0]:.1f}")
        _, cpu, wall = took(lambda: refresh(data))
        share = (data / INDEX).stat().st_size / size
        print(f"index made: {cpu:.1f} s of processor ({wall:.1f} s), {share:.0%} of the log's size")
        worst = 0.0
        for word, asked in QUESTIONS.items():
            answer, cpu, wall = took(lambda asked=asked: list(found(data, asked)))  # type: ignore[misc]
            whole, all_cpu, _ = took(
                lambda asked=asked: [one for one in entries(data) if asked.meets(one)]  # type: ignore[misc]
            )
            assert answer == whole, word
            worst = max(worst, cpu)
            print(
                f"{word}: {len(whole):,} entries in {cpu:.3f} s of processor ({wall:.3f} s), "  # type: ignore[arg-type]
                f"{all_cpu / cpu:,.0f} times less than reading all"
            )
        lines, cpu, wall = took(lambda: why(data, "pkg77"))
        worst = max(worst, cpu)
        print(f"why: {len(lines)} lines in {cpu:.3f} s of processor ({wall:.3f} s)")  # type: ignore[arg-type]
        print(f"owed < {OWED_SECONDS} s: {'kept' if worst < OWED_SECONDS else 'NOT KEPT'}")


if __name__ == "__main__":
    main()
