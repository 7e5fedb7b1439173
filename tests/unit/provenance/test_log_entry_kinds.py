"""Every kind of log entry, signed by a certificate and by a bare key."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from pratique.formats.sigstore import bundle_of
from pratique.model.errors import PratiqueError
from pratique.provenance.bundle import verify_bundle
from pratique.provenance.entries import bind, signed_of
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.subject import Subject

ARTIFACT = Subject("alpha", {"sha256": hashlib.sha256(b"alpha").hexdigest()})
ALL = (
    "hashedrekord 0.0.1",
    "hashedrekord 0.0.2",
    "dsse 0.0.1",
    "dsse 0.0.2",
    "intoto 0.0.1",
    "intoto 0.0.2",
)


def bare(kind: str) -> bool:
    return kind.startswith("hashedrekord")


@pytest.mark.parametrize("kind", ALL)
def test_a_kind_verifies(instance, forge, kind: str) -> None:
    statement = forge.statement()
    found = verify_bundle(
        bundle_of(instance.bundle(statement, kind=kind)), instance.trust(), ARTIFACT
    )
    assert found.statement
    assert found.statement.predicate_type == statement["predicateType"]
    if bare(kind):
        verify_bundle(bundle_of(instance.bundle(kind=kind)), instance.trust(), ARTIFACT)


@pytest.mark.parametrize("kind", ALL)
def test_a_kind_with_a_managed_key(instance, forge, kind: str) -> None:
    key = forge.new_key()
    bundle = bundle_of(instance.bundle(forge.statement(), kind=kind, key=key))
    found = verify_bundle(bundle, instance.trust(), ARTIFACT, key=key.public_key())
    assert (found.identity, found.issuer) == ("key:k", "")
    with pytest.raises(UnsupportedEvidenceError, match="not known here"):
        verify_bundle(bundle, instance.trust(), ARTIFACT)
    with pytest.raises(VerificationError, match="another key"):
        verify_bundle(bundle, instance.trust(), ARTIFACT, key=forge.new_key().public_key())


@pytest.mark.parametrize("kind", ALL)
def test_an_entry_about_another_signature(instance, forge, kind: str) -> None:
    """The same statement by the same signer, signed twice; the log knows the other signature."""
    signer = instance.identity()
    first = instance.bundle(forge.statement(), kind=kind, signer=signer)
    second = instance.bundle(forge.statement(), kind=kind, signer=signer)
    first["verificationMaterial"]["tlogEntries"] = second["verificationMaterial"]["tlogEntries"]
    if kind == "intoto 0.0.1":  # which has no signature in its body; the payload is the same
        verify_bundle(bundle_of(first), instance.trust(), ARTIFACT)
        return
    with pytest.raises(VerificationError, match="another signature"):
        verify_bundle(bundle_of(first), instance.trust(), ARTIFACT)


@pytest.mark.parametrize("kind", ALL)
def test_an_entry_about_another_statement(instance, forge, kind: str) -> None:
    signer = instance.identity()
    first = instance.bundle(forge.statement(), kind=kind, signer=signer)
    other = forge.statement(predicateType="https://example.test/other/v1")
    second = instance.bundle(other, kind=kind, signer=signer)
    first["verificationMaterial"]["tlogEntries"] = second["verificationMaterial"]["tlogEntries"]
    with pytest.raises(VerificationError, match=r"another (signature|payload|digest)"):
        verify_bundle(bundle_of(first), instance.trust(), ARTIFACT)


@pytest.mark.parametrize("kind", ALL)
def test_an_entry_of_another_signer(instance, forge, kind: str) -> None:
    first = instance.bundle(forge.statement(), kind=kind)
    second = instance.bundle(forge.statement(), kind=kind)
    first["verificationMaterial"]["tlogEntries"] = second["verificationMaterial"]["tlogEntries"]
    with pytest.raises(VerificationError, match=r"another (signature|certificate)"):
        verify_bundle(bundle_of(first), instance.trust(), ARTIFACT)


def test_an_unknown_kind_is_not_verified(instance, forge) -> None:
    bundle = instance.bundle(forge.statement())
    entry = {"apiVersion": "9.9.9", "kind": "rekord", "spec": {}}
    bundle["verificationMaterial"]["tlogEntries"] = [instance.entry(entry, forge.now)]
    with pytest.raises(UnsupportedEvidenceError, match="are not verified"):
        verify_bundle(bundle_of(bundle), instance.trust(), ARTIFACT)


def test_a_kept_envelope_binds_intoto_1(instance, forge) -> None:
    """Where the envelope's own bytes are kept, as in an image layout, their hash must agree."""
    bundle = bundle_of(instance.bundle(forge.statement(), kind="intoto 0.0.1"))
    right = msgspec.structs.replace(bundle, envelope_hash="11" * 32)
    verify_bundle(right, instance.trust(), ARTIFACT)
    wrong = msgspec.structs.replace(bundle, envelope_hash="22" * 32)
    with pytest.raises(VerificationError, match="another envelope"):
        verify_bundle(wrong, instance.trust(), ARTIFACT)


@pytest.mark.parametrize(
    "body", ["[]", "{}", "7", '"x"', "nonsense", '{"kind":"dsse"}', "[" * 9999]
)
def test_bodies_that_are_none(instance, forge, body: str) -> None:
    bundle = instance.bundle(forge.statement())
    parsed = bundle_of(bundle)
    broken = msgspec.structs.replace(parsed.entries[0], body=body.encode())
    with pytest.raises(PratiqueError):
        bind(broken, signed_of(parsed, b"x", forge.new_key().public_key()))
