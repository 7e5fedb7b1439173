"""``pratique sbom enrich`` of SPDX 3, and of forms that are written in another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.formats.sbom.convert.leaves import missing
from pratique.formats.sbom.validation import validate
from pratique.formats.sbom.values import value_of

Run = Callable[..., tuple[int, str, str]]


def enrich(run: Run, registries: Any, name: str, *words: object) -> tuple[int, bytes, Any, str]:
    code, _, err = run(
        "sbom", "enrich", name, "-o", "out", "--report", "report.json",
        "--cache", "cache", *registries.options(), *words,
    )  # fmt: skip
    return code, Path("out").read_bytes(), json.loads(Path("report.json").read_text()), err


@pytest.fixture
def graph(pratique: Run, registries: Any, bom: dict[str, Any]) -> dict[str, Any]:
    """The document as SPDX 3, as another program writes it: nothing carried."""
    Path("in.json").write_text(json.dumps(bom))
    assert (
        pratique("sbom", "convert", "in.json", "--to", "spdx3-json", "-o", "in.spdx3.json")[0] == 0
    )
    value = json.loads(Path("in.spdx3.json").read_text())
    value["@graph"] = [one for one in value["@graph"] if one["type"] != "Annotation"]
    kept = {one.get("spdxId") for one in value["@graph"]}
    for one in value["@graph"]:
        if "element" in one:
            one["element"] = [iri for iri in one["element"] if iri in kept]
    Path("in.spdx3.json").write_text(json.dumps(value))
    return value


def by_type(value: dict[str, Any], type: str) -> list[dict[str, Any]]:
    return [one for one in value["@graph"] if one["type"] == type]


def test_packages_of_spdx_3_are_filled(
    pratique: Run, registries: Any, graph: dict[str, Any]
) -> None:
    code, data, report, err = enrich(pratique, registries, "in.spdx3.json")
    assert code == 3, err  # the Go proxy states no licence
    assert validate(data).faults == ()
    out = json.loads(data)
    assert missing(graph, out) == {}
    assert report["lost"] == []
    packages = {one["name"]: one for one in by_type(out, "software_Package")}
    tarry, mast = packages["tarry"], packages["mast"]
    names = {one["spdxId"]: one for one in out["@graph"] if "spdxId" in one}
    assert tarry["software_homePage"] == "https://tarry.example.test"
    assert [one["hashValue"] for one in tarry["verifiedUsing"]] == ["0" * 128]
    assert names[tarry["suppliedBy"]]["name"] == "Ada Example"
    assert names[mast["suppliedBy"]]["type"] == "Organization"
    licences = {
        names[one["from"]]["name"]: names[one["to"][0]]["simplelicensing_licenseExpression"]
        for one in by_type(out, "Relationship")
        if one["relationshipType"] == "hasDeclaredLicense"
    }
    assert licences["tarry"] == "MIT"
    assert licences["caulk"] == "MIT OR Apache-2.0"
    assert "rope" not in licences
    (vcs,) = [one for one in tarry["externalRef"] if one["externalRefType"] == "vcs"]
    assert vcs["locator"] == ["https://github.com/example/tarry"]
    statements = {one["statement"] for one in by_type(out, "Annotation")}
    assert "deprecated: use oakum" in statements
    (bom,) = by_type(out, "software_Sbom")
    assert set(bom["element"]) >= {one["spdxId"] for one in by_type(out, "Annotation")}
    # a second time there is nothing left to fill
    Path("again.spdx3.json").write_bytes(data)
    _, second, report, _ = enrich(pratique, registries, "again.spdx3.json")
    assert json.loads(second) == out
    assert report["filled"] == []


def test_a_licence_of_spdx_3_that_differs_is_told_or_overwritten(
    pratique: Run, registries: Any, graph: dict[str, Any]
) -> None:
    (tarry,) = [one for one in by_type(graph, "software_Package") if one["name"] == "tarry"]
    info = tarry["creationInfo"]
    graph["@graph"] += [
        {
            "type": "simplelicensing_LicenseExpression",
            "spdxId": "https://example.test/l",
            "creationInfo": info,
            "simplelicensing_licenseExpression": "GPL-3.0-only",
        },
        {
            "type": "Relationship",
            "spdxId": "https://example.test/r",
            "creationInfo": info,
            "from": tarry["spdxId"],
            "relationshipType": "hasDeclaredLicense",
            "to": ["https://example.test/l"],
        },
    ]
    Path("in.spdx3.json").write_text(json.dumps(graph))
    _, _, report, _ = enrich(pratique, registries, "in.spdx3.json", "--field", "license")
    (conflict,) = report["conflicts"]
    assert (conflict["stated"], conflict["registry"]) == ("GPL-3.0-only", "MIT")
    _, data, report, _ = enrich(
        pratique, registries, "in.spdx3.json", "--field", "license", "--overwrite"
    )
    told = next(one for one in report["filled"] if one["before"])
    assert told["before"] == ["https://example.test/l"]
    assert report["lost"] == []
    out = json.loads(data)
    relation = next(one for one in out["@graph"] if one.get("spdxId") == "https://example.test/r")
    target = next(one for one in out["@graph"] if one.get("spdxId") == relation["to"][0])
    assert target["simplelicensing_licenseExpression"] == "MIT"


YAML = """\
spdxVersion: SPDX-2.3
SPDXID: SPDXRef-DOCUMENT
name: a
dataLicense: CC0-1.0
documentNamespace: https://example.test/a
creationInfo:
  created: "2025-01-02T03:04:05Z"
  creators: ["Tool: x"]
packages:
  - SPDXID: SPDXRef-tarry
    name: tarry
    downloadLocation: NOASSERTION
    externalRefs:
      - referenceCategory: PACKAGE-MANAGER
        referenceType: purl
        referenceLocator: pkg:npm/tarry@1.2.0
"""


def test_yaml_is_written_as_json_and_that_is_said(pratique: Run, registries: Any) -> None:
    Path("in.spdx.yaml").write_text(YAML)
    code, data, report, err = enrich(pratique, registries, "in.spdx.yaml")
    assert code in {0, 3}, err
    bill = value_of(data)
    assert bill.form == "spdx-json"
    assert bill.value["packages"][0]["licenseDeclared"] == "MIT"
    assert report["lost"] == []
    assert report["notes"] == ["it is written as spdx-json: spdx-yaml is not written here"]
    assert "note: it is written as spdx-json" in err


def test_redaction_of_yaml_is_written_as_json(pratique: Run) -> None:
    Path("in.spdx.yaml").write_text(YAML)
    code, out, err = pratique("sbom", "redact", "in.spdx.yaml", "--remove", "component=pkg:npm/*")
    assert code == 0, err
    assert "tarry" not in out
    assert json.loads(out)["spdxVersion"] == "SPDX-2.3"
    assert "note: it is written as spdx-json" in err


def test_spdx_3_is_redacted_by_way_of_spdx_2(
    pratique: Run, registries: Any, graph: dict[str, Any]
) -> None:
    del registries
    for one in by_type(graph, "software_Package"):
        if one["name"] == "oakum":
            one["software_sourceInfo"] = "/home/ada/oakum"
            one["comment"] = "built by oakum"
            one["x-own"] = "kept by nobody"
    Path("in.spdx3.json").write_text(json.dumps(graph))
    code, out, err = pratique(
        "sbom", "redact", "in.spdx3.json", "--remove", "component=pkg:npm/*", "--remove", "paths",
        "--report", "removed.json",
    )  # fmt: skip
    assert code == 0, err
    assert "by way of SPDX 2.3" in err
    assert validate(out.encode()).faults == ()
    names = {one["name"] for one in by_type(json.loads(out), "software_Package")}
    assert "tarry" not in names
    assert "oakum" in names
    assert "tarry" not in out
    assert "/home/ada" not in out
    assert "kept by nobody" not in out
    report = json.loads(Path("removed.json").read_text())
    assert report["form"] == "spdx3-json"
    assert [one["value"] for one in report["removals"] if one["path"].endswith(".x-own")] == [
        "kept by nobody"
    ]
