"""What an older version of CycloneDX has other words for, and what it has no place for."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from pratique.formats.sbom.convert import convert
from pratique.formats.sbom.validation import validate
from pratique.model.errors import UnsupportedError
from pratique.surfaces.cli import main

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
BOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "metadata": {
        "timestamp": "2025-01-02T03:04:05Z",
        "lifecycles": [{"phase": "build"}],
        "manufacturer": {"name": "Example"},
        "tools": {
            "components": [
                {"type": "application", "name": "maker", "version": "3", "publisher": "Example"}
            ]
        },
    },
    "components": [
        {
            "type": "machine-learning-model",
            "bom-ref": "m",
            "name": "alpha",
            "authors": [{"name": "Ada"}, {"name": "Bo"}],
            "modelCard": {"modelParameters": {"task": "classification"}},
        },
        {
            "type": "library",
            "bom-ref": "l",
            "name": "beta",
            "licenses": [{"license": {"id": "MIT", "acknowledgement": "declared"}}],
            "externalReferences": [
                {"type": "source-distribution", "url": "https://example.test/beta.tgz"},
                {"type": "security-contact", "url": "mailto:a@example.test"},
            ],
            "evidence": {
                "identity": [{"field": "purl", "confidence": 1}, {"field": "name"}],
                "occurrences": [{"location": "a.lock", "line": 3}],
            },
        },
    ],
    "compositions": [{"aggregate": "incomplete_first_party_opensource_only"}],
}


def to(target, bom=BOM):
    return convert(json.dumps(bom).encode(), target, creator="pratique-0.0", now=NOW)


def test_older_words():
    done = to("cyclonedx-json-1.4")
    bom = json.loads(done.data)
    assert bom["specVersion"] == "1.4"
    assert bom["metadata"]["tools"] == [{"vendor": "Example", "name": "maker", "version": "3"}]
    assert bom["metadata"]["manufacture"] == {"name": "Example"}
    model, library = bom["components"]
    assert (model["type"], model["author"]) == ("file", "Ada, Bo")
    assert [one["type"] for one in library["externalReferences"]] == ["distribution", "other"]
    assert library["licenses"] == [{"license": {"id": "MIT"}}]
    assert bom["compositions"] == [{"aggregate": "incomplete_first_party_only"}]
    assert validate(done.data).valid


def test_what_has_no_place_is_named_with_its_path():
    named = {one.path: one for one in to("cyclonedx-json-1.5").loss.carried}
    assert {
        "components[1].licenses[0].license.acknowledgement",
        "components[1].evidence.occurrences[0].line",
        "components[1].evidence.identity[1].field",
        "components[0].authors[1].name",
    } <= set(named)
    assert "components[0].modelCard.modelParameters.task" not in named
    assert all("cyclonedx-json-1.5 has no field" in one.reason for one in named.values())


@pytest.mark.parametrize("syntax", ["json", "xml"])
@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7"])
def test_every_version_leads_back(syntax, version):
    done = to(f"cyclonedx-{syntax}-{version}")
    assert validate(done.data).valid
    assert done.loss.lost == ()
    again = convert(done.data, "cyclonedx-json", creator="pratique-0.0", now=NOW)
    value = json.loads(again.data)
    value.pop("$schema", None)
    assert value == BOM
    assert to(f"cyclonedx-{syntax}-{version}").data == done.data


def test_a_document_without_metadata_comes_back_without():
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.7", "version": 1, "citations": []}
    done = to("cyclonedx-json-1.4", bom)
    assert validate(done.data).valid
    again = convert(done.data, "cyclonedx-json", creator="pratique-0.0", now=NOW)
    assert json.loads(again.data) == bom


def test_licences_of_several_expressions():
    licenses = [{"expression": "MIT OR ISC"}, {"license": {"id": "MIT"}}]
    part = {"type": "library", "name": "a", "licenses": licenses}
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.7", "version": 1, "components": [part]}
    done = to("cyclonedx-json-1.6", bom)
    assert validate(done.data).valid
    (found,) = json.loads(done.data)["components"]
    assert found["licenses"] == [{"license": {"name": "MIT OR ISC"}}, {"license": {"id": "MIT"}}]


def test_a_fault_that_was_there_is_left():
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [{"type": "library"}, {"type": "library", "name": "b", "scope": "odd"}],
    }
    value = json.loads(to("cyclonedx-json-1.5", bom).data)
    assert value["components"] == bom["components"]


def test_spdx_becomes_the_version_that_is_asked_for():
    document = {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "a",
        "dataLicense": "CC0-1.0",
        "documentNamespace": "https://example.test/a",
        "creationInfo": {"created": "2025-01-02T03:04:05Z", "creators": ["Tool: x"]},
        "packages": [
            {
                "SPDXID": "SPDXRef-a",
                "name": "alpha",
                "versionInfo": "1",
                "downloadLocation": "NOASSERTION",
                "licenseDeclared": "MIT",
                "licenseConcluded": "ISC",
            }
        ],
    }
    data = json.dumps(document).encode()
    done = convert(data, "cyclonedx-json-1.4", creator="pratique-0.0", now=NOW)
    assert validate(done.data).valid
    assert done.loss.lost == ()
    again = convert(done.data, "spdx-json-2.3", creator="pratique-0.0", now=NOW)
    assert json.loads(again.data) == document


def test_the_command(tmp_path, capsys):
    path = tmp_path / "a.cdx.json"
    path.write_text(json.dumps(BOM))
    assert main(["sbom", "convert", str(path), "--to", "cyclonedx-xml-1.5"]) == 0
    assert "schema/bom/1.5" in capsys.readouterr().out
    assert main(["sbom", "convert", str(path), "--to", "cyclonedx-json-1.3"]) == 2
    assert "cyclonedx-json-1.4" in capsys.readouterr().err


def test_an_unknown_version_is_refused():
    with pytest.raises(UnsupportedError, match=r"cyclonedx-json-1\.4"):
        to("cyclonedx-json-9.9")
