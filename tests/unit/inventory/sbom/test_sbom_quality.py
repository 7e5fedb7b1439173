"""Quality: what is missing, where, and what to do."""

from __future__ import annotations

import json

import pytest

from pratique.inventory.quality import CATEGORIES, PROFILES, judge
from pratique.inventory.quality.elements import ELEMENTS
from pratique.model.errors import InputError

BOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
    "version": 1,
    "metadata": {
        "timestamp": "2024-05-06T07:08:09Z",
        "lifecycles": [{"phase": "build"}],
        "tools": {"components": [{"type": "application", "name": "maker"}]},
        "manufacturer": {"name": "Harbour", "contact": [{"email": "a@example.test"}]},
        "component": {"type": "application", "bom-ref": "app", "name": "harbour", "version": "3"},
    },
    "components": [
        {
            "type": "library",
            "bom-ref": "alpha",
            "name": "alpha",
            "version": "1.0",
            "supplier": {"name": "Harbour"},
            "purl": "pkg:npm/alpha@1.0",
            "hashes": [{"alg": "MD5", "content": "ab" * 16}],
            "licenses": [{"license": {"id": "GPL-2.0"}}],
        }
    ],
    "dependencies": [{"ref": "app", "dependsOn": ["alpha"]}],
}


def missing(value, profile):
    quality = judge(json.dumps(value).encode(), [profile])
    return {
        one.element: [shortfall.component for shortfall in one.shortfalls]
        for one in quality.profiles[0].elements
        if one.shortfalls
    }


def test_each_shortfall_names_its_component():
    assert missing(BOM, "ntia") == {"supplier": ["harbour 3"], "unique-id": ["harbour 3"]}
    assert missing(BOM, "cisa") == {
        "producer": ["harbour 3"],
        "unique-id": ["harbour 3"],
        "hash": ["harbour 3"],
        "license": ["harbour 3"],
    }
    lacks = missing(BOM, "bsi")
    assert lacks["deployable-hash"] == ["harbour 3", "alpha 1.0"]
    assert lacks["dependencies-stated"] == ["alpha 1.0"]
    assert lacks["completeness"] == [""]
    assert "author-contact" not in lacks


def test_shortfalls_have_a_place_and_a_remedy():
    quality = judge(json.dumps(BOM).encode(), ["ntia"])
    supplier = next(one for one in quality.profiles[0].elements if one.element == "supplier")
    assert supplier.shortfalls[0].path == "metadata.component"
    assert (supplier.passed, supplier.total) == (1, 2)
    assert "supplier.name" in supplier.remedy
    assert not quality.profiles[0].complies


@pytest.mark.parametrize(
    ("remove", "element"),
    [
        ("timestamp", "timestamp"),
        ("tools", "tool"),
        ("manufacturer", "author"),
        ("lifecycles", "context"),
    ],
)
def test_elements_of_the_document(remove, element):
    metadata = {key: value for key, value in BOM["metadata"].items() if key != remove}
    assert element in missing(BOM | {"metadata": metadata}, "cisa")
    assert element not in missing(BOM, "cisa")


def test_a_wrong_time_and_dangling_dependencies_do_not_count():
    wrong = BOM | {"metadata": BOM["metadata"] | {"timestamp": "yesterday"}}
    assert "timestamp" in missing(wrong, "ntia")
    dangling = BOM | {"dependencies": [{"ref": "app", "dependsOn": ["nothing"]}]}
    assert "dependencies" in missing(dangling, "ntia")
    assert "dependencies" in missing(BOM | {"dependencies": []}, "ntia")


def test_vulnerabilities_must_not_appear__bsi_tr_03183_2_section_8_1_14():
    assert "no-vulnerabilities" in missing(BOM | {"vulnerabilities": [{"id": "X-1"}]}, "bsi")
    assert "version-current" in missing(BOM | {"specVersion": "1.5"}, "bsi")


def test_the_score_rises_with_what_is_there():
    quality = judge(json.dumps(BOM).encode())
    points = {one.category: one.points for one in quality.categories}
    assert [one.category for one in quality.categories] == [one.id for one in CATEGORIES]
    assert [one.weight for one in quality.categories] == [10, 12, 15, 12, 15, 10, 8]
    assert points["structural"] == 10
    assert points["identification"] == 8.75
    assert points["integrity"] == 3
    better = json.loads(json.dumps(BOM))
    better["components"][0]["hashes"][0] = {"alg": "SHA-256", "content": "ab" * 32}
    better["components"][0]["licenses"] = [{"license": {"id": "MIT"}}]
    assert judge(json.dumps(better).encode()).score > quality.score


def test_every_demand_is_an_element_with_a_remedy():
    for profile in PROFILES.values():
        for demand in profile.demands:
            assert ELEMENTS[demand.element].remedy
    for category in CATEGORIES:
        assert all(id in ELEMENTS or id == "schema" for id, _ in category.elements)
        assert sum(weight for _, weight in category.elements) == 100
    for element in ELEMENTS.values():
        assert (element.of_part is None) != (element.of_sheet is None)


def test_empty_and_odd_documents_are_judged_or_refused():
    empty = judge(b'{"bomFormat": "CycloneDX", "specVersion": "1.6"}')
    assert empty.components == 0
    assert not any(one.complies for one in empty.profiles)
    odd = {"bomFormat": "CycloneDX", "specVersion": 1, "metadata": [], "components": [None, {}, 3]}
    assert judge(json.dumps(odd).encode()).components == 1
    odd = {"spdxVersion": "SPDX-2.3", "packages": [None, {"externalRefs": {}}], "creationInfo": 1}
    assert judge(json.dumps(odd).encode()).components == 1
    with pytest.raises(InputError):
        judge(b"hello")
