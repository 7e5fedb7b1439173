"""The one shape in which every room says that something needs attention."""

from __future__ import annotations

import msgspec

from pratique.model.evidence import Evidence
from pratique.model.inventory import Location
from pratique.model.severity import Severity


class Reference(msgspec.Struct, frozen=True, order=True):
    """A page to read."""

    url: str
    title: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that needs attention.

    Console, SARIF, HTML and web pages are drawn from this alone.
    """

    rule: str
    """Id of the rule, as ``pratique explain`` knows it: ``vulnerable-package``."""

    id: str
    """The name people use for it: an advisory id, a check's name."""

    aliases: tuple[str, ...] = ()
    """Further ids of the same thing, sorted."""

    fingerprint: str
    """Stable across runs and line moves; hexadecimal, 32 digits."""

    subject: str
    """Package URL (or other canonical text) of what it is about."""

    severity: Severity
    score: float | None = None
    """CVSS base score between 0.0 and 10.0; ``None`` where nobody has scored it."""

    vector: str = ""
    """CVSS vector that gave the score."""

    exploited: str = ""
    """Since when it is known to be exploited (``YYYY-MM-DD``, CISA's KEV catalogue);
    empty where the catalogue does not have it."""

    epss: float | None = None
    """Probability of exploitation within thirty days (FIRST's EPSS), between 0.0 and
    1.0; ``None`` where no score is here."""

    title: str
    """One line: what is wrong."""

    reasons: tuple[str, ...] = ()
    """Why it is ranked and reported as it is, a line each."""

    remedy: str
    """What to do, in one line."""

    fixed: tuple[str, ...] = ()
    """Versions that are not affected, lowest first."""

    paths: tuple[tuple[str, ...], ...] = ()
    """How the subject came in: names from the project down, shortest first."""

    locations: tuple[Location, ...] = ()
    references: tuple[Reference, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    status: str = "open"
    """``open``, or what a waiver or a VEX statement made of it."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind of finding means; ``pratique explain RULE`` prints it."""

    id: str
    title: str
    """A noun phrase of at most 60 characters."""

    motivation: str
    """Why it matters, a paragraph."""

    remedy: str
    """What to do in general, a paragraph."""

    severity: Severity
    """Severity where the finding itself has none."""

    references: tuple[Reference, ...] = ()
