"""From what was found over a universe to the plan that says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique import __version__
from pratique.model.severity import Severity
from pratique.remediation.accepting import Written
from pratique.remediation.analysis import analyse
from pratique.remediation.models import Limits, Strategy
from pratique.remediation.projection import Left, Modification, Projection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pratique.advisories import Index
    from pratique.remediation.analysis import Analysis
    from pratique.remediation.models import Patch
    from pratique.remediation.projecting import Answer, Question

MAX_NAMED = 5
"""Most packages named in one note."""


def told(
    question: Question, answer: Answer, index: Index, doubts: Sequence[str] = ()
) -> Projection:
    """The plan.

    Args:
        question: What was asked.
        answer: What was found.
        index: The advisories.
        doubts: What else makes it incomplete.
    """
    before, end = answer.before, answer.taken.end.analysis
    start = {one for each in before for one in each.affected}
    new = set(end.affected) - start
    ecosystem = answer.bench.universe.ecosystem
    doubts = [*doubts, *_doubts(answer)]
    if ecosystem in index.partial:
        doubts.append(
            f"only a part of the advisories for {ecosystem} is here, so that a version that is "
            "chosen may be affected by others: run 'pratique advisories update' first"
        )
    return Projection(
        tool=f"pratique {__version__}",
        created=question.now,
        subject=str(question.manifest),
        universe=str(question.universe),
        ecosystem=ecosystem,
        strategy=answer.strategy,
        vulnerabilities=answer.ratings.listed(start, before),
        changes=tuple(_change(patch, answer) for patch in answer.taken.patches),
        introduced=answer.ratings.listed(new, [end]),
        remaining=tuple(
            Left(id=one, reason=_why(one, answer)) for one in sorted(start & set(end.affected))
        ),
        notes=(*doubts, *_notes(question, answer, index)),
        complete=not doubts,
    )


def _change(patch: Patch, answer: Answer) -> Modification:
    fixes = tuple(sorted(one.id for one in patch.fixed))
    severities = [
        answer.ratings.finding(one, answer.before).severity
        for one in fixes
        if any(one in each.affected for each in answer.before)
    ]
    return Modification(
        updates=patch.updates,
        fixes=fixes,
        introduces=tuple(sorted(one.id for one in patch.introduced)),
        severity=min(severities, key=lambda one: one.rank, default=Severity.UNKNOWN),
    )


def _why(identifier: str, answer: Answer) -> str:
    if answer.strategy is Strategy.UPDATE:
        return "no update that the limits allow is without it"
    if identifier in answer.unwanted:
        return "left out by --only"
    if any(one.id == identifier for patch in answer.taken.patches for one in patch.fixed):
        return "fixed in one version of the package, not in another that is installed too"
    if identifier in answer.taken.refused:
        return answer.taken.refused[identifier]
    fixing = [
        patch
        for patch in answer.outcome.possible
        if any(one.id == identifier for one in patch.fixed)
    ]
    if not fixing and (stuck := _stuck(identifier, answer)):
        return f"no version of {stuck} in the universe is without it"
    if not fixing:
        return f"no change by {answer.strategy.value} fixes it within the limits of this plan"
    if all(patch.introduced for patch in fixing):
        ids = ", ".join(sorted(one.id for one in fixing[0].introduced)[:3])
        return f"its fix would bring in {ids}"
    return "its fix changes what a better change moves elsewhere"


def _stuck(identifier: str, answer: Answer) -> str:
    """An affected package of which every version has the vulnerability; empty if none is."""
    bench = answer.bench
    names = {
        place.name
        for each in answer.before
        if identifier in each.affected
        for place in each.affection(identifier).places
    }
    return next(
        (
            name
            for name in sorted(names)
            if all(bench.affects(identifier, name, one) for one in bench.universe.versions(name))
        ),
        "",
    )


def _doubts(answer: Answer) -> Iterator[str]:
    """What keeps the plan from being complete."""
    if isinstance(answer.start, Written):
        yield from answer.start.manifest.doubts
    analyses = [*answer.before, answer.taken.end.analysis]
    yield from dict.fromkeys(text for one in analyses for text in _absent(one))
    yield from dict.fromkeys(text for one in analyses for text in _unasked(one, answer))


def _absent(analysis: Analysis) -> Iterator[str]:
    graph = analysis.graph
    for missing in graph.missing:
        need, source = missing.need, graph.nodes[missing.source]
        by = f"{source.name} {source.version}" if source.name else "the project"
        wanted = f"{need.name} {need.requirement}".rstrip()
        yield f"{wanted}, needed by {by}, is not there, so what follows from it is not known"


def _unasked(analysis: Analysis, answer: Answer) -> Iterator[str]:
    ecosystem = answer.bench.universe.ecosystem
    by_reason: dict[str, list[str]] = {}
    for place in dict.fromkeys(analysis.graph.nodes[1:]):
        reason = answer.bench.advisor.of(ecosystem, place.name, place.version).unknown
        if reason:
            by_reason.setdefault(reason, []).append(f"{place.name} {place.version}")
    for reason, places in by_reason.items():
        more = f" and {len(places) - MAX_NAMED} more" if len(places) > MAX_NAMED else ""
        yield f"not looked up: {', '.join(places[:MAX_NAMED])}{more}: {reason}"


def _notes(question: Question, answer: Answer, index: Index) -> Iterator[str]:
    bench = answer.bench
    ecosystem, universe = bench.universe.ecosystem, bench.universe
    yield (
        "resolved in the described universe, not by a package manager: a version it does not name "
        "does not exist for this plan"
    )
    every = {
        one
        for each in answer.before
        for one in analyse(each.graph, ecosystem, bench.advisor, Limits()).affected
    }
    if left := len(every - {one for each in answer.before for one in each.affected}):
        yield f"{left} vulnerabilities are left out by --no-dev or --max-depth"
    outside = {
        f"{one.name} {one.version}"
        for each in answer.before
        for one in each.graph.nodes[1:]
        if not universe.has(one.name, one.version)
    }
    if outside:
        named = ", ".join(sorted(outside)[:MAX_NAMED])
        yield f"{len(outside)} package versions of the lockfile are not in the universe: {named}"
    status = index.status(question.now, {ecosystem})
    if status.stale:
        yield f"the advisories are {status.age_days:.0f} days old"
