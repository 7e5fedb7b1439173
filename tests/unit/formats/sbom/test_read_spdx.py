"""What an SPDX 2 document becomes."""

from __future__ import annotations

import pytest

from pratique.model.inventory import LicenseClaim, Relation, Scope, Trouble
from pratique.model.nouns import Source


def by_name(reading):
    return {component.package.name: component for component in reading.components}


def relate(document, first, kind, second):
    document["relationships"].append(
        {"spdxElementId": first, "relationshipType": kind, "relatedSpdxElement": second}
    )


def messages(reading, trouble):
    return [problem.message for problem in reading.problems if problem.trouble is trouble]


def test_packages_edges_and_subject(read, spdx):
    reading = read(spdx)
    assert reading.format == "SPDX 2.3"
    assert str(reading.subject) == "pkg:generic/harbour@3.0"
    assert [str(c.package) for c in reading.components] == [
        "pkg:generic/harbour@3.0",
        "pkg:npm/alpha@1.0.0",
        "pkg:pypi/beta@2.0.0",
    ]
    assert reading.roots == ("SPDXRef-alpha",)
    assert reading.edges == {
        "SPDXRef-app": ("SPDXRef-alpha",),
        "SPDXRef-alpha": ("SPDXRef-beta",),
    }
    assert reading.problems == ()


def test_relations_scopes_licences_and_addresses(read, spdx):
    found = by_name(read(spdx))
    alpha, beta = found["alpha"], found["beta"]
    assert (alpha.relation, beta.relation) == (Relation.DIRECT, Relation.TRANSITIVE)
    assert (alpha.scope, beta.scope) == (Scope.UNKNOWN, Scope.DEVELOPMENT)
    assert alpha.licenses == (LicenseClaim("MIT", "sbom"),)
    assert beta.licenses == (LicenseClaim("Apache-2.0", "sbom"),)
    assert alpha.registry == "https://example.test/alpha-1.0.0.tgz"
    assert beta.source == Source("https://example.test/beta.git", commit="0a" * 20)
    assert [str(h) for h in alpha.hashes] == [f"sha256:{'ab' * 32}", f"sha3256:{'cd' * 32}"]


def test_the_wrapper_of_an_export(read, spdx):
    assert len(read({"sbom": spdx}).components) == 3


@pytest.mark.parametrize("how", ["documentDescribes", "DESCRIBE", "DESCRIBED_BY"])
def test_ways_to_state_the_subject(read, spdx, how):
    del spdx["relationships"][0]
    if how == "documentDescribes":
        spdx["documentDescribes"] = ["SPDXRef-app"]
    elif how == "DESCRIBE":
        relate(spdx, "SPDXRef-DOCUMENT", "DESCRIBE", "SPDXRef-app")
    else:
        relate(spdx, "SPDXRef-app", "DESCRIBED_BY", "SPDXRef-DOCUMENT")
    reading = read(spdx)
    assert str(reading.subject) == "pkg:generic/harbour@3.0"
    assert reading.roots == ("SPDXRef-alpha",)


def test_without_a_subject_nothing_is_said_to_be_direct(read, spdx):
    del spdx["relationships"][0]
    reading = read(spdx)
    assert reading.subject is None
    assert {c.relation for c in reading.components} == {Relation.UNKNOWN}
    assert messages(reading, Trouble.UNKNOWN) == [
        "1 of 3 components has no package URL (purl) and so cannot be matched"
    ]


def test_several_described_packages_are_the_roots(read, spdx):
    spdx["documentDescribes"] = ["SPDXRef-app", "SPDXRef-beta"]
    reading = read(spdx)
    assert reading.subject is None
    assert reading.roots == ("SPDXRef-app", "SPDXRef-beta")


def test_a_document_of_one_package_needs_its_purl(read, spdx):
    spdx["packages"] = spdx["packages"][:1]
    spdx["relationships"] = spdx["relationships"][:1]
    assert messages(read(spdx), Trouble.UNKNOWN) == [
        "1 of 1 components has no package URL (purl) and so cannot be matched"
    ]


@pytest.mark.parametrize(
    ("kind", "edge", "scope"),
    [
        ("DEPENDS_ON", ("alpha", "beta"), Scope.UNKNOWN),
        ("CONTAINS", ("alpha", "beta"), Scope.UNKNOWN),
        ("STATIC_LINK", ("alpha", "beta"), Scope.RUNTIME),
        ("DYNAMIC_LINK", ("alpha", "beta"), Scope.RUNTIME),
        ("HAS_PREREQUISITE", ("alpha", "beta"), Scope.UNKNOWN),
        ("DEPENDENCY_OF", ("beta", "alpha"), Scope.UNKNOWN),
        ("CONTAINED_BY", ("beta", "alpha"), Scope.UNKNOWN),
        ("BUILD_DEPENDENCY_OF", ("beta", "alpha"), Scope.BUILD),
        ("DEV_DEPENDENCY_OF", ("beta", "alpha"), Scope.DEVELOPMENT),
        ("TEST_DEPENDENCY_OF", ("beta", "alpha"), Scope.TEST),
        ("OPTIONAL_DEPENDENCY_OF", ("beta", "alpha"), Scope.OPTIONAL),
        ("RUNTIME_DEPENDENCY_OF", ("beta", "alpha"), Scope.RUNTIME),
        ("PROVIDED_DEPENDENCY_OF", ("beta", "alpha"), Scope.RUNTIME),
        ("dev-dependency-of", ("beta", "alpha"), Scope.DEVELOPMENT),
    ],
)
def test_relationships_that_mean_dependency(read, spdx, kind, edge, scope):
    """SPDX 2.3, clause 11.1."""
    spdx["relationships"] = []
    relate(spdx, "SPDXRef-alpha", kind, "SPDXRef-beta")
    reading = read(spdx)
    source, target = edge
    assert reading.edges == {f"SPDXRef-{source}": (f"SPDXRef-{target}",)}
    assert by_name(reading)[target].scope is scope


def test_the_widest_scope_is_kept(read, spdx):
    relate(spdx, "SPDXRef-beta", "TEST_DEPENDENCY_OF", "SPDXRef-app")
    assert by_name(read(spdx))["beta"].scope is Scope.TEST
    relate(spdx, "SPDXRef-app", "DEPENDS_ON", "SPDXRef-beta")  # the same pair: the same need
    assert by_name(read(spdx))["beta"].scope is Scope.TEST
    spdx["packages"].append({"SPDXID": "SPDXRef-gamma", "name": "gamma"})
    relate(spdx, "SPDXRef-gamma", "DEPENDS_ON", "SPDXRef-beta")  # for something not stated
    assert by_name(read(spdx))["beta"].scope is Scope.UNKNOWN
    relate(spdx, "SPDXRef-beta", "RUNTIME_DEPENDENCY_OF", "SPDXRef-gamma")
    assert by_name(read(spdx))["beta"].scope is Scope.RUNTIME


def test_containment_makes_no_root_of_what_another_package_needs(read, spdx):
    relate(spdx, "SPDXRef-app", "CONTAINS", "SPDXRef-alpha")
    relate(spdx, "SPDXRef-app", "CONTAINS", "SPDXRef-beta")
    reading = read(spdx)
    assert reading.roots == ("SPDXRef-alpha",)
    assert by_name(reading)["beta"].relation is Relation.TRANSITIVE


def test_contained_packages_that_need_only_one_another_are_reached(read, spdx):
    spdx["relationships"] = spdx["relationships"][:1]
    relate(spdx, "SPDXRef-app", "CONTAINS", "SPDXRef-alpha")
    relate(spdx, "SPDXRef-app", "CONTAINS", "SPDXRef-beta")
    relate(spdx, "SPDXRef-alpha", "DEPENDS_ON", "SPDXRef-beta")
    relate(spdx, "SPDXRef-beta", "DEPENDS_ON", "SPDXRef-alpha")
    reading = read(spdx)
    assert reading.roots == ("SPDXRef-alpha",)
    assert by_name(reading)["beta"].relation is Relation.TRANSITIVE


def test_no_dependencies_is_not_the_same_as_none_stated(read, spdx):
    relate(spdx, "SPDXRef-beta", "DEPENDS_ON", "NONE")
    relate(spdx, "SPDXRef-app", "DEPENDS_ON", "NOASSERTION")
    reading = read(spdx)
    assert reading.edges["SPDXRef-beta"] == ()
    assert reading.edges["SPDXRef-app"] == ("SPDXRef-alpha",)
    assert reading.problems == ()


def test_files_and_other_documents(read, spdx):
    spdx["files"] = [{"SPDXID": "SPDXRef-File", "fileName": "a", "checksums": []}]
    relate(spdx, "SPDXRef-alpha", "CONTAINS", "SPDXRef-File")
    relate(spdx, "SPDXRef-alpha", "DEPENDS_ON", "DocumentRef-other:SPDXRef-x")
    relate(spdx, "SPDXRef-alpha", "DEPENDS_ON", "SPDXRef-ghost")
    relate(spdx, "SPDXRef-alpha", "ADMIRES", "SPDXRef-beta")
    reading = read(spdx)
    assert reading.edges["SPDXRef-alpha"] == ("SPDXRef-beta",)
    assert messages(reading, Trouble.UNKNOWN) == [
        "relationships name 'SPDXRef-ghost', which is not in the document",
        "relationships lead to 'DocumentRef-other:SPDXRef-x' in another document, not read here",
    ]
    assert messages(reading, Trouble.NOTICE) == [
        "relationship type 'ADMIRES' is not known; it is left out"
    ]


def purl_ref(locator, category="PACKAGE-MANAGER"):
    return {"referenceCategory": category, "referenceType": "purl", "referenceLocator": locator}


def test_several_purls_on_a_package(read, spdx):
    """Qualifiers alone make no other package; another name or version does."""
    spdx["packages"][1]["externalRefs"] = [
        purl_ref("pkg:rpm/redhat/alpha@1.0-1?arch=x86_64"),
        purl_ref("pkg:rpm/redhat/alpha@1.0-1?arch=aarch64"),
        purl_ref("pkg:npm/alpha@1.0.0", "SECURITY"),
    ]
    reading = read(spdx)
    assert [c.ref for c in reading.components] == [
        "SPDXRef-app",
        "SPDXRef-alpha",
        "SPDXRef-alpha~2",
        "SPDXRef-beta",
    ]
    assert reading.edges["SPDXRef-app"] == ("SPDXRef-alpha", "SPDXRef-alpha~2")
    assert [c.ecosystem for c in reading.components] == ["", "Red Hat", "npm", "PyPI"]


def test_bad_purl_beside_a_good_one(read, spdx):
    spdx["packages"][1]["externalRefs"].insert(0, purl_ref("pkg:none"))
    reading = read(spdx)
    assert str(by_name(reading)["alpha"].package) == "pkg:npm/alpha@1.0.0"
    assert len(messages(reading, Trouble.UNREADABLE)) == 1


def test_unknown_version_is_still_read(read, spdx):
    spdx["spdxVersion"] = "SPDX-2.9"
    reading = read(spdx)
    assert len(reading.components) == 3
    assert any("'SPDX-2.9'" in message for message in messages(reading, Trouble.UNKNOWN))


def test_duplicate_and_missing_ids(read, spdx):
    spdx["packages"].append(dict(spdx["packages"][1]))
    spdx["packages"].append({"name": "gamma"})
    reading = read(spdx)
    assert [c.ref for c in reading.components][-2:] == ["SPDXRef-alpha~2", "package-5"]
    assert len(messages(reading, Trouble.NOTICE)) == 1


def test_purposes_that_need_no_purl(read, spdx):
    spdx["packages"].append(
        {"SPDXID": "SPDXRef-os", "name": "os", "primaryPackagePurpose": "OPERATING-SYSTEM"}
    )
    assert messages(read(spdx), Trouble.UNKNOWN) == []
