"""Compressed bills of materials in an inventory: alone, in a folder, on standard input."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma

import pytest
import zstandard

from pratique.inventory.service import take
from pratique.model.errors import LimitError
from pratique.model.inventory import Trouble

DOCUMENT = json.dumps(
    {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [{"type": "library", "name": "alpha", "purl": "pkg:npm/alpha@1.0.0"}],
    }
).encode()
COMPRESS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("suffix", COMPRESS)
def test_alone_in_a_folder_and_on_standard_input(tmp_path, suffix):
    data = COMPRESS[suffix](DOCUMENT)
    path = tmp_path / f"a.cdx.json{suffix}"
    path.write_bytes(data)
    for inventory in (take(str(path)), take(str(tmp_path)), take("-", stdin=lambda: data)):
        assert "pkg:npm/alpha@1.0.0" in {str(c.package) for c in inventory.components}
        assert not inventory.problems
        (document,) = inventory.documents
        assert document.format == "CycloneDX 1.6"
        assert document.sha256 == hashlib.sha256(data).hexdigest()
        assert document.size == len(data)
    assert take(str(tmp_path)).documents[0].path == path.name


@pytest.mark.parametrize("name", ["bom.xml", "a.spdx", "a.cdx", "a.spdx.yaml", "sbom.intoto.json"])
def test_content_decides_between_the_formats_of_bills_of_materials(tmp_path, name):
    (tmp_path / name).write_bytes(DOCUMENT)
    inventory = take(str(tmp_path))
    assert [d.format for d in inventory.documents] == ["CycloneDX 1.6"]
    assert not inventory.problems


def test_a_bomb_costs_one_document(tmp_path):
    bomb = bz2.compress(bytes(50_000_000))
    (tmp_path / "bomb.cdx.json.bz2").write_bytes(bomb)
    (tmp_path / "good.cdx.json").write_bytes(DOCUMENT)
    inventory = take(str(tmp_path))
    assert len(inventory.documents) == 1
    (problem,) = inventory.problems
    assert problem.trouble is Trouble.UNREADABLE
    assert problem.location.path == "bomb.cdx.json.bz2"
    assert "unpacks to more than the limit" in problem.message
    with pytest.raises(LimitError):
        take(str(tmp_path / "bomb.cdx.json.bz2"))
