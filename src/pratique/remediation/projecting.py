"""Planning over a described universe: no package manager, no network, nothing run."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from pratique.formats.base import MAX_DOCUMENT_BYTES
from pratique.health.verdict import ANY, Threshold
from pratique.inventory.tree import FolderTree
from pratique.model.errors import InputError, LimitError, UsageError
from pratique.remediation.accepting import (
    Locked,
    Taken,
    Written,
    accept,
    default_strategy,
    keeping,
)
from pratique.remediation.advice import Advisor
from pratique.remediation.analysis import Analysis, analyse
from pratique.remediation.manifest import Bench
from pratique.remediation.models import Limits, Outcome, Step, Strategy
from pratique.remediation.rating import Ratings
from pratique.remediation.reading import read_manifest, read_package_lock
from pratique.remediation.strategies.in_place import in_place
from pratique.remediation.strategies.override import override
from pratique.remediation.strategies.relax import relax
from pratique.remediation.strategies.relock import with_relock
from pratique.remediation.strategies.update import update
from pratique.remediation.universe import read_universe

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.advisories import Index

T = TypeVar("T")

LOCKFILE = "package-lock.json"

SUPPORTED = {
    Strategy.IN_PLACE: ("npm",),
    Strategy.RELAX: ("PyPI", "npm"),
    Strategy.OVERRIDE: ("Maven",),
    Strategy.UPDATE: ("Maven",),
}
"""Ecosystems whose resolution under each strategy is modelled."""

_BY_MANIFEST = {
    Strategy.RELAX: relax,
    Strategy.OVERRIDE: override,
    Strategy.UPDATE: update,
}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What to plan, and within which limits."""

    manifest: Path
    """A manifest, or a ``package-lock.json`` for ``in-place``."""

    universe: Path
    now: datetime
    strategy: Strategy | None = None
    """``None`` for the one that fits the manifest."""

    only: Threshold = ANY
    limits: Limits = Limits()
    keep: tuple[str, ...] = ()
    """Names of packages that must stay as they are."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: from what, by which strategy, to what."""

    bench: Bench
    strategy: Strategy
    start: Written | Locked
    lock: Analysis | None = None
    """Of the lockfile beside a manifest."""

    outcome: Outcome
    taken: Taken
    ratings: Ratings
    unwanted: frozenset[str] = frozenset()
    """Ids that are not to be fixed (``--only``)."""

    @property
    def before(self) -> list[Analysis]:
        """What is known against the project as it is."""
        return [self.start.analysis, *([self.lock] if self.lock else [])]


def project(question: Question, index: Index) -> Answer:
    """Plan, and resolve the result again in the universe before anything counts as fixed.

    Raises:
        UsageError: What was asked for does not fit the manifest.
        InputError: The manifest or the universe cannot be read, or has no solution.
    """
    universe = _of(question.universe, lambda: read_universe(content(question.universe)))
    bench = Bench(universe=universe, advisor=Advisor(index), limits=question.limits)
    lockfile = question.manifest.name == LOCKFILE
    strategy = question.strategy or default_strategy(universe.ecosystem, lockfile=lockfile)
    _supported(strategy, universe.ecosystem, lockfile=lockfile)
    start = _of(question.manifest, lambda: _start(question.manifest, bench))
    beside = question.manifest.parent / LOCKFILE
    lock = None
    if strategy is Strategy.RELAX and universe.ecosystem == "npm" and beside.is_file():
        lock = _of(beside, lambda: _locked(beside, bench))
    ratings = Ratings(bench)
    known = {*start.analysis.affected, *(lock.affected if lock else ())}
    found = [one for one in (start.analysis, lock) if one is not None]
    wanted = frozenset(one for one in known if question.only.fails(ratings.finding(one, found)))
    bench = _limited(bench, question, start, wanted, strategy)
    outcome = _outcome(strategy, start, lock, bench)
    return Answer(
        bench=bench,
        strategy=strategy,
        start=start,
        lock=lock,
        outcome=outcome,
        taken=accept(start, known, outcome.chosen, bench),
        ratings=ratings,
        unwanted=frozenset(known) - wanted,
    )


def content(path: Path) -> bytes:
    """Bytes of a file.

    Raises:
        UsageError: There is none that can be read.
        LimitError: It is too large.
    """
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder.", remedy="Give the manifest or the file itself.")
        with path.open("rb") as file:
            data = file.read(MAX_DOCUMENT_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_DOCUMENT_BYTES:
        raise LimitError(f"is over the limit of {MAX_DOCUMENT_BYTES:,} bytes")
    return data


def _of(path: Path, read: Callable[[], T]) -> T:
    """What a reader gives; its errors get the file's name."""
    try:
        return read()
    except InputError as error:
        raise type(error)(f"{path}: {error.message}", remedy=error.remedy) from None


def _supported(strategy: Strategy, ecosystem: str, *, lockfile: bool) -> None:
    if ecosystem not in SUPPORTED[strategy]:
        able = [one.value for one, names in SUPPORTED.items() if ecosystem in names]
        raise UsageError(
            f"{strategy.value} cannot be planned over a universe of {ecosystem}.",
            remedy=f"Use {' or '.join(able)}.",
        )
    if lockfile is not (strategy is Strategy.IN_PLACE):
        needed = f"a {LOCKFILE}" if strategy is Strategy.IN_PLACE else "a manifest, no lockfile"
        raise UsageError(f"{strategy.value} needs {needed}.", remedy="Give that as the subject.")


def _start(path: Path, bench: Bench) -> Written | Locked:
    if path.name == LOCKFILE:
        return Locked(_locked(path, bench))
    content(path)
    manifest = read_manifest(path.name, FolderTree(path.parent))
    if manifest.ecosystem != bench.universe.ecosystem:
        raise UsageError(
            f"{path} is of {manifest.ecosystem}, the universe of {bench.universe.ecosystem}.",
            remedy="Give a universe of the manifest's own system.",
        )
    state = bench.state(manifest)
    return Written(state.manifest, state.analysis)


def _locked(path: Path, bench: Bench) -> Analysis:
    graph = read_package_lock(content(path))
    return analyse(graph, bench.universe.ecosystem, bench.advisor, bench.limits)


def _limited(
    bench: Bench,
    question: Question,
    start: Written | Locked,
    wanted: frozenset[str],
    strategy: Strategy,
) -> Bench:
    steps: dict[str, Step] = {}
    for name in question.keep:
        spellings = keeping([name], bench.universe.ecosystem, start)
        if not spellings:
            raise UsageError(f"--keep {name}: the project does not have it.")
        steps |= dict.fromkeys(spellings, Step.SAME)
    limits = msgspec.structs.replace(
        question.limits,
        steps={**question.limits.steps, **steps},
        introduce=strategy is Strategy.UPDATE,
        only=wanted,
    )
    return msgspec.structs.replace(bench, limits=limits)


def _outcome(
    strategy: Strategy, start: Written | Locked, lock: Analysis | None, bench: Bench
) -> Outcome:
    if isinstance(start, Locked):
        return in_place(start.analysis, bench)
    outcome = _BY_MANIFEST[strategy](start.manifest, bench)
    return with_relock(outcome, lock) if lock else outcome
