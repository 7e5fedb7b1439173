"""Bills of materials within in-toto statements and DSSE envelopes."""

from __future__ import annotations

import base64
import json

import pytest

from pratique.formats.registry import detect
from pratique.formats.sbom.validation import validate
from pratique.formats.sbom.values import value_of
from pratique.formats.sbom.wrapped import read_attestation
from pratique.model.errors import InputError, UnsupportedError
from pratique.model.inventory import Trouble

SUBJECT = {"name": "harbour.tar", "digest": {"sha256": "ab" * 32}}


def statement(predicate, kind="https://cyclonedx.org/bom", **more):
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [SUBJECT],
        "predicateType": kind,
        "predicate": predicate,
        **more,
    }


def envelope(value, encode=base64.b64encode, signatures=1):
    payload = value if isinstance(value, bytes) else json.dumps(value).encode()
    return {
        "payloadType": "application/vnd.in-toto+json",
        "payload": encode(payload).decode(),
        "signatures": [{"keyid": "", "sig": "AA=="}] * signatures,
    }


def read(value):
    return read_attestation(json.dumps(value).encode(), "a.json", None)


def test_statement(cyclonedx):
    reading = read(statement(cyclonedx))
    assert reading.format == "CycloneDX 1.6"
    assert len(reading.components) == 4
    notice = reading.problems[0]
    assert notice.trouble is Trouble.NOTICE
    assert notice.message == (
        f"is read out of an attestation about 'harbour.tar sha256:{'ab' * 32}'; it is not signed"
    )


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("signatures", [0, 1, 2])
def test_envelope(spdx, encode, signatures):
    spdx["comment"] = "~~~???>>>" * 3  # has characters on which the two alphabets differ
    value = envelope(statement(spdx, "https://spdx.dev/Document/v2.3"), encode, signatures)
    reading = read(value)
    assert reading.format == "SPDX 2.3"
    assert len(reading.components) == 3
    ends = ("it is not signed", "its signature is not verified here")
    end = (*ends, "its 2 signatures are not verified here")[signatures]
    assert reading.problems[0].message.endswith(end)


def test_sigstore_bundle(cyclonedx):
    value = {
        "mediaType": "x",
        "verificationMaterial": {},
        "dsseEnvelope": envelope(statement(cyclonedx)),
    }
    assert len(read(value).components) == 4


@pytest.mark.parametrize("form", [lambda spdx: {"Data": json.dumps(spdx)}, json.dumps])
def test_predicates_of_early_tools(spdx, form):
    assert len(read(statement(form(spdx), "https://spdx.dev/Document")).components) == 3


def test_an_envelope_around_the_document_itself(cyclonedx):
    value = envelope(cyclonedx)
    assert len(read(value).components) == 4
    assert detect("-", json.dumps(value).encode()).name == "sbom-attestation"


def test_spdx3(document):
    predicate = json.loads(document("harbour.spdx3.json"))
    assert read(statement(predicate, "https://spdx.dev/Document/v3.0.1")).format == "SPDX 3.0.1"


@pytest.mark.parametrize("sort_keys", [True, False])
@pytest.mark.parametrize("path", ["-", "sbom.json", "a.cdx.json", "sbom.intoto.jsonl"])
def test_content_decides(cyclonedx, spdx, sort_keys, path):
    cyclonedx["components"] *= 400
    for predicate, kind in (
        (cyclonedx, "https://cyclonedx.org/bom"),
        (spdx, "https://spdx.dev/Document"),
    ):
        bare = statement(predicate, kind)
        for value in (bare, envelope(bare), {"dsseEnvelope": envelope(bare)}):
            data = json.dumps(value, sort_keys=sort_keys).encode()
            assert detect(path, data).name == "sbom-attestation"


def test_provenance_is_not_recognised():
    bare = statement({"builder": {"id": "x"}}, "https://slsa.dev/provenance/v1")
    for value in (bare, envelope(bare)):
        assert detect("-", json.dumps(value).encode()) is None
        with pytest.raises(UnsupportedError, match=r"slsa\.dev/provenance/v1"):
            read(value)


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {"payload": 5},
        {"payload": "***"},
        {"payload": "é"},
        envelope(b""),
        envelope(b"[]"),
        envelope(b"{}"),
        envelope(b"\xff\x00"),
        statement(None),
        statement({"bomFormat": "CycloneDX"}, predicateType=7) | {"predicate": 5},
        {"dsseEnvelope": None},
        {"dsseEnvelope": {"dsseEnvelope": envelope(b"{}")}},
    ],
)
def test_damaged_ones_are_refused_in_one_line(value):
    with pytest.raises(InputError) as caught:
        read(value)
    assert "\n" not in str(caught.value)


def test_odd_subjects_do_no_harm(cyclonedx):
    for subject, says in (
        (None, "nothing that it names"),
        ([], "nothing that it names"),
        ([None, {"name": 5, "digest": 7}], "'5'"),
        ([SUBJECT] * 9, "and 4 more"),
        ([{"name": "a\nb"}], r"'a\nb'"),
    ):
        notice = read(statement(cyclonedx, subject=subject)).problems[0].message
        assert says in notice
        assert "\n" not in notice


def test_what_is_inside_is_validated_and_converted(cyclonedx):
    content = json.dumps(statement(cyclonedx)).encode()
    data = json.dumps(envelope(content)).encode()
    assert value_of(data).value == value_of(json.dumps(cyclonedx).encode()).value
    assert validate(data).specification.startswith("CycloneDX")
    with pytest.raises(InputError):
        value_of(json.dumps(envelope(b'{"predicateType": "https://cyclonedx.org/bom"}')).encode())
