"""Documents that are written keep to the schemas of their formats."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from pratique.formats import vex as formats
from pratique.formats.csaf.mandatory.run import validate
from pratique.formats.openvex.check import check
from pratique.model.errors import InputError
from pratique.vex import load

ARCHIVE = "vex/vex.tar.xz"
FOLDERS = ("vexhub/pkg/golang/github.com/rancher", "trivy/.vex", "csaf/examples/csaf/csaf_vex")


@pytest.fixture(scope="module")
def documents(vector_folder: Callable[[str], Path]) -> list[object]:
    folder = vector_folder(ARCHIVE)
    paths = [folder / name for name in FOLDERS]
    paths += sorted((folder / "cyclonedx-bom-examples/VEX/CISA-Use-Cases").rglob("vex*.json"))
    found = [one for one in load(paths).documents if one.timestamp is not None]
    assert len(found) > 25
    return found


def test_openvex__schema(documents: list[object], vector_folder: Callable[[str], Path]) -> None:
    schema = json.loads(
        (vector_folder(ARCHIVE) / "openvex-spec/openvex_json_schema.json").read_bytes()
    )
    validator = jsonschema_rs.validator_for(schema)
    write = formats.writer("openvex")
    for document in documents:
        data, _ = write(document)
        assert write(document)[0] == data
        errors = [one.message for one in validator.iter_errors(json.loads(data))]
        assert not errors, (document.path, errors[:2])
        faults = [f for f in check(data)[1] if "without" not in f[1]]
        assert not faults, (document.path, faults[:2])


def test_openvex__reading_what_was_written_gives_the_same_statements(
    documents: list[object],
) -> None:
    for document in documents:
        if not document.format.startswith("OpenVEX"):
            continue
        data, lost = formats.writer("openvex")(document)
        assert not lost
        again = formats.read(data, document.path)
        strip = lambda one: msgspec.structs.replace(one, place="", action="")  # noqa: E731
        assert sorted(map(repr, map(strip, again.statements))) == sorted(
            map(repr, map(strip, document.statements))
        )


def test_csaf__schema_and_mandatory_tests(
    documents: list[object], vector_folder: Callable[[str], Path]
) -> None:
    folder = vector_folder(ARCHIVE) / "csaf"
    registry = jsonschema_rs.Registry(
        [
            (f"https://www.first.org/cvss/{path.name}", json.loads(path.read_bytes()))
            for path in (folder / "referenced_schema/first").glob("cvss-v?.?.json")
        ]
    )
    schema = json.loads((folder / "json_schema/csaf_json_schema.json").read_bytes())
    validator = jsonschema_rs.validator_for(schema, registry=registry)
    write = formats.writer("csaf")
    written = 0
    for document in documents:
        if not any(one.products for one in document.statements):
            with pytest.raises(InputError, match="no statement about a product"):
                write(document)
            continue
        data, _ = write(document)
        written += 1
        assert write(document)[0] == data
        errors = [one.message for one in validator.iter_errors(json.loads(data))]
        assert not errors, (document.path, errors[:2])
        failures = validate(data).failures
        assert not failures, (document.path, failures[:3])
    assert written > 20


def test_cyclonedx__schema(
    documents: list[object],
    vector_folder: Callable[[str], Path],
) -> None:
    folder = vector_folder("sbom/schemas.tar.xz") / "cyclonedx"
    names = ("bom-1.6.schema.json", "spdx.schema.json", "jsf-0.82.schema.json")
    resources = [
        (f"http://cyclonedx.org/schema/{name}", json.loads((folder / name).read_bytes()))
        for name in names
    ]
    validator = jsonschema_rs.Draft7Validator(
        resources[0][1],
        registry=jsonschema_rs.Registry(resources),
        validate_formats=True,
        offline=True,
    )
    write = formats.writer("cyclonedx")
    for document in documents:
        data, _ = write(document)
        assert write(document)[0] == data
        errors = [one.message for one in validator.iter_errors(json.loads(data))]
        assert not errors, (document.path, errors[:2])
