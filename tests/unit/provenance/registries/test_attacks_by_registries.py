"""Registries that serve what is swapped, replayed, flipped or gone."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pratique.sources.packages.attested import MAX_EVIDENCE_BYTES

PUBLISH = "https://docs.index.example.test/attestations/publish/v1"


WHEEL = "alpha-1.2.3-py3-none-any.whl"


PURL = "pkg:pypi/alpha@1.2.3"


def test_a_file_that_is_not_what_the_index_says(market: Any) -> None:
    market.publish()
    market.registry.pages[f"/files/{WHEEL}"] = b"changed"
    found = market.json(PURL)
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    assert "not what the registry says" in found["evidence"][0]["cause"]


def test_a_file_of_another_project_is_refused(market: Any) -> None:
    """The index lists a file with true provenance, of a project that was not asked for."""
    market.publish("beta-1.2.3-py3-none-any.whl", b"beta")
    found = market.json(PURL)
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    assert found["evidence"][0]["error"] == "ErrorMismatchPackageName"


def test_swapped_subjects_and_replayed_provenance(market: Any) -> None:
    other = market.provenance(market.attestation(WHEEL, b"other"))
    market.publish(evidence=other)
    assert market.json(PURL)["grade"] == "failed"


def test_provenance_of_another_file_name(market: Any) -> None:
    lie = market.provenance(market.attestation("alpha-1.2.2-py3-none-any.whl", b"alpha"))
    market.publish(evidence=lie)
    found = market.json(PURL)
    assert found["grade"] == "failed"
    assert found["evidence"][0]["error"] == "ErrorMismatchPackageName"


def test_another_source_than_expected(market: Any) -> None:
    market.publish()
    found = market.json(PURL, "--source", "github.com/example/beta")
    assert found["evidence"][0]["error"] == "ErrorMismatchSource"
    assert found["exit_code"] == 1


@pytest.mark.parametrize(
    "document", [b"", b"{", b"[]", b'{"attestation_bundles": []}', b"\0" * 40, b"[" * 100_000]
)
def test_provenance_that_is_none(market: Any, document: bytes) -> None:
    market.publish(evidence=document)
    assert market.json(PURL)["grade"] in {"failed", "none", "unsupported"}


def test_a_giant_document_is_not_read(market: Any) -> None:
    market.publish(evidence=b" " * (MAX_EVIDENCE_BYTES + 1))
    found = market.json(PURL)
    assert (found["grade"], found["exit_code"]) == ("unknown", 3)
    assert "limit" in found["reason"]


@pytest.mark.parametrize("proofs", [{"promise": False, "proof": False}, {"proof": False}])
def test_provenance_without_its_log_entry(market: Any, proofs: dict) -> None:
    attestation = market.attestation(WHEEL, b"alpha")
    entries = attestation["verification_material"]["transparency_entries"]
    for entry in entries:
        if not proofs.get("promise", True):
            entry.pop("inclusionPromise", None)
        entry.pop("inclusionProof", None)
    market.publish(evidence=market.provenance(attestation))
    assert market.json(PURL)["grade"] != "verified"


def test_provenance_signed_after_its_certificate_had_expired(market: Any) -> None:
    data = b"alpha"
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": WHEEL, "digest": {"sha256": hashlib.sha256(data).hexdigest()}}],
        "predicateType": PUBLISH,
        "predicate": None,
    }
    late = market.instance.bundle(statement, at=datetime(2025, 6, 1, 13, tzinfo=UTC))
    market.publish(evidence=market.provenance(market.dressed(late)))
    assert market.json(PURL)["grade"] == "failed"


def test_flipped_bytes_of_the_answer(market: Any) -> None:
    import random

    market.publish()
    good = json.dumps(market.registry.pages[f"/provenance/{WHEEL}"]).encode()
    draw = random.Random(7)
    for number in range(24):
        data = bytearray(good)
        at = draw.randrange(len(data))
        data[at] ^= 1 << draw.randrange(8)
        if json_equal(bytes(data), good):
            continue
        market.registry.pages[f"/provenance/{WHEEL}"] = bytes(data)
        found = market.json(PURL, "--cache", market.folder / f"cache{number}")
        if found["grade"] == "verified":
            # what is not signed is the publisher's further members alone
            assert not changes_what_is_signed(bytes(data), good), at


def json_equal(one: bytes, other: bytes) -> bool:
    try:
        return json.loads(one) == json.loads(other)
    except ValueError:
        return False


def changes_what_is_signed(one: bytes, other: bytes) -> bool:
    def signed(data: bytes) -> list[bytes]:
        # As bytes: the last letter of base64 may have bits that are of none.
        attestation = json.loads(data)["attestation_bundles"][0]["attestations"][0]
        texts = [*attestation["envelope"].values()]
        texts.append(attestation["verification_material"]["certificate"])
        return [base64.b64decode(text) for text in texts]

    return signed(one) != signed(other)


@pytest.mark.parametrize("key", ["SHA256:unknown", ""])
def test_registry_signatures_by_unknown_keys_fail(market: Any, key: str) -> None:
    market.registry.pages |= {
        "/npm/alpha/1.2.3": npm_manifest(market, [{"keyid": key, "sig": "MEUCIQ=="}]),
        "/npm/alpha.tgz": b"alpha",
    }
    found = market.json("pkg:npm/alpha@1.2.3")
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    assert found["evidence"][0]["kind"] == "registry-signature"


def test_a_registry_signature_that_is_not_the_keys(market: Any) -> None:
    from pratique.provenance.npm import SIGNATURES, pinned_keys

    key = next(one for one in pinned_keys() if one.key_usage == SIGNATURES).key_id
    for signature in ("MEUCIQ==", "!", "", base64.b64encode(b"0" * 70).decode()):
        market.registry.pages |= {
            "/npm/alpha/1.2.3": npm_manifest(market, [{"keyid": key, "sig": signature}]),
            "/npm/alpha.tgz": b"alpha",
        }
        cache = market.folder / f"cache-{len(signature)}"
        assert market.json("pkg:npm/alpha@1.2.3", "--cache", cache)["grade"] == "failed"


def test_npm_attestations_that_were_promised_and_are_gone(market: Any) -> None:
    manifest = npm_manifest(market, [])
    manifest["dist"]["attestations"] = {"url": "https://npm.example.test/x"}
    market.registry.pages |= {"/npm/alpha/1.2.3": manifest, "/npm/alpha.tgz": b"alpha"}
    assert market.json("pkg:npm/alpha@1.2.3")["grade"] == "unknown"
    del manifest["dist"]["attestations"]
    found = market.json("pkg:npm/alpha@1.2.3", "--cache", market.folder / "other")
    assert found["grade"] == "none"


def npm_manifest(market: Any, signatures: list) -> dict:
    digest = base64.b64encode(hashlib.sha512(b"alpha").digest()).decode()
    return {
        "name": "alpha",
        "version": "1.2.3",
        "dist": {
            "tarball": f"{market.registry.url}/npm/alpha.tgz",
            "integrity": f"sha512-{digest}",
            "signatures": signatures,
        },
    }
