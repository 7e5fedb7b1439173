"""sigstore-conformance's bundle cases: every one accepted or rejected as upstream says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.formats.sigstore import read_bundle
from pratique.model.errors import PratiqueError
from pratique.provenance.bundle import Verified, expect_signer, verify_bundle
from pratique.provenance.keys import load_key
from pratique.provenance.subject import subject_of
from pratique.provenance.trust import pinned_root, trust_root, trust_root_of

CASES = 68
"""How many upstream cases are shared."""


@pytest.fixture(scope="module")
def cases(vector_folder: Callable[[str], Path]) -> tuple[Path, list[dict]]:
    folder = vector_folder("provenance/provenance.tar.xz") / "sigstore-conformance"
    return folder / "bundle-verify", json.loads((folder / "cases.json").read_text())


def attempt(folder: Path, case: dict, bundle: bytes | None = None) -> Verified:
    production = case["trusted_root"] == "production"
    root = pinned_root() if production else trust_root_of(folder / case["trusted_root"])
    key = load_key((folder / case["key"]).read_bytes()) if case["key"] else None
    data = (folder / case["bundle"]).read_bytes() if bundle is None else bundle
    verified = verify_bundle(
        read_bundle(data), root, subject_of(folder / case["artifact"]), key=key
    )
    if key is None:
        expect_signer(verified, case["identity"], case["issuer"])
    return verified


def test_every_case_is_as_upstream_says(cases: tuple[Path, list[dict]]) -> None:
    folder, rows = cases
    assert len(rows) == CASES
    wrong = {}
    for case in rows:
        try:
            attempt(folder, case)
            verdict, why = "accept", ""
        except PratiqueError as error:
            verdict, why = "reject", str(error)
        if verdict != case["expected"]:
            wrong[case["case"]] = why
    assert wrong == {}


REASONS = {
    "bundle-with-root-cert_fail": "root certificate",
    "checkpoint-bad-keyhint_fail": "not signed by the log",
    "checkpoint-wrong-roothash_fail": "another tree",
    "dsse-mismatch-sig_fail": "another signature",
    "inclusion-proof-corrupted-hash_fail": "does not lead to the log's root hash",
    "integrated-time-in-future_fail": "the certificate was valid from",
    "intoto-missing-inclusion-proof_fail": "no inclusion proof",
    "invalid-checkpoint-signature_fail": "checkpoint's signature",
    "invalid-ct-key_fail": "certificate log",
    "managed-key-no-key_fail": "not known here",
    "rekor2-checkpoint-no-matching-signature_fail": "not signed by the log",
    "rekor2-dsse-mismatch-sig_fail": "another signature",
    "rekor2-no-timestamp_fail": "nothing in the bundle proves when",
    "rekor2-timestamp-outside-trust-root-tsa-validity_fail": "was valid at its time",
    "rekor2-timestamp-payload-mismatch_fail": "Mismatch between messages",
    "set-invalid-signature_fail": "signed entry timestamp",
    "trust-root-tlog-missing-validity-start_fail": "start",
    "wrong-material_fail": "another artifact",
}
"""What a rejection must be for, where the case is about one thing."""


@pytest.mark.parametrize("name", REASONS)
def test_rejections_are_for_the_right_reason(cases: tuple[Path, list[dict]], name: str) -> None:
    folder, rows = cases
    case = next(row for row in rows if row["case"] == name)
    with pytest.raises(PratiqueError, match=re.escape(REASONS[name])):
        attempt(folder, case)


def test_a_late_timestamp_is_late_even_where_its_base64_is_mended(
    cases: tuple[Path, list[dict]],
) -> None:
    """Upstream's file has line feeds inside the base64, which alone would be refused here."""
    folder, rows = cases
    case = next(r for r in rows if r["case"] == "rekor2-timestamp-with-incorrect-time_fail")
    document = json.loads((folder / case["bundle"]).read_text())
    stamps = document["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    for stamp in stamps:
        stamp["signedTimestamp"] = re.sub(r"\s", "", stamp["signedTimestamp"])
    with pytest.raises(PratiqueError, match="the certificate was valid from"):
        attempt(folder, case, json.dumps(document).encode())


def test_a_wrong_managed_key_is_refused(cases: tuple[Path, list[dict]]) -> None:
    """Upstream's wrong key is no key at all; this one is a key, of somebody else."""
    from cryptography.hazmat.primitives.asymmetric import ec

    folder, rows = cases
    case = next(row for row in rows if row["case"] == "managed-key-happy-path")
    bundle = read_bundle((folder / case["bundle"]).read_bytes())
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(PratiqueError, match="another key"):
        verify_bundle(bundle, pinned_root(), subject_of(folder / case["artifact"]), key=other)


def test_the_pinned_root_is_the_published_one(
    vector_folder: Callable[[str], Path], repository: Path
) -> None:
    folder = vector_folder("provenance/provenance.tar.xz") / "root-signing"
    pinned = repository / "src/pratique/provenance/data"
    published = (folder / "targets/trusted_root.json").read_bytes()
    assert (pinned / "trusted_root.json").read_bytes() == published
    keys = next((folder / "targets").glob("*/keys.json"))
    assert (pinned / "npm_keys.json").read_bytes() == keys.read_bytes()
    assert len(trust_root(published).logs) == 2


def test_sigstore_python_agrees_on_what_it_can_read(cases: tuple[Path, list[dict]]) -> None:
    """An oracle: where sigstore-python accepts with a pinned root, so do we."""
    models = pytest.importorskip("sigstore.models")
    from sigstore.errors import Error
    from sigstore.verify import Verifier
    from sigstore.verify.policy import Identity

    folder, rows = cases
    agreed = 0
    for case in rows:
        if case["trusted_root"] == "production" or case["key"]:
            continue
        bundle = folder / case["bundle"]
        try:
            root = models.TrustedRoot.from_file(str(folder / case["trusted_root"]))
            read = models.Bundle.from_json(bundle.read_bytes())
            policy = Identity(identity=case["identity"], issuer=case["issuer"])
            if read._dsse_envelope is not None:
                continue
            data = (folder / case["artifact"]).read_bytes()
            Verifier(trusted_root=root).verify_artifact(data, read, policy)
        except (Error, ValueError, KeyError, NotImplementedError):
            continue
        assert attempt(folder, case).identity == case["identity"], case["case"]
        agreed += 1
    assert agreed >= 8
