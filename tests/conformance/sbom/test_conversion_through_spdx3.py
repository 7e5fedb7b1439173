"""SPDX 3.0.1 as a target and as a source: valid, repeatable, and nothing lost on the way back."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import jsonschema_rs
import pytest

from pratique.formats.sbom.convert import convert
from pratique.formats.sbom.convert.leaves import missing
from pratique.formats.sbom.cyclonedx.read import read_json as read_cyclonedx
from pratique.formats.sbom.spdx3.read import read_json_ld
from pratique.formats.sbom.validation import validate
from pratique.formats.sbom.values import value_of
from pratique.model.errors import InputError

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
SMALL, LARGE = 60_000, 700_000
"""Bytes: larger documents wait for the nightly run, and the largest are left out."""


def converted(data, target):
    return convert(data, target, creator="pratique-0.0", now=NOW)


@pytest.fixture(scope="module")
def bills(vector_folder):
    found = []
    for path in sorted(vector_folder("sbom/sbom-vectors.tar.xz").rglob("*")):
        if not path.is_file() or path.name == "bomb.bz2" or path.stat().st_size > LARGE:
            continue
        data = path.read_bytes()
        try:
            bill = value_of(data)
        except InputError:
            continue
        found.append((path, data, bill))
    return found


@pytest.fixture(scope="module")
def schema(vector_folder):
    path = vector_folder("sbom/schemas.tar.xz") / "spdx-3.0.1/schema.json"
    return jsonschema_rs.validator_for(json.loads(path.read_bytes()))


def some(bills, standard, *, large=False):
    chosen = [one for one in bills if one[2].standard == standard]
    if large:
        return [one for one in chosen if len(one[1]) > SMALL]
    small = [one for one in chosen if len(one[1]) <= SMALL]
    return small[::3] if len(small) > 200 else small


def edges(reading):
    names = {one.ref: n for n, one in enumerate(reading.components)}
    return {names[s]: {names[t] for t in targets} for s, targets in reading.edges.items()}


def there_and_back(bills, schema, target):
    hashes = linked = 0
    for path, data, bill in bills:
        there = converted(data, "spdx3-json")
        assert not there.loss.lost or bill.left, path
        assert [str(one) for one in schema.iter_errors(json.loads(there.data))][:2] == [], path
        assert validate(there.data).valid, path
        back = converted(there.data, target)
        assert missing(bill.value, json.loads(back.data)) == {}, path
        if bill.form == "cyclonedx-json":
            try:
                before = read_cyclonedx(data, "", None)
            except InputError:
                continue
            after = read_cyclonedx(back.data, "", None)
            digests = [one.hashes for one in before.components]
            assert [one.hashes for one in after.components] == digests, path
            assert edges(after) == edges(before), path
            hashes += sum(map(len, digests))
            linked += sum(map(len, before.edges.values()))
    return hashes, linked


def test_cyclonedx_keeps_every_leaf_hash_and_edge(bills, schema):
    hashes, linked = there_and_back(some(bills, "cyclonedx"), schema, "cyclonedx-json")
    assert hashes > 150
    assert linked > 10


def test_spdx_2_keeps_every_leaf(bills, schema):
    chosen = some(bills, "spdx")
    assert len(chosen) > 100
    there_and_back(chosen, schema, "spdx-json")


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_large_documents_too(bills, schema):
    hashes, linked = there_and_back(some(bills, "cyclonedx", large=True), schema, "cyclonedx-json")
    assert hashes > 2_000
    assert linked > 1_000
    there_and_back(some(bills, "spdx", large=True), schema, "spdx-json")


@pytest.mark.parametrize("target", ["spdx-json", "spdx-tag-value", "cyclonedx-json"])
def test_graphs_of_others_lose_no_leaf(bills, target):
    chosen = some(bills, "spdx3")
    assert len(chosen) > 15
    packages = 0
    for path, data, bill in chosen:
        there = converted(data, target)
        assert there.loss.lost == (), path
        assert validate(there.data).valid or target == "spdx-tag-value", path
        back = converted(there.data, "spdx3-json")
        assert missing(bill.value, json.loads(back.data)) == {}, path
        try:
            packages += len(read_json_ld(data, "", None).components)
        except InputError:
            continue
    assert packages > 20


def test_the_model_of_the_standard_reads_what_is_written(bills):
    """``spdx-python-model`` is generated from the SHACL shapes of SPDX 3.0.1."""
    model = pytest.importorskip("spdx_python_model").v3_0_1
    chosen = [one for one in bills if len(one[1]) < 20_000 and one[2].standard != "spdx3"][::8]
    assert len(chosen) > 80
    elements = 0
    for path, data, _ in chosen:
        written = converted(data, "spdx3-json").data
        objects = model.SHACLObjectSet()
        model.JSONLDDeserializer().read(io.BytesIO(written), objects)
        elements += sum(1 for _ in objects.foreach())
        assert elements, path
    assert elements > 1_000
    broken = json.dumps(
        {
            "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
            "@graph": [{"type": "software_Package", "spdxId": "urn:a", "nonsense": 1}],
        }
    ).encode()
    with pytest.raises((KeyError, ValueError, TypeError, AttributeError)):
        model.JSONLDDeserializer().read(io.BytesIO(broken), model.SHACLObjectSet())


def test_the_same_document_gives_the_same_bytes(bills):
    for _, data, _ in some(bills, "cyclonedx")[::10]:
        assert converted(data, "spdx3-json").data == converted(data, "spdx3-json").data
