"""PEP 740 assets of pypi-attestations: attestations, a provenance object, publishers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from pratique.formats.sigstore import read_bundle
from pratique.formats.sigstore.pep740 import (
    Publisher,
    read_attestation,
    read_index_provenance,
)
from pratique.model.attestation import Grade
from pratique.model.errors import PratiqueError
from pratique.provenance.bundle import verify_bundle
from pratique.provenance.certificates import SigningCertificate
from pratique.provenance.errors import VerificationError
from pratique.provenance.judge import judge
from pratique.provenance.kinds import Kind, kind_of
from pratique.provenance.pep740 import verify_attestation, verify_index_provenance
from pratique.provenance.request import Request
from pratique.provenance.subject import Subject
from pratique.provenance.trust import TrustRoot, pinned_root, trust_root_of


class Assets:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = json.loads((folder / "expected.json").read_text())
        self.digests = json.loads((folder / "digests.json").read_text())

    def root(self, name: str) -> TrustRoot:
        if name == "production":
            return pinned_root()
        return trust_root_of(self.folder / "staging.trusted_root.json")

    def data(self, row: dict) -> bytes:
        return (self.folder / row["file"]).read_bytes()

    def subject(self, row: dict) -> Subject:
        digest = self.digests.get(row["distribution"])
        if digest is None:  # the file is not shared; upstream takes the digest it attests
            statement = base64.b64decode(json.loads(self.data(row))["envelope"]["statement"])
            digest = json.loads(statement)["subject"][0]["digest"]["sha256"]
        return Subject(row["distribution"], {"sha256": digest})


@pytest.fixture(scope="module")
def assets(vector_folder: Callable[[str], Path]) -> Assets:
    return Assets(vector_folder("provenance/provenance.tar.xz") / "pypi-attestations")


def test_every_asset_is_as_upstream_says(assets: Assets) -> None:
    for row in assets.rows:
        publisher = msgspec.convert(row["publisher"], Publisher) if "publisher" in row else None
        root, subject, data = assets.root(row["trust"]), assets.subject(row), assets.data(row)
        try:
            if row["file"].endswith(".provenance"):
                found = verify_index_provenance(
                    read_index_provenance(data), root, subject, publisher
                )
                assert found
            else:
                verified = verify_attestation(read_attestation(data), root, subject, publisher)
                assert verified.statement
                assert verified.statement.predicate_type == row["predicateType"]
                assert verified.identity == row.get("identity", verified.identity)
            verdict = "accept"
        except PratiqueError:
            verdict = "reject"
        assert verdict == row["expected"], row
    assert len(assets.rows) == 9


def test_sigstore_bundles_of_distributions(assets: Assets) -> None:
    for name, trust in (
        ("pypi_attestation_models-0.0.4a2.tar.gz", "production"),
        ("rfc8785-0.1.2-py3-none-any.whl", "staging"),
    ):
        bundle = read_bundle((assets.folder / f"{name}.sigstore").read_bytes())
        subject = Subject(name, {"sha256": assets.digests[name]})
        assert verify_bundle(bundle, assets.root(trust), subject).times


def test_another_file_of_the_same_bytes_is_not_attested(assets: Assets) -> None:
    row = assets.rows[2]
    renamed = Subject("evil-1.0.tar.gz", assets.subject(row).digests)
    with pytest.raises(VerificationError) as refused:
        verify_attestation(read_attestation(assets.data(row)), pinned_root(), renamed)
    assert refused.value.error == "ErrorMismatchPackageName"


def test_the_unsigned_publisher_may_not_contradict_the_certificate(assets: Assets) -> None:
    row = next(r for r in assets.rows if r["file"].endswith(".provenance"))
    document = json.loads(assets.data(row))
    document["attestation_bundles"][0]["publisher"]["repository"] = "evil/evil"
    changed = read_index_provenance(json.dumps(document).encode())
    with pytest.raises(VerificationError, match="not by the publisher"):
        verify_index_provenance(changed, pinned_root(), assets.subject(row))


@pytest.mark.parametrize("index", range(4))
def test_the_command_grades_them(assets: Assets, index: int) -> None:
    row = assets.rows[index]
    data = assets.data(row)
    assert kind_of(data) is Kind.INDEX_ATTESTATION
    request = Request(root=pinned_root(), identity=row["identity"])
    (found,) = judge(data, Kind.INDEX_ATTESTATION, row["file"], assets.subject(row), request)
    assert (found.grade, found.cause) == (Grade.VERIFIED, "")
    assert found.identity == row["identity"]


def test_certificates_with_and_without_a_reference(assets: Assets) -> None:
    bare = (assets.folder / "no-source-repository-ref-extension.pem").read_bytes()
    certificate = SigningCertificate(bare)
    assert certificate.issuer
    assert "source-repository-ref" not in certificate.claims
