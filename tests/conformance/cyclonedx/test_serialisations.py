"""CycloneDX as XML and protocol buffers: the specification's documents and published ones.

A document of the specification's tests has one stem in all its serialisations,
and must become the same reading; where the documents themselves differ, the
table says how.
"""

from __future__ import annotations

import re
from collections import defaultdict
from xml.etree import ElementTree as ET

import pytest

from pratique.formats.registry import detect, read_function
from pratique.formats.sbom.cyclonedx.messages import (
    CLASSIFICATION,
    HASH,
    MESSAGES,
    REFERENCE,
    SCOPE,
    TEXT,
    Enumeration,
)
from pratique.formats.sbom.cyclonedx.protobuf import read_binary, read_text
from pratique.formats.sbom.cyclonedx.read import read_json
from pratique.formats.sbom.cyclonedx.xml import read_xml
from pratique.model.errors import InputError
from pratique.model.inventory import Trouble

ARCHIVE = "sbom/sbom-vectors.tar.xz"
READS = {".json": read_json, ".xml": read_xml, ".textproto": read_text}
PURL = "only the XML states a package URL"
OTHER = "the XML describes another component"
DIFFERENCES = {
    **{(f"1.{minor}", "bom"): OTHER for minor in range(2, 6)},
    **{(f"1.{minor}", "component-ref"): "the XML has a third component" for minor in range(2, 6)},
    **{(f"1.{minor}", "dependency"): "the XML has other names" for minor in range(2, 6)},
    **{
        (f"1.{minor}", f"license-{kind}"): PURL
        for minor in range(2, 6)
        for kind in ("expression", "id", "name")
    },
    ("1.7", "license-choice"): PURL,
    ("1.7", "component-external-with-version"): "the XML has another version of the system",
    ("1.7", "cryptography-implementation"): "the JSON describes another application",
    ("1.7", "cryptography-full-deprecated"): "the text form states version 1.6",
    ("1.7", "patent"): "the text form states no version",
}


def facts(reading):
    """All that a reading says, but for its problems and lines."""
    components = sorted(
        (
            component.ref,
            str(component.package),
            component.scope,
            component.relation,
            component.requirement,
            component.hashes,
            component.registry,
            str(component.source),
            component.licenses,
        )
        for component in reading.components
    )
    return reading.format, str(reading.subject), components, reading.roots, reading.edges


def unreadable(reading):
    return [p.message for p in reading.problems if p.trouble is Trouble.UNREADABLE]


@pytest.fixture(scope="module")
def spec(vector_folder):
    return vector_folder(ARCHIVE) / "cdx-spec/tools/src/test/resources"


def test_documents_of_one_stem_are_equal(spec):
    stems = defaultdict(dict)
    for path in sorted(spec.glob("1.*/valid-*")):
        if path.suffix in READS:
            reading = READS[path.suffix](path.read_bytes(), path.name, None)
            assert not unreadable(reading), path
            version = path.parent.name
            name = path.stem.removeprefix("valid-").removesuffix(f"-{version}")
            stems[version, name][path.suffix] = facts(reading)
    differing = {
        stem
        for stem, found in stems.items()
        if any(f != min(found.values(), key=repr) for f in found.values())
    }
    assert differing == set(DIFFERENCES)
    assert sum(len(found) - 1 for found in stems.values()) >= 400


def _children(element, name):
    return [child for child in element if child.tag.rpartition("}")[2] == name]


def plain_count(root) -> int:
    """Components of an XML document, counted without the reader."""

    def within(element) -> int:
        lists = _children(element, "components")
        found = [one for each in lists for one in _children(each, "component")]
        return len(found) + sum(map(within, found))

    metadata = _children(root, "metadata")
    mains = [one for each in metadata for one in _children(each, "component")]
    return within(root) + sum(map(within, mains))


def plain_edges(root) -> set:
    """Pairs of the ``dependencies`` of an XML document."""
    return {
        (entry.get("ref"), target.get("ref"))
        for each in _children(root, "dependencies")
        for entry in _children(each, "dependency")
        for target in _children(entry, "dependency")
    }


def test_every_xml_document_is_read_with_every_component(vector_folder):
    total = edges = read = 0
    for path in sorted(vector_folder(ARCHIVE).rglob("*.xml")):
        data = path.read_bytes()
        if b"cyclonedx.org/schema/bom" not in data:
            continue
        root = ET.fromstring(data)
        reading = read_xml(data, path.name, None)
        assert detect("-", data).name == "cyclonedx-xml", path
        assert len(reading.components) == plain_count(root), path
        refs = {component.ref for component in reading.components}
        stated = {pair for pair in plain_edges(root) if refs.issuperset(pair)}
        assert stated <= {(s, t) for s, ts in reading.edges.items() for t in ts}, path
        total += len(reading.components)
        edges += len(stated)
        read += 1
    assert read >= 425
    assert total > 1_000
    assert edges > 400


def test_every_text_form_is_read_with_every_component(spec):
    """Counted by the fields of that name at the nesting that they have."""
    total = 0
    for path in sorted(spec.glob("1.*/*.textproto")):
        data = path.read_bytes()
        reading = read_text(data, path.name, None)
        tops = len(re.findall(r"^components:?\s*\{", data.decode(), re.MULTILINE))
        assert len(reading.components) >= tops, path
        assert detect("-", data).name == "cyclonedx-textproto", path
        total += tops
    assert total > 200


@pytest.mark.parametrize(
    "name", ["laravel-7.12.0", "dropwizard-1.3.15", "cern-lhc-vdm-editor-e564943"]
)
def test_published_documents_in_both_forms_are_equal(vector_folder, name):
    """In one pair the JSON states a licence that the XML does not."""
    folder = vector_folder(ARCHIVE) / "bom-examples/SBOM" / name
    compared = 0
    for path in sorted(folder.glob("*.xml")):
        if not path.with_suffix(".json").exists():
            continue
        xml = read_xml(path.read_bytes(), path.name, None)
        plain = read_json(path.with_suffix(".json").read_bytes(), path.name, None)
        first, second = facts(xml), facts(plain)
        assert (first[0], first[1], first[3], first[4]) == (
            second[0],
            second[1],
            second[3],
            second[4],
        )
        differing = set(map(repr, first[2])) ^ set(map(repr, second[2]))
        allowed = 2 if name.startswith("dropwizard") else 0
        assert len(differing) == allowed
        assert all("osgi-resource-locator" in one for one in differing)
        compared += len(first[2])
    assert compared >= 40


def test_invalid_documents_never_crash(spec):
    refused = set()
    for path in sorted(spec.glob("1.*/invalid-*")):
        if path.suffix not in {".xml", ".textproto"}:
            continue
        try:
            reading = READS[path.suffix](path.read_bytes(), path.name, None)
        except InputError:
            refused.add(path.name)
        else:
            assert reading.components or reading.problems or path.stat().st_size < 2_000, path
    assert not refused


def test_unknown_namespaces_are_said(spec):
    paths = sorted(spec.glob("1.*/invalid-namespace-*.xml"))
    assert len(paths) >= 6
    for path in paths:
        problems = read_xml(path.read_bytes(), path.name, None).problems
        assert any("is not known; read as 1.7" in p.message for p in problems), path


def test_scalibr_cases(vector_folder):
    base = vector_folder("sbom/lockfiles.tar.xz") / "scalibr/sbom/cdx/testdata"
    for name in ("sbom.cdx.xml", "sbom.bom.xml"):
        data = (base / name).read_bytes()
        xml = read_function(detect(name, data))(data, name, None)
        plain = (base / name.replace(".xml", ".json")).read_bytes()
        got = sorted(str(c.package) for c in xml.components)
        assert got == sorted(str(c.package) for c in read_json(plain, name, None).components)
        assert got


# --- protocol buffers ---------------------------------------------------------------------------


def messages_of(proto: str) -> dict[str, dict[int, tuple[str, str, bool]]]:
    """Messages and enumerations of a ``.proto`` file: number to name, type, and whether repeated."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", proto, flags=re.DOTALL)
    found: dict[str, dict[int, tuple[str, str, bool]]] = {}
    stack: list[str] = []
    token = re.compile(
        r"(?:message|enum|oneof)\s+(\w+)\s*\{|(\})|"
        r"(?:(repeated|optional)\s+)?(?:([\w.]+)\s+)?(\w+)\s*=\s*(\d+)\s*(?:\[[^\]]*\])?\s*;"
    )
    for match in token.finditer(text):
        opened, closed, label, kind, name, number = match.groups()
        if opened:
            # The fields of a oneof are those of the message around it.
            stack.append(stack[-1] if match[0].startswith("oneof") else opened)
            found.setdefault(stack[-1], {})
        elif closed:
            stack.pop()
        elif stack:
            found[stack[-1]][int(number)] = (name, kind or "", label == "repeated")
    return found


@pytest.fixture(scope="module")
def protos(vector_folder):
    folder = vector_folder("sbom/schemas.tar.xz") / "cyclonedx"
    return {f"1.{n}": messages_of((folder / f"bom-1.{n}.proto").read_text()) for n in range(3, 8)}


def test_the_table_of_messages_is_that_of_every_version(protos):
    names = {CLASSIFICATION: "Classification", SCOPE: "Scope", HASH: "HashAlg"}
    names[REFERENCE] = "ExternalReferenceType"
    seen = set()
    for messages in protos.values():
        for message, fields in MESSAGES.items():
            for number, field in fields.items():
                if number not in messages.get(message, {}):
                    continue  # of a later version
                name, kind, repeated = messages[message][number]
                wanted = names[field.kind] if isinstance(field.kind, Enumeration) else field.kind
                assert (name, kind) == (field.name, "string" if wanted == TEXT else wanted)
                assert repeated == field.repeated or message == "Metadata"
                seen.add((message, number))
        for enumeration, name in names.items():
            for number, (stated, _, _) in messages[name].items():
                if number < len(enumeration.values):
                    assert enumeration.by_name(stated) == enumeration.by_number(number)
                else:
                    assert enumeration is REFERENCE
    assert seen == {(message, number) for message, fields in MESSAGES.items() for number in fields}


def encode(tree, message, messages) -> bytes:
    """A message in binary, by the field numbers of the ``.proto`` file."""
    by_name = {name: (number, kind) for number, (name, kind, _) in messages[message].items()}
    out = b""
    for name, value in tree:
        number, kind = by_name[name]
        if kind in messages and isinstance(value, list):
            out += record(number, encode(value, kind, messages))
        elif kind in messages:
            (enum_number,) = [n for n, (stated, _, _) in messages[kind].items() if stated == value]
            out += varint(number << 3) + varint(enum_number)
        elif kind == "string":
            out += record(number, value.encode())
        else:
            out += varint(number << 3) + varint(1)
    return out


def varint(number: int) -> bytes:
    head = bytes([number & 0x7F | (0x80 if number > 0x7F else 0)])
    return head + varint(number >> 7) if number > 0x7F else head


def record(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def parse_text(text: str):
    """A plain tree of a text form that uses neither lists nor concatenated strings."""
    token = re.compile(
        r'\s*(?:#[^\n]*\s*)*(?:(\w+)\s*:?\s*(\{|"(?:[^"\\]|\\.)*"|-?[\w.]+)|(\}))\s*'
    )
    stack: list[list] = [[]]
    at = 0
    while at < len(text.rstrip()):
        match = token.match(text, at)
        if not match:
            return None
        at = match.end()
        name, value, closed = match.groups()
        if closed:
            stack.pop()
        elif value == "{":
            stack[-1].append((name, []))
            stack.append(stack[-1][-1][1])
        else:
            stack[-1].append((name, value.strip('"')))
    return stack[0]


def test_binary_documents_equal_their_text_form(spec, protos):
    """Encoded here by the numbers of the ``.proto`` files, without the reader's table."""
    compared = 0
    for path in sorted(spec.glob("1.*/valid-*.textproto")):
        text = path.read_text()
        tree = parse_text(text) if "\\" not in text else None
        if tree is None or path.name == "valid-patent-1.7.textproto":
            continue
        messages = protos[path.parent.name]
        try:
            data = encode(tree, "Bom", messages)
        except (KeyError, ValueError):
            continue  # a field of another package, a number for an enumeration
        assert read_binary(data, path.name, None) == read_text(
            path.read_bytes(), path.name, None
        ), path
        compared += 1
    assert compared >= 90
