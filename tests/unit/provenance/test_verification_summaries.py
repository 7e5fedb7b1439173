"""Verification summaries: every MUST of SLSA 1.2's "How to verify", with slsa-verifier's names."""

from __future__ import annotations

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from pratique.formats.dsse import IN_TOTO_PAYLOAD, pae, read_envelope
from pratique.formats.intoto import read_statement
from pratique.formats.slsa import Level, meets, parse_level
from pratique.provenance.errors import VerificationError
from pratique.provenance.keys import load_key
from pratique.provenance.subject import Subject
from pratique.provenance.vsa import SummaryExpectations, check_summary, verify_keyed_envelope

ALPHA = Subject("alpha", {"sha256": hashlib.sha256(b"alpha").hexdigest()})


def summary(**changes: object) -> dict:
    predicate = {
        "verifier": {"id": "https://verifier.example.test"},
        "timeVerified": "2025-06-01T12:00:00Z",
        "resourceUri": "pkg:generic/alpha@1.2.3",
        "policy": {"uri": "https://policy.example.test"},
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3", "SLSA_SOURCE_LEVEL_NEW_9", "EXAMPLE_CHECKED"],
        "dependencyLevels": {"SLSA_BUILD_LEVEL_1": 4},
        "slsaVersion": "1.2",
    }
    predicate.update(changes)
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "alpha", "digest": ALPHA.digests}],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {name: value for name, value in predicate.items() if value is not ...},
    }


def check(document: dict, **expected: object):
    return check_summary(
        read_statement(json.dumps(document).encode()), ALPHA, SummaryExpectations(**expected)
    )


def test_what_it_says() -> None:
    found = check(
        summary(),
        verifier="https://verifier.example.test",
        resource="pkg:generic/alpha@1.2.3",
        levels=("SLSA_BUILD_LEVEL_2", "SLSA_SOURCE_LEVEL_NEW_9", "EXAMPLE_CHECKED"),
    )
    assert found.dependency_levels == {"SLSA_BUILD_LEVEL_1": 4}
    assert check(summary(dependencyLevels={})).dependency_levels == {}
    assert check(summary(dependencyLevels=...)).dependency_levels is None


@pytest.mark.parametrize(
    ("changes", "expected", "error"),
    [
        ({}, {"verifier": "https://other.example.test"}, "ErrorMismatchVerifierID"),
        ({}, {"resource": "pkg:generic/alpha@1.2.4"}, "ErrorMismatchResourceURI"),
        ({}, {"levels": ("SLSA_BUILD_LEVEL_4",)}, "ErrorMismatchVerifiedLevels"),
        ({}, {"levels": ("SLSA_SOURCE_LEVEL_1",)}, "ErrorMismatchVerifiedLevels"),
        ({}, {"levels": ("OTHER_CHECKED",)}, "ErrorMismatchVerifiedLevels"),
        ({"verificationResult": "FAILED"}, {}, "ErrorInvalidVerificationResult"),
        ({"verificationResult": "passed"}, {}, "ErrorInvalidDssePayload"),
        ({"verifier": {"id": ""}}, {}, "ErrorEmptyRequiredField"),
        ({"resourceUri": ""}, {}, "ErrorEmptyRequiredField"),
        ({"policy": {}}, {}, "ErrorEmptyRequiredField"),
        ({"verifiedLevels": ...}, {}, "ErrorInvalidDssePayload"),
        ({"inputAttestations": [{"uri": "x"}]}, {}, "ErrorInvalidDssePayload"),
        (
            {"verifiedLevels": ["SLSA_BUILD_LEVEL_1", "SLSA_BUILD_LEVEL_3"]},
            {},
            "ErrorInvalidDssePayload",
        ),
    ],
)
def test_what_must_be_so(changes: dict, expected: dict, error: str) -> None:
    with pytest.raises(VerificationError) as refused:
        check(summary(**changes), **expected)
    assert refused.value.error == error


def test_another_artifact_and_another_predicate() -> None:
    document = summary()
    document["subject"][0]["digest"] = {"sha256": "00" * 32}
    with pytest.raises(VerificationError) as refused:
        check(document)
    assert refused.value.error == "ErrorMissingSubjectDigest"
    with pytest.raises(VerificationError, match="not a verification summary"):
        check(summary() | {"predicateType": "https://slsa.dev/provenance/v1"})


def enveloped(document: dict, forge, *signatures: bytes) -> bytes:
    payload = json.dumps(document).encode()
    signed = [{"keyid": "k", "sig": forge.b64(one)} for one in signatures]
    return json.dumps(
        {"payload": forge.b64(payload), "payloadType": IN_TOTO_PAYLOAD, "signatures": signed}
    ).encode()


def encoded(document: dict) -> bytes:
    return pae(IN_TOTO_PAYLOAD, json.dumps(document).encode())


def test_signed_with_a_key_in_der_and_in_raw_numbers(forge) -> None:
    document = summary()
    key = forge.new_key()
    der = forge.sign(key, encoded(document))
    r, s = decode_dss_signature(der)
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    for signature in (der, raw):
        envelope = read_envelope(enveloped(document, forge, b"of somebody else", signature))
        assert verify_keyed_envelope(envelope, load_key(forge.spki(key))).subject
    with pytest.raises(VerificationError) as refused:
        verify_keyed_envelope(envelope, load_key(forge.spki(forge.new_key())))
    assert refused.value.error == "ErrorNoValidSignature"
    flipped = bytes([raw[0] ^ 1]) + raw[1:]
    with pytest.raises(VerificationError):
        verify_keyed_envelope(
            read_envelope(enveloped(document, forge, flipped)), load_key(forge.spki(key))
        )


def test_signed_with_other_curves(forge) -> None:
    from cryptography.hazmat.primitives import hashes

    document = summary()
    young = ed25519.Ed25519PrivateKey.generate()
    envelope = read_envelope(enveloped(document, forge, young.sign(encoded(document))))
    assert verify_keyed_envelope(envelope, load_key(forge.spki(young))).subject
    wide = ec.generate_private_key(ec.SECP384R1())
    for digest in (hashes.SHA384(), hashes.SHA256()):
        signature = wide.sign(encoded(document), ec.ECDSA(digest))
        envelope = read_envelope(enveloped(document, forge, signature))
        assert verify_keyed_envelope(envelope, load_key(forge.spki(wide))).subject
    weak = wide.sign(encoded(document), ec.ECDSA(hashes.SHA1()))
    with pytest.raises(VerificationError):
        verify_keyed_envelope(
            read_envelope(enveloped(document, forge, weak)), load_key(forge.spki(wide))
        )


def test_levels_are_ordered_within_their_track() -> None:
    assert parse_level("SLSA_BUILD_LEVEL_3") == Level("BUILD", 3)
    assert str(Level("SOURCE", 2)) == "SLSA_SOURCE_LEVEL_2"
    for name in ("SLSA_BUILD_LEVEL_UNEVALUATED", "SLSA_BUILD_REPRODUCED", "L3", ""):
        assert parse_level(name) is None
    assert meets(("SLSA_BUILD_LEVEL_3",), "SLSA_BUILD_LEVEL_2")
    assert not meets(("SLSA_BUILD_LEVEL_3",), "SLSA_SOURCE_LEVEL_1")
    assert not meets(("SLSA_BUILD_LEVEL_UNEVALUATED",), "SLSA_BUILD_LEVEL_1")
    assert meets(("SLSA_BUILD_REPRODUCED",), "SLSA_BUILD_REPRODUCED")
    assert Level("DEPENDENCY", 1).draft
    assert not Level("BUILD", 3).draft
