"""Evaluation: every rule on one component's facts, and every reason.

A rule is evaluated on the facts that are known.  Where all facts that a set of
rules looks at are known, one program answers for all of them; the rest are
asked one by one.  Both ways give the same answers.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.model.decision import Outcome, Reason, Verdict
from pratique.model.ecosystems import base
from pratique.model.facts import Known, Unknown
from pratique.policy.cel import Compiled, ask, ask_all, check, together
from pratique.policy.partial import points
from pratique.policy.templates import Template
from pratique.policy.variables import KNOWN, VARIABLES, Between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.model.decision import Circumstances
    from pratique.model.facts import Facts
    from pratique.policy.models import Policy, PolicyRule

MAX_PLANS = 256
"""Combinations of unknown facts for which a plan of evaluation is kept.  A
program that reads one kind of document meets a handful."""

MAX_UNDECIDED = 4096
"""Reasons of rules without an answer that are kept to be given again."""

MAX_UNDECIDED_TEXT = 1_000
"""Characters of such a reason: it names every fact that is lacking, and why."""

NO, MATCHED = False, True


class _Rule(NamedTuple):
    """A rule ready to be evaluated."""

    rule: PolicyRule
    compiled: Compiled
    reason: Template
    remedy: Template | None
    ordered: tuple[str, ...]
    """Names of the facts it looks at, sorted."""


class _Gathered(NamedTuple):
    """The facts that a policy looks at."""

    data: dict[str, object]
    unknown: dict[str, str]
    """Name and reason of what is not known."""

    between: dict[str, Between]


class _Plan(NamedTuple):
    """How to evaluate where certain facts are not known."""

    program: Any
    """Answers for the rules in ``whole``, or ``None`` where there are none."""

    whole: tuple[int, ...]
    single: tuple[int, ...]
    """Rules that look at something that is not known."""

    answers: tuple[bool | str, ...]
    """Where every rule starts: the answer of those that look at nothing known."""


class Program:
    """A policy, compiled.

    Args:
        policy: Whose expressions and reasons were checked when it was read.

    Raises:
        CelError: An expression is not what this version understands.
        TemplateError: A reason names a fact that this version does not know.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._rules = tuple(map(_compiled, policy.rules))
        names = set().union(*(one.compiled.facts for one in self._rules))
        self._asks = tuple(sorted(set().union(*(one.compiled.asks for one in self._rules))))
        used = [VARIABLES[name] for name in VARIABLES if name in names]
        # Most facts are fields as they stand: one call reads them all.
        self._bare = tuple(one.name for one in used if one.bare)
        self._read = attrgetter("subject", "subject", *self._bare)
        self._getters = tuple((one.name, one.get) for one in used if not one.bare)
        self._scoped = tuple(i for i, one in enumerate(self._rules) if one.rule.scopes)
        self._plans: dict[tuple[str, ...], _Plan] = {}
        self._undecided: dict[tuple[object, ...], Reason] = {}

    def facts_of(self, rule: str) -> frozenset[str]:
        """Names of the facts that a rule's expression looks at."""
        one = next(one for one in self._rules if one.rule.id == rule)
        return one.compiled.facts | one.compiled.asks

    def outcome(self, rule: str, facts: Facts) -> str:
        """``match``, ``no match`` or ``unknown``, for the test of one rule."""
        index = next(i for i, one in enumerate(self._rules) if one.rule.id == rule)
        answer = self._ask(index, self._gather(facts))
        return "unknown" if isinstance(answer, str) else ("match" if answer else "no match")

    def reasons(self, facts: Facts, where: Circumstances) -> tuple[Reason, ...]:
        """Every reason that the policy has, the gravest first.

        Args:
            facts: Of the component.
            where: For whom and where it is wanted.
        """
        gathered = self._gather(facts)
        answers = self._answers(gathered)
        for index in self._scoped:
            if answers[index] is not NO and not _applies(self._rules[index].rule, facts, where):
                answers[index] = NO
        found = [
            self._reason(index, answer, gathered, facts)
            for index, answer in enumerate(answers)
            if answer is not NO
        ]
        if len(found) > 1:
            found.sort(key=lambda reason: (-reason.effect.rank, reason.rule))
        return tuple(found)

    @staticmethod
    def verdict(reasons: Sequence[Reason]) -> Verdict:
        """The worst that any reason which counts leads to."""
        worst = Verdict.ADMIT
        for reason in reasons:
            verdict = reason.effect.verdict
            if not reason.waivers and verdict.rank > worst.rank:
                worst = verdict
        return worst

    def _gather(self, facts: Facts) -> _Gathered:
        data: dict[str, object] = {}
        unknown: dict[str, str] = {}
        between: dict[str, Between] = {}
        for name, fact in zip(self._bare, self._read(facts)[2:], strict=True):
            if type(fact) is Known:
                data[name] = fact.value
            else:
                unknown[name] = fact.reason
        for name, get in self._getters:
            value = get(facts)
            kind = type(value)
            if kind is Unknown:
                unknown[name] = value.reason  # type: ignore[attr-defined]
            elif kind is Between:
                between[name] = value  # type: ignore[assignment]
            else:
                data[name] = value
        for name in self._asks:
            data[KNOWN + name] = type(VARIABLES[name].get(facts)) not in {Unknown, Between}
        return _Gathered(data, unknown, between)

    def _answers(self, gathered: _Gathered) -> list[bool | str]:
        """Yes, no, or why there is no answer, for each rule."""
        key = (*gathered.unknown, "|", *gathered.between)
        plan = self._plans.get(key) or self._plan(key, gathered)
        answers = list(plan.answers)
        single: Sequence[int] = plan.single
        if plan.program is not None:
            whole = ask_all(plan.program, gathered.data)
            if whole is None:
                single = range(len(self._rules))
            elif len(whole) == len(self._rules):
                return whole  # type: ignore[return-value]
            else:
                for index, answer in zip(plan.whole, whole, strict=True):
                    answers[index] = answer
        for index in single:
            answers[index] = self._ask(index, gathered)
        return answers

    def _plan(self, key: tuple[str, ...], gathered: _Gathered) -> _Plan:
        if len(self._plans) >= MAX_PLANS:
            self._plans.clear()
        lacking = gathered.unknown.keys() | gathered.between.keys()
        whole = tuple(
            i for i, one in enumerate(self._rules) if one.compiled.facts.isdisjoint(lacking)
        )
        program = together(self._rules[i].compiled.text for i in whole) if whole else None
        if program is None:
            whole = ()
        single = [i for i in range(len(self._rules)) if i not in set(whole)]
        answers: list[bool | str] = [NO] * len(self._rules)
        for i in single.copy():
            compiled = self._rules[i].compiled
            if not compiled.asks and compiled.facts <= gathered.unknown.keys():
                # Nothing that it looks at is there: its answer cannot change.
                answers[i] = self._ask(i, gathered)
                single.remove(i)
        plan = _Plan(program, whole, tuple(single), tuple(answers))
        self._plans[key] = plan
        return plan

    def _ask(self, index: int, gathered: _Gathered) -> bool | str:
        """One rule; what is known only in part is tried with all that it may be."""
        compiled = self._rules[index].compiled
        between = {
            name: limits for name, limits in gathered.between.items() if name in compiled.facts
        }
        if not between:
            return ask(compiled.program, gathered.data)
        trials = points(compiled.text, between)
        if trials is None:
            return "it depends on what is not known"
        answers = {ask(compiled.program, gathered.data | trial) for trial in trials}
        return answers.pop() if len(answers) == 1 else "it depends on what is not known"

    def _reason(self, index: int, answer: bool | str, gathered: _Gathered, facts: Facts) -> Reason:
        one = self._rules[index]
        rule = one.rule
        if answer is MATCHED:
            return Reason(
                rule=rule.id,
                effect=rule.effect,
                outcome=Outcome.MATCHED,
                text=one.reason.fill(facts),
                remedy=one.remedy.fill(facts) if one.remedy else "",
                controls=rule.controls,
            )
        unknown, between = gathered.unknown, gathered.between
        lacking = [name for name in one.ordered if name in unknown or name in between]
        why = [unknown[name] if name in unknown else between[name].reason for name in lacking]
        remedy = one.remedy.fill(facts) if one.remedy else ""
        if not lacking:
            return _undecided(rule, (), (str(answer),), remedy)
        # The same facts are unknown for the same reasons in most of a document's components.
        key = (index, remedy, *lacking, *why)
        found = self._undecided.get(key)
        if found is None:
            if len(self._undecided) >= MAX_UNDECIDED:
                self._undecided.clear()
            found = self._undecided[key] = _undecided(rule, tuple(lacking), why, remedy)
        return found


def _undecided(
    rule: PolicyRule, lacking: tuple[str, ...], why: Sequence[str], remedy: str
) -> Reason:
    """The reason of a rule that has no answer."""
    if lacking:
        parts = zip(lacking, why, strict=True)
        text = "; ".join(f"{name} is not known: {reason}" for name, reason in parts)
    else:
        text = f"it cannot be evaluated: {why[0]}"
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return Reason(
        rule=rule.id,
        effect=rule.on_unknown.effect,
        outcome=Outcome.UNKNOWN if lacking else Outcome.ERROR,
        text=text[:MAX_UNDECIDED_TEXT],
        remedy=remedy,
        controls=rule.controls,
        unknown=lacking,
    )


def _compiled(rule: PolicyRule) -> _Rule:
    compiled = check(rule.when)
    remedy = Template(rule.remedy) if rule.remedy else None
    return _Rule(rule, compiled, Template(rule.reason), remedy, tuple(sorted(compiled.facts)))


def _applies(rule: PolicyRule, facts: Facts, where: Circumstances) -> bool:
    """Whether a rule may apply: only what is known to be outside its scope is."""
    scopes = rule.scopes
    if scopes.team and where.team and where.team not in scopes.team:
        return False
    if scopes.environment and where.environment and where.environment not in scopes.environment:
        return False
    if scopes.relation and isinstance(facts.relation, Known):
        relation = facts.relation.value
        if relation != "unknown" and relation not in scopes.relation:
            return False
    if scopes.ecosystem and isinstance(facts.ecosystem, Known) and facts.ecosystem.value:
        ecosystem = facts.ecosystem.value
        return ecosystem in scopes.ecosystem or base(ecosystem) in scopes.ecosystem
    return True
