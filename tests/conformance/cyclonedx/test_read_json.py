"""CycloneDX 1.2 to 1.7, JSON: the specification's own documents and published ones."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from pratique.formats.sbom.cyclonedx.read import read_json
from pratique.formats.sbom.sniff import is_cyclonedx_json, is_spdx_json
from pratique.model.errors import InputError
from pratique.model.inventory import Trouble

ARCHIVE = "sbom/sbom-vectors.tar.xz"
VERSIONS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")


def parse(path: Path):
    """The document as an independent reader sees it, or None."""
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except ValueError:
        return None


def plain_count(components) -> int:
    """Components and those within them, counted without the reader."""
    if not isinstance(components, list):
        return 0
    return sum(
        1 + plain_count(component.get("components"))
        for component in components
        if isinstance(component, dict)
    )


def plain_total(document) -> int:
    subject = (document.get("metadata") or {}).get("component") or {}
    return plain_count(document.get("components")) + plain_count(subject.get("components"))


@pytest.fixture(scope="module")
def spec(vector_folder) -> Path:
    return vector_folder(ARCHIVE) / "cdx-spec/tools/src/test/resources"


@pytest.fixture(scope="module")
def published(vector_folder) -> list[tuple[Path, dict]]:
    """Every CycloneDX JSON document of the corpus outside the specification's own tests."""
    found = []
    root = vector_folder(ARCHIVE)
    for path in sorted(root.rglob("*")):
        if "cdx-spec" in path.parts or not path.is_file() or path.suffix in {".bz2", ".zst"}:
            continue
        document = parse(path)
        if isinstance(document, dict) and document.get("bomFormat") == "CycloneDX":
            found.append((path, document))
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_valid_documents_of_the_specification_are_read_whole(spec, version):
    paths = sorted((spec / version).glob("valid-*.json"))
    assert len(paths) >= 20
    for path in paths:
        data = path.read_bytes()
        reading = read_json(data, path.name, None)
        unreadable = [p for p in reading.problems if p.trouble is Trouble.UNREADABLE]
        assert not unreadable, path.name
        assert reading.format == f"CycloneDX {version}"
        assert len(reading.components) == plain_total(json.loads(data)), path.name
        assert is_cyclonedx_json(data), path.name


@pytest.mark.parametrize("version", VERSIONS)
def test_invalid_documents_of_the_specification_never_crash(spec, version):
    paths = sorted((spec / version).glob("invalid-*.json"))
    assert len(paths) >= 15
    refused = []
    for path in paths:
        try:
            reading = read_json(path.read_bytes(), path.name, None)
        except InputError:
            refused.append(path.name)
        else:
            assert len(reading.components) == plain_total(parse(path)), path.name
    assert set(refused) <= {f"invalid-bomformat-{version}.json"}


def test_published_documents_are_read_with_every_component(published):
    assert len(published) >= 270
    for path, document in published:
        reading = read_json(path.read_bytes(), path.name, None)
        assert len(reading.components) == plain_total(document), path


def test_every_edge_of_a_published_document_ends_at_a_component(published):
    edges = 0
    for path, _ in published:
        reading = read_json(path.read_bytes(), path.name, None)
        refs = {component.ref for component in reading.components}
        assert len(refs) == len(reading.components), path
        named = {*reading.roots, *reading.edges, *(t for ts in reading.edges.values() for t in ts)}
        assert named <= refs, path
        edges += sum(map(len, reading.edges.values()))
    assert edges > 2_000


def test_edges_are_those_that_a_plain_count_finds(published):
    """Pairs of ``dependencies`` whose two ends are components with a bom-ref of their own."""

    def refs_of(components):
        for component in components or ():
            yield component.get("bom-ref")
            yield from refs_of(component.get("components"))

    compared = 0
    for path, document in published:
        refs = Counter(refs_of(document.get("components")))
        if refs[None] or any(n > 1 for n in refs.values()) or not document.get("dependencies"):
            continue
        pairs = {
            (entry.get("ref"), target)
            for entry in document["dependencies"]
            for target in entry.get("dependsOn") or ()
            if entry.get("ref") in refs and target in refs
        }
        reading = read_json(path.read_bytes(), path.name, None)
        assert {(s, t) for s, ts in reading.edges.items() for t in ts} == pairs, path
        compared += 1
    assert compared >= 50


def test_package_urls_are_all_kept(published):
    """Every purl of the corpus becomes a package, or a problem that names it."""

    def purls_of(components):
        for component in components or ():
            if component.get("purl"):
                yield component["purl"]
            yield from purls_of(component.get("components"))

    total = 0
    for path, document in published:
        subject = (document.get("metadata") or {}).get("component") or {}
        purls = list(purls_of([*(document.get("components") or ()), subject]))
        reading = read_json(path.read_bytes(), path.name, None)
        bad = [
            p
            for p in reading.problems
            if "ackage URL" in p.message and "cannot be" not in p.message
        ]
        generic = sum(purl.startswith("pkg:generic/") for purl in purls)
        stated = [c for c in reading.components if c.package.type != "generic"]
        if reading.subject is not None and reading.subject.type != "generic":
            stated.append(reading.subject)
        assert len(stated) == len(purls) - generic - len(bad), path
        total += len(purls)
    assert total > 5_000


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("broken-refs.json", "which is not in the document"),
        ("invalid-purl.json", "is not a package URL"),
    ],
)
def test_hard_cases_are_named(vector_folder, name, says):
    path = vector_folder(ARCHIVE) / "trustify/etc/test-data/cyclonedx" / name
    problems = read_json(path.read_bytes(), name, None).problems
    assert any(says in problem.message for problem in problems)


def test_only_cyclonedx_documents_are_recognised(vector_folder):
    root = vector_folder(ARCHIVE)
    wrong = []
    for path in sorted(root.rglob("*.json")):
        document = parse(path)
        is_it = isinstance(document, dict) and document.get("bomFormat") == "CycloneDX"
        head = path.read_bytes()[: 64 * 1024]
        # A document that states the schema and another format is CycloneDX gone wrong.
        if is_cyclonedx_json(head) != is_it and "invalid-bomformat" not in path.name:
            wrong.append(path)
        assert not (is_it and is_spdx_json(head)), path
    assert not wrong


def test_scalibr_cases(vector_folder):
    """One difference: a component without purl is a generic package here and has no type there."""
    base = vector_folder("sbom/lockfiles.tar.xz") / "scalibr/sbom/cdx"
    compared = 0
    for case in json.loads((base / "cases.json").read_bytes()):
        if case["input"].endswith(".xml"):
            continue
        data = (base / case["input"]).read_bytes()
        if case.get("error"):
            with pytest.raises(InputError):
                read_json(data, case["name"], None)
            continue
        reading = read_json(data, case["name"], None)
        got = [(c.package.full_name, c.package.version, c.package.type) for c in reading.components]
        expected = [
            (package["name"], package["version"], package["purl_type"] or "generic")
            for package in case["packages"]
        ]
        assert sorted(got) == sorted(expected), case["name"]
        compared += 1
    assert compared >= 4
