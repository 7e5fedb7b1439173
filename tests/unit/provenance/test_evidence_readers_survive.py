"""Random and mutated documents never raise anything but InputError, and nothing is lost on them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.formats.dsse import read_envelope
from pratique.formats.intoto import read_statement
from pratique.formats.intoto.predicates import typed_predicate
from pratique.formats.sigstore import read_bundle, read_trusted_root
from pratique.formats.sigstore.checkpoint import read_checkpoint
from pratique.formats.sigstore.cosign import ENTRY, cosign_bundle, pem_certificates
from pratique.formats.sigstore.npm import read_npm_attestations, read_registry_keys
from pratique.formats.sigstore.pep740 import read_attestation, read_index_provenance
from pratique.formats.slsa import provenance_of, summary_of
from pratique.formats.slsa.gcb import read_gcb
from pratique.model.attestation import Grade
from pratique.model.errors import InputError, PratiqueError
from pratique.provenance.judge import judge
from pratique.provenance.keys import load_key
from pratique.provenance.kinds import Kind, documents, kind_of
from pratique.provenance.request import Request
from pratique.provenance.subject import Subject
from pratique.provenance.trust import trust_root


def checkpoint(data: bytes) -> object:
    return read_checkpoint(data.decode("utf-8", "replace"))


def statement(data: bytes) -> None:
    found = read_statement(data)
    for read in (provenance_of, summary_of, typed_predicate):
        try:
            read(found)
        except InputError:
            continue


def cosign(data: bytes) -> object:
    return cosign_bundle(data, {ENTRY: data.decode("latin-1")})


READERS: tuple[Callable[[bytes], object], ...] = (
    read_bundle,
    read_envelope,
    statement,
    read_trusted_root,
    trust_root,
    checkpoint,
    cosign,
    lambda data: pem_certificates(data.decode("latin-1")),
    read_npm_attestations,
    read_registry_keys,
    read_attestation,
    read_index_provenance,
    read_gcb,
    load_key,
    kind_of,
    documents,
)


def survive(data: bytes) -> None:
    for read in READERS:
        with suppress(InputError):
            read(data)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes(data: bytes) -> None:
    survive(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "mediaType",
                    "payload",
                    "payloadType",
                    "signatures",
                    "sig",
                    "verificationMaterial",
                    "tlogEntries",
                    "attestations",
                    "bundle",
                    "predicateType",
                    "subject",
                    "predicate",
                    "_type",
                    "version",
                    "attestation_bundles",
                    "provenance_summary",
                    "envelope",
                    "keys",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(JSON)
def test_random_documents(value: object) -> None:
    survive(json.dumps(value).encode())


@pytest.fixture(scope="module")
def good(instance, forge) -> list[bytes]:
    """One good document of each sort."""
    bundle = instance.bundle(forge.statement())
    signer = instance.identity()
    envelope = bundle["dsseEnvelope"]
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    attestation = {
        "version": 1,
        "verification_material": {
            "certificate": bundle["verificationMaterial"]["certificate"]["rawBytes"],
            "transparency_entries": [entry],
        },
        "envelope": {
            "statement": envelope["payload"],
            "signature": envelope["signatures"][0]["sig"],
        },
    }
    legacy = {
        **envelope,
        "signatures": [{**envelope["signatures"][0], "cert": signer.pem.decode()}],
    }
    publisher = {"kind": "GitHub", "repository": "example/alpha", "workflow": "release.yml"}
    found = [
        bundle,
        instance.bundle(),
        instance.trusted_root(),
        legacy,
        attestation,
        {
            "version": 1,
            "attestation_bundles": [{"publisher": publisher, "attestations": [attestation]}],
        },
        {
            "attestations": [
                {"predicateType": "https://slsa.dev/provenance/v1", "bundle": bundle},
                {
                    "predicateType": "https://github.com/npm/attestation/tree/main/specs/"
                    "publish/v0.1",
                    "bundle": bundle,
                },
            ]
        },
        {
            "image_summary": {"digest": "sha256:00"},
            "provenance_summary": {"provenance": [{"envelope": envelope, "kind": "BUILD"}]},
        },
        forge.statement(),
    ]
    return [json.dumps(one).encode() for one in found]


def test_mutated_documents(good: list[bytes], instance) -> None:
    dice = random.Random(20250602)
    request = Request(root=instance.trust())
    subject = Subject("alpha-1.2.3.tar.gz", {"sha256": "00" * 32, "sha512": "00" * 64})
    for data in good:
        for _ in range(60):
            changed = bytearray(data)
            for _ in range(dice.randrange(1, 6)):
                at = dice.randrange(len(changed))
                how = dice.randrange(3)
                if how == 0:
                    changed[at] = dice.randrange(256)
                elif how == 1:
                    del changed[at : at + dice.randrange(1, 40)]
                else:
                    changed[at:at] = changed[: dice.randrange(40)]
                if not changed:
                    changed = bytearray(b"{")
            survive(bytes(changed))
            for kind in Kind:
                for one in judge(bytes(changed), kind, "mutated", subject, request):
                    assert one.grade in {Grade.FAILED, Grade.UNSUPPORTED}
                    assert one.cause


def test_good_documents_are_recognised(good: list[bytes]) -> None:
    kinds = []
    for data in good:
        try:
            kinds.append(kind_of(data))
        except PratiqueError:
            kinds.append(None)
    assert kinds == [
        Kind.BUNDLE,
        Kind.BUNDLE,
        None,
        Kind.ENVELOPE,
        Kind.INDEX_ATTESTATION,
        Kind.INDEX_PROVENANCE,
        Kind.NPM,
        Kind.GCB,
        None,
    ]


@pytest.mark.parametrize(
    ("note", "match"),
    [
        ("", "no signatures"),
        ("a\n1\n\n\n", "no SHA-256"),
        ("a\n1\nAAAA\n\n— x AAAAAAAA\n", "no SHA-256"),
        (f"a\n-1\n{'A' * 43}=\n\n— x AAAAAAAA\n", "no size"),
        (f"a\n1\n{'A' * 43}=\n\nx AAAAAAAA\n", "no signature"),
        (f"a\n1\n{'A' * 43}=\n\n— x !!\n", "not base64"),
        (f"a\n1\n{'A' * 43}=\n\n— x AAAA\n", "too short"),
        (f"a\n1\n{'A' * 43}=\n\n" + "— x AAAAAAAA\n" * 65, "over 64"),
    ],
)
def test_checkpoints_that_are_none(note: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read_checkpoint(note)
