"""An OSV record as read: the fields that matching and reporting need.

Source: OSV schema 1.7.5.  ``details``, ``credits`` and the ``*_specific``
fields are not kept, but for the severity word that some databases put there.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class Event(msgspec.Struct, frozen=True, array_like=True):
    """One event of a range (schema, ``affected[].ranges[].events``)."""

    kind: str
    """``introduced``, ``fixed``, ``last_affected`` or ``limit``."""

    value: str
    """A version, a commit, or ``0`` (before everything) where it is introduced."""


class Range(msgspec.Struct, frozen=True, array_like=True):
    """Affected versions between events (schema, ``affected[].ranges[]``)."""

    type: str
    """``SEMVER``, ``ECOSYSTEM`` or ``GIT``."""

    events: tuple[Event, ...]
    """In the order written."""

    repo: str = ""


class OsvSeverity(msgspec.Struct, frozen=True, array_like=True):
    """One rating (schema, ``severity[]``)."""

    type: str
    """``CVSS_V2``, ``CVSS_V3``, ``CVSS_V4`` or ``Ubuntu``."""

    score: str
    """CVSS vector, or Ubuntu's priority."""


class OsvReference(msgspec.Struct, frozen=True, array_like=True):
    """A page about the vulnerability (schema, ``references[]``)."""

    type: str
    url: str


class Affected(msgspec.Struct, frozen=True, array_like=True):
    """One package and its affected versions (schema, ``affected[]``)."""

    ecosystem: str
    """With its suffix, under the schema's present name; empty where the entry
    names no package."""

    name: str
    """As written."""

    ranges: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()
    severity: tuple[OsvSeverity, ...] = ()
    rating: str = ""
    """Severity word of ``ecosystem_specific`` or ``database_specific``, as written."""

    unreadable: bool = False
    """A range or the list of versions was given, but could not be read."""


class OsvRecord(msgspec.Struct, frozen=True, array_like=True):
    """One advisory of an OSV database."""

    id: str
    """Empty where the record has none; such a record cannot be indexed."""

    modified: datetime | None = None
    published: datetime | None = None
    withdrawn: datetime | None = None
    aliases: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    summary: str = ""
    severity: tuple[OsvSeverity, ...] = ()
    rating: str = ""
    """Severity word of ``database_specific`` (GitHub's ``MODERATE``), as written."""

    references: tuple[OsvReference, ...] = ()
    affected: tuple[Affected, ...] = ()
