"""Inventories in every form: valid by schema, repeatable, and read back as the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import jsonschema_rs
import pytest

from pratique.formats import registry
from pratique.formats.sbom.cyclonedx.read import read_json as read_cyclonedx
from pratique.formats.sbom.sniff import is_cyclonedx_json, is_spdx_json
from pratique.formats.sbom.spdx.read import read_json as read_spdx
from pratique.formats.sbom.spdx3.write import CONTEXT
from pratique.formats.sbom.validation import validate
from pratique.formats.sbom.write import FORMS, write
from pratique.model.errors import InputError
from pratique.model.inventory import Inventory

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
LARGE = 150_000


@pytest.fixture(scope="module")
def inventories(vector_folder):
    found = []
    for path in sorted(vector_folder("sbom/sbom-vectors.tar.xz").rglob("*.json")):
        data = path.read_bytes()
        if len(data) > LARGE:
            continue
        read = read_cyclonedx if is_cyclonedx_json(data) else read_spdx
        if read is read_spdx and not is_spdx_json(data):
            continue
        try:
            reading = read(data, path.name, None)
        except InputError:
            continue
        found.append(
            Inventory(
                subject=str(reading.subject or path.name),
                components=reading.components,
                roots=reading.roots,
                edges=reading.edges,
            )
        )
    return found


@pytest.fixture(scope="module")
def schemas(vector_folder):
    folder = vector_folder("sbom/schemas.tar.xz")
    spdx = json.loads((folder / "spdx-2.3/schemas/spdx-schema.json").read_bytes())
    spdx3 = json.loads(next((folder / "spdx-3.0.1").rglob("*schema*.json")).read_bytes())
    broken = {"@context": CONTEXT, "@graph": [{"type": "software_Package", "spdxId": "urn:a"}]}
    assert not jsonschema_rs.validator_for(spdx3).is_valid(broken)
    return {
        "spdx-json-2.3": jsonschema_rs.Draft7Validator(spdx, validate_formats=True),
        "spdx-json-3.0.1": jsonschema_rs.validator_for(spdx3),
    }


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_valid_and_read_back(form, inventories, schemas):
    digests = edges = 0
    for inventory in inventories if "cyclonedx" in form else inventories[::2]:
        data = write(inventory, form, tool="pratique", tool_version="0.0", timestamp=NOW)
        if form in schemas:
            errors = [str(one)[:300] for one in schemas[form].iter_errors(json.loads(data))]
            assert errors[:2] == [], inventory.subject
        verdict = validate(data)
        assert verdict.faults[:2] == (), inventory.subject
        reader = registry.detect("-", data)
        again = registry.read_function(reader)(data, "x", None)
        subject = {one.ref for one in again.components} - {
            one.ref for one in again.components if one.package == again.subject
        }
        digests += sum(len(one.hashes) for one in again.components)
        edges += sum(len(targets) for targets in again.edges.values())
        if "cyclonedx" in form:
            assert len(again.components) == len(inventory.components)
            assert sum(map(len, again.edges.values())) == sum(map(len, inventory.edges.values()))
        else:
            assert len(subject) <= len(inventory.components) + 1
    assert digests > 150
    assert edges > 100


def test_the_same_inventory_gives_the_same_bytes(inventories):
    inventory = max(inventories, key=lambda one: len(one.edges))
    for form in FORMS:
        first, second = (
            write(inventory, form, tool="pratique", tool_version="0.0", timestamp=NOW)
            for _ in range(2)
        )
        assert first == second


def test_unknown_forms_are_refused(inventories):
    with pytest.raises(InputError, match="no form"):
        write(inventories[0], "spdx-9", tool="pratique", tool_version="0.0", timestamp=NOW)
