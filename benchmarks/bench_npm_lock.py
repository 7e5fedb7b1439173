"""Reading a lockfile of 1,000 npm packages, as a ratio to only parsing its JSON.

``pytest benchmarks/bench_npm_lock.py``; the target is 25 ms for components, edges
and line numbers together.
"""

from __future__ import annotations

import base64
import json
import random
import time

import pytest

from pratique.formats.lockfiles.javascript.naming import npm_package
from pratique.formats.lockfiles.javascript.npm_lock import read

PACKAGES = 1000
TARGET = 0.025
"""Seconds that one reading may take."""


class NoFiles:
    """A tree without files: a lockfile of version 3 needs no other."""

    files: tuple[str, ...] = ()

    def read(self, path):
        raise AssertionError(path)

    def is_file(self, path):
        return path in self.files

    def names(self, path):
        return [name for name in self.files if name.startswith(path)]


def lockfile(packages: int = PACKAGES, seed: int = 7) -> bytes:
    """A lockfile of version 3 in the proportions of real ones: 1 in 10 nested, 1 in 4 scoped."""
    random_ = random.Random(seed)
    names = [
        f"@scope{n % 17}/package-{n}" if n % 4 == 0 else f"package-{n}" for n in range(packages)
    ]
    folders = {
        "": {
            "name": "bench",
            "version": "1.0.0",
            "dependencies": dict.fromkeys(names[:60], "^1.0.0"),
            "devDependencies": dict.fromkeys(names[60:100], "^1.0.0"),
        }
    }
    for n, name in enumerate(names):
        nested = n % 10 == 9
        folder = (
            f"node_modules/{names[n // 2]}/node_modules/{name}"
            if nested
            else (f"node_modules/{name}")
        )
        entry = {
            "version": f"{n % 9}.{n % 23}.{n % 7}",
            "resolved": f"https://registry.example.test/{name}/-/{name.rpartition('/')[2]}-1.tgz",
            "integrity": "sha512-" + base64.b64encode(random_.randbytes(64)).decode(),
            "license": random_.choice(["MIT", "ISC", "Apache-2.0", "BSD-3-Clause"]),
            "engines": {"node": ">=18"},
        }
        if n % 3 == 0:
            entry["dev"] = True
        if n % 5:
            needs = random_.sample(names[: n or 1], min(n or 1, random_.randint(1, 6)))
            entry["dependencies"] = dict.fromkeys(needs, "^1.0.0")
        if n % 25 == 0:
            entry["funding"] = {"url": "https://example.test/funding"}
        folders[folder] = entry
    document = {"name": "bench", "version": "1.0.0", "lockfileVersion": 3, "packages": folders}
    return json.dumps(document, indent=2).encode()


@pytest.fixture(scope="module")
def data() -> bytes:
    return lockfile()


def fresh(data: bytes):
    """A reading that finds no package in the cache, as in a new process."""
    npm_package.cache_clear()
    return read(data, "package-lock.json", NoFiles())


def best(action, rounds: int = 15) -> float:
    """Least processor time of several runs, so that a busy machine does not count."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


def test_read(benchmark, data):
    reading = benchmark(fresh, data)
    assert len(reading.components) == PACKAGES
    assert all(part.locations[0].line for part in reading.components)
    assert sum(map(len, reading.edges.values())) > 2 * PACKAGES


def test_json_loads(benchmark, data):
    assert benchmark(json.loads, data)["lockfileVersion"] == 3


def test_ratio(data):
    reading, parsing = best(lambda: fresh(data)), best(lambda: json.loads(data))
    print(
        f"\n{len(data):,} bytes: read {reading * 1000:.1f} ms, json.loads {parsing * 1000:.1f} ms,"
        f" ratio {reading / parsing:.1f}"
    )
    assert reading < TARGET
