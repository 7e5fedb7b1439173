"""Verification summaries of a lockfile, and of each of its components.

SLSA 1.2, VSA: ``dependencyLevels`` counts the components by level; a component that
shows nothing counts as level 0.  The summaries of components are kept in a folder and
used again, so that a lockfile of which one line changed asks about one component.
"""

from __future__ import annotations

import hashlib
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.intoto import ResourceDescriptor
from pratique.formats.slsa import meets
from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import EvidenceError, InputError
from pratique.provenance.attest_options import signed, write_output
from pratique.provenance.locked import Locked, Ways, components, is_summarised, reading_of
from pratique.provenance.subject_cli import listed_ways
from pratique.provenance.subjects import verify_list
from pratique.provenance.summarise import (
    SUMMARY_TYPE,
    UNEVALUATED,
    Occasion,
    dependency_levels,
    levels,
    made,
    summary,
)

if TYPE_CHECKING:
    from pratique.provenance.request import Answer, Request
    from pratique.provenance.rows import Rows


def summarised_list(
    options: Namespace, request: Request, occasion: Occasion, key: Any
) -> tuple[Rows, tuple[str, dict[str, Any]]]:
    """Verify a list with the summaries of earlier runs, keep new ones, and sum it up.

    Args:
        options: Of ``attest vsa``; ``summaries`` is the folder of components' summaries.
        request: What is trusted and expected; its key verifies the earlier summaries.
        occasion: Who says it, of what, by which policy.
        key: That signs.

    Raises:
        EvidenceError: What there is of a component could not be found out.
    """
    if options.summaries:
        try:
            options.summaries.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{options.summaries} cannot be made: {error.strerror}.") from None
    reading = reading_of(options.file)
    listed = {str(one.package): one for one in components(reading)} if reading else {}
    with listed_ways(options) as how:
        found = verify_list(options.file, request, _known(how, request))
    if options.summaries:
        for one in found.rows:
            if one.grade is Grade.VERIFIED and not is_summarised(one):
                _keep(options, one, listed[one.artifact], occasion, key)
    return found, list_summary(found, occasion)


def _known(ways: Ways, request: Request) -> Ways:
    return ways if request.knows_signer else msgspec.structs.replace(ways, summaries=None)


def _keep(options: Namespace, one: Answer, listed: Locked, occasion: Occasion, key: Any) -> None:
    """Sign the summary of a component, about every digest that the list has of it."""
    own = msgspec.structs.replace(occasion, resource=one.artifact, dependencies=None)
    predicate = summary(one, own)
    subjects = tuple(
        ResourceDescriptor(name=one.artifact, digest={algorithm: value})
        for algorithm, values in sorted(listed.hashes.items())
        for value in sorted(values)
    )
    name = hashlib.sha256(one.artifact.encode()).hexdigest()[:32]
    path = Path(options.summaries) / f"{name}.vsa.json"
    place = Namespace(**(vars(options) | {"output": str(path)}))
    write_output(str(path), signed(place, key, subjects, predicate))


def list_summary(found: Rows, occasion: Occasion) -> tuple[str, dict[str, Any]]:
    """The summary of a list, as predicate type and value.

    It has passed where nothing failed, and each component reaches the level that is
    required, if one is.

    Raises:
        EvidenceError: What there is of a component could not be found out.
    """
    unknown = [one for one in found.rows if one.grade is Grade.UNKNOWN]
    if unknown or found.problems or not found.rows:
        reason = unknown[0].reason if unknown else found.reason or "it lists nothing"
        raise EvidenceError(f"nothing can be summed up: {reason}.", remedy=found.next_action)
    grades = {*(one.grade for one in found.rows), *(one.grade for one in found.evidence)}
    failed = Grade.FAILED in grades
    below = found.required and not all(
        one.grade is Grade.VERIFIED and meets(levels(one), found.required) for one in found.rows
    )
    passed = not failed and not below
    evidence: list[VerifiedEvidence] = [*found.evidence]
    for one in found.rows:
        evidence += one.evidence
    value = made(
        evidence,
        occasion,
        passed=passed,
        levels=[*(found.levels or (UNEVALUATED,))] if passed else ["FAILED"],
    )
    value["dependencyLevels"] = dependency_levels(found.rows)
    return SUMMARY_TYPE, value
