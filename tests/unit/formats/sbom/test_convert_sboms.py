"""Conversion: what is kept, what is carried, and what is said to be lost."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.formats.sbom.convert import convert
from pratique.formats.sbom.convert.delta import apply, delta
from pratique.formats.sbom.convert.identifiers import bom_ref, spdx_id
from pratique.formats.sbom.convert.leaves import leaves, missing
from pratique.formats.sbom.spdx.tag_value_values import tag_value_values
from pratique.formats.sbom.spdx.write_tag_value import write_tag_value
from pratique.formats.sbom.values import value_of
from pratique.model.errors import InputError, UnsupportedError

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)

BOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
    "version": 2,
    "metadata": {
        "timestamp": "2024-05-06T07:08:09.123+02:00",
        "tools": [{"vendor": "Example", "name": "maker", "version": "1.2"}],
        "component": {"type": "application", "bom-ref": "app", "name": "harbour", "version": "3"},
    },
    "components": [
        {
            "type": "library",
            "bom-ref": "pkg:npm/@quay/alpha@1.0?a=b#ü",
            "group": "@quay",
            "name": "alpha",
            "version": "1.0",
            "scope": "optional",
            "purl": "pkg:npm/%40quay/alpha@1.0",
            "hashes": [
                {"alg": "SHA-256", "content": "ab" * 32},
                {"alg": "Streebog-256", "content": "cd" * 32},
            ],
            "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "Harbour licence"}}],
            "externalReferences": [
                {"type": "distribution", "url": "https://example.test/alpha.tgz"},
                {"type": "website", "url": "https://example.test/"},
            ],
            "components": [{"type": "file", "bom-ref": "inner-1", "name": "inner.js"}],
        },
        {"type": "machine-learning-model", "name": "beta", "modelCard": {"x": []}},
    ],
    "dependencies": [
        {"ref": "app", "dependsOn": ["pkg:npm/@quay/alpha@1.0?a=b#ü"]},
        {"ref": "pkg:npm/@quay/alpha@1.0?a=b#ü"},
        {"ref": "nowhere", "dependsOn": ["app"]},
    ],
}


def converted(value, target):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return convert(data, target, creator="pratique-0.0", now=NOW)


def test_leaves_are_named_by_their_paths():
    value = {"a": [{"b.c": 1, "d": []}, None], "e": {}}
    assert leaves(value) == {'a[0]["b.c"]': 1, "a[0].d": [], "a[1]": None, "e": {}}
    assert missing({"a": 1}, {"a": True}) == {"a": 1}


@given(VALUES, VALUES)
def test_a_delta_makes_one_value_of_another(wanted, given_value):
    copy = json.loads(json.dumps(given_value))
    assert json.dumps(apply(copy, delta(wanted, given_value)), sort_keys=True) == json.dumps(
        wanted, sort_keys=True
    )


@given(st.text(min_size=1))
def test_identifiers_can_be_read_back(ref):
    identifier = spdx_id(ref)
    assert bom_ref(identifier) == ref
    assert identifier.removeprefix("SPDXRef-").replace("-", "").replace(".", "").isascii()
    assert set(identifier) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-"
    )


@pytest.mark.parametrize("target", ["spdx-json", "spdx-tag-value", "cyclonedx-xml"])
def test_there_and_back_loses_no_leaf(target):
    there = converted(BOM, target)
    assert there.loss.lost == ()
    back = converted(there.data, "cyclonedx-json")
    assert json.loads(back.data) == BOM


def test_fields_of_spdx_hold_what_they_can():
    document = json.loads(converted(BOM, "spdx-json").data)
    assert document["documentNamespace"] == "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/2"
    assert document["creationInfo"]["created"] == "2024-05-06T05:08:09Z"
    assert document["creationInfo"]["creators"] == ["Tool: maker-1.2", "Tool: pratique-0.0"]
    app, alpha, inner, _beta = document["packages"]
    assert alpha["checksums"] == [{"algorithm": "SHA256", "checksumValue": "ab" * 32}]
    assert alpha["licenseDeclared"] == "MIT AND LicenseRef-Harbour-licence"
    assert alpha["downloadLocation"] == "https://example.test/alpha.tgz"
    assert alpha["homepage"] == "https://example.test/"
    assert document["hasExtractedLicensingInfos"][0]["name"] == "Harbour licence"
    triples = {
        (r["spdxElementId"], r["relationshipType"], r["relatedSpdxElement"])
        for r in document["relationships"]
    }
    assert triples == {
        ("SPDXRef-DOCUMENT", "DESCRIBES", app["SPDXID"]),
        (alpha["SPDXID"], "CONTAINS", inner["SPDXID"]),
        (app["SPDXID"], "DEPENDS_ON", alpha["SPDXID"]),
        (alpha["SPDXID"], "DEPENDS_ON", "NONE"),
    }


def test_what_has_no_field_is_named_with_its_value():
    loss = converted(BOM, "spdx-json").loss
    carried = {leaf.path: leaf.value for leaf in loss.carried}
    assert carried["components[0].scope"] == "optional"
    assert carried["components[0].hashes[1].alg"] == "Streebog-256"
    assert carried["dependencies[2].ref"] == "nowhere"
    assert "components[0].name" not in carried
    assert "components[0].bom-ref" not in carried
    assert loss.leaves == len(leaves(BOM))


def test_carried_fields_stand_with_the_package_they_are_of():
    document = json.loads(converted(BOM, "spdx-json").data)
    comment = document["packages"][1]["annotations"][0]["comment"]
    assert comment.startswith("pratique:carried:cyclonedx {")
    assert '"/scope":"optional"' in comment


def test_spdx_there_and_back():
    document = {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "harbour",
        "dataLicense": "CC0-1.0",
        "documentNamespace": "https://example.test/harbour",
        "creationInfo": {"created": "2024-01-02T03:04:05Z", "creators": ["Person: Ada (a@b.test)"]},
        "packages": [
            {
                "SPDXID": "SPDXRef-app",
                "name": "harbour",
                "downloadLocation": "NOASSERTION",
                "sourceInfo": "two\nlines",
            },
            {
                "SPDXID": "SPDXRef-a--b",
                "name": "alpha",
                "versionInfo": "1",
                "downloadLocation": "NONE",
                "checksums": [{"algorithm": "MD4", "checksumValue": "00" * 16}],
                "licenseConcluded": "MIT OR Apache-2.0",
                "licenseDeclared": "LicenseRef-odd",
            },
        ],
        "files": [
            {
                "SPDXID": "SPDXRef-file",
                "fileName": "./a.c",
                "checksums": [{"algorithm": "SHA1", "checksumValue": "11" * 20}],
            }
        ],
        "hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-odd", "extractedText": "Odd."}],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": "SPDXRef-app",
            },
            {
                "spdxElementId": "SPDXRef-a--b",
                "relationshipType": "TEST_DEPENDENCY_OF",
                "relatedSpdxElement": "SPDXRef-app",
            },
        ],
    }
    for target in ("cyclonedx-json", "cyclonedx-xml", "spdx-tag-value"):
        there = converted(document, target)
        assert there.loss.lost == (), target
        assert json.loads(converted(there.data, "spdx-json").data) == document, target
    bom = json.loads(converted(document, "cyclonedx-json").data)
    assert bom["metadata"]["component"]["bom-ref"] == "SPDXRef-app"
    assert bom["dependencies"] == [{"ref": "SPDXRef-app", "dependsOn": ["SPDXRef-a--b"]}]
    assert [one["type"] for one in bom["components"]] == ["library", "file"]


def test_the_same_input_gives_the_same_bytes():
    for target in ("spdx-json", "spdx-tag-value", "cyclonedx-xml", "cyclonedx-json"):
        assert converted(BOM, target).data == converted(BOM, target).data


def test_a_text_that_tags_cannot_hold_is_carried():
    bom = json.loads(json.dumps(BOM))
    bom["components"][0]["description"] = "ends </text> early\n\n"
    there = converted(bom, "spdx-tag-value")
    assert there.loss.lost == ()
    assert json.loads(converted(there.data, "cyclonedx-json").data) == bom


def test_unknown_tags_and_elements_are_lost_by_line():
    tags = b"SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nPackageName: alpha\nHarbourTag: x\n"
    loss = converted(tags, "spdx-json").loss
    assert [(leaf.path, leaf.value) for leaf in loss.lost] == [("line 4", "x")]
    xml = (
        b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1">\n<components>'
        b'<component type="library"><name>alpha</name>\n<cryptoProperties/></component></components></bom>'
    )
    loss = converted(xml, "cyclonedx-json").loss
    assert [leaf.path for leaf in loss.lost] == ["line 3"]
    assert "cryptoProperties" in loss.lost[0].reason


def test_files_after_a_package_are_of_it__spdx_2_3_clause_8_1():
    value = tag_value_values(
        b"SPDXVersion: SPDX-2.3\nFileName: ./lone\nSPDXID: SPDXRef-lone\nPackageName: alpha\n"
        b"SPDXID: SPDXRef-alpha\nFileName: ./a\nSPDXID: SPDXRef-a\n"
        b"Relationship: SPDXRef-alpha CONTAINS SPDXRef-a\nRelationshipComment: inner\n"
    ).value
    assert value["packages"][0]["hasFiles"] == ["SPDXRef-a"]
    assert [one["SPDXID"] for one in value["files"]] == ["SPDXRef-lone", "SPDXRef-a"]
    assert value["relationships"][0]["comment"] == "inner"


def test_a_changed_document_is_still_converted():
    """A carried delta that no longer fits is left where it is, and the rest is kept."""
    document = json.loads(converted(BOM, "spdx-json").data)
    del document["packages"][1:]
    back = converted(document, "cyclonedx-json")
    assert json.loads(back.data)["metadata"]["component"]["name"] == "harbour"


def test_what_is_no_bill_of_materials_is_refused():
    for data in (b"", b"{}", b"[1]", b"hello", b'{"bomFormat": "CycloneDX"'):
        with pytest.raises(InputError):
            converted(data, "spdx-json")
    with pytest.raises(UnsupportedError):
        converted(BOM, "spdx-rdf")


def test_mutated_documents_are_converted_or_refused():
    chance = random.Random(20250102)
    seeds = [converted(BOM, t).data for t in ("spdx-json", "spdx-tag-value", "cyclonedx-xml")]
    seeds.append(json.dumps(BOM).encode())
    done = 0
    for _ in range(240):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            data[at : at + chance.randint(0, 6)] = bytes(
                chance.choice(b'{}[],":0a\n<>/-') for _ in range(chance.randint(0, 3))
            )
        try:
            converted(bytes(data), chance.choice(("spdx-json", "cyclonedx-json", "spdx-tag-value")))
            done += 1
        except InputError:
            continue
    assert done > 40


def test_values_of_wrong_types_are_converted():
    chance = random.Random(7)
    odd = [None, True, 1, "x", [], {}, [None], [{"x": 1}], {"a": [1]}, -1.5]

    def spoil(value):
        if chance.random() < 0.08:
            return chance.choice(odd)
        if isinstance(value, dict):
            return {key: spoil(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [spoil(inner) for inner in value]
        return value

    spdx = json.loads(converted(BOM, "spdx-json").data)
    for number in range(150):
        bom = spoil(BOM) if number % 2 else spoil(spdx)
        if not isinstance(bom, dict):
            continue
        key = ("bomFormat", "CycloneDX") if number % 2 else ("spdxVersion", "SPDX-2.3")
        bom[key[0]] = key[1]
        target = "spdx-tag-value" if number % 2 else "cyclonedx-json"
        there = converted(bom, target)
        assert value_of(there.data).value


def test_tag_value_of_tag_value_is_the_same():
    document = json.loads(converted(BOM, "spdx-json").data)
    again = tag_value_values(write_tag_value(document))
    assert again.left == []
    assert again.value["packages"] == document["packages"]
