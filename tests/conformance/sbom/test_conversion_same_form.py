"""Conversion to the form that a document has: nothing is lost, and the report is the difference."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pratique.formats.sbom.convert import convert
from pratique.formats.sbom.convert.leaves import leaves
from pratique.formats.sbom.validation import validate
from pratique.formats.sbom.values import value_of
from pratique.model.errors import InputError

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
LARGE = 400_000
TARGETS = {
    "cyclonedx-json": "cyclonedx-json",
    "cyclonedx-xml": "cyclonedx-xml",
    "spdx-json": "spdx-json",
    "spdx-tag-value": "spdx-tag-value",
    "spdx-yaml": "spdx-json",
    "spdx-xml": "spdx-json",
    "spdx-rdf": "spdx-json",
    "spdx3-json": "spdx3-json",
}
"""Form of the document to the target that is nearest to it."""


def absent(original, kept):
    """Leaves that are not there, found without the program's own comparison."""
    there = leaves(kept)
    return {
        path
        for path, value in leaves(original).items()
        if path not in there or repr(there[path]) != repr(value)
    }


def test_no_leaf_is_lost_and_the_report_is_the_difference(vector_folder):
    done = {}
    for path in sorted(vector_folder("sbom/sbom-vectors.tar.xz").rglob("*")):
        if not path.is_file() or path.name == "bomb.bz2" or path.stat().st_size > LARGE:
            continue
        data = path.read_bytes()
        try:
            bill = value_of(data)
        except InputError:
            continue
        target = TARGETS.get(bill.form)
        if target is None:
            continue
        there = convert(data, target, creator="pratique-0.0", now=NOW)
        again = value_of(there.data)
        lost = {one.path for one in there.loss.lost if not one.path.startswith("line ")}
        carried = {one.path for one in there.loss.carried}
        difference = absent(bill.value, again.value)
        if path.suffix == ".json" and bill.value.get("specVersion") in {"1.0", "1.1"}:
            difference -= {"specVersion"}
        assert difference == lost | carried, path
        assert lost == set(), path
        named = bill.left if bill.form == "spdx-rdf" else ()
        assert [one.value for one in there.loss.lost] == [text for _, text, _ in named], path
        assert again.left == (() if named else bill.left), path
        done[bill.form] = done.get(bill.form, 0) + 1
    assert set(done) == set(TARGETS)
    assert sum(done.values()) > 1_000


def test_models_and_data_are_kept_in_xml(vector_folder):
    """Model cards and data components, which both syntaxes have (CycloneDX 1.5 to 1.7)."""
    done = 0
    folder = vector_folder("sbom/sbom-vectors.tar.xz")
    for path in [*folder.rglob("valid-machine-learning*"), *folder.rglob("valid-component-data*")]:
        if path.suffix == ".textproto":
            continue
        bill = value_of(path.read_bytes())
        assert bill.left == ()
        for target in ("cyclonedx-json", "cyclonedx-xml"):
            there = convert(path.read_bytes(), target, creator="pratique-0.0", now=NOW)
            assert there.loss.lost == (), path
            assert {one.path for one in there.loss.carried} <= {"$schema"}, path
            assert validate(there.data).valid, path
            done += 1
    assert done >= 24


@pytest.mark.parametrize("target", ["cyclonedx-json", "cyclonedx-xml"])
def test_a_field_of_nobodys_is_kept_or_named(target):
    data = b"""{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
      "components": [{"type": "library", "name": "alpha", "x-odd": {"deep": [1, true]}}]}"""
    done = convert(data, target, creator="pratique-0.0", now=NOW)
    named = {one.path for one in (*done.loss.lost, *done.loss.carried)}
    if target == "cyclonedx-json":
        assert b"x-odd" in done.data
        assert named == set()
    else:
        assert {"components[0].x-odd.deep[0]", "components[0].x-odd.deep[1]"} <= named
