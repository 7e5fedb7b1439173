"""The whole program, as a cold process: help, and a check of a 1,000-package lockfile."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

HELP_OWED = 0.150
CHECK_OWED = 0.300
PACKAGES = 1000


def lockfile(folder: Path) -> Path:
    """A seeded package-lock.json of 1,000 packages in one graph, a few of them vulnerable."""
    dice = random.Random(20261124)
    planted = {"lodash": "4.17.4", "minimist": "0.0.8", "node-fetch": "2.6.0"}
    names = [*planted, *(f"invented-{number}" for number in range(PACKAGES - len(planted)))]
    packages: dict[str, object] = {
        "": {"name": "bench", "version": "1.0.0", "dependencies": dict.fromkeys(names[:60], "*")}
    }
    for number, name in enumerate(names):
        later = names[number + 1 :]
        needs = dice.sample(later, min(3, len(later)))
        version = planted.get(name) or f"{dice.randint(0, 9)}.{dice.randint(0, 20)}.0"
        packages[f"node_modules/{name}"] = {
            "version": version,
            "resolved": f"https://example.test/{name}/-/{name}-{version}.tgz",
            "integrity": "sha512-" + "A" * 86 + "==",
            "license": dice.choice(["MIT", "ISC", "Apache-2.0", "BSD-3-Clause"]),
            "dependencies": dict.fromkeys(needs, "*"),
        }
    path = folder / "package-lock.json"
    lock = {"name": "bench", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}
    path.write_text(json.dumps(lock, indent=2))
    return path


def call(*words: str, code: int) -> None:
    # As installed by pip, with bytecode compiled: some environments forbid writing it.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, *words], capture_output=True, env=environment)
    assert done.returncode == code, done.stderr.decode()


@pytest.fixture(scope="module")
def bare() -> float:
    """Seconds of an interpreter that does nothing, the best of ten: what is compared with."""
    from time import perf_counter

    best = 1.0
    for _ in range(10):
        start = perf_counter()
        call("-c", "pass", code=0)
        best = min(best, perf_counter() - start)
    return best


def measure(benchmark, bare: float, owed: float, words: tuple[str, ...], code: int) -> None:
    benchmark.pedantic(call, args=words, kwargs={"code": code}, rounds=10, warmup_rounds=2)
    best = benchmark.stats.stats.min
    benchmark.extra_info.update(
        owed=f"< {owed * 1000:.0f} ms",
        ratio=f"{best / bare:.1f}× an empty interpreter",
        met=bool(best < owed),
    )


def test_help(benchmark, bare: float) -> None:
    measure(benchmark, bare, HELP_OWED, ("-m", "pratique", "--help"), 0)


@pytest.mark.parametrize("format", ["table", "json"])
def test_check_of_1000_packages(benchmark, bare: float, tmp_path: Path, format: str) -> None:
    path = lockfile(tmp_path)
    words = ("-m", "pratique", "check", str(path), "--offline", "-f", format)
    call(*words, code=1)
    measure(benchmark, bare, CHECK_OWED, words, 1)
