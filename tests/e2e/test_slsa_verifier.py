"""Our verification summaries are accepted by slsa-verifier, and refused where they should be.

Its own idea of a key's id is another than the hexadecimal one of ours and in-toto's, so
that it has to be told.  The binary is taken from ``PRATIQUE_SLSA_VERIFIER`` or PATH; it is built with
``go install github.com/slsa-framework/slsa-verifier/v2/cli/slsa-verifier@v2.7.1``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

VERIFIER, RESOURCE = "https://verifier.example.test", "pkg:generic/alpha@1.2.3"


@pytest.fixture(scope="module")
def slsa_verifier() -> str:
    found = os.environ.get("PRATIQUE_SLSA_VERIFIER") or shutil.which("slsa-verifier")
    if not found:
        pytest.skip("slsa-verifier is not installed (put it in PATH, or in PRATIQUE_SLSA_VERIFIER)")
    return found


def pratique(*words: object) -> None:
    environment = os.environ | {"PRATIQUE_DATA": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-m", "pratique", *map(str, words)], capture_output=True, env=environment
    )
    assert done.returncode == 0, done.stderr.decode()


def check(program: str, summary: Path, key: Path, digest: str, **changes: str) -> tuple[int, str]:
    options = {
        "--attestation-path": str(summary),
        "--verifier-id": VERIFIER,
        "--resource-uri": RESOURCE,
        "--public-key-path": str(key),
        "--public-key-id": json.loads(summary.read_bytes())["signatures"][0]["keyid"],
        "--subject-digest": f"sha256:{digest}",
    } | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    words = [word for pair in options.items() for word in pair]
    done = subprocess.run([program, "verify-vsa", *words], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_summary_of_ours_is_accepted(slsa_verifier: str, tmp_path: Path) -> None:
    key, artifact = tmp_path / "key.pem", tmp_path / "alpha.bin"
    artifact.write_bytes(b"alpha")
    digest = hashlib.sha256(b"alpha").hexdigest()
    pratique("attest", "keygen", key, "--no-passphrase", "--kind", "ecdsa-p256")
    public = next(one for one in tmp_path.iterdir() if one.name.endswith("pub"))
    report = tmp_path / "alpha.bin.intoto.jsonl"
    build = tmp_path / "build"
    build.mkdir()
    (build / "a").write_bytes(b"alpha")
    pratique(
        "attest", "build", "-K", key, "-o", report, "-C", build, "--product", "alpha.bin",
        "--", "cp", "a", "alpha.bin",
    )  # fmt: skip
    summary = tmp_path / "alpha.bin.vsa.json"
    pratique(
        "attest", "vsa", artifact, "-b", report, "--key", public, "-K", key, "-o", summary,
        "--verifier-id", VERIFIER, "--resource-uri", RESOURCE,
        "--policy-uri", "https://policy.example.test",
    )  # fmt: skip
    for level in ({}, {"verified_level": "SLSA_BUILD_LEVEL_1"}):
        code, said = check(slsa_verifier, summary, public, digest, **level)
        assert code == 0, said
    for changes in (
        {"verifier_id": "https://other.example.test"},
        {"resource_uri": "pkg:generic/beta@1"},
        {"subject_digest": f"sha256:{'0' * 64}"},
        {"verified_level": "SLSA_BUILD_LEVEL_3"},
    ):
        code, said = check(slsa_verifier, summary, public, digest, **changes)
        assert code != 0, changes


def test_a_summary_of_a_lockfile_is_accepted(slsa_verifier: str, tmp_path: Path) -> None:
    key, lock = tmp_path / "key.pem", tmp_path / "requirements.txt"
    (tmp_path / "evidence").mkdir()
    lock.write_text(f"alpha==1.2.3 --hash=sha256:{'0' * 64}\n")
    pratique("attest", "keygen", key, "--no-passphrase", "--kind", "ecdsa-p256")
    public = next(one for one in tmp_path.iterdir() if one.name.endswith("pub"))
    summary = tmp_path / "lock.vsa.json"
    pratique(
        "attest", "vsa", lock, "-K", key, "-o", summary, "--evidence", tmp_path / "evidence",
        "--verifier-id", VERIFIER, "--resource-uri", RESOURCE,
        "--policy-uri", "https://policy.example.test",
    )  # fmt: skip
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    code, said = check(slsa_verifier, summary, public, digest)
    assert code == 0, said
