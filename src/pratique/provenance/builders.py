"""The builders that are known, as data: who signs for them, what they say, which level they reach.

A builder's level holds for the pair of signer and ``builder.id`` alone (SLSA
1.2, *Verifying artifacts*, step 1): the signer of the public builders is a
reusable workflow, named by the certificate, at a release.
"""

from __future__ import annotations

import re

import msgspec

GITHUB = "https://github.com/"
GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
GENERATOR = f"{GITHUB}slsa-framework/slsa-github-generator/.github/workflows/"
"""The reusable workflows of slsa-github-generator."""

RUNNER = f"{GITHUB}actions/runner"
"""Builder of what npm's command line attests; ``/github-hosted`` or ``/self-hosted`` may follow."""

GCB = "https://cloudbuild.googleapis.com/GoogleHostedWorker"

_GENERATOR_TYPE = "https://github.com/slsa-framework/slsa-github-generator"
DELEGATED_TYPE = f"{_GENERATOR_TYPE}/delegator-generic@v0"
WORKFLOW_TYPES = (
    "https://actions.github.io/buildtypes/workflow/v1",
    "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
)
"""Build types of a whole workflow: GitHub's own attestations, and npm's."""

NPM_TYPES = ("https://github.com/npm/cli/gha@v1", "https://github.com/npm/cli/gha/v2")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A builder."""

    id: str
    """``builder.id`` without its version."""

    build_types: dict[str, tuple[str, ...]] = {}
    """Version of the predicate to the build types it may state."""

    level: int
    """Build level, where its signer is the one of the table."""

    delegates: bool = False
    """Signs for other reusable workflows, which the provenance names ("bring your own builder")."""

    images: bool = False
    """Attests container images rather than files."""


KNOWN: dict[str, Known] = {
    one.id: one
    for one in (
        Known(
            id=f"{GENERATOR}generator_generic_slsa3.yml",
            build_types={"0.2": (f"{_GENERATOR_TYPE}/generic@v1",)},
            level=3,
        ),
        Known(
            id=f"{GENERATOR}builder_go_slsa3.yml",
            build_types={
                "0.2": (
                    f"{_GENERATOR_TYPE}/go@v1",
                    f"{_GENERATOR_TYPE}@v1",
                    f"{_GENERATOR_TYPE}-go@v1",
                )
            },
            level=3,
        ),
        Known(
            id=f"{GENERATOR}builder_container-based_slsa3.yml",
            build_types={"1": ("https://slsa.dev/container-based-build/v0.1?draft",)},
            level=3,
        ),
        Known(
            id=f"{GENERATOR}generator_container_slsa3.yml",
            build_types={"0.2": (f"{_GENERATOR_TYPE}/container@v1",)},
            level=3,
            images=True,
        ),
        Known(
            id=f"{GENERATOR}delegator_generic_slsa3.yml",
            build_types={"0.2": (DELEGATED_TYPE,), "1": (DELEGATED_TYPE,)},
            level=3,
            delegates=True,
        ),
        Known(
            id=f"{GENERATOR}delegator_lowperms-generic_slsa3.yml",
            build_types={"0.2": (DELEGATED_TYPE,), "1": (DELEGATED_TYPE,)},
            level=3,
            delegates=True,
        ),
        Known(id=RUNNER, build_types={"0.2": NPM_TYPES}, level=2),
        Known(
            id=f"{RUNNER}/github-hosted",
            build_types={"0.2": NPM_TYPES, "1": (WORKFLOW_TYPES[1],)},
            level=2,
        ),
        Known(
            id=f"{GITHUB}bazel-contrib/.github/.github/workflows/release_ruleset.yaml",
            build_types={"1": (WORKFLOW_TYPES[0],)},
            level=2,
        ),
        Known(
            id=f"{GITHUB}bazel-contrib/publish-to-bcr/.github/workflows/publish.yaml",
            build_types={"1": (WORKFLOW_TYPES[0],)},
            level=2,
        ),
        Known(id=GCB, level=3),
    )
}
"""Builder id, without version, to what is known of it."""

EXTERNAL_PARAMETERS: dict[str, frozenset[str]] = {
    WORKFLOW_TYPES[0]: frozenset({"workflow", "inputs"}),
    WORKFLOW_TYPES[1]: frozenset({"workflow", "inputs"}),
    "urn:pratique:buildtype:command:1": frozenset({"command", "source"}),
}
"""Build type to the external parameters it has; another one is refused, because
nobody can say what it did to the build (SLSA 1.2, *Verifying artifacts*, step 2)."""


_RELEASE = re.compile(r"refs/tags/v\d+\.\d+\.\d+\Z")


def split_builder(builder: str) -> tuple[str, str]:
    """Name and version of a builder id; the version may be empty."""
    name, _, version = builder.partition("@")
    return name, version


def level_of(builder: str, signer: str, issuer: str, runner: str = "") -> int:
    """Build level that a signer proves for a builder.

    Args:
        builder: ``builder.id`` of the provenance.
        signer: Identity of the certificate: the workflow that ran.
        issuer: Who vouches for it.
        runner: Where it ran, as certified; one's own machine is no hosted builder.

    Returns:
        The level of the table where the signer is the builder, or the
        delegator of the builder; 1 otherwise, because then there is provenance
        and no more is known.
    """
    name, _ = split_builder(builder)
    workflow, version = split_builder(signer)
    if issuer != GITHUB_ISSUER or runner == "self-hosted":
        return 1
    by_signer = KNOWN.get(workflow)
    if by_signer is not None and (name == workflow or by_signer.delegates):
        return by_signer.level if _RELEASE.match(version) else 1
    if name == workflow or name in {RUNNER, f"{RUNNER}/github-hosted"}:
        return 2
    return 1


def is_builder(builder: str, signer: str, issuer: str, runner: str = "") -> bool:
    """Whether a signer proves that a builder built: it is the builder, or signs for it.

    Args:
        builder: ``builder.id`` of the provenance.
        signer: Identity of the certificate: the workflow that ran.
        issuer: Who vouches for it.
        runner: Where it ran, as certified.
    """
    name, version = split_builder(builder)
    if name in {RUNNER, f"{RUNNER}/github-hosted", f"{RUNNER}/self-hosted"}:
        ran = "self-hosted" if name.endswith("/self-hosted") else "github-hosted"
        return issuer == GITHUB_ISSUER and runner in {"", ran}
    workflow, _ = split_builder(signer)
    known = KNOWN.get(workflow)
    if known is not None and known.delegates:
        return issuer == GITHUB_ISSUER
    return bool(name) and (builder == signer or (name == workflow and not version))
