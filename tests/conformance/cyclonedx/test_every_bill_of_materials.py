"""Every document of the shared vectors, in whatever serialisation or compression."""

from __future__ import annotations

from collections import Counter
from time import process_time

import pytest

from pratique.formats.base import Kind
from pratique.formats.registry import detect, opened, read_function
from pratique.model.errors import InputError, LimitError

ARCHIVE = "sbom/sbom-vectors.tar.xz"
REFUSED = {
    "bomb.bz2": "unpacks to more than the limit",
    "invalid-spdx.json": "states no spdxVersion",
    "invalid-bomformat-1.6.json": "bomFormat is not 'CycloneDX'",
    "invalid-bomformat-1.7.json": "bomFormat is not 'CycloneDX'",
}
LEAST = {
    "cyclonedx-json": 600,
    "cyclonedx-xml": 420,
    "cyclonedx-textproto": 195,
    "spdx-json": 145,
    "spdx3-json": 85,
    "spdx-tag-value": 30,
    "spdx-yaml": 15,
    "spdx-rdf": 8,
    "spdx-xml": 8,
}


def test_every_document_is_read_or_named(vector_folder):
    read, refused = Counter(), {}
    for path in sorted(vector_folder(ARCHIVE).rglob("*")):
        if not path.is_file():
            continue
        try:
            name, data = opened(path.name, path.read_bytes())
            reader = detect(name, data)
            if reader is None or reader.kind is not Kind.SBOM:
                continue
            read_function(reader)(data, path.name, None)
        except InputError as error:
            refused[path.name] = str(error)
        else:
            read[reader.name] += 1
    assert set(refused) == set(REFUSED)
    for name, says in REFUSED.items():
        assert says in refused[name]
    assert {name for name, least in LEAST.items() if read[name] < least} == set()


def test_compressed_documents_are_those_within(vector_folder):
    folder = vector_folder(ARCHIVE) / "guac/internal/testing/testdata/exampledata"
    plain = (folder / "busybox-cyclonedx.json").read_bytes()
    for suffix in (".bz2", ".zst"):
        data = (folder / f"busybox-cyclonedx.json{suffix}").read_bytes()
        assert opened(f"busybox-cyclonedx.json{suffix}", data) == ("busybox-cyclonedx.json", plain)


def test_a_bomb_is_refused_quickly(vector_folder):
    """It unpacks to 100 GB."""
    data = (vector_folder(ARCHIVE) / "trustify/etc/test-data/bomb.bz2").read_bytes()
    before = process_time()
    with pytest.raises(LimitError, match=r"'bomb\.bz2' \(bzip2, .* unpacks to more than the limit"):
        opened("bomb.bz2", data)
    assert process_time() - before < 10
