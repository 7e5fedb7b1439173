"""Every VEX reader survives random and mutated bytes."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.formats import vex
from pratique.formats.csaf.mandatory.run import validate_value
from pratique.formats.openvex.check import check
from pratique.model.errors import InputError, PratiqueError
from pratique.vex.filtering import Policy, filter_report

OPENVEX = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": "a",
    "author": "b",
    "timestamp": "2025-01-01T00:00:00Z",
    "version": 1,
    "statements": [
        {
            "vulnerability": {"name": "CVE-1", "aliases": ["x"]},
            "products": [
                {
                    "@id": "pkg:pypi/a@1",
                    "identifiers": {"purl": "pkg:pypi/a@1"},
                    "hashes": {"sha-256": "a" * 64},
                    "subcomponents": [{"@id": "pkg:pypi/b"}],
                }
            ],
            "status": "not_affected",
            "justification": "component_not_present",
        }
    ],
}
CSAF = {
    "document": {
        "category": "csaf_vex",
        "csaf_version": "2.0",
        "publisher": {"category": "vendor", "name": "a", "namespace": "https://example.test"},
        "title": "t",
        "lang": "en",
        "notes": [{"category": "summary", "text": "t"}],
        "distribution": {"tlp": {"label": "WHITE"}},
        "tracking": {
            "current_release_date": "2025-01-01T00:00:00Z",
            "id": "x",
            "initial_release_date": "2025-01-01T00:00:00Z",
            "revision_history": [{"date": "2025-01-01T00:00:00Z", "number": "1", "summary": "s"}],
            "status": "final",
            "version": "1",
        },
    },
    "product_tree": {
        "branches": [
            {
                "category": "product_version_range",
                "name": "vers:pypi/<2",
                "product": {
                    "name": "a",
                    "product_id": "A",
                    "product_identification_helper": {
                        "purl": "pkg:pypi/a",
                        "cpe": "cpe:/a:x:y",
                        "hashes": [
                            {
                                "filename": "f",
                                "file_hashes": [{"algorithm": "sha256", "value": "a" * 64}],
                            }
                        ],
                    },
                },
            }
        ],
        "full_product_names": [{"name": "b", "product_id": "B"}],
        "relationships": [
            {
                "category": "default_component_of",
                "product_reference": "A",
                "relates_to_product_reference": "B",
                "full_product_name": {"name": "c", "product_id": "C"},
            }
        ],
        "product_groups": [{"group_id": "G", "product_ids": ["A", "B"]}],
    },
    "vulnerabilities": [
        {
            "cve": "CVE-2025-0001",
            "ids": [{"system_name": "s", "text": "t"}],
            "notes": [{"category": "description", "text": "d"}],
            "product_status": {"known_not_affected": ["A", "C"], "known_affected": ["B"]},
            "flags": [{"label": "component_not_present", "group_ids": ["G"]}],
            "threats": [{"category": "impact", "details": "d", "product_ids": ["C"]}],
            "remediations": [{"category": "mitigation", "details": "d", "product_ids": ["B"]}],
            "involvements": [{"party": "vendor", "status": "open", "date": "2025-01-01T00:00:00Z"}],
            "scores": [
                {
                    "products": ["B"],
                    "cvss_v3": {
                        "version": "3.1",
                        "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                        "baseScore": 9.8,
                        "baseSeverity": "CRITICAL",
                    },
                }
            ],
        }
    ],
}
CSAF_2_1 = json.loads(json.dumps(CSAF).replace('"csaf_version": "2.0"', '"csaf_version": "2.1"'))
CSAF_2_1["document"]["license_expression"] = "MIT OR (Apache-2.0 AND LicenseRef-a)"
CSAF_2_1["x_extensions"] = [
    {"$schema": "https://x", "category": "essential", "content": {"a": 1}, "critical": False}
]
CSAF_2_1["vulnerabilities"][0]["metrics"] = [
    {
        "products": ["B"],
        "source": "https://example.test",
        "content": {
            **CSAF["vulnerabilities"][0]["scores"][0],
            "epss": {
                "percentile": "0.5",
                "probability": "0.5",
                "timestamp": "2025-01-01T00:00:00Z",
            },
            "ssvc_v2": {
                "schemaVersion": "2.0.0",
                "selections": [
                    {"key": "E", "namespace": "ssvc", "values": [{"key": "N"}], "version": "1.1.0"}
                ],
                "target_ids": ["t"],
                "timestamp": "2025-01-01T00:00:00Z",
            },
        },
    }
]
CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "serialNumber": "urn:uuid:00000000-0000-4000-8000-000000000000",
    "metadata": {
        "timestamp": "2025-01-01T00:00:00Z",
        "authors": [{"name": "a"}],
        "component": {
            "type": "application",
            "bom-ref": "app",
            "name": "app",
            "purl": "pkg:npm/app@1",
        },
    },
    "components": [
        {
            "type": "library",
            "bom-ref": "a",
            "group": "g",
            "name": "a",
            "purl": "pkg:npm/a@1",
            "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
            "components": [{"type": "library", "bom-ref": "b", "name": "b"}],
        }
    ],
    "dependencies": [{"ref": "app", "dependsOn": ["a"]}],
    "vulnerabilities": [
        {
            "id": "CVE-1",
            "references": [{"id": "x", "source": {}}],
            "analysis": {
                "state": "not_affected",
                "justification": "code_not_present",
                "response": ["update"],
            },
            "affects": [
                {"ref": "a", "versions": [{"range": "vers:npm/<2", "status": "affected"}]},
                {"ref": "urn:cdx:00000000-0000-4000-8000-000000000000/1#b"},
            ],
        }
    ],
}
SPDX = {
    "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
    "@graph": [
        {"type": "CreationInfo", "@id": "_:c", "created": "2025-01-01T00:00:00Z", "createdBy": ["u:me"]},
        {"type": "Person", "spdxId": "u:me", "name": "Alpha"},
        {"type": "SpdxDocument", "spdxId": "u:d", "creationInfo": "_:c", "name": "d"},
        {"type": "software_Package", "spdxId": "u:p", "software_packageUrl": "pkg:npm/a@1"},
        {
            "type": "security_Vulnerability",
            "spdxId": "u:v",
            "externalIdentifier": [{"externalIdentifierType": "cve", "identifier": "CVE-1"}],
        },
        {
            "type": "security_VexNotAffectedVulnAssessmentRelationship",
            "spdxId": "u:r",
            "from": "u:v",
            "to": ["u:p"],
            "security_justificationType": "componentNotPresent",
        },
    ],
}  # fmt: skip
SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {
                "driver": {
                    "name": "s",
                    "rules": [{"id": "CVE-1", "properties": {"purls": ["pkg:npm/a@1"]}}],
                }
            },
            "properties": {"imageName": "app@sha256:" + "a" * 64},
            "results": [
                {
                    "ruleId": "CVE-1",
                    "message": {"text": "m"},
                    "locations": [
                        {
                            "physicalLocation": {"artifactLocation": {"uri": "u"}},
                            "logicalLocations": [{"fullyQualifiedName": "n"}],
                        }
                    ],
                }
            ],
        }
    ],
}
DOCUMENTS = {
    "openvex": OPENVEX,
    "csaf": CSAF,
    "csaf 2.1": CSAF_2_1,
    "cyclonedx": CYCLONEDX,
    "spdx": SPDX,
    "sarif": SARIF,
}
JUNK: list[Any] = [
    None,
    True,
    -1,
    1e300,
    "",
    "\x00",
    "pkg:",
    "x" * 300,
    [],
    {},
    [[]],
    [None],
    {"": None},
]


def _places(value: Any) -> list[tuple[Any, Any]]:
    found = []
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        found.append((value, key))
        if isinstance(value[key], dict | list):
            found.extend(_places(value[key]))
    return found


def _everything(data: bytes, now: Any) -> None:
    try:
        document = vex.read(data, "a")
    except InputError:
        document = None
    if document is not None:
        for name in vex.WRITERS:
            try:
                vex.writer(name)(document)
            except InputError:
                continue
    statements = document.statements if document else ()
    with suppress(PratiqueError):
        filter_report(data, statements, Policy(now=now, any_product=True))
    with suppress(InputError):
        check(data)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_any_value_may_be_anything(name):
    now = datetime(2025, 6, 1, tzinfo=UTC)
    text = json.dumps(DOCUMENTS[name])
    for number in range(len(_places(json.loads(text)))):
        for junk in JUNK:
            value = json.loads(text)
            where, key = _places(value)[number]
            where[key] = junk
            _everything(json.dumps(value).encode(), now)
            if name.startswith("csaf"):
                with suppress(InputError):
                    validate_value(value)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_bytes_may_be_broken(name):
    now = datetime(2025, 6, 1, tzinfo=UTC)
    text = json.dumps(DOCUMENTS[name]).encode()
    chance = random.Random(7)
    for _ in range(60):
        data = bytearray(text)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            data[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        _everything(bytes(data), now)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(vex.READERS)), st.binary(max_size=200))
def test_random_bytes(format, data):
    with suppress(InputError):
        vex.read(data, "a", format=format)


@pytest.mark.parametrize("name", ["csaf", "csaf 2.1"])
def test_the_csaf_documents_here_are_nearly_valid(name):
    """Else the mutations above would reach little of the tests."""
    failures = validate_value(json.loads(json.dumps(DOCUMENTS[name]))).failures
    numbers = {one.test for one in failures}
    assert numbers <= {"6.1.6", "schema", "6.1.27.9", "6.1.55", "6.1.50", "6.1.13"}
