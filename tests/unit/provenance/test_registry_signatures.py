"""npm's ``dist.signatures``: over name, version and integrity, with keys that end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pratique.formats.sigstore.npm import read_registry_keys
from pratique.model.attestation import Grade
from pratique.model.errors import InputError
from pratique.provenance.errors import VerificationError
from pratique.provenance.npm import integrity_of, pinned_keys, verify_registry_signature

SHA512 = "ab" * 64


@pytest.fixture
def registry(forge):
    """Keys of an invented registry: one that ended, and one that has not."""
    old, new = forge.new_key(), forge.new_key()

    def row(name: str, key: object, **validity: str) -> dict:
        public = {"rawBytes": forge.b64(forge.spki(key)), "validFor": validity}
        return {"keyId": name, "keyUsage": "npm:signatures", "publicKey": public}

    import json

    rows = [
        row("old", old, start="2020-01-01T00:00:00Z", end="2024-01-01T00:00:00Z"),
        row("new", new, start="2023-06-01T00:00:00Z"),
    ]
    return read_registry_keys(json.dumps({"keys": rows}).encode()), {"old": old, "new": new}


def signed(registry, forge, name: str, text: str) -> str:
    return forge.b64(forge.sign(registry[1][name], text.encode()))


def test_a_signature_of_a_current_key(registry, forge) -> None:
    integrity = integrity_of(SHA512)
    signature = signed(registry, forge, "new", f"alpha@1.0.0:{integrity}")
    grade = verify_registry_signature("alpha@1.0.0", integrity, "new", signature, keys=registry[0])
    assert grade is Grade.VERIFIED
    for package, other in (("alpha@1.0.1", integrity), ("alpha@1.0.0", integrity_of("00" * 64))):
        with pytest.raises(VerificationError):
            verify_registry_signature(package, other, "new", signature, keys=registry[0])


def test_an_ended_key_proves_nothing_without_a_time(registry, forge) -> None:
    integrity = integrity_of(SHA512)
    signature = signed(registry, forge, "old", f"alpha@1.0.0:{integrity}")
    ask = ("alpha@1.0.0", integrity, "old", signature)
    assert verify_registry_signature(*ask, keys=registry[0]) is Grade.TIME_UNPROVEN
    then = datetime(2022, 1, 1, tzinfo=UTC)
    assert verify_registry_signature(*ask, keys=registry[0], published=then) is Grade.VERIFIED
    late = datetime(2024, 6, 1, tzinfo=UTC)
    with pytest.raises(VerificationError, match="was not valid at that time"):
        verify_registry_signature(*ask, keys=registry[0], published=late)


def test_wrong_key_ids_and_signatures(registry, forge) -> None:
    integrity = integrity_of(SHA512)
    signature = signed(registry, forge, "new", f"alpha@1.0.0:{integrity}")
    with pytest.raises(VerificationError, match="has no key"):
        verify_registry_signature("alpha@1.0.0", integrity, "x", signature, keys=registry[0])
    with pytest.raises(VerificationError):
        verify_registry_signature("alpha@1.0.0", integrity, "old", signature, keys=registry[0])
    with pytest.raises(InputError):
        verify_registry_signature("alpha@1.0.0", integrity, "new", "!", keys=registry[0])


def test_the_pinned_keys_are_for_both_usages() -> None:
    usages = {one.key_usage for one in pinned_keys()}
    assert usages == {"npm:signatures", "npm:attestations"}
