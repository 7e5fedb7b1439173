"""Validation: faults with their paths and lines."""

from __future__ import annotations

import json

import pytest

from pratique.formats.sbom.validation import validate
from pratique.formats.sbom.validation.lines import JsonLines
from pratique.model.errors import InputError, UnsupportedError

BOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "components": [
        {"type": "library", "name": "alpha"},
        {"type": "libary", "name": "beta", "hashes": [{"alg": "SHA-256", "content": "xyz"}]},
    ],
}
SPDX = {
    "spdxVersion": "SPDX-2.3",
    "dataLicense": "CC0-1.0",
    "SPDXID": "SPDXRef-DOCUMENT",
    "name": "harbour",
    "documentNamespace": "https://example.test/harbour",
    "creationInfo": {"created": "2024-01-02T03:04:05Z", "creators": ["Tool: maker-1"]},
    "packages": [{"SPDXID": "SPDXRef-a", "name": "alpha", "downloadLocation": "NONE"}],
}


def test_faults_have_paths_and_lines():
    verdict = validate(json.dumps(BOM, indent=1).encode())
    assert verdict.specification == "CycloneDX 1.6, JSON schema"
    assert [(one.line, one.path) for one in verdict.faults] == [
        (10, "components[1].type"),
        (15, "components[1].hashes[0].content"),
    ]


def test_a_valid_document_has_none():
    bom = BOM | {"components": BOM["components"][:1]}
    assert validate(json.dumps(bom).encode()).valid
    assert validate(json.dumps(SPDX).encode()).valid


def test_xml_is_held_against_the_xml_schema():
    xml = '<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1">\n<components>\n<component type="{}"><name>alpha</name></component></components></bom>'
    assert validate(xml.format("library").encode()).valid
    verdict = validate(xml.format("libary").encode())
    assert {one.line for one in verdict.faults} == {3}
    assert verdict.specification == "CycloneDX 1.6, XML schema"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"dataLicense": "MIT"}, "dataLicense"),
        ({"documentNamespace": ""}, "documentNamespace"),
        ({"harbour": 1}, "harbour"),
        (
            {"creationInfo": {"created": "yesterday", "creators": ["Tool: a"]}},
            "creationInfo.created",
        ),
        ({"creationInfo": {"created": "2024-01-02T03:04:05Z"}}, "creationInfo.creators"),
        ({"packages": [{"SPDXID": "SPDXRef-a", "name": "a"}]}, "packages[0].downloadLocation"),
        ({"packages": SPDX["packages"] * 2}, "packages[1].SPDXID"),
        (
            {
                "relationships": [
                    {
                        "spdxElementId": "SPDXRef-a",
                        "relatedSpdxElement": "SPDXRef-b",
                        "relationshipType": "DEPENDS_ON",
                    }
                ]
            },
            "relationships[0].relatedSpdxElement",
        ),
        (
            {
                "relationships": [
                    {
                        "spdxElementId": "SPDXRef-DOCUMENT",
                        "relatedSpdxElement": "SPDXRef-a",
                        "relationshipType": "DESCRIBE",
                    }
                ]
            },
            "relationships[0].relationshipType",
        ),
        (
            {
                "packages": [
                    SPDX["packages"][0]
                    | {"checksums": [{"algorithm": "SHA1", "checksumValue": "12"}]}
                ]
            },
            "packages[0].checksums[0].checksumValue",
        ),
    ],
)
def test_spdx_faults__spdx_2_3_clauses_6_to_11(change, path):
    verdict = validate(json.dumps(SPDX | change, indent=1).encode())
    assert path in [one.path for one in verdict.faults]
    assert all(one.line for one in verdict.faults)


def test_spdx_3_required_properties():
    graph = {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "now"},
            {"type": "software_Package", "spdxId": "urn:a", "creationInfo": "_:c"},
        ],
    }
    paths = [one.path for one in validate(json.dumps(graph).encode()).faults]
    assert paths == ["@graph[0].created", "@graph[0].createdBy", "@graph[1].name"]


def test_unknown_versions_and_other_documents_are_refused():
    with pytest.raises(UnsupportedError, match=r"9\.9"):
        validate(json.dumps(BOM | {"specVersion": "9.9"}).encode())
    for data in (b"", b"hello", b"{}", b'{"bomFormat": "CycloneDX", '):
        with pytest.raises(InputError):
            validate(data)


def test_a_schema_never_opens_the_network_or_a_file():
    xml = b'<!DOCTYPE bom SYSTEM "file:///etc/passwd"><bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>'
    with pytest.raises(InputError):
        validate(xml)


def test_lines_of_values_that_are_not_there():
    lines = JsonLines('{\n "a": [\n  1,\n  {"b": 2}\n ]\n}')
    assert lines.line(["a", 1, "b"]) == 4
    assert lines.line(["a", 0]) == 3
    assert lines.line(["a", 7]) == 2
    assert lines.line(["zzz"]) == 1
    assert JsonLines("").line(["a"]) == 0
