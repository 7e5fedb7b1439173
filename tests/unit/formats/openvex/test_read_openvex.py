from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pratique.formats.openvex import attestation
from pratique.formats.openvex.check import check
from pratique.formats.openvex.read import MAX_STATEMENTS, read
from pratique.formats.openvex.write import write
from pratique.model.errors import InputError, LimitError, UnsupportedError
from pratique.model.vex import Justification, Part, Signature, Status, VexDocument


def _document(*statements: Any, **more: Any) -> dict[str, Any]:
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.test/vex/1",
        "author": "Alpha Team",
        "timestamp": "2025-01-01T00:00:00Z",
        "version": 1,
        "statements": list(statements),
        **more,
    }


def _statement(**more: Any) -> dict[str, Any]:
    return {
        "vulnerability": {"name": "CVE-2025-0001"},
        "products": [{"@id": "pkg:pypi/alpha@1.0"}],
        "status": "fixed",
        **more,
    }


def _read(value: dict[str, Any]) -> VexDocument:
    return read(json.dumps(value).encode(), "a.vex.json")


def test_every_field_is_read():
    digest = "a" * 64
    product = {
        "@id": "https://example.test/alpha",
        "identifiers": {"purl": "pkg:pypi/alpha@1.0", "cpe23": "cpe:2.3:a:x:alpha:1:*:*:*:*:*:*:*"},
        "hashes": {"sha-256": digest.upper()},
        "supplier": "Alpha",
        "subcomponents": [{"@id": "pkg:pypi/beta"}],
    }
    row = _statement(
        **{"@id": "https://example.test/s/1"},
        vulnerability={
            "@id": "https://example.test/v/1",
            "name": "CVE-2025-0001",
            "description": "A defect.",
            "aliases": ["GHSA-aaaa-bbbb-cccc"],
        },
        products=[product],
        status="not_affected",
        justification="component_not_present",
        impact_statement="Not there.",
        status_notes="By hand.",
        supplier="Beta",
        timestamp="2025-01-02T03:04:05.678901234+02:00",
        last_updated="2025-01-03T00:00:00Z",
    )
    document = _read(
        _document(row, role="vendor", tooling="by hand", last_updated="2025-02-01T00:00:00Z")
    )
    assert not document.problems
    assert (document.role, document.tooling, document.version) == ("vendor", "by hand", "1")
    (one,) = document.statements
    assert one.names == ("CVE-2025-0001", "GHSA-aaaa-bbbb-cccc", "https://example.test/v/1")
    assert one.timestamp == datetime(2025, 1, 2, 1, 4, 5, 678901, tzinfo=UTC)
    assert one.stated_timestamp
    assert one.justification is Justification.COMPONENT_NOT_PRESENT
    (found,) = one.products
    assert [str(p) for p in found.part.packages] == ["pkg:pypi/alpha@1.0"]
    assert str(found.part.hashes[0]) == f"sha256:{digest}"
    assert found.part.cpes == ("cpe:2.3:a:x:alpha:1:*:*:*:*:*:*:*",)
    assert [sub.id for sub in found.subcomponents] == ["pkg:pypi/beta"]
    written = json.loads(write(document)[0])
    assert written["statements"][0]["products"] == [{**product, "hashes": {"sha-256": digest}}]


def test_dates_are_inherited_from_the_document():
    document = _read(_document(_statement(), _statement(timestamp="2024-01-01T00:00:00Z")))
    one, two = document.statements
    assert one.timestamp == datetime(2025, 1, 1, tzinfo=UTC)
    assert not one.stated_timestamp
    assert two.timestamp == datetime(2024, 1, 1, tzinfo=UTC)
    written = json.loads(write(document)[0])
    assert [row.get("timestamp") for row in written["statements"]] == ["2024-01-01T00:00:00Z", None]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (_statement(status="maybe"), "unknown status 'maybe'"),
        (_statement(status=None), "no status"),
        (_statement(vulnerability={}), "no vulnerability"),
        (_statement(vulnerability=7), "no vulnerability"),
        ("text", "is no object"),
        (_statement(products=[{"@id": "pkg:pypi"}]), "has no name"),
        (_statement(products=[{}]), "identifies nothing"),
        (_statement(products=[{"@id": "a", "subcomponents": [3]}]), "no subcomponent"),
        (_statement(products=[{"@id": "a", "subcomponents": "b"}]), "is no list"),
        (_statement(products=[{"@id": "a", "hashes": {"sha-256": "xyz"}}]), "not hexadecimal"),
        (_statement(status="not_affected", justification="because"), "unknown justification"),
        (_statement(timestamp="yesterday"), "no date and time"),
        (_statement(products=None), "names no product"),
        (
            _statement(products=[{"@id": "pkg:pypi/a", "subcomponents": [{"@id": "pkg:pypi/a"}]}]),
            "a part of itself",
        ),
    ],
)
def test_what_is_wrong_is_named_and_the_rest_kept(bad, message):
    document = _read(_document(_statement(), bad, _statement(vulnerability={"name": "CVE-9"})))
    assert any(message in one.message for one in document.problems), document.problems
    assert all("[1]" in one.message for one in document.problems)
    names = [one.vulnerability for one in document.statements]
    assert names[0] == "CVE-2025-0001"
    assert names[-1] == "CVE-9"


def test_a_product_that_lost_its_subcomponents_is_not_the_whole_product():
    row = _statement(products=[{"@id": "pkg:oci/a", "subcomponents": [{}]}])
    assert not _read(_document(row)).statements[0].products


def test_cycles_over_several_products_are_kept_apart():
    def row(outer: str, inner: str) -> dict[str, Any]:
        return _statement(products=[{"@id": outer, "subcomponents": [{"@id": inner}]}])

    document = _read(_document(row("a", "b"), row("b", "c"), row("c", "a"), row("d", "a")))
    assert [one.products[0].part.id for one in document.statements] == ["d"]
    assert len(document.problems) == 3


def test_unknown_contexts():
    assert (
        _read(_document(_statement(), **{"@context": "https://openvex.dev/ns"})).format
        == "OpenVEX 0.0.1"
    )
    newer = _read(_document(_statement(), **{"@context": "https://openvex.dev/ns/v0.9.0"}))
    assert "newer" in newer.problems[0].message
    assert len(newer.statements) == 1
    with pytest.raises(UnsupportedError, match="@context"):
        _read(_document(_statement(), **{"@context": "https://example.test/other"}))


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_an_empty_context_is_read_and_told_but_is_not_valid(empty):
    """The merge of early tools left it empty; whoever reads it takes the shape for it."""
    value = _document(_statement(vulnerability={"name": "CVE-2026-1"}), **{"@context": empty})
    found = _read(value)
    assert found.format == "OpenVEX 0.2.0"
    assert len(found.statements) == 1
    assert [one.message for one in found.problems] == [
        "has an empty @context; it is read as OpenVEX 0.2.0"
    ]
    older = _read(value | {"statements": [_statement(vulnerability="CVE-2026-1")]})
    assert (older.format, len(older.statements)) == ("OpenVEX 0.0.1", 1)
    assert "/@context" in [place for place, _ in check(json.dumps(value).encode())[1]]


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"3", b'{"statements": 3}', b"\xff\xfe\x00"])
def test_what_is_no_document_is_refused(data):
    with pytest.raises(InputError):
        read(data, "a")


def test_limit_of_statements():
    rows = b"[" + b"0," * MAX_STATEMENTS + b"0]"
    with pytest.raises(LimitError, match="statements"):
        read(b'{"statements": ' + rows + b"}", "a")


def _envelope(
    predicate: dict[str, Any], *names: str, kind: str = "https://openvex.dev/ns"
) -> dict[str, Any]:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": kind,
        "subject": [{"name": name, "digest": {"sha256": "a" * 64}} for name in names],
        "predicate": predicate,
    }


@pytest.mark.parametrize(
    "kind", ["https://openvex.dev/ns", "https://openvex.dev/ns/v0.2.0", "text/vex"]
)
def test_products_are_inherited_from_the_attestation(kind):
    row = _statement()
    del row["products"]
    data = json.dumps(_envelope(_document(row), "pkg:oci/alpha", kind=kind)).encode()
    (one,) = attestation.read(data, "a.json").statements
    (product,) = one.products
    assert product.part.id == "pkg:oci/alpha"
    assert str(product.part.hashes[0]) == "sha256:" + "a" * 64
    assert one.signature is Signature.NONE


def test_what_is_said_of_others_than_the_subjects_is_kept_apart():
    other = _statement(products=[{"@id": "pkg:oci/beta"}])
    both = _statement(products=[{"@id": "pkg:oci/beta"}, {"@id": "pkg:oci/alpha"}])
    data = json.dumps(_envelope(_document(other, both), "pkg:oci/alpha")).encode()
    document = attestation.read(data, "a.json")
    (one,) = document.statements
    assert [p.part.id for p in one.products] == ["pkg:oci/alpha"]
    assert "none of the attestation's subjects" in document.problems[-1].message


def test_a_signature_that_nobody_verified_counts_for_nothing():
    inner = json.dumps(_envelope(_document(_statement()))).encode()
    envelope = {
        "payloadType": attestation.PAYLOAD_TYPE,
        "payload": base64.b64encode(inner).decode(),
        "signatures": [{"keyid": "", "sig": "AAAA"}],
    }
    data = json.dumps(envelope).encode()
    document = attestation.read(data, "a.json")
    assert document.statements[0].signature is Signature.UNVERIFIED
    assert document.statements[0].signer == ""
    assert "not verified" in document.problems[-1].message
    known = attestation.read(data, "a.json", signer="alpha@example.test").statements[0]
    assert (known.signature, known.signer) == (Signature.VERIFIED, "alpha@example.test")


@pytest.mark.parametrize(
    "value",
    [
        {"payload": "%%%"},
        {"payload": 3},
        {"payload": "", "payloadType": "text/plain"},
        {"predicateType": "https://example.test/other", "predicate": {}},
        {"predicateType": "text/vex"},
        {},
        [],
    ],
)
def test_what_is_no_attestation_is_refused(value):
    with pytest.raises(InputError):
        attestation.read(json.dumps(value).encode(), "a")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"@id": None}, "/@id"),
        ({"version": "1"}, "/version"),
        ({"timestamp": "2025-01-01"}, "/timestamp"),
        ({"statements": []}, "/statements"),
        ({"statements": [_statement(status="maybe")]}, "/statements/0/status"),
        ({"statements": [_statement(status="not_affected")]}, "/statements/0"),
        ({"statements": [_statement(status="affected")]}, "/statements/0"),
        ({"statements": [_statement(justification="component_not_present")]}, "/statements/0/justification"),
        ({"statements": [_statement(products=[{}])]}, "/statements/0/products/0"),
        ({"statements": [_statement(products=[{"@id": "a", "hashes": {"sha256": "a"}}])]}, "/statements/0/products/0/hashes/sha256"),
    ],
)  # fmt: skip
def test_check_names_the_place(change, path):
    assert check(json.dumps(_document(_statement())).encode())[1] == []
    found = check(json.dumps(_document(_statement()) | change).encode())[1]
    assert path in [at for at, _ in found]


def test_writing_an_affected_product_says_that_no_action_is_known():
    document = _read(_document(_statement(status="affected")))
    row = json.loads(write(document)[0])["statements"][0]
    assert row["action_statement"] == "No action statement provided"
    assert document.statements[0].status is Status.AFFECTED


def test_products_of_the_caller_are_inherited():
    row = _statement()
    del row["products"]
    data = json.dumps(_document(row)).encode()
    (one,) = read(data, "a", inherited=[Part.of("pkg:pypi/alpha")]).statements
    assert one.products[0].part.id == "pkg:pypi/alpha"


@pytest.mark.parametrize(
    "inner",
    [
        {"@id": "pkg:pypi/beta@1", "subcomponents": [{"@id": "pkg:pypi/alpha@1.0"}]},
        {"@id": "pkg:pypi/beta@1", "subcomponents": ["pkg:pypi/beta@1"]},
        {
            "@id": "pkg:pypi/beta@1",
            "subcomponents": [{"@id": "c", "subcomponents": [{"@id": "pkg:pypi/beta@1"}]}],
        },
    ],
)
def test_nested_subcomponents_that_lead_back_are_kept_apart(inner: dict[str, Any]) -> None:
    product = {"@id": "pkg:pypi/alpha@1.0", "subcomponents": [inner]}
    document = _read(_document(_statement(products=[product])))
    assert not any(one.products for one in document.statements)
    assert any("parts of themselves" in one.message for one in document.problems)


def test_subcomponents_nested_very_deep_are_kept_apart() -> None:
    inner: dict[str, Any] = {"@id": "c0"}
    for number in range(1, 300):
        inner = {"@id": f"c{number}", "subcomponents": [inner]}
    product = {"@id": "pkg:pypi/alpha@1.0", "subcomponents": [inner]}
    document = _read(_document(_statement(products=[product])))
    assert not any(one.products for one in document.statements)
