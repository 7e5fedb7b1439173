"""Protocol buffers as plain values: what the specification's examples say in JSON as well."""

from __future__ import annotations

import json
import struct
from datetime import UTC, datetime

import pytest

from pratique.formats.base import Notes
from pratique.formats.sbom.convert import convert
from pratique.formats.sbom.convert.leaves import leaves, missing
from pratique.formats.sbom.cyclonedx.messages import DOUBLE, FLOAT, TEXT, Enumeration
from pratique.formats.sbom.cyclonedx.proto_schema import VERSIONS, proto
from pratique.formats.sbom.cyclonedx.protobuf_values import binary_values, text_values
from pratique.formats.sbom.cyclonedx.textproto import parse_text_form
from pratique.formats.sbom.validation import validate
from pratique.formats.sbom.values import value_of
from pratique.model.errors import InputError

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)

EXPLAINED = {
    "valid-bom-1.3": "an e-mail address is empty",
    "valid-bom-1.4": "an e-mail address is empty",
    "valid-bom-1.5": "an e-mail address is empty",
    "valid-evidence-1.5": "a tool is named twice",
    "valid-attestation-1.6": "protocol buffers have no signatures, which a signatory needs",
    "valid-attestation-1.7": "protocol buffers have no signatures, which a signatory needs",
    "valid-patent-1.7": "it states no version",
}
"""Examples that JSON's schema does not take, whoever writes them as JSON."""


@pytest.fixture(scope="module")
def examples(vector_folder):
    folder = vector_folder("sbom/sbom-vectors.tar.xz")
    return [path for path in sorted(folder.rglob("valid-*.textproto")) if path.is_file()]


def encoded(message, name, table):
    """A message in the binary form, by the same table as it is read."""
    fields = {field.key: (number, field) for number, field in table[name].items()}
    out = b""
    for key, value in message.items():
        number, field = fields[key]
        for one in value if field.repeated else [value]:
            if isinstance(field.kind, Enumeration):
                out += varint(number << 3) + varint(field.kind.values.index(one))
            elif field.kind in {FLOAT, DOUBLE}:
                wire, form = (5, "<f") if field.kind == FLOAT else (1, "<d")
                out += varint(number << 3 | wire) + struct.pack(form, one)
            elif isinstance(one, bool | int):
                out += varint(number << 3) + varint(int(one) % (1 << 64))
            else:
                data = one.encode() if field.kind == TEXT else encoded(one, field.kind, table)
                out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def test_examples_are_valid_in_their_json_form(examples):
    done = 0
    for path in examples:
        bill = value_of(path.read_bytes())
        assert bill.form == "cyclonedx-textproto"
        assert bill.left == (), path
        if path.stem not in EXPLAINED:
            assert validate(path.read_bytes()).faults == (), path
            done += 1
    assert done > 180


def plain(value):
    """Leaves without times and empty lists, which protocol buffers write in another way."""
    return {
        path: one
        for path, one in leaves(value).items()
        if one not in ([], {}) and "T" not in str(one)[10:11]
    }


def test_examples_say_what_they_say_in_json(examples):
    same = 0
    for path in examples:
        beside = path.with_suffix(".json")
        if not beside.exists():
            continue
        given = plain(value_of(path.read_bytes()).value)
        wanted = plain(json.loads(beside.read_bytes())).items()
        same += all(given.get(one) == value for one, value in wanted if one != "$schema")
    assert same > 150  # the others differ in what they say


def test_the_binary_form_says_the_same(examples):
    done = 0
    for path in examples:
        wanted = text_values(path.read_bytes()).value
        version = wanted.get("specVersion")
        if version not in VERSIONS:
            continue
        table = proto(version).messages
        text = path.read_text()
        message = parse_text_form(text, Notes(""), table)
        data = encoded(message, "Bom", table)
        found = binary_values(data)
        assert found.left == [], path
        assert found.value == wanted, path
        assert value_of(data).form == "cyclonedx-protobuf", path
        done += 1
    assert done > 180


def test_converting_loses_nothing(examples):
    for path in examples[::6]:
        data = path.read_bytes()
        bill = value_of(data)
        for target in ("cyclonedx-json", "spdx-json", "cyclonedx-xml-1.6"):
            done = convert(data, target, creator="pratique-0.0", now=NOW)
            assert done.loss.lost == (), (path, target)
            back = convert(done.data, "cyclonedx-json", creator="pratique-0.0", now=NOW)
            assert missing(bill.value, json.loads(back.data)) == {}, (path, target)


def test_a_field_of_nobodys_is_named():
    text = (
        b'spec_version: "1.6"\nversion: 1\ncomponents { type: CLASSIFICATION_LIBRARY\n odd: 7 }\n'
    )
    bill = value_of(text)
    assert bill.left == ((4, "", "field odd of Component is not known"),)
    table = proto("1.6").messages
    known = parse_text_form(text.decode(), Notes(""), table)
    data = encoded(known, "Bom", table) + varint(99 << 3) + varint(5)
    bill = value_of(data)
    assert [reason for _, _, reason in bill.left] == ["field 99 of Bom is not known"]
    done = convert(data, "cyclonedx-json", creator="pratique-0.0", now=NOW)
    assert [one.path for one in done.loss.lost] == [f"byte {len(data) - 3}"]


def test_damaged_documents_never_raise_anything_else(examples):
    text = next(path for path in examples if path.stem == "valid-bom-1.6").read_bytes()
    table = proto("1.6").messages
    data = encoded(parse_text_form(text.decode(), Notes(""), table), "Bom", table)
    read = 0
    for at in range(0, len(data), 7):
        for broken in (data[:at], data[:at] + b"\xff" + data[at + 1 :]):
            try:
                read += bool(binary_values(broken).value)
            except InputError:
                continue
    assert read > 100
    for at in range(0, len(text), 97):
        try:
            text_values(text[:at] + b"{" + text[at:])
        except InputError:
            continue
