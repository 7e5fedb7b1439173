"""npm's attestation documents: published ones hold, tampered ones never do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from pratique.formats.sigstore.npm import read_npm_attestations
from pratique.model.attestation import Grade
from pratique.model.errors import PratiqueError
from pratique.provenance.errors import VerificationError
from pratique.provenance.expectations import Expectations
from pratique.provenance.judge import judge
from pratique.provenance.kinds import Kind, kind_of
from pratique.provenance.npm import ATTESTATIONS, pinned_keys, registry_key, verify_npm
from pratique.provenance.request import Request
from pratique.provenance.subject import Subject
from pratique.provenance.trust import pinned_root

HOSTED = "https://github.com/actions/runner/github-hosted"


@pytest.fixture(scope="module")
def packages(vector_folder: Callable[[str], Path]) -> tuple[Path, dict[str, str]]:
    folder = vector_folder("provenance/provenance.tar.xz") / "slsa-verifier"
    return folder / "testdata", json.loads((folder / "digests-sha512.json").read_text())


def test_good_hold_and_tampered_do_not(packages: tuple[Path, dict[str, str]]) -> None:
    folder, digests = packages
    grades = {}
    for path in sorted((folder / "npm/gha").glob("*.tgz.json")):
        digest = digests[f"npm/gha/{path.stem}"]
        subject = Subject(path.stem, {"sha512": digest})
        data = path.read_bytes()
        assert kind_of(data) is Kind.NPM
        found = judge(data, Kind.NPM, path.name, subject, Request(root=pinned_root()))
        grades[path.stem] = [one.grade for one in found]
    assert len(grades) == 6
    for name, found in grades.items():
        if "invalidsig" in name:
            assert found == [Grade.FAILED], name
        else:
            assert found == [Grade.VERIFIED, Grade.VERIFIED], name


def verify(data: bytes, digest: str, **more: object):
    expected = Expectations(builder=HOSTED)
    return verify_npm(read_npm_attestations(data), pinned_root(), expected, digest=digest, **more)


@pytest.fixture
def good(packages: tuple[Path, dict[str, str]]) -> tuple[bytes, str]:
    folder, digests = packages
    name = "npm/gha/gundam-visor-cli-v1-tag.tgz"
    return (folder / f"{name}.json").read_bytes(), digests[name]


def test_what_it_says(good: tuple[bytes, str]) -> None:
    found = verify(*good, name="gundam-visor", version="1.0.1")
    assert (found.name, found.version, found.built.level) == ("gundam-visor", "1.0.1", 2)
    assert found.built.source.startswith("git+https://github.com/ramonpetgrave64/gundam-visor@")


def test_a_wrapper_that_lies_about_the_type_is_refused(good: tuple[bytes, str]) -> None:
    document = json.loads(good[0])
    types = [one["predicateType"] for one in document["attestations"]]
    provenance = types.index("https://slsa.dev/provenance/v1")
    document["attestations"][provenance]["predicateType"] = "https://slsa.dev/provenance/v0.2"
    with pytest.raises(VerificationError, match="presented as"):
        verify(json.dumps(document).encode(), good[1])


def test_one_of_the_two_is_not_enough(good: tuple[bytes, str]) -> None:
    document = json.loads(good[0])
    for keep in (0, 1):
        half = {"attestations": [document["attestations"][keep]]}
        with pytest.raises(PratiqueError, match="not one"):
            verify(json.dumps(half).encode(), good[1])


def test_the_two_must_be_of_one_version(packages: tuple[Path, dict[str, str]], good) -> None:
    folder, _ = packages
    other = json.loads((folder / "npm/gha/provenance-npm-test-cli-v1-prega.tgz.json").read_text())
    document = json.loads(good[0])
    mixed = [document["attestations"][1], other["attestations"][0]]
    if mixed[0]["predicateType"].endswith("publish/v0.1"):
        mixed = [document["attestations"][0], other["attestations"][1]]
    with pytest.raises(PratiqueError):
        verify(json.dumps({"attestations": mixed}).encode(), good[1])


def test_a_key_counts_for_its_usage_and_its_time(good: tuple[bytes, str]) -> None:
    key = registry_key(
        pinned_keys(), "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA", ATTESTATIONS
    )
    ended = msgspec.structs.replace(key.public_key.valid_for, end=key.public_key.valid_for.start)
    late = msgspec.structs.replace(
        key, public_key=msgspec.structs.replace(key.public_key, valid_for=ended)
    )
    with pytest.raises(VerificationError, match="was not valid at that time"):
        verify(*good, keys=(late,))
    for_signatures = msgspec.structs.replace(key, key_usage="npm:signatures")
    with pytest.raises(VerificationError, match="has no key"):
        verify(*good, keys=(for_signatures,))
