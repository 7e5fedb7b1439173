"""Bills of materials: what is owed for a large one, a process's memory, and validation.

Absolute times are of the machine at hand; what is compared is measured in the
same run.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from time import perf_counter

import pytest

from pratique.formats.registry import detect, opened, read_function
from pratique.formats.sbom.convert import convert
from pratique.formats.sbom.validation import validate
from pratique.inventory.sbom_input import now
from pratique.model import purl

COMPONENTS = 5_000
OWED_END_TO_END = 0.120
"""Seconds from the bytes of 5,000 components to the model."""

OWED_VALIDATION = 0.5
"""Seconds for three megabytes."""

OWED_MEMORY = 1.6
"""Times the memory that the largest document alone needs, for all one after another."""

VECTORS = Path(__file__).resolve().parents[2] / "shared" / "vectors"


def bill(components: int) -> bytes:
    purls = [f"pkg:npm/part-{number}@1.{number % 40}.0" for number in range(components)]
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {"component": {"bom-ref": "app", "type": "application", "name": "app"}},
            "components": [
                {
                    "bom-ref": one,
                    "type": "library",
                    "name": one.partition("/")[2],
                    "version": one.rpartition("@")[2],
                    "hashes": [
                        {"alg": "SHA-256", "content": hashlib.sha256(one.encode()).hexdigest()}
                    ],
                    "licenses": [{"license": {"id": "MIT"}}],
                    "purl": one,
                }
                for one in purls
            ],
            "dependencies": [
                {
                    "ref": one,
                    "dependsOn": [purls[(n * 7) % components], purls[(n * 3) % components]],
                }
                if (n * 7) % components != (n * 3) % components
                else {"ref": one}
                for n, one in enumerate(purls)
            ],
        },
        indent=2,
    ).encode()


@pytest.fixture(scope="module")
def large() -> bytes:
    return bill(COMPONENTS)


def best(work, times: int = 7) -> float:
    found = []
    for _ in range(times):
        start = perf_counter()
        work()
        found.append(perf_counter() - start)
    return min(found)


def end_to_end(data: bytes) -> int:
    """What a fresh process does: nothing is cached."""
    purl._parse.cache_clear()  # noqa: SLF001 - nothing else empties it
    name, content = opened("bom.json", data)
    return len(read_function(detect(name, content))(content, name, None).components)


def test_end_to_end(benchmark, large) -> None:
    assert benchmark(end_to_end, large) == COMPONENTS


def test_end_to_end_is_as_owed(large) -> None:
    seconds, plain = best(lambda: end_to_end(large)), best(lambda: json.loads(large))
    print(f"{COMPONENTS:,} components in {seconds * 1000:.0f} ms, {seconds / plain:.2f} json.loads")
    assert seconds < OWED_END_TO_END


def test_validate(benchmark) -> None:
    data = bill(7_000)
    assert 2_900_000 < len(data) < 4_500_000
    assert benchmark(lambda: validate(data).valid)


def test_validation_is_as_owed() -> None:
    data = bill(7_000)
    validate(data)  # the schema is compiled once a process
    seconds = best(lambda: validate(data), 3)
    print(f"{len(data) / 1e6:.1f} MB validated in {seconds * 1000:.0f} ms")
    assert seconds < OWED_VALIDATION


@pytest.mark.parametrize("target", ["spdx-json", "spdx3-json"])
def test_convert(benchmark, large, target) -> None:
    done = benchmark.pedantic(
        lambda: convert(large, target, creator="pratique-0", now=now()), rounds=2
    )
    assert done.loss.lost == ()


READ = """
import re, sys
from pratique.formats.registry import detect, opened, read_function
from pratique.model.errors import InputError
count = 0
for path in sys.stdin.read().splitlines():
    data = open(path, "rb").read()
    try:
        name, content = opened(path, data)
        reader = detect(name, content)
        if reader is not None:
            read_function(reader)(content, path, None)
            count += 1
    except InputError:
        pass
# Of this program alone: what getrusage says begins with the size of whoever started it.
print(count, re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


def memory(paths: list[Path]) -> tuple[int, int]:
    """How many were read, and the most kilobytes that were resident."""
    done = subprocess.run(
        [sys.executable, "-c", READ],
        input="\n".join(map(str, paths)),
        capture_output=True,
        text=True,
        check=True,
    )
    count, peak = done.stdout.split()
    return int(count), int(peak)


def test_memory_is_that_of_the_largest(tmp_path) -> None:
    root = Path(os.environ.get("PRATIQUE_VECTORS", VECTORS))
    archive = root / "sbom" / "sbom-vectors.tar.xz"
    if not archive.exists():
        pytest.skip(f"shared vectors are absent: {archive}")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    paths = [
        path
        for path in sorted(tmp_path.rglob("*"))
        if path.is_file() and path.suffix in {".json", ".xml", ".spdx", ".yaml", ".rdf"}
    ]
    largest = max(paths, key=lambda path: path.stat().st_size)
    one, alone = memory([largest])
    count, together = memory(paths)
    print(f"{count} documents in {together / 1024:.0f} MB, the largest alone {alone / 1024:.0f} MB")
    assert one == 1
    assert count > 1_000
    assert together < alone * OWED_MEMORY
