"""Deciding on every version of a project, and putting what was decided on record."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import msgspec

from pratique.gate.approvals import Approvals
from pratique.gate.metrics import Metrics
from pratique.gate.models import Ruling
from pratique.gate.text import one_line
from pratique.gate.waiting import HELD, fields_of, hold
from pratique.model.decision import Circumstances, Effect, Verdict
from pratique.model.facts import Known
from pratique.policy.service import ANYWHERE, decide, decide_many
from pratique.policy.waivers import Waivers

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.gate.approvals import Given
    from pratique.gate.clients import Client
    from pratique.gate.clock import Clock
    from pratique.gate.facts import Assessor
    from pratique.gate.log import Log
    from pratique.gate.models import Pin, Project
    from pratique.gate.waiting import Hold
    from pratique.model.decision import Decision
    from pratique.model.facts import Facts
    from pratique.policy.service import LoadedPolicy

MAX_REMEMBERED = 100_000
"""Projects whose last entry in the log is remembered, so as not to repeat it."""


MAX_FACTS = 2_000
"""Versions in quarantine whose facts are remembered; each some 3 KB."""


class Judge:
    """Decides by one policy.

    Args:
        policy: Loaded.
        waivers: Of rules.
        assessor: Makes the facts.
        log: Where decisions go.
        clock: Tells the time.
        admit_unknown: Whether a version comes in although a rule could not be decided.
        approvals: Those that are in the log.
        metrics: Counts decisions.
    """

    def __init__(
        self,
        policy: LoadedPolicy,
        waivers: Waivers,
        assessor: Assessor,
        log: Log,
        clock: Clock,
        *,
        admit_unknown: bool = False,
        approvals: Approvals | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.policy = policy
        self.assessor = assessor
        self.log = log
        self._waivers = waivers
        self._clock = clock
        self._open = frozenset(
            {Verdict.ADMIT, Verdict.UNKNOWN} if admit_unknown else {Verdict.ADMIT}
        )
        self.approvals = approvals or Approvals()
        self.metrics = metrics or Metrics()
        scopes = [one.scopes for one in policy.policy.rules]
        self._by_team = any(one.team for one in scopes)
        self._by_environment = any(one.environment for one in scopes)
        self._last: dict[tuple[str, str, str, Circumstances], str] = {}
        self._facts: dict[str, Facts] = {}
        self._excepts = self.uses("security_fix")
        self._asked: set[tuple[str, str, str]] = set()

    def uses(self, *names: str) -> bool:
        """Whether a rule of the policy looks at one of these variables.

        What is only found by asking upstream once more is not asked for in vain.
        """
        wanted = re.compile(rf"\b(?:{'|'.join(names)})\b")
        return any(wanted.search(f"{one.when} {one.reason}") for one in self.policy.policy.rules)

    def where(self, client: Client) -> Circumstances:
        """For whom it is to be decided, as far as a rule of the policy tells them apart."""
        return Circumstances(
            team=client.team if self._by_team else "",
            environment=client.environment if self._by_environment else "",
        )

    def rule(self, project: Project, where: Circumstances = ANYWHERE) -> Ruling:
        """Decide on every version; an outcome other than the last one goes on record.

        Args:
            project: As its index lists it.
            where: For whom.
        """
        decided = self._decided(project, where)
        decisions = {key: decision for key, (_, decision) in decided.items()}
        ruling = Ruling(
            project=project,
            decisions=decisions,
            admitted=frozenset(
                version
                for version, one in decisions.items()
                # What cannot be named can neither be denied nor matched.
                if self.admits(one)
            ),
        )
        self._record(ruling, where, {key: facts for key, (facts, _) in decided.items()})
        return ruling

    def decide(self, project: Project, where: Circumstances = ANYWHERE) -> dict[str, Decision]:
        """Decide on every release, by its key; nothing goes on record."""
        return {key: one for key, (_, one) in self._decided(project, where).items()}

    def _decided(self, project: Project, where: Circumstances) -> dict[str, tuple[Facts, Decision]]:
        """Facts and decision of every release, by its key."""
        facts = self.assessor.facts(project, self._clock.earlier())
        at = self._clock.later()
        given = self.approvals.waivers(project, at)
        found = {}
        made = decide_many(self.policy, facts, self._waivers, at, where, decided_by="gate")
        for release, known, plain in zip(project.releases, facts, made, strict=True):
            mine = given.get(release.key)
            decision = self._approved(known, mine, at, where) if mine else plain
            found[release.key] = known, decision
            if decision.verdict is Verdict.QUARANTINE:
                self._remember(decision, known)
        self.metrics.decided(project.ecosystem, (one for _, one in found.values()))
        return found

    def _approved(self, known: Facts, given: Given, at: datetime, where: Circumstances) -> Decision:
        """The decision with what was approved of one version."""
        every = self._waivers.joined([Waivers(waivers=given.waivers)])
        decision = decide(self.policy, known, every, at, where, decided_by="gate")
        # What denies is not for an approver to set aside, whichever rule was named.
        lifted = frozenset(
            id_ for one in decision.reasons if one.effect is Effect.DENY for id_ in one.waivers
        )
        below = frozenset(one.id for one in given.waivers) - given.above
        if lifted & below:
            left = Waivers(waivers=tuple(one for one in every.waivers if one.id not in below))
            decision = decide(self.policy, known, left, at, where, decided_by="gate")
        return decision

    def _remember(self, decision: Decision, facts: Facts) -> None:
        """Keep the facts of what is in quarantine: when it ends is only then worked out."""
        if len(self._facts) >= MAX_FACTS:
            self._facts.clear()
        self._facts[decision.facts_digest] = facts

    def _hold(self, decision: Decision, facts: Facts | None) -> Hold:
        return hold(decision, facts, self.policy.program, self._clock.later())

    def requested(self, ruling: Ruling, client: Client) -> None:
        """Put on record that somebody by name asked for what waits for an approval."""
        project = ruling.project
        key = project.ecosystem, project.name, client.user
        if not client.user or key in self._asked:
            return
        if len(self._asked) >= MAX_REMEMBERED:
            self._asked.clear()
        self._asked.add(key)
        self.log.append(
            "requested",
            self._clock.later(),
            ecosystem=project.ecosystem,
            package=project.name,
            versions=sorted(waiting_of(ruling)),
            **client.fields,
        )

    def admits(self, decision: Decision) -> bool:
        """Whether what was decided lets it in."""
        return decision.verdict in self._open and bool(decision.subject)

    def _record(self, ruling: Ruling, where: Circumstances, known: dict[str, Facts]) -> None:
        project = ruling.project
        refused = {
            version: why(one)
            for version, one in ruling.decisions.items()
            if version not in ruling.admitted
        }
        # Texts tell ages, which change all the time; what counts is the rule.
        rules = sorted((version, text.partition(":")[0]) for version, text in refused.items())
        outcome = [self.policy.digest, sorted(ruling.admitted), rules]
        digest = hashlib.sha256(msgspec.json.encode(outcome)).hexdigest()
        key = project.ecosystem, project.name, project.part, where
        if self._last.get(key) == digest:
            return
        facts = "".join(one.facts_digest for one in ruling.decisions.values())
        holds = {
            version: self._hold(one, known[version])
            for version, one in ruling.decisions.items()
            if version in refused and one.verdict in HELD
        }
        self.log.append(
            "index",
            self._clock.later(),
            ecosystem=project.ecosystem,
            package=project.name,
            **({"part": project.part} if project.part else {}),
            **{name: text for name in ("team", "environment") if (text := getattr(where, name))},
            policy=self.policy.policy.id,
            policy_digest=self.policy.digest,
            facts_digest=f"sha256:{hashlib.sha256(facts.encode()).hexdigest()}",
            admitted=sorted(ruling.admitted),
            refused=refused,
            **fields_of(holds),
            **({"notes": notes} if (notes := self._notable(ruling, known)) else {}),
        )
        if len(self._last) >= MAX_REMEMBERED:
            self._last.clear()
        self._last[key] = digest

    def _notable(self, ruling: Ruling, known: dict[str, Facts]) -> dict[str, str]:
        """Why versions came in that are held back but for an exception."""
        found: dict[str, str] = {}
        for key in sorted(ruling.admitted):
            decision = ruling.decisions[key]
            told = [
                f"{one.rule} set aside by {', '.join(one.waivers)}"
                for one in decision.reasons
                if one.waivers
            ]
            if self._excepts and known[key].security_fix == Known(value=True):
                plain = msgspec.structs.replace(known[key], security_fix=Known(value=False))
                there = {one.rule for one in decision.reasons}
                told += [
                    f"a security fix, which is not held back: {one.effect} by {one.rule} "
                    "would apply to any other"
                    for one in self.policy.program.reasons(plain, decision.circumstances)
                    if one.rule not in there and one.effect.verdict is not Verdict.ADMIT
                ]
            if told:
                found[key] = "; ".join(told)
        return found

    def served(
        self, decision: Decision, file: str, pin: Pin, client: Client, *, first: bool = False
    ) -> None:
        """Put on record that a client gets a file, or that it was stored for the first time."""
        self.log.append(
            "stored" if first else "served",
            self._clock.later(),
            subject=decision.subject,
            file=file,
            sha256=pin.sha256,
            size=pin.size,
            verdict=decision.verdict,
            policy_digest=decision.policy_digest,
            facts_digest=decision.facts_digest,
            waivers=decision.waivers,
            **client.fields,
        )

    def refused(self, decision: Decision, file: str, client: Client) -> str:
        """Put on record that a client was refused a file; return what its user is told."""
        facts = self._facts.get(decision.facts_digest)
        until = self._hold(decision, facts).until if decision.verdict in HELD else None
        self.log.append(
            "refused",
            self._clock.later(),
            subject=decision.subject,
            file=file,
            verdict=decision.verdict,
            why=why(decision),
            reasons=decision.reasons,
            policy_digest=decision.policy_digest,
            facts_digest=decision.facts_digest,
            **({"until": until} if until is not None else {}),
            **client.fields,
        )
        self.log.sync()
        return refusal(decision, self.policy.policy.id, until)

    def reserved(self, ecosystem: str, name: str, client: Client) -> None:
        """Put on record that a reserved name was asked for and upstream was not."""
        self.log.append(
            "reserved", self._clock.later(), ecosystem=ecosystem, package=name, **client.fields
        )

    def evicted(self, digest: str, size: int) -> None:
        """Put on record that a content goes to make room, before it does."""
        self.log.append("evicted", self._clock.later(), sha256=digest, size=size)
        self.log.sync()

    def alarm(self, what: str, **fields: object) -> None:
        """Put on record that upstream did what it should not."""
        self.log.append("alarm", self._clock.later(), what=what, **fields)
        self.log.sync()


def why(decision: Decision) -> str:
    """The gravest reason that was not set aside, in one line: ``deny by malicious: …``."""
    for reason in decision.reasons:
        if not reason.waivers and reason.effect.verdict is not Verdict.ADMIT:
            return f"{reason.effect} by {reason.rule}: {one_line(reason.text)}"
    if not decision.subject:
        return "it has no name and version of its ecosystem"
    return str(decision.verdict)


def holding(decision: Decision) -> tuple[str, ...]:
    """Rules that hold a version back, the gravest first."""
    return tuple(
        one.rule
        for one in decision.reasons
        if not one.waivers and one.effect.verdict is not Verdict.ADMIT
    )


def refusal(decision: Decision, policy: str, until: datetime | None = None) -> str:
    """What a client's user is told, in one line: reason, rule, and what can be done.

    Args:
        decision: That does not admit.
        policy: Its id.
        until: When a quarantine ends by itself.
    """
    rule = next(iter(holding(decision)), "(none)")
    said = f"{decision.subject} is not admitted: {why(decision)}."
    if until is not None:
        said += f" It comes in by itself on {until:%Y-%m-%d at %H:%M} UTC."
    if decision.verdict is Verdict.REQUIRE_APPROVAL:
        return f"{said} It waits for an approval of rule {rule} of policy {policy}."
    return (
        f"{said} To have it admitted, ask for a waiver of rule {rule} of policy {policy} "
        f"for {decision.subject}."
    )


def waiting_of(ruling: Ruling) -> list[str]:
    """Keys of the releases that wait for an approval."""
    return [
        key
        for key, one in ruling.decisions.items()
        if one.verdict is Verdict.REQUIRE_APPROVAL and key not in ruling.admitted
    ]
