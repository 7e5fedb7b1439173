"""What is particular to CycloneDX as XML and as protocol buffers."""

from __future__ import annotations

import pytest

from pratique.formats.sbom.cyclonedx.messages import HASH, MAX_NESTING, SCOPE
from pratique.formats.sbom.cyclonedx.protobuf import read_binary, read_text
from pratique.formats.sbom.cyclonedx.xml import read_xml
from pratique.formats.sbom.sniff import is_cyclonedx_protobuf
from pratique.model.errors import InputError, LimitError
from pratique.model.inventory import Scope, Trouble


def bom(inner: str, version: str = "1.6") -> bytes:
    return f'<bom xmlns="http://cyclonedx.org/schema/bom/{version}">\n{inner}\n</bom>'.encode()


def unreadable(reading):
    return [
        (p.location.line, p.message) for p in reading.problems if p.trouble is Trouble.UNREADABLE
    ]


def field(number: int, value: bytes | str | int) -> bytes:
    """One field of a message, as protocol buffers encode it."""

    def varint(value: int) -> bytes:
        return bytes([value & 0x7F | 0x80]) + varint(value >> 7) if value > 0x7F else bytes([value])

    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


ALPHA = b"".join(
    (
        field(1, 3),
        field(3, "alpha-1"),
        field(8, "alpha"),
        field(9, "1.0.0"),
        field(11, 2),
        field(12, field(1, 3) + field(2, "ab" * 32)),
        field(13, field(2, "MIT OR ISC")),
        field(16, "pkg:npm/alpha@1.0.0"),
        field(20, field(1, 11) + field(2, "https://example.test/alpha.tgz")),
        field(21, field(8, "inner")),
    )
)


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_every_version_has_its_namespace(version):
    data = bom(
        '<components><component type="file"><name>a</name></component></components>', version
    )
    reading = read_xml(data, "bom.xml", None)
    assert reading.format == f"CycloneDX {version}"
    assert len(reading.components) == 1
    assert not reading.problems


def test_detailed_expressions_of_version_1_7():
    data = bom(
        '<components><component type="file"><name>a</name><licenses>'
        '<expression-detailed expression="MIT OR ISC"><details/></expression-detailed>'
        "</licenses></component></components>",
        "1.7",
    )
    (component,) = read_xml(data, "bom.xml", None).components
    assert [claim.text for claim in component.licenses] == ["MIT OR ISC"]


def test_the_dependency_graph_extension_of_version_1_1():
    """Dependencies of a component may stand within it, and within one another."""
    data = b"""<bom xmlns="http://cyclonedx.org/schema/bom/1.1"
        xmlns:dg="http://cyclonedx.org/schema/ext/dependency-graph/1.0"><components>
        <component type="file" bom-ref="a"><name>a</name>
          <dg:dependencies><dg:dependency ref="b"><dg:dependency ref="c"/></dg:dependency></dg:dependencies>
        </component>
        <component type="file" bom-ref="b"><name>b</name></component>
        <component type="file" bom-ref="c"><name>c</name></component>
        </components><dg:dependencies><dg:dependency ref="c"/></dg:dependencies></bom>"""
    reading = read_xml(data, "bom.xml", None)
    assert reading.edges == {"a": ("b",), "b": ("c",), "c": ()}


def test_misplaced_elements_are_named_and_the_rest_kept():
    data = bom(
        '<components>\n<component type="file"><name>a</name><hashes><digest/></hashes></component>\n'
        "<componnent/>\n<component><name>b</name></component></components>"
        '<dependencies><dependency ref="x"><ref>y</ref></dependency><dependency/></dependencies>'
    )
    reading = read_xml(data, "bom.xml", None)
    assert [c.package.name for c in reading.components] == ["a", "b"]
    assert unreadable(reading) == [
        (3, "<digest> where <hash> was expected; it is left out"),
        (4, "<componnent> where <component> was expected; it is left out"),
        (5, "<ref> where <dependency> was expected; it is left out"),
        (0, "1 entries of dependencies have no ref"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<bom/>",
        b'<bom xmlns="http://example.test/"/>',
        b'<sbom xmlns="http://cyclonedx.org/schema/bom/1.6"/>',
        b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6">',
        b'<!DOCTYPE bom [<!ENTITY a "b">]><bom xmlns="http://cyclonedx.org/schema/bom/1.6">&a;</bom>',
        b'<!DOCTYPE bom SYSTEM "file:///etc/hostname"><bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>',
    ],
)
def test_other_xml_is_refused_in_one_line(data):
    with pytest.raises(InputError) as caught:
        read_xml(data, "bom.xml", None)
    assert "\n" not in str(caught.value)


def test_binary():
    data = b"".join(
        (
            field(1, "1.6"),
            field(2, 300),
            field(4, field(4, field(3, "app") + field(8, "harbour"))),
            field(5, ALPHA),
            field(8, field(1, "app") + field(2, field(1, "alpha-1"))),
            field(99, b"of a later version"),
        )
    )
    assert is_cyclonedx_protobuf(data)
    reading = read_binary(data, "bom.pb", None)
    assert reading.format == "CycloneDX 1.6"
    assert str(reading.subject) == "pkg:generic/harbour"
    assert reading.roots == ("alpha-1",)
    alpha, inner = reading.components
    assert (alpha.package.name, inner.package.name) == ("alpha", "inner")
    assert alpha.scope is Scope.OPTIONAL
    assert str(alpha.hashes[0]) == "sha256:" + "ab" * 32
    assert alpha.registry == "https://example.test/alpha.tgz"
    assert [claim.text for claim in alpha.licenses] == ["MIT OR ISC"]


def test_unknown_fields_of_every_wire_type_are_passed_over():
    odd = field(77, 5) + b"\xe9\x04" + bytes(8) + b"\xed\x04" + bytes(4)
    data = field(1, "1.6") + field(5, odd + ALPHA + odd)
    reading = read_binary(data, "bom.pb", None)
    assert [c.package.name for c in reading.components] == ["alpha", "inner"]
    assert not unreadable(reading)


def test_damaged_messages_are_named_and_the_rest_kept():
    broken = field(8, "beta") + b"\x4a\x7fshort"
    data = field(1, "1.6") + field(5, ALPHA) + field(5, broken) + field(5, field(8, b"\xff\xfe"))
    reading = read_binary(data + field(5, field(8, "delta")) + b"\x2a\x50cut", "bom.pb", None)
    names = [c.package.name for c in reading.components]
    assert names[:3] == ["alpha", "inner", "beta"]
    assert names[-1] == "delta"
    messages = [message for _, message in unreadable(reading)]
    assert any("a Component message ends too early" in m for m in messages)
    assert any("name is not UTF-8 text" in m for m in messages)
    assert any("a Bom message ends too early; what follows is left out" in m for m in messages)


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\xff" * 40, b"{}", b"\x0b\x0c", field(2, 1), field(1, "2.0") + ALPHA]
)
def test_what_is_no_bom_message_is_refused(data):
    with pytest.raises(InputError):
        read_binary(data, "bom.pb", None)


def test_deep_messages_are_a_limit():
    inner = field(8, "a")
    for _ in range(MAX_NESTING + 1):
        inner = field(8, "a") + field(21, inner)
    with pytest.raises(LimitError, match="nested over 100 deep"):
        read_binary(field(1, "1.6") + field(5, inner), "bom.pb", None)
    text = 'spec_version: "1.6" ' + "components {" * 200 + "}" * 200
    with pytest.raises(LimitError, match="nested over 100 deep"):
        read_text(text.encode(), "bom.textproto", None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has none of the fields of Bom"),
        ("unknown: 1", "has none of the fields of Bom"),
        ('spec_version "1.6"', "line 1: .* a value was expected"),
        ('spec_version: "1.6"\ncomponents {', "line 2: .* a field's name was expected"),
        ('spec_version: "1.6"\n\n}', "line 3: .* a field's name was expected"),
        ('spec_version: "1.6"\ncomponents [ {} {} ]', r"line 2: .* \] was expected"),
        ('spec_version: "1.6\n"', "line 1: is not the text form"),
        ("\n@", "line 2: is not the text form"),
    ],
)
def test_what_is_no_text_form_is_refused_with_its_line(text, says):
    with pytest.raises(InputError, match=says):
        read_text(text.encode(), "bom.textproto", None)


def test_values_of_the_wrong_kind_are_named():
    text = 'spec_version: "1.6"\ncomponents { name: 5 }\ncomponents { name: "b" purl { } }\ncomponents: 1'
    reading = read_text(text.encode(), "bom.textproto", None)
    assert len(reading.components) == 2
    assert unreadable(reading) == [
        (2, "name is of the wrong kind; it is left out"),
        (3, "purl is of the wrong kind; it is left out"),
        (4, "components is of the wrong kind; it is left out"),
    ]


def test_escapes_in_strings():
    text = r'spec_version: "1.6" components { name: "\x61\u00e9\U0001F6A2\n\"\'\t" }'
    (component,) = read_text(text.encode(), "bom.textproto", None).components
    assert component.package.name.startswith("aé\U0001f6a2")


def test_names_and_numbers_of_enumerations():
    assert HASH.by_name("HASH_ALG_BLAKE_2_B_256") == "BLAKE2b-256"
    assert HASH.by_number(6) == "SHA3-256"
    assert SCOPE.by_number(99) == "99"
    assert SCOPE.by_name("SCOPE_NEW") == "SCOPE_NEW"
    text = 'spec_version: "1.6" components { name: "a" scope: SCOPE_NEW }'
    reading = read_text(text.encode(), "bom.textproto", None)
    assert reading.components[0].scope is Scope.UNKNOWN
    assert any("SCOPE_NEW" in p.message for p in reading.problems)
