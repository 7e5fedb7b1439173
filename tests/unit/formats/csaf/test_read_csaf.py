from __future__ import annotations

import json
from typing import Any

import pytest

from pratique.formats.csaf.read import read
from pratique.formats.csaf.write import write
from pratique.formats.openvex.read import read as read_openvex
from pratique.model.errors import InputError, LimitError, UnsupportedError
from pratique.model.vex import Justification, Status, VexDocument


def _product(id: str, purl: str = "") -> dict[str, Any]:
    row: dict[str, Any] = {"product_id": id, "name": f"Product {id}"}
    if purl:
        row["product_identification_helper"] = {"purl": purl}
    return row


def _document(
    tree: dict[str, Any], *vulnerabilities: dict[str, Any], version: str = "2.0"
) -> bytes:
    return json.dumps(
        {
            "document": {
                "category": "csaf_vex",
                "csaf_version": version,
                "publisher": {"category": "vendor", "name": "Alpha", "namespace": "https://example.test"},
                "title": "A title",
                "tracking": {"current_release_date": "2025-01-01T00:00:00Z", "id": "A-1", "version": "2"},
            },
            "product_tree": tree,
            "vulnerabilities": list(vulnerabilities),
        }
    ).encode()  # fmt: skip


def _read(
    tree: dict[str, Any], *vulnerabilities: dict[str, Any], version: str = "2.0"
) -> VexDocument:
    return read(_document(tree, *vulnerabilities, version=version), "a.csaf.json")


TREE = {
    "full_product_names": [_product("A", "pkg:pypi/alpha@1"), _product("B", "pkg:pypi/beta@1")],
    "product_groups": [{"group_id": "G", "product_ids": ["A", "B"]}],
}


def test_statuses_flags_threats_and_remediations_of_groups():
    document = _read(
        TREE,
        {
            "cve": "CVE-2025-0001",
            "ids": [{"system_name": "s", "text": "GHSA-aaaa-bbbb-cccc"}],
            "notes": [{"category": "description", "text": "A defect."}],
            "product_status": {"known_not_affected": ["A", "B"]},
            "flags": [{"label": "component_not_present", "group_ids": ["G"]}],
            "threats": [{"category": "impact", "details": "Not there.", "product_ids": ["A"]}],
        },
        {
            "cve": "CVE-2025-0002",
            "product_status": {
                "known_affected": ["A"],
                "fixed": ["B"],
                "recommended": ["B"],
                "under_investigation": [],
            },
            "remediations": [{"category": "vendor_fix", "details": "Upgrade.", "group_ids": ["G"]}],
        },
    )
    assert not document.problems
    alpha, beta, affected, fixed = document.statements
    assert alpha.names == ("CVE-2025-0001", "GHSA-aaaa-bbbb-cccc")
    assert (alpha.justification, alpha.impact) == (
        Justification.COMPONENT_NOT_PRESENT,
        "Not there.",
    )
    assert (beta.justification, beta.impact) == (Justification.COMPONENT_NOT_PRESENT, "")
    assert alpha.description == "A defect."
    assert (affected.status, affected.action) == (Status.AFFECTED, "Upgrade.")
    assert fixed.status is Status.FIXED
    assert fixed.products[0].part.id == "pkg:pypi/beta@1"
    assert fixed.author == "Alpha"
    assert fixed.document == "A-1"


def test_2_1__several_purls_ids_and_the_status_unknown():
    tree = {
        "full_product_names": [
            {
                "product_id": "A",
                "name": "Alpha",
                "product_identification_helper": {
                    "purls": ["pkg:pypi/alpha@1?x=1", "pkg:pypi/alpha@1?x=2"],
                    "cpe": "cpe:2.3:a:x:alpha:1:*:*:*:*:*:*:*",
                    "hashes": [
                        {
                            "filename": "f",
                            "file_hashes": [{"algorithm": "sha256", "value": "a" * 64}],
                        }
                    ],
                },
            }
        ]
    }
    row = {"cve": "CVE-2025-0001", "product_status": {"fixed": ["A"], "unknown": ["A"]}}
    document = _read(tree, row, version="2.1")
    (one,) = document.statements
    part = one.products[0].part
    assert [str(p) for p in part.packages] == ["pkg:pypi/alpha@1?x=1", "pkg:pypi/alpha@1?x=2"]
    assert part.cpes == ("cpe:2.3:a:x:alpha:1:*:*:*:*:*:*:*",)
    assert str(part.hashes[0]) == "sha256:" + "a" * 64
    assert "knows no status" in document.problems[0].message


def _joined(**more: Any) -> dict[str, Any]:
    names = [_product(id, f"pkg:pypi/{id.lower()}") for id in "ABC"]
    return {"full_product_names": names, **more}


def _relation(id: str, inner: str, outer: str) -> dict[str, Any]:
    return {
        "category": "default_component_of",
        "product_reference": inner,
        "relates_to_product_reference": outer,
        "full_product_name": _product(id),
    }


def test_a_relationship_is_a_component_in_a_product():
    tree = _joined(relationships=[_relation("AB", "A", "B"), _relation("ABC", "AB", "C")])
    row = {"cve": "CVE-2025-0001", "product_status": {"fixed": ["AB", "ABC"]}}
    two, three = _read(tree, row).statements[0].products
    assert (two.part.id, [s.id for s in two.subcomponents]) == ("pkg:pypi/b", ["pkg:pypi/a"])
    assert three.part.id == "pkg:pypi/b"
    assert [one.id for one in three.within] == ["pkg:pypi/c"]


def test_2_1__a_product_path_is_the_same():
    path = {
        "beginning_product_reference": "A",
        "full_product_name": _product("ABC"),
        "subpaths": [
            {"category": "default_component_of", "next_product_reference": "B"},
            {"category": "installed_on", "next_product_reference": "C"},
        ],
    }
    row = {"cve": "CVE-2025-0001", "product_status": {"fixed": ["ABC"]}}
    (found,) = _read(_joined(product_paths=[path]), row, version="2.1").statements[0].products
    assert [s.id for s in found.subcomponents] == ["pkg:pypi/a"]
    assert found.part.id == "pkg:pypi/b"
    assert [one.id for one in found.within] == ["pkg:pypi/c"]


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (_joined(relationships=[_relation("X", "X", "A")]), "a part of itself"),
        (_joined(relationships=[_relation("X", "Y", "A"), _relation("Y", "X", "A")]), "part of itself"),
        (_joined(relationships=[_relation("X", "nowhere", "A")]), "not defined"),
        (_joined(relationships=[{"category": "installed_on"}]), "what is in what"),
        (_joined(branches=[{"category": "vendor", "name": "v", "product": _product("A")}]), "again"),
        (_joined(branches=[{"product": {"name": "no id"}}]), "no product_id"),
        ({"full_product_names": [_product("A", "pkg:pypi/a"), 3]}, "where an object was expected"),
        ({"full_product_names": [_product("A", "pkg:pypi/a"), _product("B", "pkg:pypi")]}, "no name"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_tree_is_named_and_the_rest_kept(tree, message):
    row = {"cve": "CVE-2025-0001", "product_status": {"fixed": ["A"]}}
    document = _read(tree, row)
    assert any(message in one.message for one in document.problems), document.problems
    assert document.statements[0].products[0].part.id == "pkg:pypi/a"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"product_status": {"fixed": ["A"]}}, "neither a CVE nor another id"),
        ({"cve": "CVE-1", "product_status": {"fixed": ["X"]}}, "'X' is not defined"),
        ({"cve": "CVE-1", "product_status": {"mended": ["A"]}}, "unknown status 'mended'"),
        ({"cve": "CVE-1", "product_status": {"fixed": ["A"], "known_affected": ["A"]}}, "both"),
        ({"cve": "CVE-1", "product_status": {"known_not_affected": ["A"]}}, "without a flag"),
        (
            {
                "cve": "CVE-1",
                "product_status": {"known_not_affected": ["A"]},
                "flags": [{"label": "because", "product_ids": ["A"]}],
            },
            "no justification known",
        ),
    ],
)
def test_what_is_wrong_in_a_vulnerability_is_named_and_the_rest_kept(row, message):
    good = {"cve": "CVE-2025-0009", "product_status": {"fixed": ["B"]}}
    document = _read(TREE, row, good)
    assert any(message in one.message for one in document.problems), document.problems
    assert document.statements[-1].vulnerability == "CVE-2025-0009"


def test_a_range_of_versions_is_kept_with_its_package():
    branch = {
        "category": "product_version_range",
        "name": "vers:pypi/<2",
        "product": _product("A", "pkg:pypi/a"),
    }
    row = {"cve": "CVE-1", "product_status": {"fixed": ["A"]}}
    (product,) = _read({"branches": [branch]}, row).statements[0].products
    assert product.part.ranges == ("vers:pypi/<2",)


def test_branches_too_deep_are_refused():
    branch: dict[str, Any] = {"category": "vendor", "name": "v"}
    for _ in range(80):
        branch = {"category": "vendor", "name": "v", "branches": [branch]}
    with pytest.raises(LimitError, match="nested"):
        _read({"branches": [branch]})


def test_other_versions_are_refused():
    with pytest.raises(UnsupportedError, match=r"2\.0 and 2\.1"):
        read(_document(TREE, version="3.0"), "a")
    with pytest.raises(InputError):
        read(b"{}", "a")


def test_writing_and_reading_gives_the_same_statements():
    value = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.test/vex/1",
        "author": "Alpha",
        "timestamp": "2025-01-01T00:00:00Z",
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "GHSA-aaaa-bbbb-cccc", "aliases": ["CVE-2025-0001"]},
                "products": [
                    {
                        "@id": "pkg:oci/app",
                        "subcomponents": [{"@id": "pkg:npm/a"}, {"@id": "pkg:npm/b"}],
                    }
                ],
                "status": "not_affected",
                "justification": "component_not_present",
                "timestamp": "2024-01-01T00:00:00Z",
            },
            {
                "vulnerability": {"name": "GHSA-aaaa-bbbb-cccc", "aliases": ["CVE-2025-0001"]},
                "products": [{"@id": "pkg:oci/app", "subcomponents": [{"@id": "pkg:npm/a"}]}],
                "status": "affected",
                "action_statement": "Upgrade.",
            },
        ],
    }
    document = read_openvex(json.dumps(value).encode(), "a")
    data, lost = write(document)
    assert any("not_affected of pkg:oci/app, said earlier" in line for line in lost)
    again = {
        (one.status.value, product.part.id, sub.id): one
        for one in read(data, "b").statements
        for product in one.products
        for sub in product.subcomponents
    }
    assert set(again) == {
        ("affected", "pkg:oci/app", "pkg:npm/a"),
        ("not_affected", "pkg:oci/app", "pkg:npm/b"),
    }
    for one in again.values():
        assert set(one.names) == {"CVE-2025-0001", "GHSA-aaaa-bbbb-cccc"}
    assert again["affected", "pkg:oci/app", "pkg:npm/a"].action == "Upgrade."
