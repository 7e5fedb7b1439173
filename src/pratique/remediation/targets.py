"""Which version to move to: the fewest different ones, each as near as can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.remediation.dialects import dialect, numbers, step_between
from pratique.remediation.models import Step
from pratique.versions import VersionError, ordering

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pratique.remediation.advice import Advisor, Verdict

ROUNDS = 6
"""How often fixes of fixes are looked up: short chains, as fixed versions get advisories."""

MAX_CANDIDATES = 400
"""Most versions weighed for one package; one advisory names a few."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What a target may be."""

    majors: int | None = None
    """Most major versions that an upgrade may cross; ``None`` for any number."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Targets of one version, all equally good, lowest first."""

    before: str
    targets: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()
    """Versions that fix less, the best first, for each gain the lowest that has it."""

    reason: str = ""
    """Why there is none."""


class Chooser:
    """Chooses targets for the versions of one package.

    Args:
        ecosystem: OSV ecosystem.
        name: As advisories write it.
        advisor: Knows the advisories.
        policy: What a target may be.
    """

    def __init__(self, ecosystem: str, name: str, advisor: Advisor, policy: Policy) -> None:
        self._place = (ecosystem, name)
        self._advisor = advisor
        self._policy = policy
        self._order = ordering(ecosystem)

    def candidates(self, versions: Iterable[str], observed: Iterable[str]) -> list[str]:
        """Versions that may be worth moving to, lowest first.

        Args:
            versions: The ones in use that are affected.
            observed: Others of the package that are in use.
        """
        found = {one for one in observed if self.key(one)}
        asked: set[str] = set()
        new = set(versions)
        for _ in range(ROUNDS):
            self._advisor.ask((*self._place, one) for one in new)
            asked |= new
            fixes = {
                fix for one in new for match in self._verdict(one).matches for fix in match.fixed
            }
            found |= fixes
            new = fixes - asked
            if not new or len(found) > MAX_CANDIDATES:
                break
        return sorted(found, key=self.key)[:MAX_CANDIDATES]

    def key(self, version: str) -> bytes:
        """Sorting key; empty for what cannot be ordered."""
        try:
            return self._order.key(version) if self._order else b""
        except VersionError:
            return b""

    def choice(self, before: str, wanted: frozenset[str], candidates: Sequence[str]) -> Choice:
        """The best targets of one version.

        Args:
            before: The version in use.
            wanted: Ids that are to be fixed.
            candidates: From :meth:`candidates`.
        """
        own = self._verdict(before).ids
        later = [one for one in candidates if self.key(one) > self.key(before) != b""]
        self._advisor.ask((*self._place, one) for one in later)
        good: list[tuple[int, str]] = []
        reasons: list[str] = []
        for version in later:
            verdict = self._verdict(version)
            if reason := self._objection(before, version, verdict, own, wanted):
                reasons.append(f"{version} {reason}")
            else:
                good.append((len(verdict.ids & wanted) * 1000 + len(verdict.ids), version))
        if not good:
            known = "; ".join(dict.fromkeys(reasons[:3]))
            return Choice(before=before, reason=known or "no fixed version is known")
        best = min(count for count, _ in good)
        targets = [version for count, version in good if count == best]
        lesser = {count: version for count, version in reversed(good) if count != best}
        near = [one for one in targets if step_between(before, one) is not Step.MAJOR]
        chosen = self._released(before, near or targets)
        return Choice(
            before=before,
            targets=tuple(chosen),
            fallbacks=tuple(lesser[count] for count in sorted(lesser)),
        )

    def _released(self, before: str, targets: list[str]) -> list[str]:
        """Without prereleases, where there is a release or none was in use before."""
        spoken = dialect(self._place[0])
        if spoken is None or spoken.prerelease(before):
            return targets
        return [one for one in targets if not spoken.prerelease(one)] or targets

    def _verdict(self, version: str) -> Verdict:
        return self._advisor.of(*self._place, version)

    def _objection(
        self,
        before: str,
        version: str,
        verdict: Verdict,
        own: frozenset[str],
        wanted: frozenset[str],
    ) -> str:
        """Why a version is no target; empty where it is one."""
        if verdict.malicious:
            return "was published as an attack"
        if verdict.unknown:
            return f"cannot be looked up ({verdict.unknown})"
        if new := verdict.ids - own:
            return f"would bring in {', '.join(sorted(new)[:3])}"
        if wanted <= verdict.ids:
            return "has the same vulnerabilities"
        majors = self._policy.majors
        if majors is not None and _majors(before, version) > majors:
            return (
                f"is more than {majors} major versions away"
                if majors
                else "is another major version"
            )
        return ""


def _majors(before: str, after: str) -> int:
    left, right = numbers(before)[0], numbers(after)[0]
    if not left or not right or left[0] != right[0]:
        return 1_000
    return abs(right[1] - left[1])


def fewest(choices: Sequence[Choice], chooser: Chooser) -> dict[str, str]:
    """One target for each version, with as few different targets as possible.

    The targets of a version are the ones between its lowest and its highest that
    are clean.  Going by the lowest of the highest, whatever can take that one
    takes it (the least number of points that meet all intervals); each group
    then settles for the lowest version that all of it can take.

    Returns:
        Target by version in use; without those that have none.
    """
    left = sorted(
        (one for one in choices if one.targets),
        key=lambda one: (chooser.key(one.targets[-1]), chooser.key(one.before)),
    )
    found: dict[str, str] = {}
    while left:
        point = left[0].targets[-1]
        group = [one for one in left if point in one.targets]
        common = set(group[0].targets).intersection(*(one.targets for one in group))
        lowest = min(common, key=chooser.key)
        found.update({one.before: lowest for one in group})
        left = [one for one in left if point not in one.targets]
    return found
