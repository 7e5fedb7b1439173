"""Verification summaries (SLSA 1.2, ``https://slsa.dev/verification_summary/v1``)."""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.formats.dsse.wire import convert
from pratique.formats.intoto import ResourceDescriptor, Statement
from pratique.formats.slsa.levels import parse_level
from pratique.model.errors import InputError, UnsupportedError

VSA_TYPES = frozenset({"https://slsa.dev/verification_summary/v1"})
"""Predicate types that are read; drafts 0.1 and 0.2 have other members."""


class Verifier(msgspec.Struct, frozen=True):
    """Who verified."""

    id: str
    version: Any = None


class VerificationSummary(msgspec.Struct, frozen=True, rename="camel"):
    """That somebody verified an artifact against a policy, and what came of it."""

    verifier: Verifier
    resource_uri: str
    policy: ResourceDescriptor
    verification_result: str
    """``PASSED`` or ``FAILED``."""

    verified_levels: tuple[str, ...]
    time_verified: str | None = None
    input_attestations: tuple[ResourceDescriptor, ...] = ()
    """Everything that was verified; empty where the verifier does not say."""

    dependency_levels: dict[str, int] | None = None
    """Level to number of dependencies; empty says there are none, None says nothing."""

    slsa_version: str | None = None
    properties: tuple[str, ...] = ()


def summary_of(statement: Statement) -> VerificationSummary:
    """The summary that a statement holds.

    Raises:
        UnsupportedError: Its predicate is not a summary, or of an unknown version.
        InputError: A required member is absent or empty, the result is neither
            ``PASSED`` nor ``FAILED``, a track has two levels, or an input
            attestation has no digest.
    """
    if statement.predicate_type not in VSA_TYPES:
        raise UnsupportedError(
            f"predicate {statement.predicate_type[:80]!r} is not a verification summary"
        )
    found = convert(statement.predicate or {}, VerificationSummary, "verification summary")
    required = {
        "verifier.id": found.verifier.id,
        "resourceUri": found.resource_uri,
        "policy.uri": found.policy.uri,
    }
    for name, value in required.items():
        if not value:
            raise InputError(f"verification summary has no {name}")
    if found.verification_result not in {"PASSED", "FAILED"}:
        raise InputError("verification summary has a result that is neither PASSED nor FAILED")
    tracks = [level.track for level in map(parse_level, found.verified_levels) if level]
    if len(tracks) != len(set(tracks)):
        raise InputError("verification summary has two levels of one track")
    if any(not one.digests for one in found.input_attestations):
        raise InputError("verification summary has an input attestation without a digest")
    return found
