"""What is expected of a package's provenance, learned on first use (SLSA 1.2).

SLSA, *Verifying artifacts*, section "Forming expectations": expectations belong
to a package's name, and may come from the first version that is trusted.  Who
signs, what builds and from which repository is then the same for every later
version; references and versions of builders may change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.formats.slsa import PROVENANCE_TYPES
from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.provenance.builders import split_builder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.provenance.request import Answer

SCHEMA = "urn:pratique:schema:learned-expectations:1"

RELEARN = "Find out whether the project means it; if it does, learn it with --relearn."


class Fact(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What one piece of verified evidence shows of how a package is made."""

    evidence: str
    """``provenance`` in any version, another predicate's type, or ``signature``."""

    workflow: str = ""
    """Who signed, without a reference: the workflow, an address, a key."""

    issuer: str = ""
    builder: str = ""
    """Without its version."""

    source: str = ""
    """Repository, without a reference."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned of a package."""

    learned: str
    """When, in UTC."""

    facts: tuple[Fact, ...]


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """All that was learned, by the package's name."""

    schema: str = SCHEMA
    packages: dict[str, Known] = {}


def facts_of(answer: Answer) -> tuple[Fact, ...]:
    """What the verified evidence of an answer shows, each fact once, sorted."""
    found = {_fact(one) for one in answer.evidence if one.grade is Grade.VERIFIED}
    return tuple(sorted(found))


def _fact(one: VerifiedEvidence) -> Fact:
    kind = one.predicate_type or "signature"
    identity = one.identity
    if "://" in identity:
        identity = split_builder(identity)[0]
    return Fact(
        evidence="provenance" if kind in PROVENANCE_TYPES else kind,
        workflow=identity,
        issuer=one.issuer,
        builder=split_builder(one.builder)[0],
        source=one.source.partition("@")[0],
    )


def alarms(known: Known, facts: Iterable[Fact], *, asked: bool = True) -> tuple[str, ...]:
    """What differs from what was learned; nothing where all is as it was.

    Args:
        known: Of the package.
        facts: Of the version that is looked at.
        asked: Whether everybody answered: else what is absent has not disappeared.
    """
    present = tuple(facts)
    found = []
    for kind in dict.fromkeys(one.evidence for one in known.facts):
        before = [one for one in known.facts if one.evidence == kind]
        after = [one for one in present if one.evidence == kind]
        if not after and asked:
            found.append(
                f"{_named(kind)} disappeared: it was verified when this package was learned "
                f"({known.learned})"
            )
        for one in after:
            if one not in before:
                found += _differences(kind, one, before, known.learned)
    sources = {one.source for one in known.facts if one.source}
    kinds = {one.evidence for one in known.facts}
    for one in present:
        if one.evidence not in kinds and one.source and sources and one.source not in sources:
            wanted = ", ".join(sorted(sources))
            found.append(f"{_named(one.evidence)} is from {one.source}, not from {wanted}")
    return tuple(found)


def _named(kind: str) -> str:
    return kind if kind in {"provenance", "signature"} else f"the attestation {kind}"


def _differences(kind: str, one: Fact, before: list[Fact], learned: str) -> list[str]:
    """Each member that differs from the most similar fact that was learned."""
    members = ("workflow", "issuer", "builder", "source")

    def unlike(other: Fact) -> list[str]:
        return [name for name in members if getattr(one, name) != getattr(other, name)]

    nearest = min(before, key=lambda other: len(unlike(other)))
    return [
        f"{_named(kind)}: the {name} changed from {getattr(nearest, name) or 'none'} to "
        f"{getattr(one, name) or 'none'} (learned {learned})"
        for name in unlike(nearest)
    ]


def judged(answer: Answer, known: Known) -> Answer:
    """An answer with its alarms; one alarm makes it a failure.

    Args:
        answer: About a version of the package.
        known: What was learned of it.
    """
    raised = alarms(known, facts_of(answer), asked=answer.grade is not Grade.UNKNOWN)
    if not raised:
        if answer.grade is Grade.VERIFIED:  # somebody in particular was expected after all
            return msgspec.structs.replace(answer, reason="", next_action="")
        return answer
    return msgspec.structs.replace(
        answer,
        grade=Grade.FAILED,
        alarms=raised,
        reason="this version is not made as those before it",
        next_action=RELEARN,
    )
