"""Reading a CycloneDX document of 5,000 components, beside json.loads of the same bytes.

Run: ``pytest benchmarks/bench_sbom_read.py``.  The two are measured in one
run, and only their ratio is judged: it holds on any machine.
"""

from __future__ import annotations

import hashlib
import json
import random
from time import perf_counter

import pytest

from pratique.formats.sbom.cyclonedx.read import read_json
from pratique.model import purl

COMPONENTS = 5_000
OWED_RATIO = 5.0
"""Times json.loads; an ordinary object mapping takes fifty."""


def _purl(number: int) -> str:
    version = f"{number % 9}.{number % 7}.{number % 5}"
    match number % 5:
        case 0 | 1:
            return f"pkg:npm/%40alpha/part-{number}@{version}"
        case 2:
            return f"pkg:pypi/part-{number}@{version}"
        case 3:
            return f"pkg:maven/test.alpha/part-{number}@{version}?type=jar"
        case _:
            return f"pkg:deb/debian/part-{number}@{version}?arch=amd64&distro=debian-12"


def _document() -> bytes:
    chooser = random.Random(5)
    purls = [_purl(number) for number in range(COMPONENTS)]
    components = [
        {
            "bom-ref": purl,
            "type": "library",
            "name": f"part-{number}",
            "version": "1.0",
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(purl.encode()).hexdigest()}],
            "licenses": [{"license": {"id": "MIT"}}],
            "purl": purl,
            "externalReferences": [{"type": "vcs", "url": f"https://example.test/{number}.git"}],
            "properties": [{"name": "alpha:location", "value": f"/usr/lib/part-{number}"}],
        }
        for number, purl in enumerate(purls)
    ]
    dependencies = [
        {"ref": purl, "dependsOn": sorted(set(chooser.choices(purls, k=4)))} for purl in purls
    ]
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "metadata": {"component": {"bom-ref": "app", "type": "application", "name": "app"}},
            "components": components,
            "dependencies": [{"ref": "app", "dependsOn": purls[:40]}, *dependencies],
        },
        indent=2,
    ).encode()


@pytest.fixture(scope="module")
def document() -> bytes:
    data = _document()
    assert 3_500_000 < len(data) < 5_500_000
    return data


def _cold(document: bytes) -> int:
    """Read as a fresh process would: no package URL has been seen before."""
    purl._parse.cache_clear()  # noqa: SLF001 - nothing else empties it
    return len(read_json(document, "bom.json", None).components)


def test_read(benchmark, document) -> None:
    assert benchmark(_cold, document) == COMPONENTS


def test_json_loads(benchmark, document) -> None:
    assert len(benchmark(json.loads, document)["components"]) == COMPONENTS


def test_ratio_to_json_loads(document) -> None:
    def best(work) -> float:
        times = []
        for _ in range(7):
            start = perf_counter()
            work(document)
            times.append(perf_counter() - start)
        return min(times)

    ratio = best(_cold) / best(json.loads)
    print(f"reading takes {ratio:.2f} times json.loads")
    assert ratio < OWED_RATIO
