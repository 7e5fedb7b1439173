"""What this room does: load a policy, decide by it, decide again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique import __version__
from pratique.model.decision import Circumstances, Decision, Effect, Reason
from pratique.model.facts import Facts, Known
from pratique.policy.cases import run_cases
from pratique.policy.cel import CelError
from pratique.policy.digests import digest
from pratique.policy.errors import Defect, PolicyError
from pratique.policy.evaluate import Program
from pratique.policy.library import pack
from pratique.policy.reading import read_policy
from pratique.policy.templates import TemplateError
from pratique.policy.waivers import Waiver, Waivers, select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from pratique.policy.models import CaseResult, Document, Policy

DECIDED_BY = f"pratique {__version__}"
"""Who decides where the caller does not say."""

NO_WAIVERS = Waivers()
ANYWHERE = Circumstances()


class LoadedPolicy:
    """A policy that was read, compiled, and whose tests passed.

    Args:
        document: As read.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.policy: Policy = document.policy
        self.program = Program(document.policy)
        self.digest = digest(document.policy)


def load(
    data: bytes,
    path: str,
    library: Callable[[str], tuple[bytes, str] | None] = pack,
) -> LoadedPolicy:
    """Load a policy: it is read, type-checked, and every test in it must pass.

    Args:
        data: The YAML document.
        path: For the messages.
        library: Finds what it extends; the packs by default.

    Raises:
        PolicyError: With every defect and every failing test, each with line,
            column and a remedy.
    """
    loaded, results = load_untested(data, path, library)
    failed = [result for result in results if not result.passed]
    if failed:
        raise PolicyError([_failure(result) for result in failed])
    return loaded


def load_untested(
    data: bytes,
    path: str,
    library: Callable[[str], tuple[bytes, str] | None] = pack,
) -> tuple[LoadedPolicy, list[CaseResult]]:
    """Load a policy whether or not its tests pass, and say what each gave.

    Raises:
        PolicyError: It cannot be read.
    """
    loaded = LoadedPolicy(read_policy(data, path, library))
    return loaded, run_cases(loaded.document, loaded.program)


def load_pack(name: str) -> LoadedPolicy:
    """Load one of the packs by its name.

    Raises:
        KeyError: There is none of that name.
    """
    found = pack(name)
    if found is None:
        raise KeyError(name)
    return load(*found)


def from_canonical(policy: Policy) -> LoadedPolicy:
    """Compile a policy that a record carries.

    Raises:
        PolicyError: This version does not understand it.
    """
    from pratique.policy.models import Document

    try:
        return LoadedPolicy(Document(path=policy.id, policy=policy))
    except (CelError, TemplateError) as error:
        raise PolicyError([Defect(policy.id, 1, 1, error.message, error.remedy)]) from None


def decide(
    policy: LoadedPolicy,
    facts: Facts,
    waivers: Waivers,
    now: datetime,
    scope: Circumstances = ANYWHERE,
    *,
    decided_by: str = DECIDED_BY,
) -> Decision:
    """Decide on one component: every rule is evaluated, every reason given.

    Args:
        policy: Loaded.
        facts: What is known of the component.
        waivers: Those that there are; what applies is found here.
        now: UTC; waivers expire by it, nothing else depends on it.
        scope: For whom and where the component is wanted.
        decided_by: Who decides.
    """
    reasons = policy.program.reasons(facts, scope)
    used: tuple[str, ...] = ()
    if waivers.waivers and reasons:
        reasons, used = _waived(policy, facts, scope, reasons, waivers.covering(facts.subject, now))
    return Decision(
        subject=facts.subject,
        verdict=policy.program.verdict(reasons),
        reasons=reasons,
        policy=policy.policy.id,
        policy_digest=policy.digest,
        facts_digest=digest(facts),
        waivers=used,
        circumstances=scope,
        decided_by=decided_by,
        decided_at=now,
    )


def decide_many(
    policy: LoadedPolicy,
    facts: Iterable[Facts],
    waivers: Waivers,
    now: datetime,
    scope: Circumstances = ANYWHERE,
    *,
    decided_by: str = DECIDED_BY,
) -> Iterator[Decision]:
    """Decide on many components, in their order; see :func:`decide`."""
    for one in facts:
        yield decide(policy, one, waivers, now, scope, decided_by=decided_by)


def _waived(
    policy: LoadedPolicy,
    facts: Facts,
    scope: Circumstances,
    reasons: tuple[Reason, ...],
    candidates: tuple[Waiver, ...],
) -> tuple[tuple[Reason, ...], tuple[str, ...]]:
    """The reasons with those set aside marked, and the digests of the waivers that did it."""
    if not candidates:
        return reasons, ()
    used: dict[str, Waiver] = {}
    remaining, lifted = _without(facts, candidates)
    if lifted:
        after = policy.program.reasons(remaining, scope)
        reasons = _merged(reasons, after, lifted, used)
    marked = []
    for reason in reasons:
        settled = reason.waivers or reason.effect is Effect.NOTE
        waiver = None if settled else select(candidates, reason.rule)
        if waiver is not None:
            used[waiver.id] = waiver
            reason = msgspec.structs.replace(reason, waivers=(waiver.id,))  # noqa: PLW2901
        marked.append(reason)
    return tuple(marked), tuple(sorted(digest(waiver) for waiver in used.values()))


def _without(facts: Facts, candidates: tuple[Waiver, ...]) -> tuple[Facts, list[Waiver]]:
    """The facts without the vulnerabilities that are waived, and the waivers that took any."""
    found = facts.vulnerabilities
    if not isinstance(found, Known):
        return facts, []
    kept: list[Any] = []
    lifted: dict[str, Waiver] = {}
    by_name = {waiver.rule: waiver for waiver in reversed(candidates)}
    for one in found.value:
        waiver = next((by_name[n] for n in (one.id, *one.aliases) if n in by_name), None)
        if waiver is None:
            kept.append(one)
        else:
            lifted[waiver.id] = waiver
    if not lifted:
        return facts, []
    rest = msgspec.structs.replace(facts, vulnerabilities=Known(tuple(kept)))
    return rest, list(lifted.values())


def _merged(
    before: tuple[Reason, ...],
    after: tuple[Reason, ...],
    lifted: list[Waiver],
    used: dict[str, Waiver],
) -> tuple[Reason, ...]:
    """What still holds without the waived vulnerabilities, and what no longer does."""
    remaining = {reason.rule: reason for reason in after}
    merged = list(after)
    for reason in before:
        if remaining.get(reason.rule) == reason:
            continue
        used |= {waiver.id: waiver for waiver in lifted}
        ids = tuple(sorted(waiver.id for waiver in lifted))
        merged.append(msgspec.structs.replace(reason, waivers=ids))
    merged.sort(key=lambda reason: (-reason.effect.rank, reason.rule, bool(reason.waivers)))
    return tuple(merged)


def _failure(result: CaseResult) -> Defect:
    return Defect(
        result.path,
        result.line,
        result.column,
        f"the test {result.name!r} gave {result.got}, not {result.expected}",
        "Change the rule or the test; 'pratique policy test' runs them.",
    )
