"""CycloneDX 1.6, JSON: what is written passes the schema and says what was read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import pytest

from pratique.formats.sbom.cyclonedx.read import read_json as read_cyclonedx
from pratique.formats.sbom.cyclonedx.write import ALGORITHMS, write
from pratique.formats.sbom.sniff import is_cyclonedx_json, is_spdx_json
from pratique.formats.sbom.spdx.read import read_json as read_spdx
from pratique.model.errors import InputError
from pratique.model.finding import Finding, Reference
from pratique.model.inventory import Inventory
from pratique.model.severity import Severity

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
BASE = "http://cyclonedx.org/schema/"


@pytest.fixture(scope="module")
def schema(vector_folder):
    """Validator of version 1.6; what the schema refers to is beside it."""
    folder = vector_folder("sbom/schemas.tar.xz") / "cyclonedx"
    names = ("bom-1.6.schema.json", "spdx.schema.json", "jsf-0.82.schema.json")
    resources = [(BASE + name, json.loads((folder / name).read_bytes())) for name in names]
    return jsonschema_rs.Draft7Validator(
        resources[0][1],
        registry=jsonschema_rs.Registry(resources),
        validate_formats=True,
        offline=True,
    )


@pytest.fixture(scope="module")
def inventories(vector_folder) -> list[tuple[Path, Inventory]]:
    """One of each readable JSON document of the corpus."""
    found = []
    for path in sorted(vector_folder("sbom/sbom-vectors.tar.xz").rglob("*.json")):
        data = path.read_bytes()
        read = read_cyclonedx if is_cyclonedx_json(data) else read_spdx
        if read is read_spdx and not is_spdx_json(data):
            continue
        try:
            reading = read(data, path.name, None)
        except InputError:
            continue
        inventory = Inventory(
            subject=str(reading.subject or path.name),
            components=reading.components,
            roots=reading.roots,
            edges=reading.edges,
        )
        found.append((path, inventory))
    return found


def written(inventory, findings=()):
    return write(
        inventory, tool="pratique", tool_version="1.2.3", timestamp=NOW, vulnerabilities=findings
    )


def test_every_document_of_the_corpus_is_written_validly(schema, inventories):
    assert len(inventories) >= 700
    for path, inventory in inventories:
        document = json.loads(written(inventory))
        errors = [
            f"{error.instance_path}: {error.message[:200]}"
            for error in schema.iter_errors(document)
        ]
        assert not errors, (path, errors[:3])


def test_every_document_of_the_corpus_survives_being_written_and_read(inventories):
    """The same packages, digests and edges; digests of algorithms that 1.6 lacks are left out."""
    digests = edges = 0
    for path, inventory in inventories:
        data = written(inventory)
        again = read_cyclonedx(data, "again", None)
        assert [c.package for c in again.components] == [c.package for c in inventory.components], (
            path
        )
        for before, after in zip(inventory.components, again.components, strict=True):
            expected = {h for h in before.hashes if h.algorithm in ALGORITHMS}
            assert set(after.hashes) == expected, path
            digests += len(expected)
        refs = dict(
            zip(
                (c.ref for c in inventory.components),
                (c.ref for c in again.components),
                strict=True,
            )
        )
        expected_edges = {
            refs[source]: {refs[target] for target in targets}
            for source, targets in inventory.edges.items()
        }
        assert {s: set(ts) for s, ts in again.edges.items()} == expected_edges, path
        assert set(again.roots) == {refs[root] for root in inventory.roots}, path
        edges += sum(map(len, expected_edges.values()))
    assert digests > 5_000
    assert edges > 2_000


def test_vulnerabilities_are_written_validly(schema, inventories):
    findings = []
    inventory = next(one for _, one in inventories if len(one.components) > 20)
    vectors = (
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
        "AV:N/AC:L/Au:N/C:P/I:P/A:P",
        "",
    )
    for number, severity in enumerate(Severity):
        subject = str(inventory.components[number].package)
        findings.append(
            Finding(
                rule="vulnerable-package",
                id=f"TEST-2025-{number % 5}",
                aliases=(f"ALIAS-{number}",),
                fingerprint=f"{number:032x}",
                subject=subject,
                severity=severity,
                score=None if severity is Severity.UNKNOWN else 9.8,
                vector=vectors[number % 4],
                title="Something is wrong in it",
                reasons=("in range introduced 1.0, fixed 1.4",),
                remedy="Upgrade to 1.4",
                references=(Reference("https://example.test/advisory", "Advisory"),),
                status="open" if number else "not affected",
            )
        )
    document = json.loads(written(inventory, findings))
    assert [str(error) for error in schema.iter_errors(document)] == []
    assert len(document["vulnerabilities"]) == 5
