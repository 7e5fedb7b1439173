"""Shared tables of other tools, as scenes and findings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pratique.model.finding import Finding
from pratique.model.purl import Package
from pratique.model.severity import Severity
from pratique.vex.scene import ROOT, Scene, Target

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def vex_now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def finding_of() -> Callable[[dict[str, str]], Finding]:
    def make(row: dict[str, str]) -> Finding:
        return Finding(
            rule="vulnerable-package",
            id=row["id"],
            fingerprint="0" * 32,
            subject=str(Package.parse(row["purl"])),
            severity=Severity.HIGH,
            title=row["id"],
            remedy="",
        )

    return make


@pytest.fixture(scope="session")
def scene_of() -> Callable[[dict[str, Any]], Scene]:
    """The scene of a case: the artifact, its packages, and who needs whom."""

    def make(case: dict[str, Any]) -> Scene:
        artifact = case["artifact"]
        products: list[Target] = []
        boms: tuple[str, ...] = ()
        if artifact.get("repo_digest"):
            name, _, digest = artifact["repo_digest"].partition("@")
            architecture = artifact.get("architecture")
            suffix = f"?arch={architecture}" if architecture else ""
            products.append(Target.parse(f"pkg:oci/{name}@{digest}{suffix}"))
        if artifact.get("serial_number"):
            boms = (artifact["serial_number"].removeprefix("urn:uuid:"),)
            products.append(Target(boms=boms, ids=(artifact["bom_ref"],)))
        packages = {
            str(Package.parse(purl)): [str(Package.parse(one)) for one in needs]
            for purl, needs in case.get("packages", {}).items()
        }
        needed = {one for needs in packages.values() for one in needs}
        parents: dict[str, list[str]] = {}
        for purl, needs in packages.items():
            if purl not in needed:
                parents.setdefault(purl, []).append(ROOT)
            for one in needs:
                parents.setdefault(one, []).append(purl)
        members = {
            purl: Target(packages=(Package.parse(purl),), ids=(purl,), boms=boms)
            for purl in packages
        }
        return Scene(products, members, parents)

    return make
