"""Attestations of the index become facts of what they prove (PEP 740)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.gate.attesting import Graded, repository_of, worst
from pratique.gate.log import entries
from pratique.policy.service import load

JSON = "application/vnd.pypi.simple.v1+json"
POLICY = b"""
id: attested
rules:
  - id: unverified
    when: provenance != 'verified'
    effect: deny
    on_unknown: quarantine
    reason: "provenance is {provenance}"
  - id: source
    when: "!provenance_source.endsWith('/pypi-attestations')"
    effect: deny
    on_unknown: deny
    scopes: {ecosystem: [PyPI]}
    reason: "from {provenance_source}"
"""
NAME = "pypi_attestations-0.0.19.tar.gz"


@pytest.fixture(scope="module")
def assets(vector_folder: Callable[[str], Path]) -> Path:
    return vector_folder("provenance/provenance.tar.xz") / "pypi-attestations"


def offer(upstream: Any, assets: Path, body: bytes, digest: str = "") -> None:
    known = json.loads((assets / "digests.json").read_text())[NAME]
    path = "/integrity/one.provenance"
    upstream.put(path, body, "application/json")
    upstream.pypi(
        "pypi-attestations",
        {
            "filename": NAME,
            "body": b"its content is not fetched here",
            "hashes": {"sha256": digest or known},
            "provenance": upstream.url + path,
        },
    )


def versions(gate: Any) -> tuple[list[str], str]:
    answer = gate.get("/pypi/simple/pypi-attestations/", Accept=JSON)
    told = (
        gate.get(f"/pypi/files/pypi-attestations/{NAME}").text
        if not answer.json()["versions"]
        else ""
    )
    return answer.json()["versions"], told


def test_what_verifies_comes_in_and_nothing_else(gate: Any, upstream: Any, assets: Path) -> None:
    gate.policy = load(POLICY, "attested.yaml")
    body = (assets / f"{NAME}.provenance").read_bytes()
    offer(upstream, assets, body)
    assert versions(gate) == (["0.0.19"], "")


def test_another_file_another_publisher_and_a_changed_signature(
    gate: Any, upstream: Any, assets: Path
) -> None:
    gate.policy = load(POLICY, "attested.yaml")
    body = (assets / f"{NAME}.provenance").read_bytes()
    offer(upstream, assets, body, "0" * 64)
    listed, told = versions(gate)
    assert listed == []
    assert "provenance is failed" in told or "deny by source" in told


@pytest.mark.parametrize("wrong", ["publisher", "signature", "nothing", "text"])
def test_what_does_not_hold(gate: Any, upstream: Any, assets: Path, wrong: str) -> None:
    gate.policy = load(POLICY, "attested.yaml")
    document = json.loads((assets / f"{NAME}.provenance").read_text())
    bundle = document["attestation_bundles"][0]
    if wrong == "publisher":
        bundle["publisher"]["repository"] = "evil/evil"
    elif wrong == "signature":
        envelope = bundle["attestations"][0]["envelope"]
        envelope["signature"] = envelope["signature"][::-1]
    elif wrong == "nothing":
        document["attestation_bundles"] = []
    body = b"[" * 3000 if wrong == "text" else json.dumps(document).encode()
    offer(upstream, assets, body)
    listed, told = versions(gate)
    assert listed == []
    assert "is not admitted: deny by " in told


def test_what_cannot_be_fetched_stays_unknown(gate: Any, upstream: Any, assets: Path) -> None:
    gate.policy = load(POLICY, "attested.yaml")
    offer(upstream, assets, b"")
    del upstream.answers["/integrity/one.provenance"]
    listed, told = versions(gate)
    assert listed == []
    assert "deny by source: provenance_source is not known" in told


def test_a_version_is_as_good_as_its_worst_file() -> None:
    good = Graded("verified", "https://forge.test/a")
    assert worst([good, good]) == good
    assert worst([good, Graded("failed")]) == Graded("failed")
    assert worst([good, Graded("")]) == Graded("")
    assert worst([good, Graded("verified", "https://forge.test/b")]).source == ""
    assert worst([Graded("time-unproven", "https://forge.test/a")]).source == ""


def test_repositories() -> None:
    assert repository_of("git+https://forge.test/a/b@refs/tags/v1") == "https://forge.test/a/b"
    assert repository_of("") == ""


def test_npm_versions_are_verified_too(
    gate: Any, upstream: Any, vector_folder: Callable[[str], Path]
) -> None:
    folder = vector_folder("provenance/provenance.tar.xz") / "slsa-verifier"
    rows = json.loads((folder / "digests-sha512.json").read_text())
    seen = set()
    gate.policy = load(POLICY, "attested.yaml")
    for row, digest in rows.items():
        document = (folder / "testdata" / f"{row}.json").read_bytes()
        payload = json.loads(document)["attestations"][0]["bundle"]["dsseEnvelope"]["payload"]
        subject = json.loads(base64.b64decode(payload))["subject"][0]["name"]
        package, _, version = subject.removeprefix("pkg:npm/").rpartition("@")
        package = package.replace("%40", "@")
        url = f"{upstream.url}/attestations/{row}"
        upstream.put(f"/attestations/{row}", document, "application/json")
        dist = {
            "tarball": f"{upstream.url}/npm/{package}/-/x-{version}.tgz",
            "integrity": f"sha512-{base64.b64encode(bytes.fromhex(digest)).decode()}",
            "attestations": {"url": url},
        }
        packument = {
            "name": package,
            "dist-tags": {"latest": version},
            "versions": {version: {"name": package, "version": version, "dist": dist}},
            "time": {version: "2024-01-01T00:00:00Z"},
        }
        path = f"/npm/{package.replace('/', '%2f')}"
        for one in (path, f"/npm/{package}", f"/npm/{package.replace('/', '%2F')}"):
            upstream.put(one, json.dumps(packument).encode(), "application/json")
        gate.get(f"/npm/{package}")
        entry = [one for one in entries(gate.data) if one["kind"] == "index"][-1]
        assert entry["package"] == package
        came_in = version in entry["admitted"]
        seen.add(came_in)
        if not came_in:
            assert entry["refused"][version].startswith("deny by unverified: provenance is failed")
        for cached in (gate.data / "indexes").glob("*"):
            if cached.is_file():
                cached.unlink()  # the next row may be of the same name
    assert True in seen
    assert False in seen
