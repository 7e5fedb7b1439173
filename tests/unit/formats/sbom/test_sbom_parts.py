"""Recognition, places, addresses: what both formats stand on."""

from __future__ import annotations

import json

import pytest

from pratique.formats.registry import detect
from pratique.formats.sbom import READERS
from pratique.formats.sbom.addresses import is_vcs, source_of, without_credentials
from pratique.formats.sbom.places import Places
from pratique.formats.sbom.sniff import is_cyclonedx_json, is_spdx_json
from pratique.model.nouns import Source


def name_of(path, data):
    reader = detect(path, data)
    return reader and reader.name


@pytest.mark.parametrize(
    "path", ["-", "some.json", "sbom.json", "bom.json", "x.cdx.json", "x.spdx.json"]
)
def test_content_decides(path, cyclonedx, spdx):
    assert name_of(path, json.dumps(cyclonedx).encode()) == "cyclonedx-json"
    assert name_of(path, json.dumps(spdx).encode()) == "spdx-json"
    assert name_of(path, json.dumps({"sbom": spdx}).encode("utf-16")) == "spdx-json"


def test_the_name_decides_where_the_content_cannot():
    assert name_of("x.CDX.json", b"{}") == "cyclonedx-json"
    assert name_of(".spdx.x.json", b"{}") == "spdx-json"


def test_keys_in_any_order(cyclonedx, spdx):
    """Sorted keys put ``spdxVersion`` behind all packages."""
    spdx["packages"] *= 1000
    assert is_spdx_json(json.dumps(spdx, sort_keys=True).encode()[: 64 * 1024])
    assert is_cyclonedx_json(json.dumps(cyclonedx, sort_keys=True).encode())


def test_attestations_are_another_format(cyclonedx, spdx):
    for predicate in (cyclonedx, spdx):
        statement = {"_type": "x", "predicateType": "y", "predicate": predicate}
        data = json.dumps(statement).encode()
        assert not is_cyclonedx_json(data)
        assert not is_spdx_json(data)


def test_readers_name_what_exists():
    from pratique.formats.registry import resolve

    for reader in READERS:
        assert callable(resolve(reader.read))
        assert callable(resolve(reader.sniff))


def test_places():
    text = '{\n "a": {"bom-ref" : "one"},\n "bom-ref": "t\\"w\\u006f",\n "x": ["bom-ref", 1],\n\n "bom-ref": 7, "bom-ref":\n"three"}'
    places = Places(text, "bom-ref")
    assert places.line("one") == 2
    assert places.line('t"wo') == 3
    assert places.line("three") == 6
    assert places.line("four", None, "one") == 2
    assert places.line("four") == 0


@pytest.mark.parametrize(
    "end", ['"bom-ref"', '"bom-ref":', '"bom-ref": "', '"bom-ref": "a\\', '"bom-ref": "a\\"']
)
def test_places_of_broken_text(end):
    assert Places("\n{" + end, "bom-ref").line("zero") == 0


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("https://example.test/a.git", Source("https://example.test/a.git")),
        (
            "git+https://u:p@example.test/a.git@v1",
            Source("https://example.test/a.git", reference="v1"),
        ),
        (
            "git+ssh://git@example.test/a@" + "0A" * 20,
            Source("ssh://example.test/a", commit="0a" * 20),
        ),
        ("git://example.test/a#" + "0a" * 32, Source("git://example.test/a", commit="0a" * 32)),
        (
            "hg+https://example.test/a@tip#sub",
            Source("https://example.test/a", reference="tip", vcs="hg"),
        ),
        ("https://example.test/@scope/a", Source("https://example.test/@scope/a")),
        ("git@example.test:a/b.git", Source("git@example.test:a/b.git")),
        ("", None),
        ("git+", None),
        ("https://example.test/" + "a" * 5000, None),
    ],
)
def test_sources(address, source):
    assert source_of(address) == source


def test_credentials_are_dropped():
    assert without_credentials("https://u:p@ss@example.test/x@1") == "https://example.test/x@1"
    assert is_vcs("git+ssh://x")
    assert not is_vcs("https://example.test/git")
