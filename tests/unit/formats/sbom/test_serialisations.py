"""The same document in every serialisation becomes the same reading."""

from __future__ import annotations

import json

import pytest

from pratique.formats.registry import detect
from pratique.model.inventory import Trouble

CYCLONEDX = ("harbour.cdx.xml", "harbour.cdx.textproto")
SPDX = (
    "harbour.spdx",
    "harbour.spdx.yaml",
    "harbour.spdx.xml",
    "harbour.spdx.rdf",
    "harbour.spdx3.json",
)
READERS = {
    "harbour.cdx.xml": "cyclonedx-xml",
    "harbour.cdx.textproto": "cyclonedx-textproto",
    "harbour.spdx": "spdx-tag-value",
    "harbour.spdx.yaml": "spdx-yaml",
    "harbour.spdx.xml": "spdx-xml",
    "harbour.spdx.rdf": "spdx-rdf",
    "harbour.spdx3.json": "spdx3-json",
}


def facts(reading):
    """All that a reading says, but for lines and the name of the format."""
    return {
        "subject": str(reading.subject),
        "components": sorted(
            (
                component.ref,
                str(component.package),
                component.ecosystem,
                component.relation,
                component.scope,
                component.hashes,
                component.registry,
                str(component.source),
                component.licenses,
            )
            for component in reading.components
        ),
        "roots": reading.roots,
        "edges": reading.edges,
        "problems": [problem.message for problem in reading.problems],
    }


@pytest.mark.parametrize("name", CYCLONEDX)
def test_cyclonedx(read, cyclonedx, document, name):
    reading = read(document(name))
    assert reading.format == "CycloneDX 1.6"
    assert facts(reading) == facts(read(cyclonedx))


@pytest.mark.parametrize("name", SPDX)
def test_spdx(read, spdx, document, name):
    reading = read(document(name))
    assert reading.format == ("SPDX 3.0.1" if "spdx3" in name else "SPDX 2.3")
    assert facts(reading) == facts(read(spdx))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("path", ["", "-", "sbom", "bom.json", "x.spdx.xml"])
def test_content_decides(document, name, path):
    assert detect(path or name, document(name)).name == READERS[name]


@pytest.mark.parametrize("name", sorted(set(READERS) - {"harbour.cdx.textproto"}))
def test_lines_are_those_of_the_entries(read, document, name):
    data = document(name)
    lines = data.decode().splitlines()
    reading = read(data)
    numbered = [c for c in reading.components if c.locations[0].line]
    assert len(numbered) >= 2
    for component in numbered:
        assert component.ref in lines[component.locations[0].line - 1]


@pytest.mark.parametrize("name", ["harbour.cdx.xml", "harbour.spdx.xml", "harbour.spdx.rdf"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_xml_in_other_encodings(read, document, name, encoding):
    text = document(name).decode().replace(' encoding="UTF-8"', "")
    assert facts(read(text.encode(encoding))) == facts(read(document(name)))


@pytest.mark.parametrize("name", ["harbour.spdx", "harbour.spdx.yaml", "harbour.cdx.textproto"])
def test_text_in_other_encodings(read, document, name):
    text = document(name).decode()
    for data in (
        text.encode("utf-8-sig"),
        text.encode("utf-16"),
        text.replace("\n", "\r\n").encode(),
    ):
        assert facts(read(data)) == facts(read(document(name)))


def test_yaml_keeps_versions_as_written(read, document):
    text = document("harbour.spdx.yaml").decode()
    reading = read(text.replace("versionInfo: 3.0", "versionInfo: 3.10").encode())
    assert reading.subject.version == "3.10"


@pytest.mark.parametrize("form", [json.dumps, lambda value: json.dumps(value, indent=1)])
def test_the_wrapper_of_version_2_2(read, spdx, form):
    assert facts(read(form({"Document": spdx}).encode()))["edges"] == read(spdx).edges


@pytest.mark.parametrize(
    ("name", "before", "after", "says"),
    [
        ("harbour.cdx.xml", "bom/1.6", "bom/1.9", "version '1.9' is not known; read as 1.7"),
        ("harbour.cdx.textproto", '"1.6"', '"1.9"', "spec_version '1.9' is not known"),
        ("harbour.spdx", "SPDX-2.3", "SPDX-2.9", "spdxVersion 'SPDX-2.9' is not known"),
        ("harbour.spdx.yaml", "SPDX-2.3", "SPDX-2.9", "spdxVersion 'SPDX-2.9' is not known"),
        ("harbour.spdx.rdf", "SPDX-2.3", "SPDX-2.9", "spdxVersion 'SPDX-2.9' is not known"),
        ("harbour.spdx3.json", '"3.0.1"', '"3.9"', "specVersion '3.9' is not known"),
    ],
)
def test_unknown_versions_are_said(read, document, name, before, after, says):
    reading = read(document(name).replace(before.encode(), after.encode(), 1))
    unknown = [p.message for p in reading.problems if p.trouble is Trouble.UNKNOWN]
    assert says in unknown[0]
    assert len(reading.components) == len(read(document(name)).components)


def test_older_versions_of_tags_are_known(read, document):
    reading = read(document("harbour.spdx").replace(b"SPDX-2.3", b"SPDX-2.1"))
    assert reading.format == "SPDX 2.1"
    assert not reading.problems
