"""SPDX 2 RDF/XML as a plain value: what the examples of the specification say in JSON as well."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from pratique.formats.sbom.convert import convert
from pratique.formats.sbom.validation import validate
from pratique.formats.sbom.values import value_of

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def examples(vector_folder):
    return vector_folder("sbom/schemas.tar.xz") / "spdx-2.3.1/examples"


def same(value, key=""):
    """A value in which neither order nor the ways to say the same count."""
    if isinstance(value, dict):
        return {name: same(inner, name) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        return sorted((same(one) for one in value), key=json.dumps)
    if key.startswith("license") and isinstance(value, str) and re.search(" (AND|OR) ", value):
        return sorted(re.split(" (?:AND|OR) ", value.strip("()")))
    return value


def test_the_example_says_what_it_says_in_json(examples):
    bill = value_of((examples / "SPDXRdfExample-v2.3.spdx.rdf.xml").read_bytes())
    wanted = json.loads((examples / "SPDXJSONExample-v2.3.spdx.json").read_bytes())
    given = bill.value
    # JSON states these twice, and leaves out relationships that say the same.
    described = set(wanted.pop("documentDescribes"))
    held = {one["SPDXID"]: set(one.pop("hasFiles", ())) for one in wanted["packages"]}
    stated = {
        (one["spdxElementId"], one["relationshipType"], one["relatedSpdxElement"])
        for one in given.pop("relationships")
    }
    for one in wanted.pop("relationships"):
        triple = (one["spdxElementId"], one["relationshipType"], one["relatedSpdxElement"])
        assert triple in stated
    assert {("SPDXRef-DOCUMENT", "DESCRIBES", one) for one in described} <= stated
    for package, files in held.items():
        assert {(package, "CONTAINS", file) for file in files} <= stated
    assert same(given) == same(wanted)


def test_what_has_no_key_is_named_with_its_line(examples):
    bill = value_of((examples / "SPDXRdfExample-v2.3.spdx.rdf.xml").read_bytes())
    reasons = {reason for _, _, reason in bill.left}
    assert "ListedLicense GPL-2.0-only.licenseText is not read" in reasons
    assert not [one for one in reasons if one.startswith(("Package", "File", "Snippet", "Spdx"))]
    assert all(line > 0 for line, _, _ in bill.left)


@pytest.mark.parametrize("target", ["spdx-json", "spdx-tag-value", "spdx3-json", "cyclonedx-json"])
def test_it_is_converted_to_every_form(examples, target):
    data = (examples / "SPDXRdfExample-v2.3.spdx.rdf.xml").read_bytes()
    done = convert(data, target, creator="pratique-0.0", now=NOW)
    assert validate(data).valid
    assert validate(done.data).valid
    assert done.loss.source == "spdx-rdf"
    bill = value_of(data)
    assert [one.value for one in done.loss.lost] == [text for _, text, _ in bill.left]
    back = convert(done.data, "spdx-json", creator="pratique-0.0", now=NOW)
    assert json.loads(back.data) == bill.value
