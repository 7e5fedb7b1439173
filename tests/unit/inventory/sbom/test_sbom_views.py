"""Difference, merge, tree and query of bills of materials."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from pratique.formats.sbom.cyclonedx.read import read_json
from pratique.formats.sbom.validation import validate
from pratique.inventory.difference import Change, difference
from pratique.inventory.merge import Product, merge
from pratique.inventory.outline import outline
from pratique.inventory.selection import select, way_to
from pratique.model.errors import UsageError

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


def component(name, version="1.0", **more):
    purl = f"pkg:npm/{name}@{version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        **more,
    }


def bom(*components, edges=(), name="harbour"):
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": component(name, "3.0") | {"type": "application"}},
        "components": list(components),
        "dependencies": [{"ref": ref, "dependsOn": list(targets)} for ref, targets in edges],
    }


def reading(value):
    return read_json(json.dumps(value).encode(), "bom.json", None)


A, B, ROOT = "pkg:npm/alpha@1.0", "pkg:npm/beta@1.0", "pkg:npm/harbour@3.0"


def test_difference_names_every_sort_of_change():
    before = bom(
        component("alpha"),
        component("beta", licenses=[{"license": {"id": "MIT"}}]),
        component("gone"),
        component("same", hashes=[{"alg": "SHA-256", "content": "aa" * 32}]),
        edges=[(ROOT, [A, B])],
    )
    after = bom(
        component("alpha", "2.0"),
        component("beta", licenses=[{"license": {"id": "GPL-3.0-only"}}]),
        component("new"),
        component("same", hashes=[{"alg": "SHA-256", "content": "bb" * 32}]),
        edges=[(ROOT, ["pkg:npm/alpha@2.0", B])],
    )
    found = difference(reading(before), reading(after))
    assert found.added == ("pkg:npm/new@1.0",)
    assert found.removed == ("pkg:npm/gone@1.0",)
    assert found.changed == (Change("pkg:npm/alpha", ("1.0",), ("2.0",)),)
    assert found.relicensed == (Change(B, ("MIT",), ("GPL-3.0-only",)),)
    assert [one.package for one in found.rehashed] == ["pkg:npm/same@1.0"]
    assert found.edges_added == ((ROOT, "pkg:npm/alpha@2.0"),)
    assert found.edges_removed == ((ROOT, A),)
    assert found
    assert not difference(reading(before), reading(before))


def test_a_second_version_beside_the_first_is_an_addition():
    found = difference(
        reading(bom(component("alpha"))),
        reading(bom(component("alpha"), component("alpha", "2.0"))),
    )
    assert found.added == ("pkg:npm/alpha@2.0",)
    assert found.changed == ()


@pytest.mark.parametrize("mode", ["flat", "hierarchical", "assembly"])
def test_merged_documents_are_valid_and_repeatable(mode):
    one = bom(component("alpha"), component("beta"), edges=[(ROOT, [A]), (A, [B])])
    two = bom(component("alpha"), component("delta"), edges=[(ROOT, [A])], name="quay")
    two["dependencies"][0]["ref"] = "pkg:npm/quay@3.0"
    merged = [merge([one, two], Product("fleet", "1"), mode, creator="p-0", now=NOW) for _ in "ab"]
    assert merged[0] == merged[1]
    data = json.dumps(merged[0]).encode()
    assert validate(data).faults == ()
    read = read_json(data, "", None)
    assert str(read.subject) == "pkg:generic/fleet@1"
    names = sorted(str(part.package) for part in read.components)
    twice = [A] if mode != "flat" else []
    assert names == sorted([*twice, A, B, "pkg:npm/delta@1.0", ROOT, "pkg:npm/quay@3.0"])
    edges = {(s, t) for s, targets in read.edges.items() for t in targets}
    assert (A, B) in edges
    assert (ROOT, A) in edges
    if mode == "assembly":
        assert merged[0]["compositions"][-1]["assemblies"] == ["fleet@1", ROOT, "pkg:npm/quay@3.0"]
        assert read.roots == ()
    else:
        assert read.roots == (ROOT, "pkg:npm/quay@3.0")


def test_merging_keeps_two_components_that_differ_under_one_reference():
    one = bom(component("alpha"), edges=[(ROOT, [A])])
    two = bom(component("alpha", description="another"), edges=[(ROOT, [A])])
    two["metadata"]["component"]["name"] = "quay"
    merged = merge([one, two], Product("fleet"), "flat", creator="p-0", now=NOW)
    refs = [part["bom-ref"] for part in merged["components"]]
    assert len(refs) == len(set(refs)) == 4
    edges = {entry["ref"]: entry["dependsOn"] for entry in merged["dependencies"]}
    assert edges[ROOT] == [A]
    assert edges[f"{ROOT}~2"] == [f"{A}~2"]
    assert validate(json.dumps(merged).encode()).valid


def test_tree_opens_each_package_once_and_ends_in_cycles():
    read = reading(
        bom(
            component("alpha"),
            component("beta"),
            component("lone"),
            edges=[(ROOT, [A, B]), (A, [B]), (B, [A])],
        )
    )
    assert list(outline(read)) == [
        ROOT,
        f"├── {A}",
        f"│   └── {B}",
        f"│       └── {A} (*)",
        f"└── {B} (*)",
        "(1 components that nothing leads to)",
        "└── pkg:npm/lone@1.0",
    ]
    assert list(outline(read, 1))[:3] == [ROOT, f"├── {A}", f"└── {B}"]


def test_query_terms_must_all_hold():
    read = reading(
        bom(
            component("alpha", licenses=[{"license": {"id": "MIT"}}]),
            component("beta", "2.0", scope="optional"),
            edges=[(ROOT, [A]), (A, ["pkg:npm/beta@2.0"])],
        )
    )

    def names(*terms):
        return [one.package.name for one in select(read, terms)]

    assert names("license=MIT") == ["alpha"]
    assert names("license!=MIT") == ["beta"]
    assert names("license=") == ["beta"]
    assert names("type=npm", "version=2.*") == ["beta"]
    assert names("alp*") == ["alpha"]
    assert names("pkg:npm/*") == ["alpha", "beta"]
    assert names("scope=optional") == ["beta"]
    with pytest.raises(UsageError, match="colour"):
        names("colour=red")
    assert way_to(read, "pkg:npm/beta@2.0") == [A, "pkg:npm/beta@2.0"]
    assert way_to(read, "unknown") == ["unknown"]
