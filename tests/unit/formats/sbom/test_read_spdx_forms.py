"""What is particular to SPDX 2 as tags and values, YAML, XML and RDF/XML."""

from __future__ import annotations

import json

import pytest
import yaml

from pratique.formats.sbom.spdx.rdf import read_rdf
from pratique.formats.sbom.spdx.tag_value import read_tag_value
from pratique.formats.sbom.spdx.xml import read_xml
from pratique.formats.sbom.spdx.yaml import read_yaml
from pratique.model.errors import InputError
from pratique.model.inventory import Trouble

TERMS = "http://spdx.org/rdf/terms#"
RDF = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="{TERMS}">
<SpdxDocument rdf:about="https://example.test/a#SPDXRef-DOCUMENT"><specVersion>SPDX-2.3</specVersion>
%s</SpdxDocument>%s</rdf:RDF>"""


def problems(reading, trouble):
    return [(p.location.line, p.message) for p in reading.problems if p.trouble is trouble]


def test_bad_lines_are_named_and_the_rest_kept():
    text = """SPDXVersion: SPDX-2.3
SPDXID: SPDXRef-DOCUMENT
nothing here
PackageName: alpha
SPDXID: SPDXRef-alpha
SPDXID: SPDXRef-other
PackageChecksum: 1234
ExternalRef: PACKAGE-MANAGER purl
ExternalRef: PACKAGE-MANAGER purl pkg:npm/alpha@1.0.0
Relationship: SPDXRef-alpha DEPENDS_ON
PackageComment: <text>not closed
PackageName: beta
SPDXID: SPDXRef-beta
"""
    reading = read_tag_value(text.encode(), "a.spdx", None)
    assert [c.ref for c in reading.components] == ["SPDXRef-alpha", "SPDXRef-beta"]
    found = dict(problems(reading, Trouble.UNREADABLE))
    assert found[3] == "'nothing here' is no tag with a value; it is left out"
    assert "second SPDXID" in found[6]
    assert "no algorithm" in found[7]
    assert "three parts" in found[8]
    assert "three parts" in found[10]
    assert found[11] == "PackageComment opens a text that does not end; it is one line"


def test_licences_of_files_are_not_those_of_packages():
    text = """SPDXVersion: SPDX-2.3
PackageName: alpha
SPDXID: SPDXRef-alpha
FileName: a.py
SPDXID: SPDXRef-file
PackageVersion: 9
LicenseID: LicenseRef-1
SPDXID: SPDXRef-none
"""
    (component,) = read_tag_value(text.encode(), "a.spdx", None).components
    assert component.package.version == ""
    assert component.ref == "SPDXRef-alpha"


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (read_tag_value, b""),
        (read_tag_value, b"PackageName: alpha"),
        (read_tag_value, b"SPDXVersion: 2.3"),
        (read_yaml, b""),
        (read_yaml, b"- a"),
        (read_yaml, b"a: [b"),
        (read_yaml, b"spdxVersion: SPDX-3.0"),
        (read_yaml, b"spdxVersion: !!python/object:os.system SPDX-2.3"),
        (read_xml, b"<Document/>"),
        (read_xml, b"<SpdxDocument/>"),
        (read_xml, b'<!DOCTYPE d [<!ENTITY a "b">]><Document/>'),
        (read_rdf, b"<a/>"),
        (read_rdf, b"<a><b>"),
    ],
)
def test_what_is_no_document_is_refused_in_one_line(read, data):
    with pytest.raises(InputError) as caught:
        read(data, "a", None)
    assert "\n" not in str(caught.value)


def test_items_of_the_wrong_kind_are_named_by_their_path():
    yaml = b"""spdxVersion: SPDX-2.3
packages:
- name: alpha
  SPDXID: SPDXRef-alpha
  checksums: none
- text
"""
    reading = read_yaml(yaml, "a.yaml", None)
    assert [m for _, m in problems(reading, Trouble.UNREADABLE)] == [
        "packages[0].checksums is text where an array was expected; it is left out",
        "packages[1] is text where an object was expected; it is left out",
    ]
    xml = b"""<Document><spdxVersion>SPDX-2.3</spdxVersion><packages>text</packages>
<packages><name>alpha</name></packages></Document>"""
    reading = read_xml(xml, "a.xml", None)
    assert len(reading.components) == 1
    assert [m for _, m in problems(reading, Trouble.UNREADABLE)] == [
        "packages[0] is text where an object was expected; it is left out"
    ]


LICENCES = {
    f'<licenseConcluded rdf:resource="{TERMS}none"/>': [],
    '<licenseConcluded rdf:resource="http://spdx.org/licenses/MIT"/>': ["MIT"],
    "<licenseConcluded>MIT OR ISC</licenseConcluded>": ["MIT OR ISC"],
    '<licenseConcluded rdf:resource="https://example.test/a#LicenseRef-x"/>': ["LicenseRef-x"],
    """<licenseConcluded><ConjunctiveLicenseSet>
      <member rdf:resource="http://spdx.org/licenses/MIT"/>
      <member><DisjunctiveLicenseSet>
        <member><ListedLicense rdf:about="http://spdx.org/licenses/ISC"><licenseId>ISC</licenseId></ListedLicense></member>
        <member><WithExceptionOperator><member><OrLaterOperator>
            <member rdf:resource="http://spdx.org/licenses/GPL-2.0"/></OrLaterOperator></member>
          <licenseException><LicenseException>
            <licenseExceptionId>Classpath-exception-2.0</licenseExceptionId>
          </LicenseException></licenseException></WithExceptionOperator></member>
      </DisjunctiveLicenseSet></member>
    </ConjunctiveLicenseSet></licenseConcluded>""": [
        "MIT AND (ISC OR GPL-2.0+ WITH Classpath-exception-2.0)"
    ],
}


@pytest.mark.parametrize("stated", LICENCES)
def test_licences_in_rdf(stated):
    package = f'<Package rdf:about="https://example.test/a#SPDXRef-a"><name>alpha</name>{stated}</Package>'
    (component,) = read_rdf((RDF % ("", package)).encode(), "a.rdf", None).components
    assert [claim.text for claim in component.licenses] == LICENCES[stated]


def test_licences_that_double_or_turn_in_circles_are_named():
    sets = "".join(
        f'<ConjunctiveLicenseSet rdf:nodeID="n{n}"><member rdf:nodeID="n{n + 1}"/>'
        f'<member rdf:nodeID="n{n + 1}"/></ConjunctiveLicenseSet>'
        for n in range(40)
    )
    ring = '<OrLaterOperator rdf:nodeID="ring"><member rdf:nodeID="ring"/></OrLaterOperator>'
    packages = "".join(
        f'<Package rdf:about="#SPDXRef-{node}"><name>{node}</name>'
        f'<licenseConcluded rdf:nodeID="{node}"/></Package>'
        for node in ("n0", "ring")
    )
    reading = read_rdf((RDF % ("", sets + ring + packages)).encode(), "a.rdf", None)
    assert len(reading.components) == 2
    messages = [m for _, m in problems(reading, Trouble.UNREADABLE)]
    assert [m.partition(":")[0] for m in messages] == ["'SPDXRef-n0'", "'SPDXRef-ring'"]
    assert all("nested too deeply or too long" in m for m in messages)


def test_elements_of_other_documents_in_rdf():
    head = """<externalDocumentRef><ExternalDocumentRef rdf:about="https://example.test/a#DocumentRef-b">
      <spdxDocument rdf:resource="https://example.test/b"/></ExternalDocumentRef></externalDocumentRef>"""
    package = f"""<Package rdf:about="https://example.test/a#SPDXRef-a"><name>alpha</name><relationship>
      <Relationship><relationshipType rdf:resource="{TERMS}relationshipType_dependsOn"/>
      <relatedSpdxElement rdf:resource="https://example.test/b#SPDXRef-b"/></Relationship>
      </relationship></Package>"""
    reading = read_rdf((RDF % (head, package)).encode(), "a.rdf", None)
    unknown = [m for _, m in problems(reading, Trouble.UNKNOWN)]
    assert unknown[0] == (
        "relationships lead to 'DocumentRef-b:SPDXRef-b' in another document, not read here"
    )


def test_packages_within_property_elements_are_found_once():
    package = '<Package rdf:about="#SPDXRef-a"><name>alpha</name></Package>'
    described = f"<describesPackage>{package}</describesPackage>"
    reading = read_rdf((RDF % (described, package)).encode(), "a.rdf", None)
    assert len(reading.components) == 1
    assert str(reading.subject) == "pkg:generic/alpha"


def test_containing_a_file_says_nothing_about_dependencies():
    text = """SPDXVersion: SPDX-2.3
PackageName: alpha
SPDXID: SPDXRef-alpha
FileName: a.py
SPDXID: SPDXRef-file
Relationship: SPDXRef-alpha CONTAINS SPDXRef-file
"""
    assert read_tag_value(text.encode(), "a.spdx", None).edges == {}


OLDER = {
    "Document": {
        "spdxVersion": "SPDX-2.2",
        "SPDXID": "SPDXRef-DOCUMENT",
        "documentDescribes": [
            {
                "Package": {
                    "SPDXID": "SPDXRef-alpha",
                    "name": "alpha",
                    "versionInfo": "1.10",
                    "checksums": [
                        {"algorithm": "checksumAlgorithm_sha1", "checksumValue": "ab" * 20}
                    ],
                    "files": [{"File": {"SPDXID": "SPDXRef-file"}}],
                }
            },
            {"File": {"SPDXID": "SPDXRef-other"}},
        ],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-alpha",
                "relationshipType": "CONTAINS",
                "relatedSpdxElement": "SPDXRef-file",
            }
        ],
    }
}
OLDER_XML = """<SpdxDocument><Document><spdxVersion>SPDX-2.2</spdxVersion>
<SPDXID>SPDXRef-DOCUMENT</SPDXID><documentDescribes><Package>
<SPDXID>SPDXRef-alpha</SPDXID><name>alpha</name><versionInfo>1.10</versionInfo>
<checksums><algorithm>checksumAlgorithm_sha1</algorithm>
<checksumValue>abababababababababababababababababababab</checksumValue></checksums>
<files><File><SPDXID>SPDXRef-file</SPDXID></File></files></Package></documentDescribes>
<documentDescribes><File><SPDXID>SPDXRef-other</SPDXID></File></documentDescribes>
<relationships><spdxElementId>SPDXRef-alpha</spdxElementId>
<relationshipType>CONTAINS</relationshipType>
<relatedSpdxElement>SPDXRef-file</relatedSpdxElement></relationships></Document></SpdxDocument>"""


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("wrapped", [True, False])
def test_packages_within_document_describes(read, indent, wrapped):
    value = OLDER if wrapped else OLDER["Document"]
    for data in (
        json.dumps(value, indent=indent).encode(),
        yaml.safe_dump(value).encode(),
        OLDER_XML.encode(),
    ):
        reading = read(data)
        assert reading.format == "SPDX 2.2"
        assert str(reading.subject) == "pkg:generic/alpha@1.10"
        (component,) = reading.components
        assert [str(hash) for hash in component.hashes] == ["sha1:" + "ab" * 20]
        assert [p.message for p in reading.problems] == [
            "1 of 1 components has no package URL (purl) and so cannot be matched"
        ]
