"""What a CycloneDX document becomes."""

from __future__ import annotations

import json

import pytest

from pratique.formats.sbom.cyclonedx.read import MAX_NESTING, read_json
from pratique.model.inventory import LicenseClaim, Relation, Scope, Trouble
from pratique.model.nouns import Artifact, Source


def by_name(reading):
    return {component.package.name: component for component in reading.components}


def messages(reading, trouble):
    return [problem.message for problem in reading.problems if problem.trouble is trouble]


def test_components_edges_and_subject(read, cyclonedx):
    reading = read(cyclonedx)
    assert reading.format == "CycloneDX 1.6"
    assert str(reading.subject) == "pkg:npm/harbour@3.0"
    assert [str(c.package) for c in reading.components] == [
        "pkg:npm/alpha@1.0.0",
        "pkg:npm/%40scope/beta@2.0.0",
        "pkg:pypi/gamma@3.0.0",
        "pkg:generic/inner@0.1",
    ]
    assert [c.ecosystem for c in reading.components] == ["npm", "npm", "PyPI", ""]
    assert reading.roots == ("alpha-1",)
    assert reading.edges == {"alpha-1": ("beta-2",), "beta-2": ()}


def test_relations_follow_from_the_subject(read, cyclonedx):
    found = by_name(read(cyclonedx))
    assert found["alpha"].relation is Relation.DIRECT
    assert found["beta"].relation is Relation.TRANSITIVE
    assert found["gamma"].relation is Relation.UNKNOWN
    del cyclonedx["dependencies"]
    assert {c.relation for c in read(cyclonedx).components} == {Relation.UNKNOWN}


def test_scopes(read, cyclonedx):
    """An absent scope means required."""
    found = by_name(read(cyclonedx))
    scopes = [found[name].scope for name in ("alpha", "beta", "gamma", "inner")]
    assert scopes == [Scope.RUNTIME, Scope.OPTIONAL, Scope.DEVELOPMENT, Scope.RUNTIME]


def test_hashes_licences_and_addresses(read, cyclonedx):
    found = by_name(read(cyclonedx))
    assert found["alpha"].hashes == (Artifact("sha256", "ab" * 32),)
    assert found["alpha"].registry == "https://example.test/alpha-1.0.0.tgz"
    assert found["alpha"].source is None  # it comes from a registry
    assert found["alpha"].licenses == (LicenseClaim("MIT", "sbom"),)
    assert found["beta"].licenses == (LicenseClaim("MIT OR Apache-2.0", "sbom"),)
    assert [claim.text for claim in found["gamma"].licenses] == ["Gamma Licence", "ISC"]


def test_version_control_origin_of_what_no_registry_has(read, cyclonedx):
    commit = "0a" * 20
    cyclonedx["components"] = [
        {
            "type": "library",
            "name": "alpha",
            "externalReferences": [
                {"type": "vcs", "url": f"git+https://u:p@example.test/a@{commit}"}
            ],
        },
        {
            "type": "library",
            "name": "beta",
            "purl": "pkg:npm/beta?vcs_url=git%2Bhttps://example.test/b@v1",
        },
    ]
    alpha, beta = read(cyclonedx).components
    assert alpha.source == Source("https://example.test/a", commit=commit)
    assert beta.source == Source("https://example.test/b", reference="v1")


def test_lines_are_those_of_the_entries(read, cyclonedx):
    text = json.dumps(cyclonedx, indent=1)
    reading = read(text.encode())
    line = text[: text.index('"bom-ref": "beta-2"')].count("\n") + 1
    assert str(by_name(reading)["beta"].locations[0]) == f"bom.json:{line}"
    assert str(read(json.dumps(cyclonedx).encode()).components[0].locations[0]) == "bom.json"


def test_a_byte_order_mark_is_no_obstacle(read, cyclonedx):
    text = json.dumps(cyclonedx)
    for encoding in ("utf-8-sig", "utf-16"):
        assert len(read(text.encode(encoding)).components) == 4


def test_components_without_purl_are_counted_once(read, cyclonedx):
    del cyclonedx["components"][0]["purl"]
    cyclonedx["components"].append({"type": "file", "name": "readme"})
    cyclonedx["components"].append({"type": "operating-system", "name": "some linux"})
    reading = read(cyclonedx)
    assert messages(reading, Trouble.UNKNOWN) == [
        "2 of 6 components have no package URL (purl) and so cannot be matched"
    ]
    assert len(reading.components) == 6


@pytest.mark.parametrize("type", ["file", "cryptographic-asset", "data", "machine-learning-model"])
def test_types_that_no_advisory_names_need_no_purl(read, cyclonedx, type):
    cyclonedx["components"] = [{"type": type, "name": "thing"}]
    assert read(cyclonedx).problems == () or "dependencies" in read(cyclonedx).problems[0].message


@pytest.mark.parametrize(
    "type", ["library", "framework", "application", "container", "firmware", "?"]
)
def test_other_types_do(read, cyclonedx, type):
    cyclonedx["components"] = [{"type": type, "name": "thing"}]
    cyclonedx["dependencies"] = []
    assert messages(read(cyclonedx), Trouble.UNKNOWN) == [
        "1 of 1 components has no package URL (purl) and so cannot be matched"
    ]


def test_an_unreadable_purl_keeps_its_component(read, cyclonedx):
    cyclonedx["components"][0]["purl"] = "npm/alpha@1.0.0"
    reading = read(cyclonedx)
    assert str(reading.components[0].package) == "pkg:generic/alpha@1.0.0"
    assert reading.components[0].ecosystem == ""
    [message] = messages(reading, Trouble.UNREADABLE)
    assert "alpha-1" in message
    assert "npm/alpha@1.0.0" in message


def test_a_huge_purl_is_named_and_its_component_kept(read, cyclonedx):
    cyclonedx["components"][0]["purl"] = "pkg:npm/" + "a" * 1_000_000
    reading = read(cyclonedx)
    assert reading.components[0].package.name == "alpha"
    [message] = messages(reading, Trouble.UNREADABLE)
    assert len(message) < 500


def test_the_version_may_stand_beside_the_purl(read, cyclonedx):
    cyclonedx["components"][0]["purl"] = "pkg:npm/alpha"
    assert str(read(cyclonedx).components[0].package) == "pkg:npm/alpha@1.0.0"


def test_duplicate_refs(read, cyclonedx):
    cyclonedx["components"][1]["bom-ref"] = "alpha-1"
    reading = read(cyclonedx)
    assert [c.ref for c in reading.components][:2] == ["alpha-1", "alpha-1~2"]
    assert any("not unique" in message for message in messages(reading, Trouble.NOTICE))


def test_generated_refs_never_take_one_that_is_stated(read, cyclonedx):
    first, second, *_ = cyclonedx["components"]
    del first["bom-ref"]
    second["bom-ref"] = first["purl"]
    reading = read(cyclonedx)
    assert [c.ref for c in reading.components][:2] == [f"{first['purl']}~2", first["purl"]]


def test_dangling_references_are_named(read, cyclonedx):
    cyclonedx["dependencies"][1]["dependsOn"] += ["ghost"]
    cyclonedx["dependencies"].append({"ref": "phantom", "dependsOn": ["alpha-1"]})
    reading = read(cyclonedx)
    unknown = messages(reading, Trouble.UNKNOWN)
    assert any("'ghost'" in message for message in unknown)
    assert any("'phantom'" in message for message in unknown)
    assert reading.edges["alpha-1"] == ("beta-2",)


def test_cycles_and_loops_are_kept(read, cyclonedx):
    cyclonedx["dependencies"] = [
        {"ref": "app", "dependsOn": ["alpha-1"]},
        {"ref": "alpha-1", "dependsOn": ["beta-2", "alpha-1", "app"]},
        {"ref": "beta-2", "dependsOn": ["alpha-1"]},
    ]
    reading = read(cyclonedx)
    assert reading.edges == {"alpha-1": ("beta-2", "alpha-1"), "beta-2": ("alpha-1",)}
    assert by_name(reading)["beta"].relation is Relation.TRANSITIVE


def test_dependencies_on_services_are_not_dangling(read, cyclonedx):
    cyclonedx["services"] = [
        {"bom-ref": "s", "name": "s", "services": [{"bom-ref": "t", "name": "t"}]}
    ]
    cyclonedx["dependencies"][1]["dependsOn"] += ["s", "t"]
    assert not any("not in the document" in p.message for p in read(cyclonedx).problems)


def test_deeply_nested_components_are_cut_at_the_limit(read, cyclonedx):
    inner = {"type": "library", "name": "level-100"}
    for level in range(99, 0, -1):
        inner = {"type": "library", "name": f"level-{level}", "components": [inner]}
    cyclonedx["components"] = [inner]
    reading = read(cyclonedx)
    assert len(reading.components) == MAX_NESTING
    assert any(f"limit of {MAX_NESTING}" in m for m in messages(reading, Trouble.UNREADABLE))


def test_unknown_version_of_the_specification_is_still_read(read, cyclonedx):
    cyclonedx["specVersion"] = "9.9"
    reading = read(cyclonedx)
    assert len(reading.components) == 4
    assert any("'9.9'" in message for message in messages(reading, Trouble.UNKNOWN))


def test_bad_digests_are_named(read, cyclonedx):
    cyclonedx["components"][0]["hashes"] += [
        {"alg": "SHA-1", "content": "zz"},
        {"alg": "SHA-512", "content": "ab"},
        {"content": "ab"},
        {"alg": "BLAKE2b-256", "content": "EF" * 32},
    ]
    reading = read(cyclonedx)
    hashes = [str(h) for h in reading.components[0].hashes]
    assert hashes == [f"sha256:{'ab' * 32}", f"blake2b256:{'ef' * 32}"]
    assert len(messages(reading, Trouble.UNREADABLE)) == 3


def test_many_problems_of_a_kind_are_counted(read, cyclonedx):
    cyclonedx["components"] = [
        {"type": "library", "name": f"alpha-{n}", "purl": "broken"} for n in range(300)
    ]
    bad = messages(read(cyclonedx), Trouble.UNREADABLE)
    assert len(bad) == 51
    assert bad[-1] == "250 more package URLs that could not be read"


def test_range_of_an_external_component(read, cyclonedx):
    """Version 1.7: a component that is expected to be there, within a range of versions."""
    cyclonedx["specVersion"] = "1.7"
    cyclonedx["components"] = [
        {
            "type": "library",
            "name": "alpha",
            "purl": "pkg:npm/alpha",
            "isExternal": True,
            "versionRange": "vers:npm/>=1.0.0|<2.0.0",
            "licenses": [{"license": {"id": "MIT"}}, {"expression": "ISC OR 0BSD"}],
        }
    ]
    [alpha] = read(cyclonedx).components
    assert alpha.requirement == "vers:npm/>=1.0.0|<2.0.0"
    assert alpha.package.version == ""
    assert [claim.text for claim in alpha.licenses] == ["MIT", "ISC OR 0BSD"]


def test_dependencies_of_tools_lead_somewhere():
    """Tools may have references and dependencies too (CycloneDX 1.5, ``metadata.tools``)."""
    tools = {"components": [{"type": "application", "name": "t", "bom-ref": "tool \\u00e4"}]}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"tools": tools},
        "components": [{"type": "library", "name": "a", "bom-ref": "a", "purl": "pkg:npm/a@1"}],
        "dependencies": [
            {"ref": "tool \\u00e4", "dependsOn": ["nowhere"]},
            {"ref": "a", "dependsOn": ["tool \\u00e4"]},
        ],
    }
    reading = read_json(json.dumps(document).encode(), "a.cdx.json", None)
    messages = [one.message for one in reading.problems]
    assert messages == ["dependencies name 'nowhere', which is not in the document"]
    assert reading.edges == {"a": ()}
