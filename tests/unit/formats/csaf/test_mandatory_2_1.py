"""Mandatory tests that only CSAF 2.1 has: a document that passes, and one change that fails."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from pratique.formats.csaf.mandatory.languages import fault
from pratique.formats.csaf.mandatory.license_grammar import identifiers
from pratique.formats.csaf.mandatory.run import mandatory_tests, validate_value

DATE = "2025-01-01T00:00:00Z"
LATER = "2025-02-01T00:00:00Z"
VECTOR = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"

BASE: dict[str, Any] = {
    "$schema": "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json",
    "document": {
        "category": "csaf_vex",
        "csaf_version": "2.1",
        "distribution": {"tlp": {"label": "CLEAR"}},
        "license_expression": "MIT",
        "publisher": {"category": "vendor", "name": "A", "namespace": "https://example.test"},
        "title": "T",
        "tracking": {
            "current_release_date": DATE,
            "id": "A-1",
            "initial_release_date": DATE,
            "revision_history": [{"date": DATE, "number": "1", "summary": "First."}],
            "status": "final",
            "version": "1",
        },
    },
    "product_tree": {
        "branches": [
            {
                "category": "vendor",
                "name": "V",
                "branches": [
                    {
                        "category": "product_version_range",
                        "name": "vers:pypi/>=1.0|<2.0",
                        "product": {
                            "name": "A",
                            "product_id": "A",
                            "product_identification_helper": {"purls": ["pkg:pypi/alpha"]},
                        },
                    },
                    {
                        "category": "product_version",
                        "name": "2.0",
                        "product": {"name": "B", "product_id": "B"},
                    },
                ],
            }
        ]
    },
    "vulnerabilities": [
        {
            "cve": "CVE-2025-0001",
            "notes": [{"category": "description", "text": "D"}],
            "product_status": {"known_affected": ["A"], "fixed": ["B"]},
            "remediations": [{"category": "vendor_fix", "details": "R", "product_ids": ["A"]}],
            "metrics": [
                {
                    "products": ["A"],
                    "content": {
                        "cvss_v4": {
                            "version": "4.0",
                            "vectorString": VECTOR,
                            "baseScore": 9.3,
                            "baseSeverity": "CRITICAL",
                        }
                    },
                }
            ],
        }
    ],
}


def _branch(value: dict[str, Any]) -> dict[str, Any]:
    return value["product_tree"]["branches"][0]["branches"][0]


def _helper(value: dict[str, Any], **more: Any) -> None:
    _branch(value)["product"]["product_identification_helper"] |= more


def _first(value: dict[str, Any], **more: Any) -> None:
    value["vulnerabilities"][0] |= more


def _head(value: dict[str, Any], **more: Any) -> None:
    value["document"] |= more


def _content(value: dict[str, Any], **more: Any) -> None:
    value["vulnerabilities"][0]["metrics"][0]["content"] |= more


def _group(value: dict[str, Any], label: str = "RED", **group: Any) -> None:
    _head(value, distribution={"tlp": {"label": label}, "sharing_group": group})


def _remedies(value: dict[str, Any], *categories: str) -> None:
    rows = [{"category": one, "details": "R", "product_ids": ["A"]} for one in categories]
    _first(value, remediations=rows)


def _deep(value: dict[str, Any]) -> None:
    branch = {"category": "product_name", "name": "N", "product": {"name": "D", "product_id": "D"}}
    for _ in range(30):
        branch = {"category": "product_family", "name": "N", "branches": [branch]}
    value["product_tree"]["branches"].append(branch)


def _ssvc(**more: Any) -> dict[str, Any]:
    selection = {"key": "A", "namespace": "ssvc", "values": [{"key": "N"}], "version": "1.0.0"}
    whole = {"schemaVersion": "2.0.0", "selections": [selection], "timestamp": DATE, **more}
    return {"ssvc_v2": whole}


def _point(key: str, version: str, *values: str, namespace: str = "ssvc") -> dict[str, Any]:
    rows = [{"key": value} for value in values]
    return {"key": key, "namespace": namespace, "values": rows, "version": version}


MAX, NIL, OWN = "f" * 8 + "-ffff" * 3 + "-" + "f" * 12, "", "5868d6be-b28a-404e-a245-0b5093b31b8b"
EXTENSION = {"$schema": "https://example.test/x", "category": "essential", "content": {"a": 1}}
EXPLOITED = "first_known_exploitation_dates"
CASES: list[tuple[str, Callable[[dict[str, Any]], None]]] = [
    ("6.1.8", lambda v: _content(v, cvss_v4={"version": "4.0", "vectorString": VECTOR})),
    ("6.1.9", lambda v: v["vulnerabilities"][0]["metrics"][0]["content"]["cvss_v4"].update(baseScore=9.9)),
    ("6.1.10", lambda v: v["vulnerabilities"][0]["metrics"][0]["content"]["cvss_v4"].update(attackVector="LOCAL")),
    ("6.1.11", lambda v: _first(v, cwes=[{"id": "CWE-79", "name": "Out-of-bounds Read", "version": "4.13"}])),
    ("6.1.13", lambda v: _helper(v, purls=["pkg:oci/space/alpha"])),
    ("6.1.27.14", lambda v: _head(v, category="csaf_withdrawn")),
    ("6.1.27.15", lambda v: _head(v, category="csaf_superseded")),
    ("6.1.27.16", lambda v: _head(v, category="csaf_withdrawn")),
    ("6.1.27.17", lambda v: _head(v, category="csaf_withdrawn")),
    ("6.1.27.18", lambda v: _head(v, category="csaf_superseded")),
    ("6.1.27.19", lambda v: _head(v, category="csaf_superseded")),
    ("6.1.27.12", lambda v: (_head(v, category="csaf_security_advisory"), _first(v, product_status={"fixed": ["B"]}))),
    ("6.1.27.13", lambda v: (_head(v, category="csaf_security_advisory"), _branch(v).update(category="product_name"))),
    ("6.1.34", _deep),
    ("6.1.35", lambda v: _remedies(v, "vendor_fix", "no_fix_planned")),
    ("6.1.36", lambda v: _remedies(v, "optional_patch")),
    ("6.1.37", lambda v: v["document"]["tracking"].update(current_release_date="2025-01-01t00:00:00Z")),
    ("6.1.38", lambda v: _group(v, id=MAX, name="Public")),
    ("6.1.39", lambda v: _group(v, "CLEAR", id=OWN)),
    ("6.1.40", lambda v: _group(v, id=OWN, name="Public")),
    ("6.1.41", lambda v: _group(v, "CLEAR", id=MAX)),
    ("6.1.42", lambda v: _helper(v, purls=["pkg:pypi/alpha", "pkg:pypi/beta"])),
    ("6.1.43", lambda v: _helper(v, model_numbers=["A*B*"])),
    ("6.1.44", lambda v: _helper(v, serial_numbers=["A*B*"])),
    ("6.1.45", lambda v: _first(v, disclosure_date=LATER)),
    ("6.1.46", lambda v: _content(v, ssvc_v2={"schemaVersion": "2.0.0", "timestamp": DATE})),
    ("6.1.47", lambda v: _content(v, **_ssvc(target_ids=["CVE-2025-0002"]))),
    ("6.1.48", lambda v: _content(v, **_ssvc(selections=[_point("A", "2.0.0", "Y", "N")]))),
    ("6.1.49", lambda v: _content(v, **_ssvc(timestamp=LATER))),
    ("6.1.50", lambda v: _branch(v).update(name="all versions < 2")),
    ("6.1.51", lambda v: _content(v, epss={"percentile": "0.5", "probability": "0.5", "timestamp": LATER})),
    ("6.1.52", lambda v: _first(v, **{EXPLOITED: [{"date": LATER, "exploitation_date": DATE, "product_ids": ["A"]}]})),
    ("6.1.53", lambda v: _first(v, **{EXPLOITED: [{"date": DATE, "exploitation_date": LATER, "product_ids": ["A"]}]})),
    ("6.1.54", lambda v: _head(v, license_expression="You may use it.")),
    ("6.1.55", lambda v: _head(v, license_expression="LicenseRef-own")),
    ("6.1.56", lambda v: _content(v, qualitative_severity_rating="high")),
    ("6.1.57", lambda v: _branch(v).update(category="vendor", name="W")),
    ("6.1.58", lambda v: v["product_tree"]["branches"][0].update(category="product_version")),
    ("6.1.59", lambda v: _branch(v).update(name="vers:pypi/1.0")),
    ("6.1.60.1", lambda v: v.update(x_extensions=[EXTENSION])),
    ("6.1.61", lambda v: _helper(v, skus=["A*B*"])),
]  # fmt: skip


def test_the_document_passes():
    result = validate_value(BASE)
    assert result.valid, result.failures
    assert {number for number, _ in result.absent} == {
        "6.1.11",
        "6.1.27.13",
        "6.1.48",
        "6.1.55",
    }


@pytest.mark.parametrize(("number", "change"), CASES, ids=[number for number, _ in CASES])
def test_one_change_fails(number, change):
    value = copy.deepcopy(BASE)
    change(value)
    failures = [one for one in validate_value(value).failures if one.test == number]
    assert failures
    assert all(one.path.startswith("/") and one.message for one in failures)


@pytest.mark.parametrize(
    ("point", "said"),
    [
        (_point("A", "2.0.0", "N", "Y"), ""),
        (_point("SI", "2.0.0", "M", "C"), ""),
        (_point("SI", "2.0.0", "C", "M"), "not in the order"),
        (_point("SI", "2.0.0", "M", "M"), "not in the order"),
        (_point("SI", "2.0.0", "M", "Q"), "no value 'Q'"),
        (_point("SI", "1.9.7", "M"), "no decision point"),
        (
            _point("SI", "2.0.0", "C", "M", namespace="ssvc//.example.test$en-GB"),
            "not in the order",
        ),
        (_point("E", "2.0.0", "U", "P", namespace="cvss"), ""),
        (_point("P_5X", "1.0.0", "VL", namespace="nist#800-30"), ""),
        (_point("OWN", "1.0.0", "A", namespace="x_example.test#own"), ""),
        (_point("OWN", "1.0.0", "A", namespace="test"), ""),
        (_point("OWN", "1.0.0", "A", namespace="invalid"), "no registered namespace"),
        (_point("OWN", "1.0.0", "A", namespace="x_invalid"), "no registered namespace"),
    ],
)
def test_decision_points_are_held_against_the_register(point, said):
    value = copy.deepcopy(BASE)
    _content(value, **_ssvc(selections=[point]))
    messages = [one.message for one in validate_value(value).failures if one.test == "6.1.48"]
    assert len(messages) == bool(said)
    assert all(said in message for message in messages)


def test_extensions_are_named_with_their_class():
    value = copy.deepcopy(BASE)
    value["x_extensions"] = [{**EXTENSION, "critical": True}]
    result = validate_value(value)
    said = "the critical essential extension https://example.test/x is not supported"
    assert result.valid, result.failures
    assert ("6.1.60.2", f"schema of an extension: {said}") in result.absent
    assert ("6.1.60.3", f"metadata of an extension: {said}") in result.absent


def test_every_test_of_2_1_alone_has_a_case():
    old = {one.number for one in mandatory_tests("2.0")}
    new = {one.number for one in mandatory_tests("2.1")} - old
    assert new <= {number for number, _ in CASES}


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/document/title", lambda v: v["document"].pop("title")),
        ("/document/tracking/status", lambda v: v["document"]["tracking"].update(status="new")),
        ("/document/colour", lambda v: _head(v, colour="red")),
        ("/vulnerabilities/0/cve", lambda v: _first(v, cve="CVE-1")),
        ("/vulnerabilities/0/remediations", lambda v: _first(v, remediations=[])),
        ("/vulnerabilities/0/product_status/fixed", lambda v: _first(v, product_status={"fixed": ["B", "B"]})),
        ("/vulnerabilities", lambda v: v.update(vulnerabilities={})),
        ("/$schema", lambda v: v.pop("$schema")),
    ],
)  # fmt: skip
def test_the_structure_is_checked(path, change):
    value = copy.deepcopy(BASE)
    change(value)
    found = [one for one in validate_value(value).failures if one.test == "schema"]
    assert path in [one.path for one in found]


@pytest.mark.parametrize(
    ("tag", "good"),
    [
        ("en", True), ("de-CH-1996", True), ("zh-Hant-TW", True), ("x-own", True), ("i-default", True),
        ("gsw", True), ("EZ", False), ("qq", False), ("en-ZQ", False), ("qab", False), ("e", False),
        ("english", False), ("", False),
    ],
)  # fmt: skip
def test_languages(tag, good):
    assert (fault(tag) == "") is good


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MIT", ["MIT"]),
        ("(MIT OR GPL-2.0+) AND Apache-2.0 WITH LLVM-exception", ["MIT", "GPL-2.0+", "Apache-2.0", "LLVM-exception"]),
        ("LicenseRef-a", ["LicenseRef-a"]),
        ("licenseref-a", None), ("DocumentRef-a:LicenseRef-b", None), ("MIT OR", None), ("(MIT", None),
        ("MIT Apache-2.0", None), ("MIT And X", None), ("", None), ("MIT)", None), ("()", None),
    ],
)  # fmt: skip
def test_license_expressions(text, found):
    assert identifiers(text) == found
