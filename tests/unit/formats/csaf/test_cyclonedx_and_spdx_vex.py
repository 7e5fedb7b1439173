from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pratique.formats.cyclonedx_vex.read import read
from pratique.formats.cyclonedx_vex.words import JUSTIFICATIONS, WRITTEN_JUSTIFICATIONS
from pratique.formats.cyclonedx_vex.write import write
from pratique.formats.spdx_vex.read import read as read_spdx
from pratique.model.errors import InputError
from pratique.model.vex import Justification, Signature, Status, VexDocument

SERIAL = "3e671687-395b-41f5-a30f-a58921a69b79"


def _bom(*vulnerabilities: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"timestamp": "2025-01-01T00:00:00Z", "authors": [{"name": "Alpha"}]},
        "components": [
            {
                "type": "library",
                "bom-ref": "a",
                "name": "a",
                "purl": "pkg:npm/a@1",
                "components": [
                    {"type": "library", "bom-ref": "b", "name": "b", "purl": "pkg:npm/b@1"}
                ],
            }
        ],
        "vulnerabilities": list(vulnerabilities),
        **more,
    }


def _row(ref: str = "a", **analysis: Any) -> dict[str, Any]:
    return {
        "id": "CVE-2025-0001",
        "affects": [{"ref": ref}],
        "analysis": {"state": "not_affected", **analysis},
    }


def _read(value: dict[str, Any]) -> VexDocument:
    return read(json.dumps(value).encode(), "a.cdx.json")


def test_all_nine_justifications_are_read_and_written_back():
    assert len(JUSTIFICATIONS) == 9
    assert set(WRITTEN_JUSTIFICATIONS) == set(Justification) == set(JUSTIFICATIONS.values())
    for word, common in JUSTIFICATIONS.items():
        document = _read(_bom(_row(justification=word)))
        (one,) = document.statements
        assert (one.justification, one.justification_as_written) == (common, word)
        written = json.loads(write(document)[0])
        assert written["vulnerabilities"][0]["analysis"]["justification"] == word


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("resolved", Status.FIXED),
        ("resolved_with_pedigree", Status.FIXED),
        ("exploitable", Status.AFFECTED),
        ("in_triage", Status.UNDER_INVESTIGATION),
        ("false_positive", Status.NOT_AFFECTED),
        ("not_affected", Status.NOT_AFFECTED),
    ],
)
def test_states_are_read_and_written_back(state, status):
    document = _read(_bom(_row(state=state, response=["update"], detail="Why.")))
    (one,) = document.statements
    assert (one.status, one.status_as_written, one.responses) == (status, state, ("update",))
    analysis = json.loads(write(document)[0])["vulnerabilities"][0]["analysis"]
    assert (analysis["state"], analysis["response"]) == (state, ["update"])


def test_a_nested_component_is_in_its_product():
    (one,) = _read(_bom(_row("b"))).statements
    (product,) = one.products
    assert product.part.id == "pkg:npm/a@1"
    assert [sub.id for sub in product.subcomponents] == ["pkg:npm/b@1"]


def test_a_component_of_a_product_without_identifiers_is_still_in_it():
    """Else what is said of it in one product would be said of it everywhere."""
    main = {"type": "application", "bom-ref": "app", "name": "App", "version": "2"}
    bom = _bom(_row(), metadata={"component": main}, serialNumber=f"urn:uuid:{SERIAL}")
    (product,) = _read(bom).statements[0].products
    assert (product.part.id, product.part.name) == (f"urn:uuid:{SERIAL}", "App 2")
    assert [sub.id for sub in product.subcomponents] == ["pkg:npm/a@1"]


def test_bom_link_to_another_document_and_to_this_one():
    other = f"urn:cdx:{SERIAL}/1#pkg:npm/c@1"
    (one,) = _read(_bom(_row(other))).statements
    part = one.products[0].part
    assert (part.id, part.bom) == (other, SERIAL)
    assert [str(p) for p in part.packages] == ["pkg:npm/c@1"]
    own = _bom(_row(f"urn:cdx:{SERIAL}/1#a"), serialNumber=f"urn:uuid:{SERIAL}")
    assert _read(own).statements[0].products[0].part.id == "pkg:npm/a@1"


def test_versions_and_ranges_narrow_the_product():
    row = _row(state="exploitable")
    row["affects"] = [
        {
            "ref": "a",
            "versions": [
                {"version": "2", "status": "affected"},
                {"range": "vers:npm/>=3|<4", "status": "unaffected"},
                {"range": "vers:npm/>=5", "status": "unknown"},
            ],
        }
    ]
    found = {one.status: one.products[0].part for one in _read(_bom(row)).statements}
    assert [str(p) for p in found[Status.AFFECTED].packages] == ["pkg:npm/a@2"]
    assert found[Status.NOT_AFFECTED].ranges == ("vers:npm/>=3|<4",)
    assert [str(p) for p in found[Status.NOT_AFFECTED].packages] == ["pkg:npm/a"]
    assert found[Status.UNDER_INVESTIGATION].ranges == ("vers:npm/>=5",)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (_row(state="maybe"), "unknown state 'maybe'"),
        (_row(state=None), "no state"),
        (_row(justification="because"), "unknown justification"),
        (_row(response=["pray"]), "unknown response"),
        (_row("nowhere"), "names no component"),
        ({**_row(), "id": ""}, "has no id"),
        ({**_row(), "affects": None}, "applies to nothing"),
        (_row(lastUpdated="soon"), "no date and time"),
    ],
)
def test_what_is_wrong_is_named_and_the_rest_kept(row, message):
    good = {**_row(), "id": "CVE-2025-0009"}
    document = _read(_bom(row, good))
    assert any(message in one.message for one in document.problems), document.problems
    assert document.statements[-1].vulnerability == "CVE-2025-0009"


def test_a_finding_without_an_analysis_is_no_statement():
    assert not _read(_bom({"id": "CVE-1", "affects": [{"ref": "a"}]})).statements


def test_a_signature_that_nobody_verified_counts_for_nothing():
    document = _read(_bom(_row(), signature={"algorithm": "ES256", "value": "A"}))
    assert document.statements[0].signature is Signature.UNVERIFIED
    assert "not verified" in document.problems[-1].message


def test_its_own_dates_count():
    (one,) = _read(_bom(_row(firstIssued="2024-01-01T00:00:00Z"))).statements
    assert one.timestamp == datetime(2024, 1, 1, tzinfo=UTC)
    (two,) = _read(
        _bom(_row(lastUpdated="2024-05-01T00:00:00Z", firstIssued="2024-01-01T00:00:00Z"))
    ).statements
    assert two.timestamp == datetime(2024, 5, 1, tzinfo=UTC)


def _spdx(**more: Any) -> bytes:
    row = {
        "type": "security_VexNotAffectedVulnAssessmentRelationship",
        "spdxId": "urn:r",
        "creationInfo": "_:c",
        "from": "urn:v",
        "to": ["urn:p"],
        "relationshipType": "doesNotAffect",
        "security_assessedElement": "urn:q",
        "security_justificationType": "vulnerableCodeCannotBeControlledByAdversary",
        "security_impactStatement": "No way in.",
        "security_publishedTime": "2025-01-02T00:00:00Z",
        **more,
    }
    graph = [
        {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2025-01-01T00:00:00Z", "createdBy": ["urn:me"]},
        {"type": "Organization", "spdxId": "urn:me", "name": "Alpha"},
        {"type": "SpdxDocument", "spdxId": "urn:d", "creationInfo": "_:c", "name": "A title"},
        {"type": "software_Package", "spdxId": "urn:p", "name": "app", "software_packageUrl": "pkg:oci/app"},
        {
            "type": "software_Package",
            "spdxId": "urn:q",
            "name": "a",
            "externalIdentifier": [{"externalIdentifierType": "packageUrl", "identifier": "pkg:npm/a@1"}],
            "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": "a" * 64}],
        },
        {
            "type": "security_Vulnerability",
            "spdxId": "urn:v",
            "description": "A defect.",
            "externalIdentifier": [
                {"externalIdentifierType": "securityOther", "identifier": "GHSA-aaaa-bbbb-cccc"},
                {"externalIdentifierType": "cve", "identifier": "CVE-2025-0001"},
            ],
        },
        row,
    ]  # fmt: skip
    return json.dumps(
        {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}
    ).encode()


def test_spdx_3_relationships():
    document = read_spdx(_spdx(), "a.spdx.json")
    assert not document.problems
    assert (document.format, document.author, document.title) == ("SPDX 3.0.1", "Alpha", "A title")
    (one,) = document.statements
    assert one.names == ("CVE-2025-0001", "GHSA-aaaa-bbbb-cccc", "urn:v")
    assert one.justification is Justification.CODE_NOT_CONTROLLABLE
    assert (one.status, one.impact) == (Status.NOT_AFFECTED, "No way in.")
    assert one.timestamp == datetime(2025, 1, 2, tzinfo=UTC)
    (product,) = one.products
    assert [str(p) for p in product.part.packages] == ["pkg:oci/app"]
    assert [str(p) for p in product.subcomponents[0].packages] == ["pkg:npm/a@1"]


@pytest.mark.parametrize(
    ("change", "kept", "message"),
    [
        ({"security_withdrawnTime": "2025-02-01T00:00:00Z"}, 0, "withdrawn"),
        ({"from": "urn:nowhere", "to": []}, 1, "names no product"),
        ({"from": None}, 0, "names no vulnerability"),
        ({"security_justificationType": "because"}, 1, "unknown justification"),
        ({"type": "security_VexPerhapsVulnAssessmentRelationship"}, 0, "unknown VEX relationship"),
    ],
)
def test_spdx_3_what_is_wrong_is_named(change, kept, message):
    document = read_spdx(_spdx(**change), "a")
    assert len(document.statements) == kept
    assert any(message in one.message for one in document.problems), document.problems


def test_spdx_2_is_not_read():
    with pytest.raises(InputError):
        read_spdx(b'{"spdxVersion": "SPDX-2.3"}', "a")
