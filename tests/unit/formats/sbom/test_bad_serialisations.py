"""Documents of every serialisation, cut, changed and mixed: only InputError may escape."""

from __future__ import annotations

import base64
import json
import random
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pratique.formats.registry import resolve
from pratique.formats.sbom import READERS
from pratique.model.errors import InputError

ROUNDS = 250
DOCUMENTS = {
    "cyclonedx-xml": "harbour.cdx.xml",
    "cyclonedx-textproto": "harbour.cdx.textproto",
    "spdx-tag-value": "harbour.spdx",
    "spdx-yaml": "harbour.spdx.yaml",
    "spdx-xml": "harbour.spdx.xml",
    "spdx-rdf": "harbour.spdx.rdf",
    "spdx3-json": "harbour.spdx3.json",
}
NAMES = sorted({*DOCUMENTS, "sbom-attestation", "cyclonedx-protobuf"})


def reader(name):
    (found,) = (one for one in READERS if one.name == name)
    return resolve(found.read), resolve(found.sniff)


def binary() -> bytes:
    def field(number: int, value: bytes) -> bytes:
        return bytes([number << 3 | 2, len(value)]) + value

    part = field(3, b"alpha-1") + field(8, b"alpha") + field(12, b"\x08\x03" + field(2, b"ab" * 32))
    return field(1, b"1.6") + field(5, part) + field(8, field(1, b"alpha-1"))


@pytest.fixture
def sample(document, cyclonedx):
    def sample(name: str) -> bytes:
        if name == "cyclonedx-protobuf":
            return binary()
        if name == "sbom-attestation":
            statement = {"predicateType": "https://cyclonedx.org/bom", "predicate": cyclonedx}
            payload = base64.b64encode(json.dumps(statement).encode()).decode()
            return json.dumps({"payload": payload, "signatures": [{}]}).encode()
        return document(DOCUMENTS[name])

    return sample


def attempt(name: str, data: bytes):
    read, sniff = reader(name)
    assert isinstance(sniff(data[: 64 * 1024]), bool)
    try:
        reading = read(data, "document", None)
    except InputError as error:
        if "\n" in str(error):
            pytest.fail(f"more than one line: {error}")
        return None
    refs = {component.ref for component in reading.components}
    assert len(refs) == len(reading.components)
    ends = {*reading.roots, *reading.edges, *(t for ts in reading.edges.values() for t in ts)}
    assert ends <= refs
    for problem in reading.problems:
        assert "\n" not in problem.message
        assert len(problem.message) < 1000
    return reading


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_read(name, sample):
    reading = attempt(name, sample(name))
    assert reading is not None
    assert reader(name)[1](sample(name))


@pytest.mark.parametrize("name", NAMES)
def test_cut_documents(name, sample):
    data = sample(name)
    for cut in range(0, len(data), max(1, len(data) // 150)):
        attempt(name, data[:cut])
        attempt(name, data[cut:])


@pytest.mark.parametrize("name", NAMES)
def test_changed_bytes(name, sample):
    chooser, data = random.Random(name), sample(name)
    kept = 0
    for _ in range(ROUNDS):
        changed = bytearray(data)
        for _ in range(chooser.randint(1, 8)):
            at = chooser.randrange(len(changed))
            if chooser.random() < 0.5:
                changed[at] = chooser.choice(b"\x00\x0a \"'<>{}[]:;,&#/\\azA0\x80\xff")
            else:
                del changed[at : at + chooser.randint(1, 30)]
        kept += attempt(name, bytes(changed)) is not None
    assert kept  # some changes must leave something to be read, or nothing is tested


@pytest.mark.parametrize("name", NAMES)
def test_lines_moved_repeated_and_left_out(name, sample):
    chooser, lines = random.Random(name + "2"), sample(name).split(b"\n")
    for _ in range(ROUNDS):
        mixed = list(lines)
        for _ in range(chooser.randint(1, 5)):
            one, other = chooser.randrange(len(mixed)), chooser.randrange(len(mixed))
            match chooser.randrange(3):
                case 0:
                    mixed[one], mixed[other] = mixed[other], mixed[one]
                case 1:
                    mixed.insert(one, mixed[other])
                case _:
                    mixed[one] = b""
        attempt(name, b"\n".join(mixed))


@pytest.mark.parametrize("name", NAMES)
@given(data=st.binary(max_size=300))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes(name, sample, data):
    attempt(name, data)
    attempt(name, sample(name)[:60] + data)


KEYS = [
    "from",
    "import",
    "name",
    "namespaceMap",
    "payload",
    "predicate",
    "relationshipType",
    "rootElement",
    "spdxId",
    "subject",
    "to",
    "type",
    "verifiedUsing",
]


@pytest.mark.parametrize("name", ["spdx3-json", "sbom-attestation"])
@given(
    data=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(KEYS),
                inner,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
@settings(max_examples=200, deadline=None)
def test_any_values(name, data):
    context = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
    for value in (
        data,
        {"@context": context, "@graph": data},
        {"predicate": data, "subject": data},
    ):
        attempt(name, json.dumps(value).encode())


HOSTILE = {
    "cyclonedx-xml": b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6">'
    + b"<components><component>" * 60_000,
    "cyclonedx-textproto": b'spec_version: "1.6" ' + b"components {" * 60_000,
    "cyclonedx-protobuf": b"\x0a\x031.6" + b"\x2a\x00" * 60_000,
    "spdx-tag-value": b"SPDXVersion: SPDX-2.3\n" + b"PackageComment: <text>\n" * 60_000,
    "spdx-yaml": b"spdxVersion: SPDX-2.3\npackages: " + b"[" * 60_000,
    "spdx-xml": b"<Document><spdxVersion>SPDX-2.3</spdxVersion>" + b"<packages>" * 60_000,
    "spdx-rdf": b'<r xmlns="http://spdx.org/rdf/terms#">' + b"<Package>" * 60_000,
    "spdx3-json": b'{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":['
    + b'{"to":[' * 20_000
    + b"]}" * 20_000
    + b"]}",
    "sbom-attestation": b'{"predicateType":"https://cyclonedx.org/bom","predicate":'
    + b"[" * 60_000,
}


@pytest.mark.parametrize("name", NAMES)
def test_hostile_documents_take_no_time(name):
    before = process_time()
    attempt(name, HOSTILE[name])
    assert process_time() - before < 10


SLOW_TO_SNIFF = (
    b"<bom " * 13_000,
    b'{"@graph":' * 6_500,
    b"\n" * 65_000 + b"x",
    b'{"payload":"' * 5_000,
    b"{" + b'"payload":"' + b"A" * 60_000,
    b"<spdxVersion>" * 5_000,
    b'{"@context":' + b" " * 60_000,
    b"# " * 32_000,
    b'{"predicateType":"https:' * 2_500,
)


@pytest.mark.parametrize("data", SLOW_TO_SNIFF, ids=range(len(SLOW_TO_SNIFF)))
def test_sniffing_takes_no_time(data):
    before = process_time()
    for one in READERS:
        resolve(one.sniff)(data[: 64 * 1024])
    assert process_time() - before < 10


def test_comments_and_spaces_before_an_odd_character_take_no_time():
    read, _ = reader("cyclonedx-textproto")
    before = process_time()
    with pytest.raises(InputError):
        read(b"# # #  \n " * 10_000 + b"@", "a", None)
    assert process_time() - before < 10
