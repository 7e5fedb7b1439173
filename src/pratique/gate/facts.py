"""What is known of a version when it is asked for: from its index, advisories and lists."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.advisories.exploitation import open_exploitation
from pratique.gate import lookalike, planted
from pratique.gate.history import changes
from pratique.model.advisory import Query
from pratique.model.ecosystems import package_of
from pratique.model.errors import PratiqueError
from pratique.model.facts import Facts, Known, Unknown, VulnerabilityFact
from pratique.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pratique.advisories import Index
    from pratique.advisories.exploitation import Exploitation
    from pratique.gate.history import Change
    from pratique.gate.lists import Lists
    from pratique.gate.models import Project, Release
    from pratique.model.advisory import Answer, Match

STRONG = frozenset({"sha256", "sha384", "sha512", "blake2b", "sha3_256", "sha3_512"})
"""Digests that pin content; MD5 and SHA-1 have collisions."""

RENEW_SECONDS = 60.0
"""How often it is looked whether there are newer advisories or lists."""

_SILENT = Unknown("the index does not say")
_NO_NAMES = Unknown("no list of known names was given")
_OFFERED = Unknown("the index offers an attestation, which was not verified here")
_UNPROVEN = Unknown("no attestation that was verified here names one")
_NO_DIGEST = Unknown("the index gives no digest to compare with")


class Assessor:
    """Makes facts.

    Args:
        index: The advisories.
        lists: Reserved names, deny and allow list.
        renew: Opens the advisories and reads the lists again.
        exploitation: What is exploited; the user's own data by default.
    """

    def __init__(
        self,
        index: Index,
        lists: Lists,
        renew: Callable[[], tuple[Index, Lists]] | None = None,
        exploitation: Exploitation | None = None,
    ) -> None:
        self._renew = renew
        self._due = time.monotonic() + RENEW_SECONDS
        self.trouble = ""
        """Why the advisories and lists could not be renewed; the ones before are in use."""

        self.index = index
        self.lists = lists
        self._names: dict[str, lookalike.Known] = {}
        self._exploitation = exploitation or open_exploitation()
        self._lock = threading.Lock()

    def facts(self, project: Project, now: datetime) -> list[Facts]:
        """Facts of each release, in their order.

        Args:
            project: As its index lists it.
            now: To measure ages by, UTC.
        """
        queries = [
            Query(ecosystem=project.ecosystem, name=project.name, version=release.version)
            for release in project.releases
        ]
        with self._lock:  # an index is not for several threads at once
            self._renewed()
            answers = self.index.match(queries)
            age = Known(self.index.status(now, [project.ecosystem]).age_days)
            made = [[self._vulnerability(match) for match in one.matches] for one in answers]
        after = changes(project.releases)
        like = self._lookalike(project)
        partial = project.ecosystem in self.index.partial
        fixes = {version for one in answers for match in one.matches for version in match.fixed}
        return [
            msgspec.structs.replace(
                self._release(
                    project, release, answer, tuple(found), fixes, age, now, partial=partial
                ),
                lookalike=like,
                **_origin(release, after[release.key]),
            )
            for release, answer, found in zip(project.releases, answers, made, strict=True)
        ]

    def age_days(self, now: datetime) -> float:
        """How old the advisories are."""
        with self._lock:
            return self.index.status(now, []).age_days

    def _lookalike(self, project: Project) -> Known[bool] | Unknown:
        """Whether a name imitates another that the organisation knows."""
        known = self._names.get(project.ecosystem)
        if known is None:
            known = lookalike.Known(self.lists.known_names(project.ecosystem))
            self._names[project.ecosystem] = known
        return Known(bool(known.imitated(project.name))) if known else _NO_NAMES

    def _renewed(self) -> None:
        """Take up a new generation of the advisories, and changed lists."""
        if self._renew is None or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + RENEW_SECONDS
        try:
            index, lists = self._renew()
        except PratiqueError as error:
            self.trouble = error.message
            return
        self.trouble = ""
        self.lists = lists
        self._names = {}
        self._exploitation = open_exploitation()
        old, self.index = self.index, index
        old.close()

    def _release(
        self,
        project: Project,
        release: Release,
        answer: Answer,
        found: tuple[VulnerabilityFact, ...],
        fixes: set[str],
        age: Known[float],
        now: datetime,
        *,
        partial: bool,
    ) -> Facts:
        package = package_of(project.ecosystem, project.name, release.version)
        subject = str(package) if package is not None else ""
        malicious = any(record.malicious for match in answer.matches for record in match.advisories)
        malicious = malicious or planted.is_refused(project.name)
        doubt = answer.unknown.reason if answer.unknown else ""
        if partial and not doubt:
            doubt = f"only a part of the advisories for {project.ecosystem} is here"
        unlooked = Unknown(doubt)
        pinned = bool(release.files) and all(STRONG & file.digests.keys() for file in release.files)
        return Facts(
            subject=subject,
            ecosystem=Known(project.ecosystem),
            through_gate=Known(True),
            licenses=Known((release.license,)) if release.license else _SILENT,
            vulnerabilities=Known(found) if not doubt or found else unlooked,
            advisories_age_days=age,
            malicious=Known(malicious) if malicious or not doubt else unlooked,
            age_days=Known((now - release.published).total_seconds() / 86_400)
            if release.published is not None
            else _SILENT,
            security_fix=Known(release.version in fixes)
            if release.version in fixes or not doubt
            else unlooked,
            yanked=_told(release.yanked),
            deprecated=_told(release.deprecated),
            archived=_told(project.archived),
            install_scripts=_told(release.install_scripts),
            reserved_name=Known(self.lists.is_reserved(project.ecosystem, project.name)),
            deny_listed=Known(self.lists.denies(subject) or planted.is_refused(project.name)),
            allow_listed=Known(self.lists.allows(subject)),
            hashes_present=Known(pinned),
            # Nothing is given out that has not the digest: see ``depot``.
            hashes_match=Known(True) if pinned else _NO_DIGEST,
        )

    def _vulnerability(self, match: Match) -> VulnerabilityFact:
        first = match.advisories[0]
        ids = sorted({name for one in match.advisories for name in (one.id, *one.aliases)})
        malicious = any(record.malicious for record in match.advisories)
        rated = min(match.advisories, key=lambda record: record.severity.rank)
        severity = match.severity if match.rated_by else rated.severity
        scores = [record.score for record in match.advisories if record.score is not None]
        score = match.score if match.rated_by else max(scores, default=None)
        if malicious:
            severity = Severity.MALICIOUS
        likelihood = self._exploitation.likelihood(ids)
        return VulnerabilityFact(
            id=first.id,
            aliases=tuple(name for name in ids if name != first.id),
            severity=Unknown("nobody has rated it")
            if severity is Severity.UNKNOWN
            else Known(severity),
            cvss=Known(score) if score is not None else Unknown("nobody has scored it"),
            kev=Known(self._exploitation.exploited(ids) is not None),
            epss=Known(likelihood.score)
            if likelihood is not None
            else Unknown("EPSS has no score for it"),
            fixed=Known(bool(match.fixed)),
        )


def _origin(release: Release, change: Change) -> dict[str, Any]:
    """What is known of where a version comes from, and whether that is as before."""
    given: dict[str, Any] = {
        "provenance_lost": change.provenance_lost,
        "publisher_changed": change.publisher,
        "license_changed": change.license,
    }
    if release.attested is not None:
        given["provenance"] = _OFFERED if release.attested else Known("none")
    if release.provenance:
        given["provenance"] = Known(release.provenance)
    # What the index names without proof is compared with earlier versions, and no more.
    given["provenance_source"] = Known(release.source) if release.source else _UNPROVEN
    return given


def _told(value: bool | None) -> Known[bool] | Unknown:
    return Known(value) if value is not None else _SILENT
