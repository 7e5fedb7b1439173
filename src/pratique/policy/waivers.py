"""Waivers: what somebody answers for until a day, and what they then set aside.

A waiver names a rule, or an advisory by its id or an alias.  One for a rule
sets aside that rule's reason; one for an advisory takes the vulnerability out
of the facts, so that severity, score and the rest are judged without it.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import InputError
from pratique.model.purl import Package

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_PATTERN = 1_000
"""Characters of a waiver's subject."""

MAX_STARS = 8
"""Stars in one pattern: each is a loop of the search."""


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """A waiver; every field is mandatory."""

    id: str
    subject: str
    """Package URL; ``*`` stands for any characters but ``/``, and one without a
    version covers every version."""

    rule: str
    """Id of a rule, or id or alias of an advisory."""

    owner: str
    """Who answers for it."""

    reason: str
    expires: datetime
    """UTC; it holds until then."""

    approver: str

    def expired(self, now: datetime) -> bool:
        """Whether it no longer holds."""
        return now >= self.expires


class Place(msgspec.Struct, frozen=True):
    """Where a waiver is written."""

    path: str
    line: int


class IncompleteWaiver(msgspec.Struct, frozen=True, kw_only=True):
    """Something like a waiver that lacks what makes it one.  It sets nothing aside."""

    subject: str
    rule: str
    missing: tuple[str, ...]
    """Names of the fields that it lacks."""

    reason: str = ""
    expires: datetime | None = None
    place: Place


class Waivers(msgspec.Struct, frozen=True, kw_only=True):
    """The waivers of an organisation, as they were read."""

    waivers: tuple[Waiver, ...] = ()
    incomplete: tuple[IncompleteWaiver, ...] = ()
    places: dict[str, Place] = {}
    """Place of each waiver, by its id."""

    notes: tuple[str, ...] = ()
    """What was read and is no waiver, a line each, with its place."""

    def __bool__(self) -> bool:
        return bool(self.waivers)

    def covering(self, subject: str, now: datetime) -> tuple[Waiver, ...]:
        """The waivers for a package URL that have not expired, in their order."""
        try:
            package = Package.parse(subject)
        except InputError:
            return ()
        return tuple(
            one for one in self.waivers if not one.expired(now) and _covers(one.subject, package)
        )

    def joined(self, others: Iterable[Waivers]) -> Waivers:
        """These and others; of two with one id the first is kept."""
        every = (self, *others)
        merged = {one.id: one for part in reversed(every) for one in reversed(part.waivers)}
        ids = dict.fromkeys(one.id for part in every for one in part.waivers)
        places = {id: place for part in reversed(every) for id, place in part.places.items()}
        return Waivers(
            waivers=tuple(merged[id] for id in ids),
            incomplete=tuple(one for part in every for one in part.incomplete),
            places=places,
            notes=tuple(note for part in every for note in part.notes),
        )


def covers(pattern: str, subject: str) -> bool:
    """Whether a waiver's subject covers a package URL.

    Args:
        pattern: As :func:`check_pattern` accepts it.
        subject: Package URL; text that is none is covered by nothing.
    """
    try:
        return _covers(pattern, Package.parse(subject))
    except InputError:
        return False


def _covers(pattern: str, package: Package) -> bool:
    parts = _compiled(pattern)
    if parts is None or parts[0] != package.type:
        return False
    _, namespace, name, version = parts
    return bool(
        namespace.fullmatch(package.namespace)
        and name.fullmatch(package.name)
        and (version is None or version.fullmatch(package.version))
    )


def check_pattern(pattern: str) -> str:
    """Why a waiver's subject is refused, or empty where it is fine."""
    if len(pattern) > MAX_PATTERN:
        return f"has {len(pattern):,} characters, over the limit of {MAX_PATTERN:,}"
    if pattern.count("*") > MAX_STARS:
        return f"has over {MAX_STARS} stars"
    try:
        package = Package.parse(pattern)
    except InputError as error:
        return error.message
    if not re.sub(r"[*/]", "", f"{package.namespace}{package.name}"):
        return "covers every package of a type: name a package or a namespace"
    if package.qualifiers or package.subpath:
        return "has qualifiers or a subpath, which are not compared"
    return ""


_Patterns = tuple[str, re.Pattern[str], re.Pattern[str], re.Pattern[str] | None]


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> _Patterns | None:
    if check_pattern(pattern):
        return None
    package = Package.parse(pattern)
    version = _expression(package.version) if package.version else None
    return package.type, _expression(package.namespace), _expression(package.name), version


def _expression(text: str) -> re.Pattern[str]:
    """A pattern of which only ``*`` has a meaning; possessive, so that it cannot blow up."""
    first, *rest = (re.escape(part) for part in re.split(r"\*+", text))
    # Each part is found at its first place after the one before; only the last must be at the end.
    body = "".join(f"(?>[^/]*?{part})" for part in rest[:-1])
    return re.compile(first + body + (f"[^/]*{rest[-1]}" if rest else ""))


def select(waivers: Sequence[Waiver], rule: str) -> Waiver | None:
    """The first waiver for a rule."""
    return next((one for one in waivers if one.rule == rule), None)
