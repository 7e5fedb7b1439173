"""Verification summaries of our own: an answer, said so that others can rely on it.

SLSA 1.2, *Verification Summary Attestation*: ``inputAttestations``, where it is
not empty, lists every attestation that was used; ``verifiedLevels`` has at most
one level of each track, or ``FAILED``; ``dependencyLevels`` is left out where
nothing is known of dependencies, and empty where there are none.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pratique import __version__
from pratique.formats.intoto import ResourceDescriptor
from pratique.formats.slsa import Level, parse_level
from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import EvidenceError
from pratique.provenance.request import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

SUMMARY_TYPE = "https://slsa.dev/verification_summary/v1"
SLSA_VERSION = "1.2"
"""Version of the specification that the levels are of."""

UNEVALUATED = "SLSA_BUILD_LEVEL_UNEVALUATED"
"""Said of the build track where nothing was shown of it."""

NO_LEVEL = "SLSA_BUILD_LEVEL_0"
"""Counted for a dependency that shows nothing."""


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """What a summary says besides the answer."""

    verifier: str
    """URI of who verifies, ``verifier.id``."""

    resource: str
    """URI that the artifact is known by, ``resourceUri``."""

    policy: ResourceDescriptor
    """What was verified against; with its URI."""

    at: datetime
    """When, in UTC."""

    dependencies: tuple[Answer, ...] | None = None
    """Answers about all dependencies; None where nothing is known of them."""


def summary(answer: Answer, occasion: Occasion) -> tuple[str, dict[str, Any]]:
    """The summary of an answer, as predicate type and value.

    Args:
        answer: Verified or failed.
        occasion: Who says it, of what, by which policy.

    Raises:
        EvidenceError: The answer is neither yes nor no, so there is nothing to sum up, or
            a piece of evidence has no digest to name it by.
    """
    if answer.grade not in {Grade.VERIFIED, Grade.FAILED}:
        raise EvidenceError(
            f"nothing can be summed up: {answer.reason or answer.grade.value}.",
            remedy=answer.next_action,
        )
    passed = answer.grade is Grade.VERIFIED
    stated = list(levels(answer)) if passed else ["FAILED"]
    value = made(answer.evidence, occasion, passed=passed, levels=stated)
    if occasion.dependencies is not None:
        value["dependencyLevels"] = dependency_levels(occasion.dependencies)
    return SUMMARY_TYPE, value


def made(
    evidence: Iterable[VerifiedEvidence], occasion: Occasion, *, passed: bool, levels: list[str]
) -> dict[str, Any]:
    """The value of a summary, without what it says of dependencies.

    Raises:
        EvidenceError: A piece of evidence has no digest to name it by.
    """
    from pratique.formats.intoto.write import descriptor_value
    from pratique.provenance.statements import instant

    return {
        "verifier": {"id": occasion.verifier, "version": {"pratique": __version__}},
        "timeVerified": instant(occasion.at),
        "resourceUri": occasion.resource,
        "policy": descriptor_value(occasion.policy),
        "inputAttestations": _inputs(evidence),
        "verificationResult": "PASSED" if passed else "FAILED",
        "verifiedLevels": levels,
        "slsaVersion": SLSA_VERSION,
    }


def _inputs(evidence: Iterable[VerifiedEvidence]) -> list[dict[str, Any]]:
    """Every document that the answer rests on, each once, in order."""
    found: dict[str, dict[str, Any]] = {}
    for one in evidence:
        algorithm, _, value = one.digest.partition(":")
        if not value:
            raise EvidenceError(f"{one.path} has no digest to name it by.")
        found.setdefault(one.digest, {"uri": _uri(one.path), "digest": {algorithm: value}})
    return list(found.values())


def _uri(path: str) -> str:
    """Where a document was found, by its name alone: folders are nobody's business."""
    from urllib.parse import quote

    if path.startswith(("https://", "http://")):
        return quote(path, safe="#@:/%")
    return quote(path.replace("\\", "/").rpartition("/")[2], safe="#@:")


def levels(answer: Answer) -> tuple[str, ...]:
    """Highest level of each track that verified evidence shows, and results without a track."""
    best: dict[str, Level] = {}
    others: dict[str, None] = {}
    for one in answer.evidence:
        if one.grade is not Grade.VERIFIED:
            continue
        for name in one.levels:
            level = parse_level(name)
            if level is None:
                others.setdefault(name)
            elif level.track not in best or best[level.track] < level:
                best[level.track] = level
    shown = sorted(map(str, best.values()))
    rest = [name for name in others if not name.endswith("_UNEVALUATED") and name != "FAILED"]
    return (*(shown if "BUILD" in best else [*shown, UNEVALUATED]), *rest)


def dependency_levels(answers: Iterable[Answer]) -> dict[str, int]:
    """How many dependencies reach which level of each track; each counts once a track."""
    counts: dict[str, int] = {}
    for one in answers:
        shown = levels(one) if one.grade is Grade.VERIFIED else (NO_LEVEL,)
        for name in shown:
            counted = NO_LEVEL if name == UNEVALUATED else name
            if parse_level(counted) is not None:
                counts[counted] = counts.get(counted, 0) + 1
    return dict(sorted(counts.items()))
