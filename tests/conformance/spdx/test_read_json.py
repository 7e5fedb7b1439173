"""SPDX 2.2 and 2.3, JSON: published documents and those of other projects' tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pratique.formats.sbom.sniff import is_cyclonedx_json, is_spdx_json
from pratique.formats.sbom.spdx.read import read_json
from pratique.model.errors import InputError, UnsupportedError
from pratique.model.inventory import Trouble

ARCHIVE = "sbom/sbom-vectors.tar.xz"
ROOTS = ("guac", "guac-data", "ntia", "sbomqs", "spdx-examples", "trustify")


def parse(path: Path):
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except ValueError:
        return None


def purls_of(package) -> set[str]:
    return {
        reference["referenceLocator"]
        for reference in package.get("externalRefs") or ()
        if str(reference.get("referenceType")).endswith("purl")
    }


@pytest.fixture(scope="module")
def published(vector_folder) -> list[tuple[Path, dict]]:
    """Every SPDX 2 JSON document of the corpus."""
    found = []
    for name in ROOTS:
        for path in sorted((vector_folder(ARCHIVE) / name).rglob("*")):
            if not path.is_file() or path.suffix in {".bz2", ".zst"}:
                continue
            document = parse(path)
            if isinstance(document, dict) and "spdxVersion" in document:
                found.append((path, document))
    return found


def test_published_documents_are_read_with_every_package(published):
    """A package is a component; one that states several names or versions is several."""
    assert len(published) >= 140
    packages = 0
    for path, document in published:
        if path.name == "invalid-spdx.json":
            continue
        reading = read_json(path.read_bytes(), path.name, None)
        listed = document.get("packages") or []
        own = [c for c in reading.components if "~" not in c.ref]
        assert len(own) == len(listed), path
        more = len(reading.components) - len(listed)
        assert 0 <= more <= sum(max(0, len(purls_of(p)) - 1) for p in listed), path
        packages += len(listed)
    assert packages > 3_000


def test_every_edge_of_a_published_document_ends_at_a_component(published):
    edges = 0
    for path, _ in published:
        if path.name == "invalid-spdx.json":
            continue
        reading = read_json(path.read_bytes(), path.name, None)
        refs = {component.ref for component in reading.components}
        assert len(refs) == len(reading.components), path
        named = {*reading.roots, *reading.edges, *(t for ts in reading.edges.values() for t in ts)}
        assert named <= refs, path
        edges += sum(map(len, reading.edges.values()))
    assert edges > 400


def test_containment_and_dependency_are_edges(published):
    """Pairs of the two commonest types, counted without the reader."""
    compared = 0
    for path, document in published:
        if path.name == "invalid-spdx.json":
            continue
        ids = {p.get("SPDXID") for p in document.get("packages") or ()}
        pairs = set()
        for one in document.get("relationships") or ():
            ends = (one.get("spdxElementId"), one.get("relatedSpdxElement"))
            if one.get("relationshipType") in {"DEPENDENCY_OF", "CONTAINED_BY"}:
                ends = ends[::-1]
            elif one.get("relationshipType") not in {"DEPENDS_ON", "CONTAINS"}:
                continue
            if set(ends) <= ids:
                pairs.add(ends)
        reading = read_json(path.read_bytes(), path.name, None)
        assert pairs <= {(s, t) for s, ts in reading.edges.items() for t in ts}, path
        compared += len(pairs)
    assert compared > 400


def test_documents_with_one_described_package_have_a_subject(published):
    subjects = 0
    for path, document in published:
        if path.name == "invalid-spdx.json":
            continue
        ids = {p.get("SPDXID") for p in document.get("packages") or ()}
        described = set(document.get("documentDescribes") or ())
        described |= {
            one.get("relatedSpdxElement")
            for one in document.get("relationships") or ()
            if one.get("relationshipType") in {"DESCRIBES", "DESCRIBE"}
            and one.get("spdxElementId") in {document.get("SPDXID"), "SPDXRef-DOCUMENT"}
        }
        described |= {
            one.get("spdxElementId")
            for one in document.get("relationships") or ()
            if one.get("relationshipType") == "DESCRIBED_BY"
        }
        reading = read_json(path.read_bytes(), path.name, None)
        assert (reading.subject is not None) == (len(described & ids) == 1), path
        subjects += reading.subject is not None
    assert subjects > 50


def test_the_standards_own_example(vector_folder):
    """The JSON example that the repository of version 2.3 holds, which states version 2.2."""
    path = next((vector_folder("sbom/schemas.tar.xz") / "spdx-2.3").rglob("SPDXJSONExample*.json"))
    reading = read_json(path.read_bytes(), path.name, None)
    assert reading.format == "SPDX 2.2"
    assert {c.package.name for c in reading.components} >= {"glibc", "Saxon"}
    glibc = next(c for c in reading.components if c.package.name == "glibc")
    assert {hash.algorithm for hash in glibc.hashes} >= {"md5", "sha1", "sha256"}
    assert not [p for p in reading.problems if p.trouble is Trouble.UNREADABLE]


def test_invalid_document_is_refused(vector_folder):
    path = vector_folder(ARCHIVE) / "guac/internal/testing/testdata/exampledata/invalid-spdx.json"
    with pytest.raises(InputError, match="spdxVersion"):
        read_json(path.read_bytes(), path.name, None)


def test_spdx_3_is_named_and_not_recognised_as_spdx_2(vector_folder):
    seen = 0
    for path in sorted(vector_folder(ARCHIVE).rglob("*.json")):
        document = parse(path)
        if not isinstance(document, dict) or "@graph" not in document:
            continue
        data = path.read_bytes()
        assert not is_spdx_json(data), path
        with pytest.raises(UnsupportedError, match="SPDX 3"):
            read_json(data, path.name, None)
        seen += 1
    assert seen >= 80


def test_only_spdx_2_documents_are_recognised(vector_folder):
    unread = {"invalid-spdx.json", "missing_component_name"}  # the second is of SPDX 2.1's form
    for path in sorted(vector_folder(ARCHIVE).rglob("*.json")):
        if unread & set(path.parts):
            continue
        document = parse(path)
        is_it = isinstance(document, dict) and "spdxVersion" in document
        head = path.read_bytes()[: 64 * 1024]
        assert is_spdx_json(head) == is_it, path
        assert not (is_it and is_cyclonedx_json(head)), path


# What another reader makes of a package, and what this one does.
REPLACED = {
    # It takes the CPE for the name where there is no purl; here a package keeps its own.
    ("cpe:2.3:a:nginx:nginx:1.21.1", "", ""): ("Nginx", "", "generic"),
}
# Packages without purl and CPE, which it leaves out and this one keeps.
KEPT = {
    "descendant_of.spdx.json": ["v1_2_15"],
    "ancestor_of.spdx.json": ["v1_2_15"],
    "overlapping_refs.spdx.json": ["v1_2_15"],
    "multi_descendant.spdx.json": ["v5_arm", "x86"],
}


def test_scalibr_cases(vector_folder):
    """Name, version and type of each package; names there have no namespace."""
    base = vector_folder("sbom/lockfiles.tar.xz") / "scalibr/sbom/spdx"
    compared = 0
    for case in json.loads((base / "cases.json").read_bytes()):
        if not case["input"].endswith(".json"):
            continue
        data = (base / case["input"]).read_bytes()
        if case.get("error"):
            with pytest.raises(InputError):
                read_json(data, case["name"], None)
            continue
        packages = [(p["name"], p["version"], p["purl_type"]) for p in case["packages"]]
        expected = [REPLACED.get(package, package) for package in packages]
        expected += [(name, "", "generic") for name in KEPT.get(case["name"], ())]
        reading = read_json(data, case["name"], None)
        got = [(c.package.name, c.package.version, c.package.type) for c in reading.components]
        assert sorted(got) == sorted(expected), case["name"]
        compared += 1
    assert compared >= 8
