"""Nothing that was touched is ever verified, and nothing but our own errors comes out."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from pratique.formats.sigstore import bundle_of, read_bundle
from pratique.model.errors import PratiqueError
from pratique.provenance.bundle import Verified, expect_signer, verify_bundle
from pratique.provenance.errors import VerificationError
from pratique.provenance.slsa import read_provenance
from pratique.provenance.subject import Subject, subject_of
from pratique.provenance.trust import TrustRoot, pinned_root, trust_root

FLIPS = 1000
"""Bytes flipped in each bundle; a verification takes about two milliseconds."""


def meaning(found: Verified) -> tuple[Any, ...]:
    """Everything that a verified bundle tells a caller."""
    payload = found.envelope.payload if found.envelope else b""
    kind = found.envelope.payload_type if found.envelope else ""
    return found.identity, found.issuer, found.times, kind, payload


def sha256(data: bytes, name: str = "alpha-1.2.3.tar.gz") -> Subject:
    import hashlib

    return Subject(name, {"sha256": hashlib.sha256(data).hexdigest()})


def assert_never_another_meaning(original: bytes, root: TrustRoot, changed: bytes) -> bool:
    """Verify a changed bundle; True where it still verified, with the very same meaning."""
    try:
        found = verify_bundle(read_bundle(changed), root)
    except PratiqueError:
        return False
    assert meaning(found) == meaning(verify_bundle(read_bundle(original), root))
    return True


def test_flipped_bytes_anywhere(production: list[tuple[str, bytes]]) -> None:
    """A flip may fall on white space or an unsigned hint; then the meaning is the same."""
    dice = random.Random(20250601)
    root = pinned_root()
    for name, data in production:
        survived = 0
        for _ in range(FLIPS):
            changed = bytearray(data)
            changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
            survived += assert_never_another_meaning(data, root, bytes(changed))
        assert survived < FLIPS / 20, name


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(item, (*path, number))
    else:
        yield path, value


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


UNSIGNED = {"keyid", "hint"}
"""Members of a bundle that only help to find a key."""


def test_flipped_bits_of_every_value(production: list[tuple[str, bytes]]) -> None:
    """Base64 is opened first, so that no flip is lost on the encoding: none may survive."""
    dice = random.Random(7)
    root = pinned_root()
    tried = 0
    for name, data in production:
        document = json.loads(data)
        for path, value in places(document):
            if path[-1] in UNSIGNED or "timestampVerificationData" in path:
                continue
            for changed in wrong_values(path, value, dice):
                tried += 1
                assert fails(put(document, path, changed), root), (name, path)
    assert tried > 600


def fails(document: Any, root: TrustRoot) -> bool:
    try:
        verify_bundle(bundle_of(document), root)
    except PratiqueError:
        return True
    return False


def wrong_values(path: tuple[Any, ...], value: Any, dice: random.Random) -> Iterator[Any]:
    if path[-1] in {"logIndex", "treeSize", "integratedTime"}:
        yield str(int(value) + 1)
        yield str(int(value) ^ 1 << 40)
        yield "-1"
    elif path[-1] in {"kind", "version", "payloadType", "mediaType", "algorithm"}:
        yield value + "x"
    elif path[-1] == "envelope":  # the checkpoint: a flip in what the log signed
        size = len(value.split("\n\n")[0])
        for _ in range(8):
            at = dice.randrange(size)
            yield value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
    elif value:
        for _ in range(20):
            raw = bytearray(base64.b64decode(value))
            raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
            yield base64.b64encode(bytes(raw)).decode()


def test_every_byte_of_a_bundle(instance, forge) -> None:
    """One flip at each position of the text: what still verifies says the very same."""
    root = instance.trust()
    data = json.dumps(instance.bundle(forge.statement()), separators=(",", ":")).encode()
    original = meaning(verify_bundle(read_bundle(data), root, sha256(b"alpha")))
    survived = 0
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]
        try:
            found = verify_bundle(read_bundle(changed), root, sha256(b"alpha"))
        except PratiqueError:
            continue
        assert meaning(found) == original, at
        survived += 1
    # the name before the log's signature, which Rekor v1's key hint is not over, and bits that
    # the last character of base64 leaves over
    assert survived <= 40


@pytest.mark.parametrize(
    "kind",
    ["dsse 0.0.1", "hashedrekord 0.0.1", pytest.param("intoto 0.0.2", marks=pytest.mark.nightly)],
)
def test_every_signed_byte_of_a_bundle(instance, forge, kind: str) -> None:
    """One flip at each position of what the text encodes: nothing of it may verify."""
    root = instance.trust()
    bare = kind.startswith("hashedrekord")
    document = instance.bundle(None if bare else forge.statement(), kind=kind)
    tried = 0
    for path, value in places(document):
        if path[-1] in {*UNSIGNED, "logIndex", "treeSize", "integratedTime", "kind", "version"}:
            continue
        if path[-1] in {"mediaType", "payloadType", "algorithm", "envelope"}:
            continue  # texts: the test before flips each of their bytes
        raw = base64.b64decode(value)
        for at in range(len(raw)):
            changed = raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :]
            tried += 1
            document_ = put(document, path, base64.b64encode(changed).decode())
            with pytest.raises(PratiqueError):
                verify_bundle(bundle_of(document_), root, sha256(b"alpha"))
    assert tried > 2000


def test_removed_members(production: list[tuple[str, bytes]]) -> None:
    root = pinned_root()
    for _, data in production:
        document = json.loads(data)
        for path, _value in places(document):
            for cut in range(1, len(path) + 1):
                changed = copy.deepcopy(document)
                inner = changed
                for step in path[: cut - 1]:
                    inner = inner[step]
                del inner[path[cut - 1]]
                assert_never_another_meaning(data, root, json.dumps(changed).encode())


def test_values_of_other_types(production: list[tuple[str, bytes]]) -> None:
    root = pinned_root()
    dice = random.Random(99)
    junk = [None, True, -1, 2**70, 1.5, "", "x", "\u0000", "=" * 9, [], {}, [[]], {"a": {}}]
    for _, data in production:
        document = json.loads(data)
        every = list(places(document))
        for _ in range(200):
            path, _value = dice.choice(every)
            cut = dice.randrange(1, len(path) + 1)
            changed = put(document, path[:cut], dice.choice(junk))
            assert_never_another_meaning(data, root, json.dumps(changed).encode())


def test_parts_of_another_bundle(production: list[tuple[str, bytes]]) -> None:
    """Swapped envelopes, certificates, entries, proofs: the replay of one signature for another."""
    root = pinned_root()
    documents = [json.loads(data) for _, data in production]
    tried = 0
    for one in documents:
        for other in documents:
            if one is other:
                continue
            for path in (
                ("dsseEnvelope",),
                ("verificationMaterial",),
                ("verificationMaterial", "tlogEntries"),
                ("verificationMaterial", "tlogEntries", 0, "inclusionProof"),
                ("verificationMaterial", "tlogEntries", 0, "inclusionPromise"),
                ("verificationMaterial", "tlogEntries", 0, "canonicalizedBody"),
                ("dsseEnvelope", "payload"),
                ("dsseEnvelope", "signatures"),
            ):
                source: Any = other
                for step in path:
                    source = source[step]
                changed = put(one, path, source)
                if changed == one:
                    continue
                tried += 1
                with pytest.raises(PratiqueError):
                    verify_bundle(bundle_of(changed), root)
    assert tried > 80


def test_flips_in_timestamps(vector_folder) -> None:
    """Rekor v2: a timestamp alone proves the time, and no flip makes it prove another."""
    folder = vector_folder("provenance/provenance.tar.xz") / "sigstore-conformance"
    case = folder / "bundle-verify/rekor2-timestamp-with-embedded-cert"
    document = json.loads((case / "bundle.sigstore.json").read_text())
    root = trust_root((case / "trusted_root.json").read_bytes())
    subject = subject_of(folder / "a.txt")
    original = verify_bundle(bundle_of(document), root, subject)
    stamps = document["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    raw = base64.b64decode(stamps[0]["signedTimestamp"])
    dice = random.Random(3161)
    survived = 0
    for _ in range(FLIPS):
        changed = bytearray(raw)
        changed[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        stamps[0]["signedTimestamp"] = base64.b64encode(bytes(changed)).decode()
        try:
            found = verify_bundle(bundle_of(document), root, subject)
        except PratiqueError:
            continue
        assert meaning(found) == meaning(original)
        survived += 1
    assert survived < FLIPS / 4


def test_a_forged_instance_is_sound(instance, forge) -> None:
    """The in-memory instance itself verifies, so that what fails below fails for its reason."""
    for statement in (None, forge.statement()):
        found = verify_bundle(
            bundle_of(instance.bundle(statement)), instance.trust(), sha256(b"alpha")
        )
        assert found.identity == forge.workflow
        assert found.issuer == forge.issuer
        assert found.times == (forge.now + timedelta(minutes=1),)


def refused(instance, bundle: dict, match: str, **changes: Any) -> None:
    with pytest.raises(VerificationError, match=match):
        verify_bundle(bundle_of(bundle), instance.trust(**changes), sha256(b"alpha"))


def test_swapped_subject(instance, forge) -> None:
    for statement in (None, forge.statement()):
        bundle = bundle_of(instance.bundle(statement))
        with pytest.raises(VerificationError) as error:
            verify_bundle(bundle, instance.trust(), sha256(b"evil"))
        assert error.value.error == "ErrorMismatchHash"


def test_a_weak_digest_names_nothing(instance, forge) -> None:
    import hashlib

    weak = forge.statement(subject=[{"digest": {"sha1": hashlib.sha1(b"alpha").hexdigest()}}])
    subject = Subject("a", {"sha1": hashlib.sha1(b"alpha").hexdigest(), "sha256": "00" * 32})
    with pytest.raises(VerificationError, match="not among the subjects"):
        verify_bundle(bundle_of(instance.bundle(weak)), instance.trust(), subject)


def test_a_subject_with_one_right_and_one_wrong_digest_is_another(instance, forge) -> None:
    right = sha256(b"alpha").digests["sha256"]
    mixed = forge.statement(subject=[{"digest": {"sha256": right, "sha512": "00" * 64}}])
    subject = Subject("a", {"sha256": right, "sha512": "11" * 64})
    with pytest.raises(VerificationError, match="not among the subjects"):
        verify_bundle(bundle_of(instance.bundle(mixed)), instance.trust(), subject)


def test_expired_and_early_signatures(instance, forge) -> None:
    statement = forge.statement()
    for minutes in (-1, 11, 60 * 24 * 400):
        late = instance.bundle(statement, at=forge.now + timedelta(minutes=minutes))
        refused(instance, late, "the certificate was valid from")


def test_an_authority_that_was_not_trusted_then(instance, forge) -> None:
    root = instance.trusted_root()
    authority = root["certificateAuthorities"][0]
    ended = {"start": "2024-01-01T00:00:00Z", "end": "2025-01-01T00:00:00Z"}
    changed = [authority | {"validFor": ended}]
    refused(
        instance,
        instance.bundle(forge.statement()),
        "no certificate authority",
        certificateAuthorities=changed,
    )


def test_a_log_that_was_not_trusted_then(instance, forge) -> None:
    log = instance.trusted_root()["tlogs"][0]
    ended = {"start": "2024-01-01T00:00:00Z", "end": "2025-01-01T00:00:00Z"}
    changed = [log | {"publicKey": log["publicKey"] | {"validFor": ended}}]
    refused(instance, instance.bundle(forge.statement()), "key was not valid", tlogs=changed)


def test_another_instance(instance, forge) -> None:
    other = forge.other_instance()
    refused(instance, other.bundle(forge.statement()), "not in the trusted root")
    mixed = instance.bundle(forge.statement(), signer=other.identity())
    refused(instance, mixed, "no certificate authority")


def test_an_authority_of_the_same_name(instance, forge) -> None:
    signer = instance.identity(ca_key=forge.new_key())
    refused(instance, instance.bundle(forge.statement(), signer=signer), "no certificate authority")


def test_a_certificate_for_another_purpose(instance, forge) -> None:
    for bad in (
        instance.identity(purpose=ExtendedKeyUsageOID.SERVER_AUTH),
        instance.identity(authority=True),
    ):
        refused(instance, instance.bundle(forge.statement(), signer=bad), "not one for signing")


def test_an_authority_for_another_purpose(instance, forge) -> None:
    """One root above authorities of signers and of timestamps: the latter certify no signer."""
    for purpose, good in (
        (ExtendedKeyUsageOID.CODE_SIGNING, True),
        (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, True),
        (ExtendedKeyUsageOID.TIME_STAMPING, False),
    ):
        bundle = instance.bundle(forge.statement())
        bundle["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2"
        material = bundle["verificationMaterial"]
        leaf = material.pop("certificate")
        chain = [leaf, {"rawBytes": forge.b64(instance.bound(purpose))}]
        material["x509CertificateChain"] = {"certificates": chain}
        # the root alone is trusted, so that the bundle's authority is on the path
        root = instance.trusted_root()
        authority = root["certificateAuthorities"][0]
        only = {"certificates": authority["certChain"]["certificates"][-1:]}
        changed = [authority | {"certChain": only}]
        if good:
            trusted = instance.trust(certificateAuthorities=changed)
            assert verify_bundle(bundle_of(bundle), trusted, sha256(b"alpha"))
        else:
            refused(instance, bundle, "no certificate authority", certificateAuthorities=changed)


def test_a_signer_may_not_issue(instance, forge) -> None:
    """A leaf that issues another leaf: the bundle brings the chain along."""
    leaf = instance.identity()
    below = instance.identity(ca_key=leaf.key)
    bundle = instance.bundle(forge.statement(), signer=below)
    bundle["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2"
    material = bundle["verificationMaterial"]
    del material["certificate"]
    chain = [{"rawBytes": forge.b64(one)} for one in (below.der, leaf.der)]
    material["x509CertificateChain"] = {"certificates": chain}
    refused(instance, bundle, "no certificate authority")


def test_without_certificate_log(instance, forge) -> None:
    bare = instance.identity(sct=False)
    refused(instance, instance.bundle(forge.statement(), signer=bare), "no signed certificate")
    wrong = instance.identity(ct_key=forge.new_key())
    refused(instance, instance.bundle(forge.statement(), signer=wrong), "is not the log's")


def test_missing_log_entries(instance, forge) -> None:
    bundle = instance.bundle(forge.statement())
    bundle["verificationMaterial"]["tlogEntries"] = []
    refused(instance, bundle, "no entry of a transparency log")
    unpromised = instance.bundle(forge.statement(), promise=False)
    refused(instance, unpromised, "nothing in the bundle proves when")
    with pytest.raises(PratiqueError, match="no inclusion proof"):
        bundle_of(instance.bundle(forge.statement(), proof=False))


def test_wrong_key_ids(instance, forge) -> None:
    bundle = instance.bundle(forge.statement())
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    entry["logId"]["keyId"] = forge.b64(b"\x00" * 32)
    refused(instance, bundle, "not in the trusted root")
    bundle = instance.bundle(forge.statement())
    note = bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["checkpoint"]
    head, _, line = note["envelope"].partition("\n\n")
    dash, host, signature = line.strip().split(" ")
    raw = b"\x00\x00\x00\x00" + base64.b64decode(signature)[4:]
    note["envelope"] = f"{head}\n\n{dash} {host} {forge.b64(raw)}\n"
    refused(instance, bundle, "not signed by the log")


def test_a_signature_of_somebody_else(instance, forge) -> None:
    """The log holds what it was given; the envelope is signed with another key."""
    bundle = instance.bundle(forge.statement(), signer=instance.identity())
    other = instance.identity()
    bundle["verificationMaterial"]["certificate"]["rawBytes"] = forge.b64(other.der)
    refused(instance, bundle, "another certificate")


def test_somebody_else_altogether(instance, forge) -> None:
    found = verify_bundle(
        bundle_of(instance.bundle(forge.statement())), instance.trust(), sha256(b"alpha")
    )
    with pytest.raises(VerificationError, match=r"not by https://github\.com/example/beta"):
        expect_signer(found, "https://github.com/example/beta", forge.issuer)
    with pytest.raises(VerificationError, match="vouched for by"):
        expect_signer(found, forge.workflow, "https://issuer.example.test")
    for near in (forge.workflow + "x", forge.workflow.upper(), f" {forge.workflow}"):
        with pytest.raises(VerificationError):
            expect_signer(found, near, forge.issuer)


def test_an_envelope_of_another_type_is_no_statement(instance, forge) -> None:
    bundle = instance.bundle(forge.statement())
    bundle["dsseEnvelope"]["payloadType"] = "text/plain"
    refused(instance, bundle, "signature is not the key's")


def test_giant_and_deep_documents(instance, forge) -> None:
    from pratique.formats.dsse.wire import MAX_SIGNED_BYTES

    with pytest.raises(PratiqueError, match="over the limit"):
        read_bundle(b" " * (MAX_SIGNED_BYTES + 1))
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        deep = opening * 100_000 + b"1" + closing * 100_000
        with pytest.raises(PratiqueError, match=r"too deeply|unknown field|not readable"):
            read_bundle(b'{"mediaType":' + deep + b"}")
    nested: Any = {}
    for _ in range(400):
        nested = {"a": nested}
    found = verify_bundle(
        bundle_of(instance.bundle(forge.statement(predicate=nested))), instance.trust()
    )
    with pytest.raises(PratiqueError):
        read_provenance(found.statement)


def test_many_signatures_and_entries_are_limits(instance, forge) -> None:
    bundle = instance.bundle(forge.statement())
    bundle["dsseEnvelope"]["signatures"] *= 2
    with pytest.raises(PratiqueError, match="exactly one signature"):
        bundle_of(bundle)
    bundle = instance.bundle(forge.statement())
    bundle["verificationMaterial"]["tlogEntries"] *= 33
    with pytest.raises(PratiqueError, match="over 32 log entries"):
        bundle_of(bundle)
    bundle = instance.bundle(forge.statement())
    proof = bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]
    proof["hashes"] *= 65
    with pytest.raises(PratiqueError, match="over 64 hashes"):
        bundle_of(bundle)


def test_authorities_that_sign_each_other_do_not_keep_it_busy(instance, forge) -> None:
    """Nine issuing certificates in a ring: every one is looked at once."""
    from time import process_time

    signer = instance.identity(ca_key=instance.root_key)
    bundle = instance.bundle(forge.statement(), signer=signer)
    bundle["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2"
    material = bundle["verificationMaterial"]
    del material["certificate"]
    loops = [instance.loop(number) for number in range(9)]
    material["x509CertificateChain"] = {
        "certificates": [{"rawBytes": forge.b64(one)} for one in (signer.der, *loops)]
    }
    start = process_time()
    refused(instance, bundle, "no certificate authority")
    assert process_time() - start < 10
    material["x509CertificateChain"]["certificates"] *= 2
    with pytest.raises(PratiqueError, match="over 10 certificates"):
        bundle_of(bundle)
