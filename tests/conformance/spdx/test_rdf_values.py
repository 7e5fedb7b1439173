"""SPDX 2 RDF/XML as a plain value: what the examples of the specification say in JSON as well."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime

import pytest

from pratique.formats.sbom.convert import convert
from pratique.formats.sbom.validation import validate
from pratique.formats.sbom.values import value_of
from pratique.model.errors import InputError, LimitError

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


def test_a_resource_that_leads_to_many_is_not_multiplied():
    many = "".join(f"<crossRef><CrossRef><url>u{n}</url></CrossRef></crossRef>" for n in range(600))
    links = '<hasExtractedLicensingInfo rdf:resource="#LicenseRef-a"/>' * 600
    text = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://spdx.org/rdf/terms#"><SpdxDocument rdf:about="#SPDXRef-DOCUMENT">{links}
        </SpdxDocument><ExtractedLicensingInfo rdf:about="#LicenseRef-a">{many}
        </ExtractedLicensingInfo></rdf:RDF>"""
    with pytest.raises(LimitError, match="too often"):
        value_of(text.encode())


def test_mutated_documents_never_raise_anything_else(examples):
    data = (examples / "SPDXRdfExample-v2.3.spdx.rdf.xml").read_bytes()
    chance = random.Random(7)
    read = 0
    for _ in range(60):
        broken = bytearray(data)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(broken) - 9)
            broken[at : at + chance.randrange(9)] = bytes(chance.choices(b'<>/"#:ax1', k=4))
        try:
            read += bool(value_of(bytes(broken)).value)
        except InputError:
            continue
    assert read > 5
