"""Judgements as documents of the record: written, and read back in their order."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.instants import parse_instant, write_instant
from pratique.model.errors import InputError
from pratique.model.evidence import Verb
from pratique.model.purl import Package
from pratique.store import nouns
from pratique.store.documents import Claim, DocumentKind, Entry
from pratique.triage.errors import JudgementError
from pratique.triage.models import SCHEMA, Finding, Judgement, State, checked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.store.record import Record, Stated


def entry_of(one: Judgement) -> Entry:
    """The document of a judgement, with its claim.

    Raises:
        JudgementError: It is none (see :func:`~pratique.triage.models.checked`), or
            its package URL cannot be read.
    """
    checked(one)
    if one.finding.package:
        try:
            Package.parse(one.finding.package)
        except InputError as error:
            raise JudgementError(f"{error.message}.") from None
    value = {
        "schema": SCHEMA,
        **{key: text for key, text in msgspec.to_builtins(one.finding).items() if text},
        **_said(one),
    }
    raw = msgspec.json.encode(value, order="sorted")
    return Entry(
        digest=f"sha256:{sha256(raw).hexdigest()}",
        raw=raw,
        kind=DocumentKind.VEX,
        format=SCHEMA,
        path=f"{one.finding.product} {one.finding.vulnerability}",
        collector=one.by,
        observed=one.at,
        created=one.at,
        claims=(
            Claim(
                verb=Verb.CERTIFY_VEX,
                subject=nouns.product(one.finding.product),
                object=nouns.vulnerability(one.finding.vulnerability),
                said=_claimed(one),
            ),
        ),
    )


def _said(one: Judgement) -> dict[str, str]:
    fields = {
        "state": one.state.value,
        "justification": one.justification,
        "responses": " ".join(one.responses),
        "comment": one.comment,
        "by": one.by,
        "at": write_instant(one.at),
        "expires": write_instant(one.expires) if one.expires else "",
        "previous": one.previous,
    }
    return {key: text for key, text in fields.items() if text}


def _claimed(one: Judgement) -> dict[str, str]:
    """As a VEX statement's claim has it, so that every question applies it alike."""
    return {
        "status": one.state.status.value,
        "status as written": one.state.value,
        "justification": one.common.value if one.common else "",
        "justification as written": one.justification,
        "notes": one.comment,
        "author": one.by,
        "timestamp": write_instant(one.at),
        "subcomponent": one.finding.package,
        "product version": one.finding.version,
        "responses": " ".join(one.responses),
        "expires": write_instant(one.expires) if one.expires else "",
        "previous": one.previous,
        "schema": SCHEMA,
    }


def trail(
    record: Record, *, products: Iterable[str] = (), vulnerabilities: Iterable[str] = ()
) -> list[Judgement]:
    """Judgements of the record, oldest first.

    Args:
        record: What the tenant sees, at a moment.
        products: Of these alone; all where none is named.
        vulnerabilities: About these ids alone; all where none is named.
    """
    about = [nouns.product(name) for name in products]
    naming = [nouns.vulnerability(name) for name in vulnerabilities]
    if about:
        claims = record.evidence(about=record.find(about).values(), verbs=[Verb.CERTIFY_VEX])
    elif naming:
        claims = record.evidence(naming=record.find(naming).values(), verbs=[Verb.CERTIFY_VEX])
    else:
        claims = record.evidence(verbs=[Verb.CERTIFY_VEX])
    wanted = {one.text for one in naming}
    found = [
        one
        for claim in claims
        if claim.said.get("schema") == SCHEMA and (not wanted or claim.object in wanted)
        for one in _read(claim)
    ]
    return _ordered(found)


def _ordered(judgements: Iterable[Judgement]) -> list[Judgement]:
    """By their time; those of one moment by which names which."""
    by_digest = {one.digest: one for one in judgements}

    def depth(one: Judgement) -> int:
        steps = 0
        while (before := by_digest.get(one.previous)) is not None and before.at == one.at:
            one, steps = before, steps + 1
        return steps

    return sorted(by_digest.values(), key=lambda one: (one.at, depth(one), one.digest))


def _read(claim: Stated) -> Iterable[Judgement]:
    said = claim.said
    for origin in claim.origins:
        at = parse_instant(said.get("timestamp", ""))
        if at is None:
            continue
        yield Judgement(
            finding=Finding(
                claim.subject,
                said.get("product version", ""),
                said.get("subcomponent", ""),
                nouns.vulnerability_id(claim.object),
            ),
            state=State(said["status as written"]),
            justification=said.get("justification as written", ""),
            responses=tuple(said.get("responses", "").split()),
            comment=said.get("notes", ""),
            by=said.get("author", ""),
            at=at,
            expires=parse_instant(said.get("expires", "")),
            previous=said.get("previous", ""),
            digest=origin.document,
        )


def current(judgements: Iterable[Judgement]) -> dict[Finding, Judgement]:
    """The last judgement about each finding, expired or not."""
    return {one.finding: one for one in judgements}


def chained(judgements: Iterable[Judgement]) -> list[str]:
    """What is wrong with the order of a trail: a line for each link that is broken.

    Each judgement names the one before it about the same finding.
    """
    last: dict[Finding, str] = {}
    broken = []
    for one in judgements:
        if one.previous != last.get(one.finding, ""):
            broken.append(f"{one.digest} of {one.finding.product} does not follow the one before")
        last[one.finding] = one.digest
    return broken
