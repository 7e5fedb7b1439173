"""slsa-verifier's tests of single steps (its ``verifiers/internal/gha``)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pratique.formats.dsse import read_envelope
from pratique.formats.sigstore import bundle_of, read_bundle
from pratique.formats.sigstore.npm import NpmAttestation, NpmAttestations, read_npm_attestations
from pratique.model.errors import InputError
from pratique.provenance.bundle import statement_of, verify_bundle
from pratique.provenance.errors import VerificationError
from pratique.provenance.expectations import Expectations, check_digest
from pratique.provenance.npm import (
    check_wrapper,
    expect_package,
    names_of,
    pinned_keys,
    verify_publish,
)
from pratique.provenance.slsa import check_claims
from pratique.provenance.trust import pinned_root


def statement(part: NpmAttestation):
    envelope = bundle_of(part.bundle).envelope
    assert envelope is not None
    return statement_of(envelope)


def headers(document: NpmAttestations) -> None:
    for part in (document.provenance, document.publish):
        check_wrapper(part, statement(part))


def perform(folder: Path, row: dict) -> None:
    step, inputs = row["step"], row["inputs"]
    data = (folder / "gha-internal" / row["file"]).read_bytes()
    if step == "verify bundle":
        verify_bundle(read_bundle(data), pinned_root())
        return
    if step == "verify provenance claims":
        check_claims(
            statement_of(read_envelope(data)),
            inputs["trusted_builder_id"],
            Expectations(source=inputs["source_uri"]),
            [inputs["sha256"]],
            delegated=inputs["byob"],
        )
        return
    document = read_npm_attestations(data)
    if step == "split attestation pair":
        assert document.publish
        assert document.provenance
    elif step == "in-toto headers":
        headers(document)
    elif step == "publish signature":
        verify_publish(document.publish, pinned_root(), pinned_keys())
    elif step == "provenance signature":
        verify_bundle(bundle_of(document.provenance.bundle), pinned_root())
    elif step == "publish attestation subject digest":
        check_digest([one.digests for one in statement(document.publish).subject], inputs["sha512"])
    elif step in {"package name", "package version"}:
        found = names_of(statement(document.provenance), statement(document.publish))
        expect_package(found, inputs.get("package_name", ""), inputs.get("package_version", ""))
    else:
        pytest.fail(f"unknown step {step}")


def test_every_step_has_upstreams_answer(upstream: Path) -> None:
    rows = json.loads((upstream / "gha-internal-expected.json").read_text())
    wrong = []
    for row in rows:
        expected = row["expected"]
        try:
            perform(upstream, row)
            found = "ok"
        except VerificationError as error:
            found = error.error
        except InputError:
            found = "errrorInvalidAttestations"  # sic; the document lacks one of the two
        if expected.startswith("reject"):
            expected = found if found != "ok" else "a rejection"
        if found != expected:
            wrong.append((row["step"], row["file"], expected, found))
    assert wrong == []
    assert len(rows) == 33


@pytest.mark.parametrize(
    "name", ["npm-attestations.intoto.sigstore", "npm-att-prov-invalid-signature.intoto.sigstore"]
)
def test_provenance_is_not_the_registrys_to_sign(upstream: Path, name: str) -> None:
    document = read_npm_attestations((upstream / "gha-internal" / name).read_bytes())
    with pytest.raises(VerificationError, match="not signed with a registry key"):
        verify_publish(document.provenance, pinned_root(), pinned_keys())
