"""Every shared document in CycloneDX 1.4 to 1.7: valid by schema, nothing lost, and back again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from pratique.formats.sbom.convert import convert
from pratique.formats.sbom.convert.leaves import leaves
from pratique.formats.sbom.validation import validate
from pratique.formats.sbom.values import value_of
from pratique.model.errors import InputError

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
VERSIONS = ("1.4", "1.5", "1.6", "1.7")
SMALL, LARGE = 12_000, 400_000
"""Bytes: larger documents wait for the nightly run, and the largest are left out."""

EXPLAINED = {
    "cdx-v1.4.json": "the JSON schema lets several expressions stand in one list; the XSD one",
    "xray-cdx-vulns.json": "bom-refs are not unique, which only the XSD checks",
    "cyclonedx-circular.json": "bom-refs are not unique, which only the XSD checks",
}
"""Documents that the JSON schema takes and the XML schema does not."""


def converted(data, target):
    return convert(data, target, creator="pratique-0.0", now=NOW)


def bills(vector_folder, least, most, every):
    for number, path in enumerate(sorted(vector_folder("sbom/sbom-vectors.tar.xz").rglob("*"))):
        if not path.is_file() or path.name == "bomb.bz2":
            continue
        if not least <= path.stat().st_size < most:
            continue
        data = path.read_bytes()
        try:
            bill = value_of(data)
        except InputError:
            continue
        if bill.standard == "cyclonedx" or number % every == 0:
            yield path, data, bill


def difference(original, kept):
    there = leaves(kept)
    return {
        path
        for path, value in leaves(original).items()
        if path not in there or repr(there[path]) != repr(value)
    }


def valid(data):
    try:
        return validate(data).valid
    except InputError:  # it states no version
        return False


def every_version(found):
    done = {}
    for path, data, bill in found:
        sound = valid(data)
        for version in VERSIONS:
            there = converted(data, f"cyclonedx-json-{version}")
            value = json.loads(there.data)
            assert value["specVersion"] == version, path
            assert there.loss.target == f"cyclonedx-json-{version}"
            assert not there.loss.lost or bill.left, path
            if sound:
                assert validate(there.data).faults == (), (path, version)
            if bill.form == "cyclonedx-json" and "pratique:carried" not in data.decode("utf-8-sig"):
                named = {one.path for one in there.loss.carried}
                assert named == difference(bill.value, value), (path, version)
                assert json.loads(converted(there.data, "cyclonedx-json").data) == bill.value, path
            xml = converted(data, f"cyclonedx-xml-{version}")
            assert f"schema/bom/{version}".encode() in xml.data
            assert not xml.loss.lost or bill.left, path
            if sound and path.name not in EXPLAINED:
                assert validate(xml.data).faults == (), (path, version)
        done[bill.version] = done.get(bill.version, 0) + 1
    return done


def test_every_version_is_valid_and_leads_back(vector_folder):
    done = every_version(bills(vector_folder, 0, SMALL, 40))
    assert {"1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "SPDX-2.3", "3.0.1"} <= set(done)
    assert sum(done.values()) > 500


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_larger_documents_too(vector_folder):
    assert sum(every_version(bills(vector_folder, SMALL, LARGE, 7)).values()) > 100
