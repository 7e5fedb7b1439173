"""Which reader takes a document."""

from __future__ import annotations

import pytest

from pratique.formats import registry
from pratique.formats.base import Kind


def first(path: str) -> str:
    found = registry.by_name(path)
    return found[0].name if found else ""


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("package.json", "package.json"),
        ("a/b/package.json", "package.json"),
        ("node_modules/x/package.json", "node_modules"),
        ("a/node_modules/@s/x/package.json", "node_modules"),
        ("uv.lock", "uv.lock"),
        ("deep/down/Cargo.lock", "Cargo.lock"),
        ("requirements-dev.txt", "requirements.txt"),
        ("x.dist-info/METADATA", "python-metadata"),
        ("METADATA", ""),
        ("README.md", ""),
        ("UV.LOCK", ""),
    ],
)
def test_by_name(path: str, name: str) -> None:
    assert first(path) == name


def test_content_decides_where_the_name_does_not() -> None:
    spdx = b'{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": []}'
    cyclonedx = b'{"bomFormat": "CycloneDX", "specVersion": "1.6"}'
    for path in ("-", "some.json", "sbom.json"):
        found = registry.detect(path, spdx)
        assert found is not None
        assert found.name == "spdx-json"
        found = registry.detect(path, cyclonedx)
        assert found is not None
        assert found.name == "cyclonedx-json"
    assert registry.detect("-", b"hello") is None


def test_every_reader_is_whole() -> None:
    names = [reader.name for reader in registry.readers()]
    assert len(names) == len(set(names))
    for reader in registry.readers():
        assert callable(registry.read_function(reader))
        if reader.sniff:
            assert registry.sniff_function(reader)(b"") is False
        if reader.link:
            assert callable(registry.link_function(reader))
        for other in reader.supersedes:
            assert other in names, f"{reader.name} supersedes {other}, which is no reader"
        assert reader.files or reader.sniff
        assert reader.kind in Kind


def test_every_pattern_survives_the_quick_refusal() -> None:
    for reader in registry.readers():
        for pattern in reader.files:
            name = pattern.replace("*", "some").replace("?", "x")
            if "[" not in name:
                assert reader in registry.by_name(f"deep/{name}"), pattern
