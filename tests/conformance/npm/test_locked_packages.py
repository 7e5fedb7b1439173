"""Lockfiles with published packages of npm and PyPI, by evidence of a folder and pinned keys."""

from __future__ import annotations

import base64
import json
import re
import shutil
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.provenance.cli import verify

INVALID = ("invalidsigprov", "invalidsigpub")


@pytest.fixture(scope="module")
def published(vector_folder: Callable[[str], Path]) -> Path:
    return vector_folder("provenance/provenance.tar.xz")


def verified(capsys, *words: object) -> dict:
    parser = ArgumentParser()
    verify.configure(parser)
    code = verify.run(parser.parse_args([*map(str, words), "--format", "json"]))
    found = json.loads(capsys.readouterr().out)
    assert found["exit_code"] == int(code)
    return found


def lock_of(folder: Path, name: str, version: str, sha512: str) -> Path:
    integrity = f"sha512-{base64.b64encode(bytes.fromhex(sha512)).decode()}"
    packages = {
        "": {"name": "app", "version": "1.0.0", "dependencies": {name: version}},
        f"node_modules/{name}": {"version": version, "integrity": integrity},
    }
    path = folder / "package-lock.json"
    path.write_text(json.dumps({"name": "app", "lockfileVersion": 3, "packages": packages}))
    return path


def test_npm_components_good_and_tampered(published: Path, tmp_path: Path, capsys) -> None:
    rows = json.loads((published / "slsa-verifier/digests-sha512.json").read_text())
    seen = {"verified": 0, "failed": 0}
    for name, digest in rows.items():
        document = published / "slsa-verifier/testdata" / f"{name}.json"
        value = json.loads(document.read_text())
        payload = value["attestations"][0]["bundle"]["dsseEnvelope"]["payload"]
        subject = json.loads(base64.b64decode(payload))["subject"][0]["name"]
        package, version = re.match(r"pkg:npm/(.+)@([^@]+)\Z", subject).groups()
        package = package.replace("%40", "@")
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        shutil.copy(document, folder / "evidence.json")
        lock = lock_of(folder, package, version, digest)
        found = verified(capsys, lock, "--evidence", folder)
        wanted = "failed" if any(one in name for one in INVALID) else "verified"
        assert found["counts"] == {wanted: 1}, name
        seen[wanted] += 1
        # the same evidence under another name or version is of another package
        for other in (("other", version), (package, "99.0.0")):
            lock = lock_of(folder, *other, digest)
            assert verified(capsys, lock, "--evidence", folder)["counts"] == {"failed": 1}
        lock = lock_of(folder, package, version, "0" * 128)
        assert verified(capsys, lock, "--evidence", folder)["counts"] == {"none": 1}
    assert seen == {"verified": 2, "failed": 4}


def test_a_python_distribution_with_its_published_provenance(
    published: Path, tmp_path: Path, capsys
) -> None:
    folder = published / "pypi-attestations"
    digests = json.loads((folder / "digests.json").read_text())
    name = "pypi_attestations-0.0.19.tar.gz"
    digest = digests[name] if isinstance(digests[name], str) else digests[name]["sha256"]
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    shutil.copy(folder / f"{name}.provenance", evidence)
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"pypi-attestations==0.0.19 --hash=sha256:{digest}\n")
    found = verified(capsys, lock, "--evidence", evidence)
    assert found["counts"] == {"verified": 1}
    assert found["rows"][0]["evidence"][0]["kind"] == "pep740-provenance"
    lock.write_text(f"rfc8785==0.0.19 --hash=sha256:{digest}\n")
    assert verified(capsys, lock, "--evidence", evidence)["counts"] == {"failed": 1}
