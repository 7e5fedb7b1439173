"""Reading bills of materials: one of 5,000 components, and a thousand real ones.

Run: ``pytest benchmarks/bench_sbom_read.py``.  A CycloneDX document of 5,000
components is read beside json.loads of the same bytes, and only their ratio is
judged: it holds on any machine.  The real ones are those of the shared
vectors, in all serialisations and repeated up to a thousand; skipped where the
vectors are absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import tarfile
from collections import Counter
from pathlib import Path
from time import perf_counter

import pytest

from pratique.formats.base import Kind
from pratique.formats.registry import detect, opened, read_function
from pratique.formats.sbom.cyclonedx.read import read_json
from pratique.model import purl
from pratique.model.errors import InputError

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


DOCUMENTS = 1_000
OWED_SECONDS = 15.0
"""For a thousand real documents, to the model, in one process."""

VECTORS = Path(__file__).resolve().parents[2] / "shared" / "vectors"
SPECIFICATION = "cdx-spec/"
"""Folder of the specification's own tests, which are too small to be real documents."""


@pytest.fixture(scope="module")
def real() -> list[tuple[str, bytes]]:
    """Names and bytes of the bills of materials of the shared vectors."""
    root = Path(os.environ.get("PRATIQUE_VECTORS", VECTORS))
    path = root / "sbom" / "sbom-vectors.tar.xz"
    if not path.exists():
        pytest.skip(f"shared vectors are absent: {path}")
    found = []
    with tarfile.open(path) as archive:
        for member in archive:
            if not member.isfile() or SPECIFICATION in member.name:
                continue
            name, data = member.name.rpartition("/")[2], archive.extractfile(member).read()
            try:
                reader = detect(*opened(name, data))
            except InputError:
                continue  # the bomb
            if reader is not None and reader.kind is Kind.SBOM:
                found.append((name, data))
    return found


def test_a_thousand_real_documents(real) -> None:
    assert len(real) > 400
    documents = [real[number % len(real)] for number in range(DOCUMENTS)]
    read, size, components = Counter(), 0, 0
    start = perf_counter()
    for path, data in documents:
        purl._parse.cache_clear()  # noqa: SLF001 - as if each were met alone
        name, content = opened(path, data)
        reader = detect(name, content)
        try:
            components += len(read_function(reader)(content, path, None).components)
        except InputError:
            continue
        read[reader.name] += 1
        size += len(content)
    seconds = perf_counter() - start
    print(
        f"{read.total()} documents, {size / 1e6:.0f} MB, {components:,} components "
        f"in {seconds:.2f} s: {dict(read)}"
    )
    assert read.total() > 0.98 * DOCUMENTS
    assert seconds < OWED_SECONDS
