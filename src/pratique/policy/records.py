"""Decisions on record, and deciding them again.

A record is JSON lines: a policy once, before the first decision by it, and
each decision with its facts and the waivers that covered its subject.  Nothing
else is needed to decide again, years later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.model.decision import Decision
from pratique.model.facts import Facts
from pratique.policy.digests import digest
from pratique.policy.errors import Defect, PolicyError
from pratique.policy.models import ENGINE, Policy
from pratique.policy.service import decide, from_canonical
from pratique.policy.waivers import Waiver, Waivers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pratique.policy.service import LoadedPolicy

SCHEMA = "urn:pratique:schema:decision-record:1"
"""Identifier of this version of the lines."""

MAX_LINE = 8 * 1024 * 1024
"""Characters of one line: a policy of 500 rules, or a decision over 1 MB of facts."""

MAX_POLICIES = 64
"""Compiled policies that are kept while a record is replayed."""


class PolicyLine(
    msgspec.Struct, frozen=True, kw_only=True, tag="policy", tag_field="is", omit_defaults=True
):
    """A policy, as canonical as its digest."""

    schema: str = SCHEMA
    digest: str
    policy: Policy


class DecisionLine(
    msgspec.Struct, frozen=True, kw_only=True, tag="decision", tag_field="is", omit_defaults=True
):
    """A decision with what it was made of."""

    schema: str = SCHEMA
    decision: Decision
    facts: Facts
    waivers: tuple[Waiver, ...] = ()
    """Those that covered the subject and had not expired."""


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What deciding again gave."""

    line: int
    subject: str
    same: bool
    differences: tuple[str, ...] = ()
    """What is not as it was, a line each."""

    error: str = ""
    """Why it could not be decided again."""


def record(
    policy: LoadedPolicy, pairs: Iterable[tuple[Facts, Decision]], waivers: Waivers
) -> Iterator[bytes]:
    """The lines of a record, each with its line end.

    Args:
        policy: By which all was decided.
        pairs: Facts and the decision on them.
        waivers: As given to the decision.
    """
    encode = msgspec.json.Encoder(order="sorted").encode
    yield encode(PolicyLine(schema=SCHEMA, digest=policy.digest, policy=policy.policy)) + b"\n"
    for facts, decision in pairs:
        covering = waivers.covering(facts.subject, decision.decided_at)
        yield encode(DecisionLine(decision=decision, facts=facts, waivers=covering)) + b"\n"


def replay(line: DecisionLine, policy: LoadedPolicy, number: int = 0) -> Replay:
    """Decide again what a line of a record says was decided.

    Args:
        line: Of the record.
        policy: Whose digest is the decision's, or another to compare with.
        number: Of the line, for the answer.
    """
    old = line.decision
    new = decide(
        policy,
        line.facts,
        Waivers(waivers=line.waivers),
        old.decided_at,
        old.circumstances,
        decided_by=old.decided_by,
    )
    differences = tuple(compare(old, new))
    return Replay(line=number, subject=old.subject, same=not differences, differences=differences)


def compare(old: Decision, new: Decision) -> Iterator[str]:
    """What differs between two decisions, a line each."""
    for name in ("subject", "verdict", "policy_digest", "facts_digest", "policy"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield f"{name.replace('_', ' ')}: was {before}, is {after}"
    before, after = (
        {(reason.rule, bool(reason.waivers)): reason for reason in one.reasons}
        for one in (old, new)
    )
    for key in sorted(before.keys() | after.keys()):
        name = f"rule {key[0]}" + (" (waived)" if key[1] else "")
        if key not in after:
            yield f"{name}: gave a reason ({before[key].effect}), gives none"
        elif key not in before:
            yield f"{name}: gave no reason, gives one ({after[key].effect})"
        elif before[key] != after[key]:
            yield f"{name}: {_changed(before[key], after[key])}"
    if old.waivers != new.waivers:
        yield "the waivers that were used differ"
    if old.reasons != new.reasons and before == after:
        yield "the order or the number of the reasons differs"


def _changed(before: msgspec.Struct, after: msgspec.Struct) -> str:
    return "; ".join(
        f"{name} was {getattr(before, name)!s}, is {getattr(after, name)!s}"
        for name in before.__struct_fields__
        if getattr(before, name) != getattr(after, name)
    )


def replay_all(
    lines: Iterable[bytes], path: str, other: LoadedPolicy | None = None
) -> Iterator[Replay]:
    """Decide every decision of a record again.

    A line that cannot be read gives an answer with an error; the rest is kept.

    Args:
        lines: Of the record.
        path: For the messages.
        other: Policy to decide by instead of the recorded one.
    """
    decoder = msgspec.json.Decoder(PolicyLine | DecisionLine)
    policies: dict[str, LoadedPolicy] = {}
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        try:
            line = _decoded(decoder, raw, path, number)
            if isinstance(line, PolicyLine):
                if len(policies) >= MAX_POLICIES:
                    policies.clear()
                policies[line.digest] = _policy(line, path, number)
                continue
        except PolicyError as error:
            yield Replay(line=number, subject="", same=False, error=error.message)
            continue
        policy = other or policies.get(line.decision.policy_digest)
        if policy is None:
            message = f"no policy {line.decision.policy_digest[:80]} stands before it"
            yield Replay(
                line=number,
                subject=line.decision.subject,
                same=False,
                error=f"{path}:{number}:1: {message}.",
            )
            continue
        yield replay(line, policy, number)


def _decoded(
    decoder: msgspec.json.Decoder[PolicyLine | DecisionLine], raw: bytes, path: str, number: int
) -> PolicyLine | DecisionLine:
    if len(raw) > MAX_LINE:
        raise PolicyError([Defect(path, number, 1, f"is longer than {MAX_LINE:,} bytes")])
    try:
        line = decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        message = f"is not a line of a record: {str(error)[:200]}"
        raise PolicyError([Defect(path, number, 1, message)]) from None
    if line.schema != SCHEMA:
        message = f"is of the schema {line.schema[:100]!r}, not {SCHEMA!r}"
        raise PolicyError([Defect(path, number, 1, message)])
    return line


def _policy(line: PolicyLine, path: str, number: int) -> LoadedPolicy:
    if digest(line.policy) != line.digest:
        message = "the policy is not the one of its digest: the record was changed"
        raise PolicyError([Defect(path, number, 1, message)])
    if line.policy.engine != ENGINE:
        message = f"the policy is for engine {line.policy.engine}, this is {ENGINE}"
        raise PolicyError([Defect(path, number, 1, message)])
    return from_canonical(line.policy)
