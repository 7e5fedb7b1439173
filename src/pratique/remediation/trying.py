"""Trying upgrades of one document in a copy, and checking each try again."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pratique.health.service import Request, check
from pratique.model.ecosystems import advisory_name, advisory_version
from pratique.model.errors import PratiqueError
from pratique.model.inventory import Trouble
from pratique.remediation.advice import Advisor
from pratique.remediation.errors import (
    AttemptError,
    CutOffError,
    IntroducedError,
    StillThereError,
    UnprovenError,
)
from pratique.remediation.models import Strategy
from pratique.remediation.plan import Status
from pratique.remediation.planning import TOOLCHAIN
from pratique.remediation.projects import project_of
from pratique.remediation.projects.base import SCRATCH, Target
from pratique.remediation.targets import Chooser, Policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.advisories import Index
    from pratique.model.bill import BillOfHealth
    from pratique.remediation.projects.base import Project
    from pratique.remediation.workspace import Workspace

from datetime import datetime


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """On what terms upgrades are made."""

    now: datetime
    strategy: Strategy | None = None
    """The only one to use; ``None`` for each project's own order."""

    days: int | None = None
    """Least age of a target in days."""

    builds: bool = False
    """Whether resolvers may build packages to know what they need."""


class Seen(NamedTuple):
    """What a document says, as far as upgrades are concerned."""

    versions: dict[tuple[str, str], frozenset[str]]
    """Ecosystem and name to versions."""

    ids: dict[tuple[str, str], dict[str, frozenset[str]]]
    """The same to version to ids that affect it."""

    @property
    def every(self) -> frozenset[str]:
        """All ids."""
        return frozenset(
            one for versions in self.ids.values() for ids in versions.values() for one in ids
        )


class Job(NamedTuple):
    """One upgrade of one document."""

    target: Target
    fixes: frozenset[str]
    upgrade: int
    occurrence: int
    direct: bool


class Result(NamedTuple):
    """What came of a job."""

    status: Status
    strategy: Strategy | None
    note: str
    culprit: tuple[str, str] | None = None
    """Name and version that stayed, where one of several upgrades did not come about."""

    cut_off: bool = False
    """Whether the resolver cannot be used at all."""


class Prover:
    """Carries out upgrades in a workspace.

    Args:
        work: The copy.
        index: The advisories.
        terms: What upgrades must keep to.
    """

    def __init__(self, work: Workspace, index: Index, terms: Terms) -> None:
        self._work = work
        self._index = index
        self._advisor = Advisor(index)
        self._terms = terms

    def document(self, document: str, jobs: Sequence[Job]) -> list[Result]:
        """Make the upgrades of one document: all at once if that holds, else one by one."""
        project = project_of(document, self._work)
        if project is None:
            name = document.rpartition("/")[2]
            note = f"{name} cannot be written here: use its own tool"
            return [Result(Status.FAILED, None, note)] * len(jobs)
        try:
            start = self._baseline(project)
        except AttemptError as error:
            return [Result(Status.FAILED, None, error.message)] * len(jobs)
        strategies = [one for one in project.strategies if self._terms.strategy in {None, one}]
        if not strategies:
            note = f"{self._terms.strategy} is not possible for {document}"
            return [Result(Status.FAILED, None, note)] * len(jobs)
        results = self._most(project, strategies, jobs, start)
        if results:
            start = self._baseline(project)
        # Direct ones first: what they bring in may settle the others.
        left = [place for place in range(len(jobs)) if place not in results]
        cut_off: Result | None = None
        for place in sorted(left, key=lambda one: not jobs[one].direct):
            results[place] = cut_off or self._one(project, strategies, jobs[place], start)
            if results[place].status is not Status.FAILED:
                start = self._baseline(project)
            elif results[place].cut_off:
                cut_off = results[place]
        return [results[place] for place in range(len(jobs))]

    def _most(
        self,
        project: Project,
        strategies: Sequence[Strategy],
        jobs: Sequence[Job],
        start: Seen | None,
    ) -> dict[int, Result]:
        """As many upgrades as go together, by their place; without those that stand in the way."""
        # What has no known target is tried by itself: it may have none at all.
        places = [place for place, job in enumerate(jobs) if job.target.after]
        while len(places) > 1:
            results = self._together(project, strategies, [jobs[one] for one in places], start)
            failed = next((one for one in results if one.status is Status.FAILED), None)
            if failed is None:
                return dict(zip(places, results, strict=False))
            kept = [
                one
                for one in places
                if (jobs[one].target.name, jobs[one].target.before) != failed.culprit
            ]
            if len(kept) == len(places):
                return {}
            places = kept
        return {}

    def _together(
        self,
        project: Project,
        strategies: Sequence[Strategy],
        jobs: Sequence[Job],
        start: Seen | None,
    ) -> list[Result]:
        """All upgrades of a document in one go; the failure alone where that does not hold.

        Requirements that leave a target out are moved, the rest is for the lockfile.
        """
        saved = self._work.snapshot(project.files())
        held = [self._held(project, job) for job in jobs]
        moved = [job for job, is_held in zip(jobs, held, strict=True) if is_held]
        rest = [job for job, is_held in zip(jobs, held, strict=True) if not is_held]
        steps = [(Strategy.RELAX, moved), (Strategy.IN_PLACE, rest)]
        if not {one for one, wanted in steps if wanted} <= set(strategies):
            if len(project.strategies) > 1:
                return [Result(Status.FAILED, None, "needs several strategies")]
            steps = [(strategies[0], list(jobs))]
        results: dict[Job, Result] = {}
        for strategy, wanted in steps:
            result = self._attempt(project, strategy, wanted, start) if wanted else None
            if result is not None and result.status is Status.FAILED:
                self._work.restore(saved)
                return [result]
            results |= {job: result for job in wanted if result}
        return [results[job] for job in jobs]

    def _held(self, project: Project, job: Job) -> bool:
        """Whether a manifest has to change for an upgrade."""
        if project.manifests is None or not job.target.after:
            return False
        try:
            return project.manifests.holds(job.target)
        except AttemptError:
            return False

    def _one(
        self, project: Project, strategies: Sequence[Strategy], job: Job, start: Seen | None
    ) -> Result:
        name, before = (job.target.ecosystem, job.target.name), job.target.before
        if start is not None and before not in start.versions.get(name, frozenset()):
            return Result(Status.PROVEN, None, "came with another upgrade")
        notes = []
        held = self._held(project, job)
        result = Result(Status.FAILED, None, "")
        for strategy in strategies:
            if held and strategy is Strategy.IN_PLACE:
                notes.append("in-place: the manifest asks for another version")
                continue
            result = self._attempt(project, strategy, [job], start)
            if result.status is not Status.FAILED:
                return result
            notes.append(f"{strategy}: {result.note}")
            if result.cut_off:
                break
        return Result(Status.FAILED, None, "; ".join(notes), cut_off=result.cut_off)

    def _attempt(
        self, project: Project, strategy: Strategy, jobs: Sequence[Job], start: Seen | None
    ) -> Result:
        """Try upgrades one way; everything is as before where that fails."""
        saved = self._work.snapshot(project.files())
        targets = [job.target for job in jobs]
        try:
            effective = project.edit(strategy, targets)
            try:
                proof = project.resolve(strategy, targets)
                note, status = "", Status.PROVEN
            except UnprovenError as error:
                if not effective:
                    raise
                proof, note, status = project.document, error.message, Status.NOT_PROVEN
            if status is Status.NOT_PROVEN and project.lags:
                return Result(status, strategy, note)
            try:
                changed = self._verify(project, proof, jobs, start)
            except IntroducedError as error:
                if status is Status.NOT_PROVEN:
                    raise
                changed = self._with_more(project, proof, jobs, start, error)
            return Result(status, strategy, note or changed)
        except AttemptError as error:
            self._work.restore(saved)
            stayed = (error.name, error.before) if isinstance(error, StillThereError) else None
            return Result(
                Status.FAILED,
                strategy,
                error.message,
                stayed,
                isinstance(error, CutOffError),
            )
        except BaseException:
            self._work.restore(saved)
            raise

    def _with_more(
        self,
        project: Project,
        proof: str,
        jobs: Sequence[Job],
        start: Seen | None,
        error: IntroducedError,
    ) -> str:
        """Upgrade what came in as well, where the lockfile alone can do it.

        Raises:
            AttemptError: That does not help.
        """
        known = start.every if start else frozenset()
        wishes: list[Target] = []
        for (ecosystem, name), versions in self._seen(proof).ids.items():
            chooser = Chooser(ecosystem, name, self._advisor, Policy())
            for version, ids in sorted(versions.items()):
                new = ids - known
                if not new:
                    continue
                choice = chooser.choice(version, new, chooser.candidates([version], ()))
                if not choice.targets or (ecosystem, name) in TOOLCHAIN:
                    raise error
                wishes.append(Target(ecosystem, name, version, choice.targets[0]))
        strategy = Strategy.IN_PLACE if Strategy.IN_PLACE in project.strategies else Strategy.RELAX
        project.edit(strategy, wishes)
        noted = self._verify(project, project.resolve(strategy, wishes), jobs, start)
        also = ", ".join(f"{one.name} to {one.after}" for one in wishes)
        return "; ".join(filter(None, [noted, f"with {also}, which it would bring in older"]))

    def _baseline(self, project: Project) -> Seen | None:
        """What a project has before an attempt; ``None`` where its tool cannot say."""
        if SCRATCH not in self._proof_of(project):
            return self._seen(project.document)
        try:
            return self._seen(project.resolve(project.strategies[-1], []))
        except AttemptError:
            return None

    def _proof_of(self, project: Project) -> str:
        """Whether a project is proven by its document or by a scratch file: the path's kind."""
        locked = project.document.rpartition("/")[2]
        compiled = len(project.files()) > 1
        return SCRATCH if project.tool == "uv" and locked != "uv.lock" and not compiled else locked

    def _verify(self, project: Project, proof: str, jobs: Sequence[Job], start: Seen | None) -> str:
        """Check again.

        Raises:
            AttemptError: Something is not fixed, something new came in, or a target is too young.
        """
        seen = self._seen(proof)
        notes = []
        for job in jobs:
            place = (job.target.ecosystem, job.target.name)
            present = seen.versions.get(place, frozenset())
            name, before = job.target.name, job.target.before
            if before in present:
                raise StillThereError(f"{name} {before} is still there", name, before)
            known = start.versions.get(place, frozenset()) if start else frozenset()
            new = present - known
            ids = {one for version in new for one in seen.ids.get(place, {}).get(version, ())}
            if left := ids & job.fixes:
                what = f"{name} still has {', '.join(sorted(left)[:3])}"
                raise StillThereError(what, name, before)
            self._old_enough(project, job, new or {job.target.after})
            if new and job.target.after not in {one.removeprefix("v") for one in new} | new:
                notes.append(f"{job.target.name} went to {', '.join(sorted(new))}")
        if start is not None and (more := seen.every - start.every):
            raise IntroducedError(f"it would bring in {', '.join(sorted(more)[:3])}")
        return "; ".join(notes)

    def _old_enough(self, project: Project, job: Job, versions: set[str] | frozenset[str]) -> None:
        days = self._terms.days
        if days is None:
            return
        for version in versions:
            published = project.published(job.target._replace(after=version))
            if published is None:
                raise AttemptError(f"the age of {job.target.name} {version} is not known")
            age = (self._terms.now - published).days
            if age < days:
                raise AttemptError(f"{job.target.name} {version} is only {age} days old")

    def _seen(self, document: str) -> Seen:
        """Check one document of the copy.

        Raises:
            AttemptError: It cannot be read, or not all of it.
        """
        path = self._work.root / document
        try:
            bill = check(Request(subject=str(path)), self._index, self._terms.now)
        except PratiqueError as error:
            raise AttemptError(f"{document} cannot be checked: {error.message}") from None
        for problem in bill.inventory.problems:
            if problem.trouble is Trouble.UNREADABLE:
                # What cannot be read would look as if it were gone.
                raise AttemptError(f"{document} cannot be read whole: {problem.message}")
        return seen(bill)


def seen(bill: BillOfHealth, document: str = "") -> Seen:
    """What a bill says of its documents, or of one of them."""
    versions: dict[tuple[str, str], set[str]] = defaultdict(set)
    subjects: dict[str, tuple[tuple[str, str], str]] = {}
    for part in bill.inventory.components:
        if document and part.ref.partition("#")[0] != document:
            continue
        place = (part.ecosystem, advisory_name(part.package))
        version = advisory_version(part.package)
        versions[place].add(version)
        subjects[str(part.package)] = (place, version)
    ids: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for finding in bill.findings:
        if finding.subject in subjects:
            place, version = subjects[finding.subject]
            ids[place][version].add(finding.id)
    return Seen(
        {place: frozenset(found) for place, found in versions.items()},
        {
            place: {version: frozenset(found) for version, found in each.items()}
            for place, each in ids.items()
        },
    )
