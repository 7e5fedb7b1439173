"""What is particular to SPDX 3 in JSON-LD."""

from __future__ import annotations

import json

import pytest

from pratique.formats.registry import detect
from pratique.formats.sbom.spdx3.read import read_json_ld
from pratique.model.errors import InputError
from pratique.model.inventory import Scope, Trouble

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
MADE = {"type": "CreationInfo", "@id": "_:made", "specVersion": "3.0.1"}


def package(name, **more):
    return {"type": "software_Package", "spdxId": f"urn:x:{name}", "name": name, **more}


def relation(first, kind, *second, **more):
    return {
        "type": "Relationship",
        "from": f"urn:x:{first}",
        "relationshipType": kind,
        "to": [f"urn:x:{one}" if one[0].islower() else one for one in second],
        **more,
    }


def read(*elements, context=CONTEXT):
    document = {"@context": context, "@graph": [MADE, *elements]}
    return read_json_ld(json.dumps(document, indent=1).encode(), "a.json", None)


def messages(reading, trouble=Trouble.UNREADABLE):
    return [p.message for p in reading.problems if p.trouble is trouble]


@pytest.mark.parametrize(
    ("kind", "more", "edge", "scope"),
    [
        ("dependsOn", {}, ("a", "b"), Scope.UNKNOWN),
        ("contains", {}, ("a", "b"), Scope.UNKNOWN),
        ("hasStaticLink", {}, ("a", "b"), Scope.RUNTIME),
        ("hasDynamicLink", {"scope": "build"}, ("a", "b"), Scope.RUNTIME),
        ("hasPrerequisite", {}, ("a", "b"), Scope.UNKNOWN),
        ("hasOptionalDependency", {}, ("a", "b"), Scope.OPTIONAL),
        ("hasOptionalComponent", {}, ("a", "b"), Scope.OPTIONAL),
        ("hasProvidedDependency", {}, ("a", "b"), Scope.RUNTIME),
        ("dependsOn", {"scope": "build"}, ("a", "b"), Scope.BUILD),
        ("dependsOn", {"scope": "development"}, ("a", "b"), Scope.DEVELOPMENT),
        ("dependsOn", {"scope": "runtime"}, ("a", "b"), Scope.RUNTIME),
        ("dependsOn", {"scope": "test"}, ("a", "b"), Scope.TEST),
        ("dependsOn", {"scope": "design"}, ("a", "b"), Scope.UNKNOWN),
        ("usesTool", {"scope": "build"}, ("a", "b"), Scope.BUILD),
    ],
)
def test_relationships_that_mean_dependency(kind, more, edge, scope):
    """SPDX 3.0.1, Core/RelationshipType and Core/LifecycleScopeType."""
    reading = read(package("a"), package("b"), relation("a", kind, "b", **more))
    assert reading.edges == {f"urn:x:{edge[0]}": (f"urn:x:{edge[1]}",)}
    assert reading.components[1].scope is scope
    assert not messages(reading)


@pytest.mark.parametrize(
    "kind", ["generates", "hasDocumentation", "usesTool", "other", "patchedBy"]
)
def test_relationships_that_do_not(kind):
    reading = read(package("a"), package("b"), relation("a", kind, "b"))
    assert reading.edges == {}
    assert not messages(reading, Trouble.NOTICE)


def test_unknown_relationships_are_said():
    reading = read(package("a"), package("b"), relation("a", "haunts", "b"))
    assert messages(reading, Trouble.NOTICE) == [
        "relationship type 'haunts' is not known; it is left out"
    ]


@pytest.mark.parametrize(
    "nothing", ["NoneElement", "https://spdx.org/rdf/3.0.1/terms/Core/NoneElement"]
)
@pytest.mark.parametrize("more", [{}, {"scope": "build"}])
def test_stated_to_need_nothing(nothing, more):
    reading = read(package("a"), relation("a", "dependsOn", **{**more, "to": [nothing]}))
    assert reading.edges == {"urn:x:a": ()}


def test_several_targets_and_a_single_one_without_an_array():
    reading = read(
        package("a"),
        package("b"),
        package("c"),
        relation("a", "dependsOn", "b", "c"),
        relation("b", "dependsOn", to="urn:x:c"),
    )
    assert reading.edges == {"urn:x:a": ("urn:x:b", "urn:x:c"), "urn:x:b": ("urn:x:c",)}


def test_elements_within_elements_are_elements():
    reading = read(
        relation(
            "a", "dependsOn", **{"from": package("a"), "to": [package("b"), {"@id": "urn:x:a"}]}
        ),
        {"type": "SpdxDocument", "spdxId": "urn:x:doc", "rootElement": [package("c")]},
    )
    assert {c.package.name for c in reading.components} == {"a", "b", "c"}
    assert str(reading.subject) == "pkg:generic/c"
    assert reading.edges["urn:x:a"] == ("urn:x:b", "urn:x:a")


def test_other_kinds_of_packages_need_no_purl():
    reading = read(
        {
            "type": "ai_AIPackage",
            "spdxId": "urn:x:m",
            "name": "model",
            "software_packageVersion": "2",
        },
        {"type": "dataset_DatasetPackage", "spdxId": "urn:x:d", "name": "data"},
        package("a"),
    )
    assert [str(c.package) for c in reading.components][:2] == [
        "pkg:generic/model@2",
        "pkg:generic/data",
    ]
    assert messages(reading, Trouble.UNKNOWN) == [
        "1 of 3 components has no package URL (purl) and so cannot be matched"
    ]


def test_files_and_other_elements_are_no_components():
    file = {"type": "software_File", "spdxId": "urn:x:f", "name": "a.py"}
    reading = read(package("a"), file, relation("a", "contains", "f"))
    assert [c.package.name for c in reading.components] == ["a"]
    assert reading.edges == {}
    assert not messages(reading)


def test_digests_of_the_file_that_a_package_is_distributed_as():
    file = {
        "type": "software_File",
        "spdxId": "urn:x:f",
        "verifiedUsing": [{"type": "Hash", "algorithm": "sha1", "hashValue": "ab" * 20}],
    }
    reading = read(package("a"), file, relation("a", "hasDistributionArtifact", "f", "gone"))
    assert [str(hash) for hash in reading.components[0].hashes] == ["sha1:" + "ab" * 20]
    assert reading.edges == {}
    assert "'urn:x:a': its file 'urn:x:gone' is not there" in messages(reading, Trouble.UNKNOWN)


def test_licences_that_are_not_there_are_said():
    reading = read(package("a"), relation("a", "hasDeclaredLicense", "gone", "NoneElement"))
    assert reading.components[0].licenses == ()
    assert "the licence 'urn:x:gone' is not in the document" in messages(reading, Trouble.UNKNOWN)


def test_what_is_named_by_thousands_is_bounded():
    sums = [{"type": "Hash", "algorithm": "sha1", "hashValue": f"{n:040x}"} for n in range(5_000)]
    file = {"type": "software_File", "spdxId": "urn:x:f", "verifiedUsing": sums}
    text = {
        "type": "simplelicensing_LicenseExpression",
        "spdxId": "urn:x:text",
        "simplelicensing_licenseExpression": "x" * 100_000,
    }
    both = {
        "type": "expandedlicensing_ConjunctiveLicenseSet",
        "spdxId": "urn:x:both",
        "expandedlicensing_member": ["urn:x:text"] * 900,
    }
    names = [f"p{n}" for n in range(500)]
    reading = read(
        file,
        text,
        both,
        *(package(name) for name in names),
        *(relation(name, "hasDistributionArtifact", *["f"] * 20) for name in names),
        *(relation(name, "hasConcludedLicense", "both") for name in names),
        *(relation(name, "hasDeclaredLicense", "text") for name in names),
    )
    assert {len(c.hashes) for c in reading.components} == {100}
    assert {len(c.licenses) for c in reading.components} == {1}
    assert any("more digests than the limit" in m for m in messages(reading))
    assert any("its licence is nested too deeply or too long" in m for m in messages(reading))


def test_full_addresses_and_keywords_of_json_ld():
    core = "https://spdx.org/rdf/3.0.1/terms/"
    reading = read(
        {
            "@type": core + "Software/Package",
            "@id": "urn:x:a",
            core + "Core/name": "alpha",
            core + "Software/packageUrl": "pkg:npm/alpha@1.0.0",
        }
    )
    assert [str(c.package) for c in reading.components] == ["pkg:npm/alpha@1.0.0"]


def test_prefixes_of_the_context_and_of_the_namespace_map():
    document = {
        "type": "SpdxDocument",
        "spdxId": "urn:x:doc",
        "namespaceMap": [{"prefix": "p", "namespace": "urn:x:"}],
        "rootElement": ["q:a"],
    }
    reading = read(
        document,
        package("a"),
        package("b"),
        relation("a", "dependsOn", **{"from": "q:a", "to": ["p:b"]}),
        context=[CONTEXT, {"q": "urn:x:"}],
    )
    assert reading.edges == {"urn:x:a": ("urn:x:b",)}
    assert reading.roots == ("urn:x:b",)


def test_imported_elements_are_in_another_document():
    document = {
        "type": "SpdxDocument",
        "spdxId": "urn:x:doc",
        "import": [{"externalSpdxId": "urn:x:far"}],
    }
    reading = read(
        document,
        package("a"),
        relation("a", "dependsOn", "far"),
        relation("a", "dependsOn", "gone"),
    )
    assert messages(reading, Trouble.UNKNOWN)[:2] == [
        "relationships name 'urn:x:gone', which is not in the document",
        "relationships lead to 'urn:x:far' in another document, not read here",
    ]


LISTED = {"type": "expandedlicensing_ListedLicense", "spdxId": "https://spdx.org/licenses/ISC"}
CUSTOM = {"type": "expandedlicensing_CustomLicense", "spdxId": "urn:x:c", "name": "Custom Licence"}
NESTED = {
    "type": "expandedlicensing_ConjunctiveLicenseSet",
    "spdxId": "urn:x:all",
    "expandedlicensing_member": [
        "https://spdx.org/licenses/ISC",
        {
            "type": "expandedlicensing_DisjunctiveLicenseSet",
            "expandedlicensing_member": [
                "https://spdx.org/licenses/MIT",
                {
                    "type": "expandedlicensing_WithAdditionOperator",
                    "expandedlicensing_subjectExtendableLicense": {
                        "type": "expandedlicensing_OrLaterOperator",
                        "expandedlicensing_subjectLicense": "https://spdx.org/licenses/GPL-2.0",
                    },
                    "expandedlicensing_subjectAddition": "https://spdx.org/licenses/Classpath-exception-2.0",
                },
            ],
        },
    ],
}


@pytest.mark.parametrize(
    ("targets", "texts"),
    [
        (["https://spdx.org/licenses/ISC"], ["ISC"]),
        (["urn:x:c"], ["Custom Licence"]),
        (["urn:x:all"], ["ISC AND (MIT OR GPL-2.0+ WITH Classpath-exception-2.0)"]),
        (["https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoAssertionLicense"], []),
        (
            ["urn:x:all", "https://spdx.org/licenses/ISC"],
            ["(ISC AND (MIT OR GPL-2.0+ WITH Classpath-exception-2.0)) AND ISC"],
        ),
    ],
)
def test_licences(targets, texts):
    """SPDX 3.0.1, profiles simple and expanded licensing."""
    reading = read(
        package("a"), LISTED, CUSTOM, NESTED, relation("a", "hasDeclaredLicense", to=targets)
    )
    assert [claim.text for claim in reading.components[0].licenses] == texts
    assert not messages(reading)


def test_bad_items_are_named_and_the_rest_kept():
    reading = read(
        None,
        7,
        package("a", verifiedUsing=[None, {"algorithm": "sha1", "hashValue": 5}], summary=[1]),
        {"type": "Relationship", "from": "urn:x:a"},
    )
    assert [c.package.name for c in reading.components] == ["a"]
    found = messages(reading)
    assert "@graph[1] is null where an object was expected; it is left out" in found
    assert "@graph[2] is a number where an object was expected; it is left out" in found
    assert (
        "@graph[3].verifiedUsing[1].hashValue is a number where text was expected; it is left out"
        in found
    )
    assert "1 relationships lack an element or a type" in found


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"@context": CONTEXT},
        {"@context": CONTEXT, "@graph": []},
        {"@context": "https://example.test/context", "@graph": [MADE]},
        {"@graph": [MADE]},
        [],
    ],
)
def test_what_is_no_document_is_refused(value):
    with pytest.raises(InputError):
        read_json_ld(json.dumps(value).encode(), "a.json", None)


def test_other_contexts_are_said_and_not_fetched():
    reading = read(package("a"), context=[CONTEXT, "https://example.test/context.jsonld"])
    assert messages(reading, Trouble.UNKNOWN)[0] == (
        "context 'https://example.test/context.jsonld' is not known and not fetched"
    )


def test_a_single_element_without_a_graph():
    value = {"@context": CONTEXT, **package("a", creationInfo=MADE)}
    reading = read_json_ld(json.dumps(value).encode(), "a.json", None)
    assert [c.package.name for c in reading.components] == ["a"]


@pytest.mark.parametrize("path", ["a.spdx.json", "a.spdx3.json", "sbom.json", "-", "a.jsonld"])
def test_it_is_recognised_whatever_its_name(path, document):
    assert detect(path, document("harbour.spdx3.json")).name == "spdx3-json"
    reordered = json.dumps(json.loads(document("harbour.spdx3.json")), sort_keys=True).encode()
    assert detect(path, reordered).name == "spdx3-json"
