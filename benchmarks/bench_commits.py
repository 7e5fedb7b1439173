"""Which of 500 advisories affect a commit, in a history of 50,000 commits.

Measured against git itself, which is asked about the same commits with one
``git rev-list`` for the history; asking it per record (``git merge-base
--is-ancestor``, two a record) is timed for ten records and reckoned up.

Run ``pytest benchmarks/bench_commits.py -s``.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pratique.advisories import Index
from pratique.advisories.build import build
from pratique.advisories.commits import Checkout
from pratique.advisories.inputs import Source
from pratique.inventory.git_files import open_repository

COMMITS, RECORDS, OWED_SECONDS = 50_000, 500, 1.0
URL = "https://example.test/up/lib"
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "PATH": os.environ["PATH"],
}


def git(path: Path, *words: str, data: bytes | None = None) -> str:
    done = subprocess.run(
        ["git", "-C", str(path), *words],
        input=data,
        capture_output=True,
        check=True,
        env=ENVIRONMENT,
    )
    return done.stdout.decode().strip()


def history(chance: random.Random) -> Iterator[str]:
    """A main branch with short branches that are merged into it, as projects have."""
    main, number = 0, 0
    while number < COMMITS:
        for parents in ([main], [main], [number + 1, number + 2])[: 3 if number % 4 == 0 else 1]:
            number += 1
            if number > COMMITS:
                return
            text = f"change {number} {chance.random()}"
            yield f"commit refs/heads/main\nmark :{number}\n"
            yield f"committer A <a@example.test> {1_600_000_000 + number} +0000\n"
            yield f"data {len(text)}\n{text}\n"
            for place, parent in enumerate(parents):
                if parent:
                    yield f"{'merge' if place else 'from'} :{parent}\n"
            yield f"M 644 inline f{number % 200}\ndata {len(text)}\n{text}\n\n"
        main = number


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Index, list[Any]]:
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    root = tmp_path_factory.mktemp("commits")
    git(root, "init", "-q", "-b", "main", "lib")
    path = root / "lib"
    chance = random.Random(1)
    git(path, "fast-import", "--quiet", data="".join(history(chance)).encode())
    git(path, "repack", "-q", "-a", "-d")
    names = git(path, "rev-list", "--reverse", "main").split()
    assert len(names) >= COMMITS - 2
    records = []
    for number in range(RECORDS):
        first, last = sorted(chance.sample(range(len(names)), 2))
        begin = "0" if number % 3 == 0 else names[first]
        end = names[last] if number % 2 else chance.randbytes(20).hex()
        events = [{"introduced": begin}, {"fixed": end}]
        affected = [{"ranges": [{"type": "GIT", "repo": URL, "events": events}]}]
        moment = "2026-01-02T03:04:05Z"
        records.append({"id": f"X-{number:03}", "modified": moment, "affected": affected})
    lines = root / "records.ndjson"
    lines.write_bytes(b"\n".join(map(msgspec.json.encode, records)))
    build(root / "advisories", [Source(path=str(lines))])
    return path, Index.open(root / "advisories"), records


def ask(path: Path, index: Index) -> set[str]:
    repository = open_repository(path, path)
    commit = repository.refs.head()[0]
    asked = Checkout(URL, commit, history=repository.history(commit))
    known = index.match_commit(asked)
    assert known.answer.unknown is None
    return {match.advisories[0].id for match in known.answer.matches}


@pytest.mark.parametrize("graph", ["with commit graph", "from the pack"])
def test_commit_of_a_long_history(benchmark: Any, checkout: Any, graph: str) -> None:
    path, index, records = checkout
    file = path / ".git/objects/info/commit-graph"
    file.unlink(missing_ok=True)
    if graph == "with commit graph":
        git(path, "commit-graph", "write", "--reachable")
    found = benchmark.pedantic(ask, (path, index), rounds=3, warmup_rounds=1)

    begun = time.perf_counter()
    inside = set(git(path, "rev-list", "main").split())
    one_walk = time.perf_counter() - begun
    wanted = set()
    for record in records:
        events = record["affected"][0]["ranges"][0]["events"]
        if events[1]["fixed"] not in inside:
            wanted.add(record["id"])
    assert found == wanted, "the history has one line of merges: each fix in it mends"

    begun = time.perf_counter()
    for record in records[:10]:
        for event in record["affected"][0]["ranges"][0]["events"]:
            commit = next(iter(event.values()))
            subprocess.run(
                ["git", "-C", str(path), "merge-base", "--is-ancestor", commit, "main"],
                check=False,
                capture_output=True,
                env=ENVIRONMENT,
            )
    by_record = (time.perf_counter() - begun) / 10 * RECORDS
    if benchmark.stats:
        seconds = benchmark.stats.stats.median
        benchmark.extra_info.update(
            owed=f"{RECORDS} advisories, {COMMITS:,} commits: under {OWED_SECONDS:.0f} s",
            met=seconds < OWED_SECONDS,
            ratio=f"{by_record / seconds:.0f} times as fast as asking git per record; "
            f"{seconds / one_walk:.1f} times one git rev-list",
        )
        print(
            f"{graph}: {seconds * 1e3:.0f} ms for {RECORDS} records over {COMMITS:,} commits; "
            f"git rev-list alone {one_walk * 1e3:.0f} ms; git per record {by_record:.1f} s"
        )
