"""SPDX 2 as tags, YAML, XML and RDF/XML: the standard's example and published documents.

Documents that are one in several serialisations must become the same reading;
where the documents themselves differ, the table says how.
"""

from __future__ import annotations

import re

import pytest

from pratique.formats.registry import detect, read_function
from pratique.model.errors import InputError

ARCHIVE = "sbom/sbom-vectors.tar.xz"
FORMS = ("spdx-json", "spdx-tag-value", "spdx-yaml", "spdx-xml", "spdx-rdf")
NAMES = re.compile(r"SPDX(?:JSON|Tag|YAML|XML|Rdf)Example-")

NTIA = (
    "missing_author_name",
    "missing_component_version",
    "missing_concluded_license",
    "missing_supplier_name",
    "missing_timestamp",
    "missing_unique_identifiers",
    "no_elements_missing",
)
WITHOUT_RDF = "missing_dependency_relationships"
"""Its RDF has lost the package along with the relationship that it was nested in."""

EXAMPLES = {
    "spdx-2.2/examples": FORMS,
    "spdx-2.3.1/examples": FORMS,
    # The YAML of this folder has quotes within quotes at line 324 and is none.
    "spdx-2.3/examples": tuple(form for form in FORMS if form != "spdx-yaml"),
}


def read(path):
    data = path.read_bytes()
    reader = detect(path.name, data)
    return reader.name, read_function(reader)(data, path.name, None)


def plain_licence(text):
    """A licence without outer brackets, its parts sorted: RDF has no order and no brackets."""
    text = re.sub(r"^\((.*)\)$", r"\1", text)
    for operator in (" AND ", " OR "):
        if operator in text and "(" not in text:
            return operator.join(sorted(text.split(operator)))
    return text


def facts(reading, refs=True):
    components = sorted(
        (
            component.ref if refs else "",
            str(component.package),
            component.scope,
            component.relation,
            sorted(map(str, component.hashes)),
            component.registry,
            str(component.source),
            [plain_licence(claim.text) for claim in component.licenses],
        )
        for component in reading.components
    )
    edges = {source: sorted(targets) for source, targets in reading.edges.items()}
    return reading.format, str(reading.subject), components, sorted(reading.roots), edges


def compare(folder, forms, refs=True):
    found = {}
    for path in sorted(folder.iterdir()):
        if not NAMES.match(path.name):
            continue
        try:
            name, reading = read(path)
        except InputError:
            name = detect(path.name, path.read_bytes()).name
            assert name not in forms, path
        else:
            found[name] = facts(reading, refs)
    assert set(found) == set(forms), folder
    for name, one in found.items():
        assert one == found["spdx-json"], (folder, name)
    return found["spdx-json"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_standards_own_example(vector_folder, name):
    """All that differs is the order and the brackets of licences."""
    found = compare(vector_folder("sbom/schemas.tar.xz") / name, EXAMPLES[name])
    assert len(found[2]) == 4
    assert len(found[4]) >= 1


@pytest.mark.parametrize("name", NTIA)
def test_one_document_in_five_serialisations(vector_folder, name):
    """Without an identifier, the package of the RDF has a blank node for a reference."""
    folder = vector_folder(ARCHIVE) / "ntia/tests/data" / name
    found = compare(folder, FORMS, refs=name != "missing_unique_identifiers")
    assert len(found[2]) in {1, 3}


def test_one_document_whose_rdf_is_another(vector_folder):
    folder = vector_folder(ARCHIVE) / "ntia/tests/data" / WITHOUT_RDF
    (rdf,) = folder.glob("*.rdf.xml")
    assert b"<spdx:Package" not in rdf.read_bytes()
    assert read(rdf)[1].components == ()
    found = {
        name: facts(reading)
        for name, reading in (read(path) for path in folder.iterdir() if NAMES.match(path.name))
        if name != "spdx-rdf"
    }
    assert len(found) == 4
    assert all(one == found["spdx-json"] for one in found.values())
    assert len(found["spdx-json"][2]) == 1


def test_one_document_in_the_form_before_the_standards(vector_folder):
    """Its RDF is of version 2.3 and has other files; its licences differ in their order."""
    folder = vector_folder(ARCHIVE) / "ntia/tests/data/missing_component_name"
    found = {}
    for path in folder.iterdir():
        name, reading = read(path)
        (component,) = reading.components
        assert any("has no name" in p.message for p in reading.problems), path
        licences = [
            sorted(re.findall(r"[\w.-]+", claim.text.replace("AND", "")))
            for claim in component.licenses
        ]
        found[name] = (component.ref, component.package, component.hashes, licences)
    assert set(found) == {"spdx-json", "spdx-yaml", "spdx-xml", "spdx-rdf"}
    assert all(one == found["spdx-json"] for one in found.values())


def test_published_tag_value_documents_are_read_with_every_package(vector_folder):
    packages = documents = related = 0
    for path in sorted(vector_folder(ARCHIVE).rglob("*")):
        if path.suffix not in {".spdx", ".tag"}:
            continue
        text = path.read_bytes().decode("utf-8-sig")
        name, reading = read(path)
        assert name == "spdx-tag-value", path
        stated = len(re.findall(r"^\s*PackageName\s*:", text, re.MULTILINE))
        own = [c for c in reading.components if "~" not in c.ref]
        assert len(own) == stated, path
        refs = {c.ref for c in reading.components}
        pairs = set(
            re.findall(
                r"^Relationship:\s*(\S+)\s+(?:DEPENDS_ON|CONTAINS)\s+(\S+)\s*$", text, re.MULTILINE
            )
        )
        pairs = {pair for pair in pairs if refs.issuperset(pair)}
        assert pairs <= {(s, t) for s, ts in reading.edges.items() for t in ts}, path
        documents += 1
        packages += stated
        related += len(pairs)
    assert documents >= 30
    assert packages > 150
    assert related > 20


def test_published_yaml_documents_are_read_with_every_package(vector_folder):
    documents = 0
    for path in sorted(vector_folder(ARCHIVE).rglob("*")):
        if path.suffix not in {".yml", ".yaml"} or b"SPDXID" not in path.read_bytes():
            continue
        name, reading = read(path)
        assert name == "spdx-yaml", path
        body = path.read_bytes().decode().partition("\npackages:")[2]
        block = re.split(r"\n[a-zA-Z]", body, maxsplit=1)[0]
        stated = len(re.findall(r"^\s*(?:- )?\s*downloadLocation:", block, re.MULTILINE))
        if path.parent.name != "missing_component_name":  # of another form; see below
            assert len(reading.components) == stated, path
        documents += 1
    assert documents >= 15


def test_scalibr_case(vector_folder):
    base = vector_folder("sbom/lockfiles.tar.xz") / "scalibr/sbom/spdx/testdata"
    _, tags = read(base / "sbom.spdx")
    _, plain = read(base / "sbom.spdx.json")
    assert sorted(str(c.package) for c in tags.components) == sorted(
        str(c.package) for c in plain.components
    )
    data = (base / "invalid_sbom.spdx").read_bytes()
    with pytest.raises(InputError):
        read_function(detect("invalid_sbom.spdx", data))(data, "invalid_sbom.spdx", None)
