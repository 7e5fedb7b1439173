"""Rebuilding a package of any ecosystem that can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique import __version__
from pratique.model.errors import EvidenceError, InputError, UnsupportedError
from pratique.provenance.rebuild.errors import RebuildError
from pratique.provenance.rebuild.models import Grade, Rebuilt
from pratique.provenance.rebuild.npm import rebuild_package
from pratique.provenance.rebuild.pypi import rebuild_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from pratique.model.purl import Package
    from pratique.sources.packages.client import RegistryClient
    from pratique.sources.registries import Upstream

REPRODUCED = "SLSA_BUILD_REPRODUCED"
"""Level of a summary for what was built again to the same bytes."""

_BY_TYPE = {"pypi": ("pypi", rebuild_wheel), "npm": ("npm", rebuild_package)}


def rebuild(
    package: Package,
    client: RegistryClient,
    registries: Mapping[str, Upstream],
    *,
    checkout: Path | None = None,
    keep: Path | None = None,
) -> Rebuilt:
    """Build the published file of a version again, and compare.

    Args:
        package: With a version; of PyPI or npm.
        client: Fetches.
        registries: By word, see :mod:`pratique.sources.registries`.
        checkout: A folder with the source, instead of what the version names.
        keep: Folder to put the rebuilt file into.

    Returns:
        The answer; what cannot be rebuilt says why.

    Raises:
        UnsupportedError: Packages of its type are not rebuilt, it has no version,
            or no registry is configured.
        UpstreamError: The registry does not answer.
    """
    if package.type not in _BY_TYPE:
        raise UnsupportedError(f"packages of the type {package.type} are not rebuilt")
    if not package.version:
        raise UnsupportedError(f"{package} has no version.", remedy="Write pkg:pypi/name@version.")
    word, build = _BY_TYPE[package.type]
    upstream = registries.get(word)
    if upstream is None:
        raise UnsupportedError(f"no configuration names a registry for {word}")
    try:
        return build(package, client, upstream.url, checkout=checkout, keep=keep)
    except RebuildError as error:
        reason, log = error.message.rstrip("."), error.log
    except InputError as error:
        reason, log = error.message, ""
    return Rebuilt(package=str(package), grade=Grade.NOT_REBUILT, reason=reason, log=log)


def reproduced(
    one: Rebuilt, verifier: str, policy: str, now: datetime
) -> tuple[str, dict[str, Any]]:
    """The verification summary of a rebuild to the same bytes (SLSA 1.2, "VSA").

    Args:
        one: The rebuild.
        verifier: URI of who rebuilt.
        policy: URI of how it was done.
        now: UTC.

    Returns:
        Predicate type and value.

    Raises:
        EvidenceError: The bytes are not the same: the level would claim too much.
    """
    from pratique.provenance.statements import instant
    from pratique.provenance.summarise import SLSA_VERSION, SUMMARY_TYPE

    if one.grade is not Grade.BIT_IDENTICAL:
        raise EvidenceError(
            f"{one.package} was not rebuilt to the same bytes ({one.grade}: {one.reason}).",
            remedy="Only bit-identical rebuilds are attested.",
        )
    return SUMMARY_TYPE, {
        "verifier": {"id": verifier, "version": {"pratique": __version__}},
        "timeVerified": instant(now),
        "resourceUri": one.package,
        "policy": {"uri": policy},
        "verificationResult": "PASSED",
        "verifiedLevels": [REPRODUCED],
        "slsaVersion": SLSA_VERSION,
    }
