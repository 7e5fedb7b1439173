"""Approvals: what somebody lets in that policy holds back, until a day.

They are waivers of policy's own engine, which the gate makes from its log: an
entry ``approved`` says what, ``revoked`` takes it back.  There is no other
file of them, so that none can be added without a trace.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.gate.text import one_line
from pratique.model.ecosystems import ecosystem_of, package_of
from pratique.model.errors import InputError, UsageError
from pratique.model.purl import Package
from pratique.policy.waivers import Waiver, check_pattern, covers
from pratique.versions import VersionError, ordering

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.gate.models import Project, Release
    from pratique.versions import Ordering

MAX_DAYS = 366
"""Longest that an approval may hold: after a year somebody looks again."""

MAX_APPROVALS = 50_000
"""Approvals that hold at one moment."""

MAX_TEXT = 1_000
MAX_DIGESTS = 500
"""Digests of one approval: the files of one version."""

_RULE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,199}\Z")
_DIGEST = re.compile(r"sha(?:256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})\Z")
_BOUND = re.compile(r"(<=|>=|<|>|=)?\s*([^\s<>=,|]{1,100})\Z")


class Approval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was approved, by whom, for how long."""

    id: str
    subject: str
    """Package URL; ``*`` stands for any characters but ``/``."""

    versions: str = ""
    """Bounds that a version must keep, all of them: ``>=1.0, <2``."""

    digests: tuple[str, ...] = ()
    """``sha256:hex``: holds only where every file of the version has one of them."""

    rule: str
    reason: str
    owner: str
    approver: str
    expires: datetime
    above: bool = False
    """Whether an administrator gave it: it then also sets aside what denies."""

    at: datetime
    revoked: str = ""
    """Who took it back; empty where nobody did."""

    def holds(self, now: datetime) -> bool:
        """Whether it has not expired and was not taken back."""
        return not self.revoked and now < self.expires

    @property
    def bare(self) -> str:
        """The subject without its version."""
        return str(msgspec.structs.replace(Package.parse(self.subject), version=""))

    def waiver(self, subject: str) -> Waiver:
        """The waiver that it is for one version."""
        return Waiver(
            id=self.id,
            subject=subject,
            rule=self.rule,
            owner=self.owner,
            reason=self.reason,
            expires=self.expires,
            approver=self.approver,
        )


class Given(msgspec.Struct, frozen=True):
    """What was approved of one version."""

    waivers: tuple[Waiver, ...]
    above: frozenset[str]
    """Ids of those that an administrator gave for what denies too."""


class Wish(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """An approval as somebody wants to give it."""

    subject: str
    rule: str
    reason: str
    owner: str
    expires: datetime
    versions: str = ""
    digests: tuple[str, ...] = ()
    above: bool = False


class Approvals:
    """Those that there are, taken from the entries of the log."""

    def __init__(self) -> None:
        self._known: dict[str, Approval] = {}
        self._active: tuple[Approval, ...] = ()
        self.generation = 0
        """Changes whenever one was given or taken back."""

    def see(self, entry: dict[str, Any]) -> None:
        """Take up an entry of the log."""
        if entry["kind"] == "approved":
            one = msgspec.convert(entry["approval"], Approval)
            self._known[one.id] = one
        elif entry["kind"] == "revoked":
            known = self._known.get(str(entry["approval"]))
            if known is None:
                return
            self._known[known.id] = msgspec.structs.replace(known, revoked=str(entry["by"]))
        else:
            return
        self._active = tuple(one for one in self._known.values() if not one.revoked)
        self.generation += 1

    def every(self) -> list[Approval]:
        """All that were ever given, the oldest first."""
        return list(self._known.values())

    def get(self, id_: str) -> Approval | None:
        """One by its id."""
        return self._known.get(id_)

    def holding(self, now: datetime) -> int:
        """How many hold."""
        return sum(one.holds(now) for one in self._active)

    def waivers(self, project: Project, now: datetime) -> dict[str, Given]:
        """What was approved of the versions of a project, by the keys of those with anything.

        Args:
            project: Whose releases are decided on.
            now: To expire by.
        """
        package = package_of(project.ecosystem, project.name) if self._active else None
        if package is None:
            return {}
        near = [one for one in self._active if one.holds(now) and covers(one.bare, str(package))]
        found = {}
        for release in project.releases if near else ():
            subject = str(package_of(project.ecosystem, project.name, release.version) or "")
            mine = [one for one in near if _meets(one, subject, project, release)]
            if mine:
                found[release.key] = Given(
                    tuple(one.waiver(subject) for one in mine),
                    frozenset(one.id for one in mine if one.above),
                )
        return found


def _meets(one: Approval, subject: str, project: Project, release: Release) -> bool:
    if not subject or not covers(one.subject, subject):
        return False
    if one.versions and not within(project.ecosystem, release.version, one.versions):
        return False
    if not one.digests:
        # Who takes an account over may add a file to a version that was approved before.
        return not release.late or release.late < one.at.date().isoformat()
    wanted = frozenset(one.digests)
    return bool(release.files) and all(
        any(f"{method}:{digest}" in wanted for method, digest in file.digests.items())
        for file in release.files
    )


def within(ecosystem: str, version: str, bounds: str) -> bool:
    """Whether a version keeps all bounds, in its ecosystem's order; a text without one does not."""
    try:
        order = _order(ecosystem)
        for operator, bound in _bounds(bounds):
            found = order.compare(version, bound)
            if not _KEEPS[operator](found):
                return False
    except (VersionError, UsageError):
        return False
    return True


def _order(ecosystem: str) -> Ordering:
    found = ordering(ecosystem)
    if found is None:
        raise UsageError(f"versions of {ecosystem} have no order, and so no ranges.")
    return found


_KEEPS = {
    "<": lambda found: found < 0,
    "<=": lambda found: found <= 0,
    ">": lambda found: found > 0,
    ">=": lambda found: found >= 0,
    "=": lambda found: found == 0,
}


def _bounds(text: str) -> list[tuple[str, str]]:
    found = []
    for part in text.split(","):
        match = _BOUND.match(part.strip())
        if match is None:
            raise UsageError(f"{text[:80]!r} is no range of versions.", remedy="Write '>=1.0, <2'.")
        found.append((match[1] or "=", match[2]))
    return found


def checked(wish: Wish, now: datetime) -> Wish:
    """A wish that an approval can be made of.

    Args:
        wish: As it was given.
        now: The expiry must be later.

    Raises:
        UsageError: Something of it is wrong; what, and what to write instead.
    """
    why = check_pattern(wish.subject)
    if why:
        raise UsageError(
            f"subject: {why}.", remedy="Write pkg:type/namespace/name@version; '*' is any text."
        )
    package = Package.parse(wish.subject)
    if not ecosystem_of(package):
        raise UsageError(f"subject: the gate serves no packages of type {package.type!r}.")
    if wish.versions:
        if package.version:
            raise UsageError("a subject with a version needs no range of versions.")
        order = _order(ecosystem_of(package))
        for _, bound in _bounds(wish.versions):
            try:
                order.key(bound)
            except VersionError:
                raise UsageError(f"{bound!r} is no version of {ecosystem_of(package)}.") from None
    if not _RULE.match(wish.rule):
        raise UsageError(f"{wish.rule[:80]!r} is not the id of a rule or an advisory.")
    for what, text in (("reason", wish.reason), ("owner", wish.owner)):
        if not text.strip() or len(text) > MAX_TEXT or not text.isprintable():
            raise UsageError(f"the {what} is missing, too long, or more than one line.")
    if len(wish.digests) > MAX_DIGESTS or not all(map(_DIGEST.match, wish.digests)):
        raise UsageError("a digest is not like sha256:… in lower case.")
    if wish.expires <= now:
        raise UsageError(f"{wish.expires:%Y-%m-%d %H:%M} has passed.")
    if wish.expires > now + timedelta(days=MAX_DAYS):
        raise UsageError(
            f"{wish.expires:%Y-%m-%d} is more than {MAX_DAYS} days away.",
            remedy="Approve it for less; it can be approved again.",
        )
    return wish


def four_eyes(approver: str, owner: str, requesters: Iterable[str]) -> None:
    """Let an approver pass who is somebody else than who asked and who answers for it.

    Raises:
        UsageError: It is the same one.
    """
    if not approver.strip() or len(approver) > MAX_TEXT or not approver.isprintable():
        raise UsageError("an approval has an approver, by name.")
    if _same(approver, owner):
        raise UsageError("owner and approver are the same.", remedy="Have another person approve.")
    if any(_same(approver, one) for one in requesters):
        raise UsageError(
            f"{one_line(approver)} asked for it, and cannot approve it too.",
            remedy="Have another person approve it.",
        )


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def is_of(subject: str, purl: str) -> bool:
    """Whether a pattern covers a package URL, or its package where the URL has no version."""
    try:
        package = Package.parse(purl)
        pattern = Package.parse(subject)
    except InputError:
        return False
    if package.version:
        return covers(subject, purl)
    return covers(str(msgspec.structs.replace(pattern, version="")), purl)
