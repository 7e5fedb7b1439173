"""npm's and Cloud Build's evidence where it is somebody else's, and npm without provenance."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pratique.formats.sigstore.npm import RegistryKey, read_registry_keys
from pratique.model.attestation import Grade
from pratique.provenance.asking import judged
from pratique.provenance.documents import judge_documents
from pratique.provenance.expectations import Expectations
from pratique.provenance.npm import integrity_of
from pratique.provenance.request import Request
from pratique.provenance.subject import subject_of_bytes


def registry_keys(forge: Any, key: Any, key_id: str = "SHA256:own") -> tuple[RegistryKey, ...]:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    listed = [
        {
            "keyId": key_id,
            "keyUsage": usage,
            "publicKey": {
                "rawBytes": forge.b64(der),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": {"start": "2024-01-01T00:00:00Z"},
            },
        }
        for usage in ("npm:signatures", "npm:attestations")
    ]
    return read_registry_keys(json.dumps({"keys": listed}).encode())


@pytest.fixture
def tarball():
    return subject_of_bytes("alpha-1.2.3.tgz", b"alpha")


def offered(forge: Any, key: Any, tarball: Any) -> Any:
    from pratique.sources.packages.attested import Offered

    signed = f"alpha@1.2.3:{integrity_of(tarball.digests['sha512'])}".encode()
    return Offered(
        name=tarball.name,
        url="https://registry.example.test/alpha-1.2.3.tgz",
        digests=(),
        signatures=(("SHA256:own", forge.b64(forge.sign(key, signed))),),
    )


def test_a_registrys_signature_is_no_provenance(instance, forge, tarball) -> None:
    """Where the attestations were stripped, what is left names neither a source nor a signer."""
    from pratique.model.purl import Package

    key = forge.new_key()
    package = Package.parse("pkg:npm/alpha@1.2.3")
    trusted = Request(root=instance.trust(), registry_keys=registry_keys(forge, key))
    file = offered(forge, key, tarball)
    assert judged(file, tarball, package, trusted).grade is Grade.VERIFIED
    for expectation in (
        {"expected": Expectations(source="github.com/example/alpha")},
        {"expected": Expectations(tag="v1.2.3")},
        {"expected": Expectations(builder="https://github.com/actions/runner/github-hosted")},
        {"identity": forge.workflow, "issuer": forge.issuer},
        {"key": forge.new_key().public_key()},
        {"require": "SLSA_BUILD_LEVEL_1"},
    ):
        found = judged(file, tarball, package, msgspec.structs.replace(trusted, **expectation))
        assert found.grade is Grade.UNSUPPORTED, expectation
        assert found.exit_code == 3
        assert found.reason
        assert found.next_action


def test_registry_keys_that_were_brought_count_instead_of_the_packages(
    instance, forge, tarball
) -> None:
    from pratique.model.purl import Package

    key = forge.new_key()
    package = Package.parse("pkg:npm/alpha@1.2.3")
    file = offered(forge, key, tarball)
    found = judged(file, tarball, package, Request(root=instance.trust()))
    assert found.grade is Grade.FAILED
    assert "pratique trust update" in found.evidence[0].next_action


def provenance(forge: Any, tarball: Any) -> dict[str, Any]:
    builder = "https://github.com/actions/runner/github-hosted"
    statement = forge.statement()
    statement["subject"] = [
        {"name": "pkg:npm/alpha@1.2.3", "digest": {"sha512": tarball.digests["sha512"]}}
    ]
    definition = statement["predicate"]["buildDefinition"]
    definition["buildType"] = (
        "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1"
    )
    definition["internalParameters"] = {"github": {"event_name": "push"}}
    statement["predicate"]["runDetails"]["builder"]["id"] = builder
    return statement


def publish(tarball: Any) -> dict[str, Any]:
    return {
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [
            {"name": "pkg:npm/alpha@1.2.3", "digest": {"sha512": tarball.digests["sha512"]}}
        ],
        "predicateType": "https://github.com/npm/attestation/tree/main/specs/publish/v0.1",
        "predicate": {
            "name": "alpha",
            "version": "1.2.3",
            "registry": "https://registry.example.test",
        },
    }


def npm_document(instance: Any, forge: Any, tarball: Any, key: Any, signer: Any) -> dict[str, Any]:
    published = instance.bundle(publish(tarball), key=key)
    published["verificationMaterial"]["publicKey"]["hint"] = "SHA256:own"
    rows = (
        (
            "https://slsa.dev/provenance/v1",
            instance.bundle(provenance(forge, tarball), signer=signer),
        ),
        (publish(tarball)["predicateType"], published),
    )
    return {"attestations": [{"predicateType": kind, "bundle": bundle} for kind, bundle in rows]}


def test_attestations_of_a_forged_registry_are_sound(instance, forge, tarball) -> None:
    """So that what fails below fails for its reason."""
    key = forge.new_key()
    request = Request(root=instance.trust(), registry_keys=registry_keys(forge, key))
    document = npm_document(instance, forge, tarball, key, instance.identity())
    found = judge_documents(json.dumps(document).encode(), "x", tarball, request)
    assert [(one.grade, one.cause) for one in found] == [(Grade.VERIFIED, "")] * 2
    assert found[0].builder == "https://github.com/actions/runner/github-hosted"


def test_another_issuers_certificate_is_no_run_of_github(instance, forge, tarball) -> None:
    """Its extensions may say all that GitHub's would."""
    key = forge.new_key()
    request = Request(root=instance.trust(), registry_keys=registry_keys(forge, key))
    signer = instance.identity(forge.workflow, "https://ci.example.test")
    document = npm_document(instance, forge, tarball, key, signer)
    for expected in (Expectations(), Expectations(source="github.com/example/alpha")):
        asked = msgspec.structs.replace(request, expected=expected)
        (one,) = judge_documents(json.dumps(document).encode(), "x", tarball, asked)
        assert one.grade is Grade.UNSUPPORTED
        assert "https://ci.example.test" in one.cause


def test_registry_keys_of_another_registry_do_not_count(instance, forge, tarball) -> None:
    key, other = forge.new_key(), forge.new_key()
    document = npm_document(instance, forge, tarball, key, instance.identity())
    for keys in (registry_keys(forge, other), registry_keys(forge, key, "SHA256:x")):
        request = Request(root=instance.trust(), registry_keys=keys)
        (one,) = judge_documents(json.dumps(document).encode(), "x", tarball, request)
        assert one.grade is Grade.FAILED


def test_cloud_build_attests_no_inputs(vector_folder) -> None:
    from pratique.formats.slsa.gcb import read_gcb
    from pratique.provenance.errors import VerificationError
    from pratique.provenance.gcb import signed_payload, verify_gcb

    folder = vector_folder("provenance/provenance.tar.xz") / "slsa-verifier/testdata/gcb_container"
    path = min(folder.glob("v0.2/*container-github.json"))
    document = read_gcb(path.read_bytes())
    digest = document.image_summary.digest.removeprefix("sha256:")
    assert verify_gcb(document, digest, Expectations())
    with pytest.raises(VerificationError, match="no inputs"):
        verify_gcb(document, digest, Expectations(inputs={"a": "b"}))
    assert json.loads(signed_payload(document))["subject"]
