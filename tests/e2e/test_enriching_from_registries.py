"""``pratique sbom enrich`` with the registries that this machine's package managers use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pratique.model.errors import PratiqueError
from pratique.model.purl import Package
from pratique.sources.packages.client import RegistryClient
from pratique.sources.packages.service import WORDS, describe
from pratique.sources.registries import configured, last_used

PACKAGES = {
    "pkg:npm/ms@2.1.3": ("MIT", "SHA-512"),
    "pkg:pypi/requests@2.31.0": ("Apache-2.0", ""),
    "pkg:cargo/itoa@1.0.11": ("MIT OR Apache-2.0", "SHA-256"),
    "pkg:maven/junit/junit@4.13.2": ("EPL-1.0", "SHA-256"),
}
"""Published versions, whose licences do not change, and what is known of their files."""


@pytest.mark.nightly
@pytest.mark.parametrize("purl", PACKAGES)
def test_a_published_package(purl: str, tmp_path: Path) -> None:
    package = Package.parse(purl)
    word = WORDS[package.type]
    registry = configured(word) or last_used(word)
    if registry is None:
        pytest.skip(f"no configuration names a registry for {word}")
    try:
        with RegistryClient(None) as client:
            describe(client, {word: registry}, package)
    except PratiqueError as error:
        pytest.skip(f"the registry cannot be asked: {error.message}")
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [{"type": "library", "name": package.name, "purl": purl}],
    }
    (tmp_path / "in.json").write_text(json.dumps(document))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pratique",
            "sbom",
            "enrich",
            "in.json",
            "-o",
            "out.json",
            "--cache",
            "cache",
            "--report",
            "report.json",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode in {0, 3}, done.stderr
    component = json.loads((tmp_path / "out.json").read_text())["components"][0]
    license, algorithm = PACKAGES[purl]
    stated = component["licenses"][0]
    assert license in {stated.get("expression"), stated.get("license", {}).get("id")}
    assert {one["alg"] for one in component.get("hashes", ())} == ({algorithm} - {""})
    filled = json.loads((tmp_path / "report.json").read_text())["filled"]
    assert all(one["source"].startswith("http") for one in filled)
