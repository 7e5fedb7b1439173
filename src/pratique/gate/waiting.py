"""What is held back: in quarantine until a day, or until somebody approves it.

It is made from the entries of the log, so that it is the same after a restart,
and for whoever reads the log beside a running gate.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.gate.approvals import is_of
from pratique.model.decision import Effect, Verdict
from pratique.model.ecosystems import ecosystem_of, package_of
from pratique.model.errors import InputError
from pratique.model.facts import Known
from pratique.model.purl import Package
from pratique.policy.waivers import covers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pratique.model.decision import Circumstances, Decision
    from pratique.model.facts import Facts
    from pratique.policy.evaluate import Program

HELD = frozenset({Verdict.QUARANTINE, Verdict.REQUIRE_APPROVAL})
MAX_HELD = 200_000
"""Versions that are listed; each some 400 bytes.  Beyond them the oldest are left out."""

MAX_REQUESTERS = 50
"""Who asked for one package, as far as it is remembered."""

MAX_DAYS = 3650.0
"""A quarantine that ends later has no end that is worth saying."""

STEPS = 26
"""Halvings by which the end is found: ten years to within five seconds."""

_SILENT = frozenset({"served", "stored"})


class Held(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version that is held back."""

    subject: str
    """Package URL."""

    ecosystem: str
    package: str
    version: str
    """With the day of files that were added later."""

    verdict: Verdict
    rules: tuple[str, ...]
    """That hold it back, the gravest first."""

    reason: str
    until: datetime | None = None
    """When the quarantine ends by itself; not where something else must happen."""

    team: str = ""
    environment: str = ""
    since: datetime
    requesters: tuple[str, ...] = ()


class Hold(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the log says of a version that is held back, beside its reason."""

    verdict: Verdict
    rules: tuple[str, ...]
    until: datetime | None = None


_Key = tuple[str, str, str, str, str]


class Waiting:
    """What is held back at the moment."""

    def __init__(self) -> None:
        self._held: dict[_Key, dict[str, Held]] = {}
        self._count = 0
        self._requesters: dict[tuple[str, str], dict[str, None]] = {}
        self._rejected: dict[tuple[str, str], str] = {}

    def see(self, entry: dict[str, Any]) -> None:
        """Take up an entry of the log."""
        kind = entry["kind"]
        if kind == "index":
            self._index(entry)
        elif kind == "refused" and entry["verdict"] in HELD:
            self._refused(msgspec.to_builtins(entry))
        elif kind in _SILENT and self._held:
            self._served(str(entry.get("subject", "")), entry)
        elif kind == "requested":
            self._asked(str(entry["ecosystem"]), str(entry["package"]), str(entry.get("user", "")))
        elif kind == "rejected":
            self._rejected[str(entry["subject"]), str(entry["rule"])] = str(entry["by"])
        elif kind == "approved":
            given = entry["approval"]
            self._rejected.pop((str(given["subject"]), str(given["rule"])), None)

    def every(self, now: datetime, *verdicts: Verdict) -> list[Held]:
        """What is held back for one of these verdicts, the newest first.

        Args:
            now: A quarantine that has ended is left out, asked for again or not.
            *verdicts: Of them.
        """
        found = [
            one
            for versions in list(self._held.values())
            for one in versions.values()
            if one.verdict in verdicts and (one.until is None or now < one.until)
        ]
        found = [
            msgspec.structs.replace(one, requesters=self.requesters(one.ecosystem, one.package))
            for one in found
        ]
        return sorted(found, key=lambda one: one.since, reverse=True)

    def pending(self, now: datetime) -> list[Held]:
        """What waits for an approval and was not rejected."""
        return [
            one
            for one in self.every(now, Verdict.REQUIRE_APPROVAL)
            if not any(self.rejected(one.subject, rule) for rule in one.rules)
        ]

    def count(self, now: datetime, verdict: Verdict) -> int:
        """How many are held back for one verdict."""
        return sum(
            one.verdict is verdict and (one.until is None or now < one.until)
            for versions in list(self._held.values())
            for one in versions.values()
        )

    def requesters(self, ecosystem: str, package: str) -> tuple[str, ...]:
        """Who asked for a package of which something was held back, by name."""
        return tuple(self._requesters.get((ecosystem, package), ()))

    def requesters_of(self, subject: str) -> tuple[str, ...]:
        """Who asked for any package that a pattern covers, by name."""
        found: dict[str, None] = {}
        for (ecosystem, package), users in list(self._requesters.items()):
            if users and self.covers(subject, str(package_of(ecosystem, package) or "")):
                found |= users
        return tuple(found)

    @staticmethod
    def covers(subject: str, purl: str) -> bool:
        """Whether a pattern covers a package URL, or its package where the URL has no version."""
        return is_of(subject, purl)

    def rejected(self, subject: str, rule: str) -> str:
        """Who rejected it; empty where nobody did."""
        for (pattern, named), who in list(self._rejected.items()):
            if named == rule and covers(pattern, subject):
                return who
        return ""

    def _asked(self, ecosystem: str, package: str, user: str) -> None:
        known = self._requesters.setdefault((ecosystem, package), {})
        if user and len(known) < MAX_REQUESTERS:
            known[user] = None

    def _index(self, entry: dict[str, Any]) -> None:
        ecosystem, package = str(entry["ecosystem"]), str(entry["package"])
        part = str(entry.get("part", ""))
        where = str(entry.get("team", "")), str(entry.get("environment", ""))
        found: dict[str, Held] = {}
        for version, given in (entry.get("held") or {}).items():
            hold = msgspec.convert(given, Hold, strict=False)
            purl = package_of(ecosystem, package, version.partition(" ")[0])
            found[version] = Held(
                subject=str(purl or ""),
                ecosystem=ecosystem,
                package=package,
                version=version,
                verdict=hold.verdict,
                rules=hold.rules,
                reason=str(entry["refused"].get(version, "")),
                until=hold.until,
                team=where[0],
                environment=where[1],
                since=msgspec.convert(entry["at"], datetime),
            )
        self._put((ecosystem, package, part, *where), found)

    def _put(self, key: _Key, found: dict[str, Held]) -> None:
        self._count -= len(self._held.pop(key, ()))
        if found:
            self._held[key] = found
            self._count += len(found)
        while self._count > MAX_HELD and len(self._held) > 1:
            self._count -= len(self._held.pop(next(iter(self._held))))

    def _refused(self, entry: dict[str, Any]) -> None:
        """A version that no index was asked for: Maven's, and Go's between two tags."""
        try:
            purl = Package.parse(str(entry["subject"]))
        except InputError:
            return
        ecosystem = ecosystem_of(purl)
        full = purl.full_name.replace("/", ":") if purl.type == "maven" else purl.full_name
        self._asked(ecosystem, full, str(entry.get("user", "")))
        team, environment = str(entry.get("team", "")), str(entry.get("environment", ""))
        for key in ((ecosystem, full, "", team, environment), (ecosystem, full, "", "", "")):
            if any(one.subject == str(purl) for one in self._held.get(key, {}).values()):
                return
        key = ecosystem, full, f"@{purl.version}", team, environment
        effects = [one for one in entry["reasons"] if not one.get("waivers")]
        one = Held(
            subject=str(purl),
            ecosystem=ecosystem,
            package=full,
            version=purl.version,
            verdict=Verdict(entry["verdict"]),
            rules=tuple(one["rule"] for one in effects if _holds(one["effect"])),
            reason=str(entry["why"]),
            until=msgspec.convert(entry["until"], datetime) if entry.get("until") else None,
            team=team,
            environment=environment,
            since=msgspec.convert(entry["at"], datetime),
        )
        self._put(key, {purl.version: one})

    def _served(self, subject: str, entry: dict[str, Any]) -> None:
        try:
            purl = Package.parse(subject)
        except InputError:
            return
        ecosystem = ecosystem_of(purl)
        full = purl.full_name.replace("/", ":") if purl.type == "maven" else purl.full_name
        where = str(entry.get("team", "")), str(entry.get("environment", ""))
        self._put((ecosystem, full, f"@{purl.version}", *where), {})


def _holds(effect: str) -> bool:
    return Effect(effect).verdict is not Verdict.ADMIT


def hold(decision: Decision, facts: Facts | None, program: Program, now: datetime) -> Hold:
    """What the log says of a decision that holds a version back."""
    reasons = [
        one
        for one in decision.reasons
        if not one.waivers and one.effect.verdict is not Verdict.ADMIT
    ]
    until = None
    if decision.verdict is Verdict.QUARANTINE and facts is not None:
        until = ends(reasons_of(reasons), facts, program, decision.circumstances, now)
    return Hold(verdict=decision.verdict, rules=tuple(one.rule for one in reasons), until=until)


def reasons_of(reasons: Iterable[Any]) -> frozenset[str]:
    """The rules that a quarantine is of."""
    return frozenset(one.rule for one in reasons if one.effect is Effect.QUARANTINE)


def ends(
    rules: frozenset[str],
    facts: Facts,
    program: Program,
    where: Circumstances,
    now: datetime,
) -> datetime | None:
    """When rules no longer hold a version back if nothing changes but its age.

    A policy's expression may say anything of an age; it is asked with others
    until the youngest is found at which all is well.

    Args:
        rules: Ids.
        facts: Of the version, as they are now.
        program: The policy's.
        where: For whom.
        now: When these are its facts.
    """
    from datetime import timedelta

    if not isinstance(facts.age_days, Known):
        return None
    age = facts.age_days.value

    def held(days: float) -> bool:
        older = msgspec.structs.replace(facts, age_days=Known(days))
        return any(one.rule in rules for one in program.reasons(older, where))

    low, high = age, MAX_DAYS
    if held(high):
        return None
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if held(middle) else (low, middle)
    return (now + timedelta(days=high - age)).replace(microsecond=0)


def fields_of(holds: Mapping[str, Hold]) -> dict[str, Any]:
    """As an entry of the log has them; nothing where nothing is held back."""
    return {"held": msgspec.to_builtins(dict(holds))} if holds else {}
