"""What an inventory becomes as a CycloneDX 1.6 document."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.formats.sbom.addresses import iri
from pratique.formats.sbom.cyclonedx.licenses import is_expression
from pratique.formats.sbom.cyclonedx.read import read_json
from pratique.formats.sbom.cyclonedx.write import write
from pratique.model.finding import Finding, Reference
from pratique.model.inventory import Component, Inventory, LicenseClaim, Location, Scope
from pratique.model.nouns import Artifact, Package, Source
from pratique.model.severity import Severity

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)

ALPHA = Component(
    ref="lock#alpha",
    package=Package.parse("pkg:npm/%40scope/alpha@1.0.0"),
    ecosystem="npm",
    scope=Scope.RUNTIME,
    locations=(Location("lock", 7),),
    hashes=(
        Artifact("sha512", "ab" * 64),
        Artifact("sha224", "cd" * 28),
        Artifact("adler32", "01" * 4),
    ),
    registry="https://example.test/alpha 1.tgz",
    licenses=(LicenseClaim("MIT OR Apache-2.0", "lockfile"),),
)
BETA = Component(
    ref="lock#beta",
    package=Package.parse("pkg:pypi/beta@2.0.0"),
    scope=Scope.TEST,
    source=Source("https://example.test/beta", commit="0a" * 20),
    licenses=(LicenseClaim("MIT", "x"), LicenseClaim("Beta Licence", "x")),
)
TWIN = Component(ref="other#beta", package=BETA.package)
INVENTORY = Inventory(
    subject="harbour",
    components=(ALPHA, BETA, TWIN),
    roots=("lock#alpha", "other#beta"),
    edges={"lock#alpha": ("lock#beta",), "other#beta": ()},
)


def written(inventory=INVENTORY, **more):
    more = {"tool": "pratique", "tool_version": "1.2.3", "timestamp": NOW, **more}
    return write(inventory, **more)


def finding(**more):
    more = {
        "rule": "vulnerable-package",
        "id": "TEST-1",
        "fingerprint": "0" * 32,
        "subject": "pkg:pypi/beta@2.0.0",
        "severity": Severity.HIGH,
        "title": "A defect",
        "remedy": "Upgrade to 2.1",
        **more,
    }
    return Finding(**more)


def test_head_of_the_document():
    document = json.loads(written())
    assert document["specVersion"] == "1.6"
    assert document["metadata"] == {
        "timestamp": "2025-01-02T03:04:05Z",
        "tools": {"components": [{"type": "application", "name": "pratique", "version": "1.2.3"}]},
        "component": {"type": "application", "bom-ref": "subject", "name": "harbour"},
    }


def test_components():
    alpha, beta, twin = json.loads(written())["components"]
    assert alpha == {
        "type": "library",
        "bom-ref": "pkg:npm/%40scope/alpha@1.0.0",
        "group": "@scope",
        "name": "alpha",
        "version": "1.0.0",
        "scope": "required",
        "hashes": [{"alg": "SHA-512", "content": "ab" * 64}],
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
        "purl": "pkg:npm/%40scope/alpha@1.0.0",
        "externalReferences": [
            {"type": "distribution", "url": "https://example.test/alpha%201.tgz"}
        ],
        "evidence": {"occurrences": [{"location": "lock", "line": 7}]},
    }
    assert beta["scope"] == "excluded"
    assert beta["licenses"] == [{"license": {"name": "MIT"}}, {"license": {"name": "Beta Licence"}}]
    assert beta["externalReferences"][0]["url"] == f"git+https://example.test/beta@{'0a' * 20}"
    assert "scope" not in twin


def test_equal_packages_have_references_of_their_own():
    document = json.loads(written())
    refs = [component["bom-ref"] for component in document["components"]]
    assert refs[1:] == ["pkg:pypi/beta@2.0.0", "pkg:pypi/beta@2.0.0~2"]
    assert document["dependencies"] == [
        {"ref": "subject", "dependsOn": [refs[0], refs[2]]},
        {"ref": refs[0], "dependsOn": [refs[1]]},
        {"ref": refs[2], "dependsOn": []},
    ]


def test_the_same_inventory_gives_the_same_bytes():
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5)))
    assert written() == written(timestamp=elsewhere)
    assert written().endswith(b"}\n")


def test_the_serial_number_follows_the_content():
    serial = json.loads(written())["serialNumber"]
    assert serial.startswith("urn:uuid:")
    assert serial[23] == "5"  # the version of the UUID
    assert serial != json.loads(written(tool_version="1.2.4"))["serialNumber"]


def test_what_is_written_can_be_read():
    reading = read_json(written(), "bom.json", None)
    assert [c.package for c in reading.components] == [c.package for c in INVENTORY.components]
    assert reading.components[0].hashes == (Artifact("sha512", "ab" * 64),)
    assert reading.components[0].licenses[0].text == "MIT OR Apache-2.0"
    assert reading.roots == ("pkg:npm/%40scope/alpha@1.0.0", "pkg:pypi/beta@2.0.0~2")
    assert reading.edges["pkg:pypi/beta@2.0.0~2"] == ()
    assert "pkg:pypi/beta@2.0.0" not in reading.edges
    assert reading.problems == ()


def test_one_vulnerability_may_affect_many_components():
    first = finding(
        aliases=("CVE-2025-0002", "CVE-2025-0001"),
        score=7.5,
        vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
        reasons=("in range",),
        references=(Reference("https://example.test/1", "One"),),
    )
    second = finding(subject="pkg:npm/%40scope/alpha@1.0.0", fingerprint="1" * 32)
    document = json.loads(written(vulnerabilities=(first, second)))
    assert document["vulnerabilities"] == [
        {
            "bom-ref": "vulnerability:TEST-1",
            "id": "TEST-1",
            "references": [
                {"id": "CVE-2025-0001", "source": {}},
                {"id": "CVE-2025-0002", "source": {}},
            ],
            "ratings": [
                {"severity": "high"},
                {
                    "score": 7.5,
                    "severity": "high",
                    "method": "CVSSv31",
                    "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
                },
            ],
            "description": "A defect",
            "detail": "in range",
            "recommendation": "Upgrade to 2.1",
            "advisories": [{"title": "One", "url": "https://example.test/1"}],
            "affects": [
                {
                    "ref": "pkg:npm/%40scope/alpha@1.0.0",
                    "versions": [{"version": "1.0.0", "status": "affected"}],
                },
                {
                    "ref": "pkg:pypi/beta@2.0.0",
                    "versions": [{"version": "2.0.0", "status": "affected"}],
                },
                {
                    "ref": "pkg:pypi/beta@2.0.0~2",
                    "versions": [{"version": "2.0.0", "status": "affected"}],
                },
            ],
        }
    ]


def test_the_order_of_findings_does_not_matter():
    findings = [
        finding(),
        finding(id="TEST-0"),
        finding(subject="pkg:npm/%40scope/alpha@1.0.0", fingerprint="2" * 32, title="Another"),
    ]
    assert written(vulnerabilities=findings) == written(vulnerabilities=findings[::-1])


def test_what_the_schema_has_no_place_for_is_a_property():
    found = finding(severity=Severity.MALICIOUS, subject="pkg:npm/ghost@1", status="waived")
    [vulnerability] = json.loads(written(vulnerabilities=[found]))["vulnerabilities"]
    assert vulnerability["ratings"] == [{"severity": "critical"}]
    assert "affects" not in vulnerability
    assert vulnerability["properties"] == [
        {"name": "pratique:malicious", "value": "true"},
        {"name": "pratique:status", "value": "pkg:npm/ghost@1 waived"},
        {"name": "pratique:subject", "value": "pkg:npm/ghost@1"},
    ]


@pytest.mark.parametrize(
    "text",
    [
        "MIT",
        "GPL-2.0-only WITH Classpath-exception-2.0",
        "(MIT OR Apache-2.0) AND ISC",
        "GPL-2.0+",
        "LicenseRef-own",
        "DocumentRef-a:LicenseRef-own AND MIT",
    ],
)
def test_expressions(text):
    assert is_expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Apache",
        "MIT License",
        "MIT OR",
        "(MIT",
        "MIT)",
        "OR MIT",
        "MIT Apache-2.0",
        "()",
        "MIT " * 9999,
    ],
)
def test_names_are_no_expressions(text):
    assert not is_expression(text)


@settings(deadline=None)
@given(
    st.text(max_size=60) | st.from_regex(r"[a-z]{1,5}:/{0,3}[^/]{0,9}(/\S{0,20})?", fullmatch=True)
)
def test_addresses_are_what_the_schema_takes(text):
    """RFC 3987: whatever is written passes a validator's ``iri-reference``."""
    schema = {"format": "iri-reference"}
    validator = jsonschema_rs.Draft7Validator(schema, validate_formats=True)
    assert validator.is_valid(iri(text))
