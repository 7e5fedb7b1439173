"""Deciding on every version of a project, and putting what was decided on record."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import msgspec

from pratique.gate.models import Ruling
from pratique.model.decision import Verdict
from pratique.policy.service import decide_many

if TYPE_CHECKING:
    from pratique.gate.clock import Clock
    from pratique.gate.facts import Assessor
    from pratique.gate.log import Log
    from pratique.gate.models import Pin, Project
    from pratique.model.decision import Decision
    from pratique.policy.service import LoadedPolicy
    from pratique.policy.waivers import Waivers

MAX_REMEMBERED = 100_000
"""Projects whose last entry in the log is remembered, so as not to repeat it."""


class Judge:
    """Decides by one policy.

    Args:
        policy: Loaded.
        waivers: Of rules.
        assessor: Makes the facts.
        log: Where decisions go.
        clock: Tells the time.
        admit_unknown: Whether a version comes in although a rule could not be decided.
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
    ) -> None:
        self.policy = policy
        self.assessor = assessor
        self.log = log
        self._waivers = waivers
        self._clock = clock
        self._open = frozenset(
            {Verdict.ADMIT, Verdict.UNKNOWN} if admit_unknown else {Verdict.ADMIT}
        )
        self._last: dict[tuple[str, str, str], str] = {}

    def uses(self, *names: str) -> bool:
        """Whether a rule of the policy looks at one of these variables.

        What is only found by asking upstream once more is not asked for in vain.
        """
        wanted = re.compile(rf"\b(?:{'|'.join(names)})\b")
        return any(wanted.search(f"{one.when} {one.reason}") for one in self.policy.policy.rules)

    def rule(self, project: Project) -> Ruling:
        """Decide on every version; an outcome other than the last one goes on record.

        Args:
            project: As its index lists it.
        """
        decisions = self.decide(project)
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
        self._record(ruling)
        return ruling

    def decide(self, project: Project) -> dict[str, Decision]:
        """Decide on every release, by its key; nothing goes on record."""
        facts = self.assessor.facts(project, self._clock.earlier())
        at = self._clock.later()
        made = decide_many(self.policy, facts, self._waivers, at, decided_by="gate")
        return {
            release.key: decision for release, decision in zip(project.releases, made, strict=True)
        }

    def admits(self, decision: Decision) -> bool:
        """Whether what was decided lets it in."""
        return decision.verdict in self._open and bool(decision.subject)

    def _record(self, ruling: Ruling) -> None:
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
        key = project.ecosystem, project.name, project.part
        if self._last.get(key) == digest:
            return
        facts = "".join(one.facts_digest for one in ruling.decisions.values())
        self.log.append(
            "index",
            self._clock.later(),
            ecosystem=project.ecosystem,
            package=project.name,
            **({"part": project.part} if project.part else {}),
            policy=self.policy.policy.id,
            policy_digest=self.policy.digest,
            facts_digest=f"sha256:{hashlib.sha256(facts.encode()).hexdigest()}",
            admitted=sorted(ruling.admitted),
            refused=refused,
        )
        if len(self._last) >= MAX_REMEMBERED:
            self._last.clear()
        self._last[key] = digest

    def served(
        self, decision: Decision, file: str, pin: Pin, client: str, *, first: bool = False
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
            client=client,
        )

    def refused(self, decision: Decision, file: str, client: str) -> None:
        """Put on record that a client was refused a file."""
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
            client=client,
        )
        self.log.sync()

    def reserved(self, ecosystem: str, name: str, client: str) -> None:
        """Put on record that a reserved name was asked for and upstream was not."""
        self.log.append(
            "reserved", self._clock.later(), ecosystem=ecosystem, package=name, client=client
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


def refusal(decision: Decision, policy: str) -> str:
    """What a client's user is told, in one line: reason, rule, and how to ask for a waiver."""
    rule = next(
        (
            one.rule
            for one in decision.reasons
            if not one.waivers and one.effect.verdict is not Verdict.ADMIT
        ),
        "(none)",
    )
    return (
        f"{decision.subject} is not admitted: {why(decision)}. To have it admitted, ask for a "
        f"waiver of rule {rule} of policy {policy} for {decision.subject}."
    )


def one_line(text: str) -> str:
    """A text without anything that could begin a line or a control sequence."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:500]
