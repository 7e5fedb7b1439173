"""Tests of versions and dates: 6.1.14, 16 to 22, 30, 37, 45, 49, 51 to 53."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pratique.formats.csaf.mandatory.advisory import NEW, Advisory, mandatory, moment, rows
from pratique.formats.csaf.mandatory.versions import parse, sort_key
from pratique.formats.instants import parse_instant
from pratique.formats.shapes import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.csaf.mandatory.advisory import Finding

_HISTORY = "/document/tracking/revision_history"
_VERSION = "/document/tracking/version"


@mandatory("6.1.14", "Sorted revision history")
def sorted_history(advisory: Advisory) -> Iterator[Finding]:
    """Numbers ascend with the dates."""
    dated = sorted(advisory.history, key=lambda row: moment(row[1].get("date")))
    for (_, before), (path, after) in pairwise(dated):
        if moment(before.get("date")) == moment(after.get("date")):
            continue  # the same time in any order
        if sort_key(before.get("number")) > sort_key(after.get("number")):
            yield path, f"version {after.get('number')!r} follows {before.get('number')!r}"


@mandatory("6.1.16", "Latest document version")
def latest_version(advisory: Advisory) -> Iterator[Finding]:
    """The document's version is that of its newest revision."""
    if not advisory.history:
        return
    version = parse(advisory.tracking.get("version"))
    last = parse(advisory.history[-1][1].get("number"))
    if version is None or last is None:
        return
    same = version.core == last.core and version.semantic == last.semantic
    if advisory.status != "draft":
        same = same and version.pre == last.pre
    if not same:
        number = advisory.history[-1][1].get("number")
        yield _VERSION, f"{advisory.tracking.get('version')!r} is not the newest, {number!r}"


@mandatory("6.1.17", "Document status draft")
def draft_status(advisory: Advisory) -> Iterator[Finding]:
    """Version 0 and pre-releases are drafts."""
    version = parse(advisory.tracking.get("version"))
    if version and (version.initial or version.pre) and advisory.status != "draft":
        yield "/document/tracking/status", f"is {advisory.status!r} at an unreleased version"


@mandatory("6.1.18", "Released revision history")
def released_history(advisory: Advisory) -> Iterator[Finding]:
    """A released document lists no version 0."""
    for path, row in advisory.history if advisory.released else ():
        version = parse(row.get("number"))
        if version and version.initial:
            yield f"{path}/number", f"{row.get('number')!r} was never released"


@mandatory("6.1.19", "Revision history entries for pre-release versions")
def no_prerelease(advisory: Advisory) -> Iterator[Finding]:
    """The history lists no pre-release."""
    for path, row in advisory.history:
        version = parse(row.get("number"))
        if version and version.pre:
            yield f"{path}/number", f"{row.get('number')!r} is a pre-release"


@mandatory("6.1.20", "Non-draft document version")
def released_version(advisory: Advisory) -> Iterator[Finding]:
    """A released document has no pre-release version."""
    version = parse(advisory.tracking.get("version"))
    if version and version.pre and advisory.released:
        yield _VERSION, f"is a pre-release, but the document is {advisory.status}"


@mandatory("6.1.21", "Missing item in revision history")
def complete_history(advisory: Advisory) -> Iterator[Finding]:
    """The history starts at 0 or 1 and leaves no (major) number out."""
    numbers = [(path, parse(row.get("number"))) for path, row in advisory.history]
    known = [(path, one) for path, one in numbers if one is not None]
    if known and known[0][1].major not in {0, 1}:
        yield known[0][0], f"the history starts at {known[0][1].major}"
    for (_, before), (path, after) in pairwise(known):
        if after.major - before.major > 1:
            yield path, f"{after.major} follows {before.major}"


@mandatory("6.1.22", "Multiple definition in revision history")
def repeated_revision(advisory: Advisory) -> Iterator[Finding]:
    """A version is in the history once."""
    seen: set[object] = set()
    for path, row in rows(advisory.tracking.get("revision_history"), _HISTORY):
        number = row.get("number")
        if isinstance(number, str):
            if number in seen:
                yield f"{path}/number", f"{number!r} is in the history before"
            seen.add(number)


@mandatory("6.1.30", "Mixed integer and semantic versioning")
def mixed_versions(advisory: Advisory) -> Iterator[Finding]:
    """All versions of a document are of one kind."""
    values = [(_VERSION, advisory.tracking.get("version"))]
    values.extend((f"{path}/number", row.get("number")) for path, row in advisory.history)
    kinds = {one.semantic for _, value in values if (one := parse(value))}
    if len(kinds) > 1:
        yield _HISTORY, "mixes whole numbers with semantic versions"


_DATE = re.compile(
    r"\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?"
    r"(Z|[+-]([01]\d|2[0-3]):[0-5]\d)\Z"
)


def _dates(advisory: Advisory) -> Iterator[tuple[str, Any]]:
    tracking = advisory.tracking
    for key in ("current_release_date", "initial_release_date"):
        yield f"/document/tracking/{key}", tracking.get(key)
    yield "/document/tracking/generator/date", value_at(tracking, "generator", "date")
    for path, row in advisory.history:
        yield f"{path}/date", row.get("date")
    for path, one in advisory.vulnerabilities():
        for key in ("disclosure_date", "discovery_date", "release_date"):
            yield f"{path}/{key}", one.get(key)
        for key in ("flags", "involvements", "remediations", "threats"):
            for at, row in rows(one.get(key), f"{path}/{key}"):
                yield f"{at}/date", row.get("date")
        for at, row in _exploitations(path, one):
            for key in ("date", "exploitation_date"):
                yield f"{at}/{key}", row.get(key)
        for at, content in contents(path, one):
            for key in ("epss", "ssvc_v2"):
                yield f"{at}/{key}/timestamp", value_at(content, key, "timestamp")


def contents(path: str, vulnerability: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and object of the content of each metric (2.1)."""
    for at, row in rows(vulnerability.get("metrics"), f"{path}/metrics"):
        if isinstance(row.get("content"), dict):
            yield f"{at}/content", row["content"]


def _exploitations(
    path: str, vulnerability: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    key = "first_known_exploitation_dates"
    return rows(vulnerability.get(key), f"{path}/{key}")


@mandatory("6.1.37", "Date and time", NEW)
def date_and_time(advisory: Advisory) -> Iterator[Finding]:
    """Dates are those of RFC 3339, with upper-case letters and without leap seconds."""
    for path, value in _dates(advisory):
        if isinstance(value, str) and not (_DATE.match(value) and parse_instant(value)):
            yield path, f"{value[:40]!r} is no date and time"


def _late(advisory: Advisory, path: str, value: Any) -> Iterator[Finding]:
    found = parse_instant(value) if isinstance(value, str) else None
    if found and advisory.newest and found > advisory.newest:
        yield path, f"{value!r} is later than the newest revision"


@mandatory("6.1.45", "Inconsistent disclosure date", NEW)
def disclosure_date(advisory: Advisory) -> Iterator[Finding]:
    """What is public is disclosed."""
    if advisory.label == "CLEAR" and advisory.released:
        for path, one in advisory.vulnerabilities():
            yield from _late(advisory, f"{path}/disclosure_date", one.get("disclosure_date"))


def _metric_date(advisory: Advisory, key: str) -> Iterator[Finding]:
    for path, one in advisory.vulnerabilities() if advisory.released else ():
        for at, content in contents(path, one):
            yield from _late(advisory, f"{at}/{key}/timestamp", value_at(content, key, "timestamp"))


@mandatory("6.1.49", "Inconsistent SSVC timestamp", NEW)
def ssvc_date(advisory: Advisory) -> Iterator[Finding]:
    """A decision is not later than the document."""
    return _metric_date(advisory, "ssvc_v2")


@mandatory("6.1.51", "Inconsistent EPSS timestamp", NEW)
def epss_date(advisory: Advisory) -> Iterator[Finding]:
    """A prediction is not later than the document."""
    return _metric_date(advisory, "epss")


@mandatory("6.1.52", "Inconsistent first known exploitation dates", NEW)
def exploitation_dates(advisory: Advisory) -> Iterator[Finding]:
    """An exploitation is not later than the document."""
    for path, one in advisory.vulnerabilities() if advisory.released else ():
        for at, row in _exploitations(path, one):
            for key in ("date", "exploitation_date"):
                yield from _late(advisory, f"{at}/{key}", row.get(key))


@mandatory("6.1.53", "Inconsistent exploitation date", NEW)
def exploitation_order(advisory: Advisory) -> Iterator[Finding]:
    """An exploitation happens before it is known."""
    for path, one in advisory.vulnerabilities():
        for at, row in _exploitations(path, one):
            if "date" in row and moment(row.get("exploitation_date")) > moment(row["date"]):
                yield f"{at}/exploitation_date", "is later than the date it was known"


TESTS = (
    sorted_history,
    latest_version,
    draft_status,
    released_history,
    no_prerelease,
    released_version,
    complete_history,
    repeated_revision,
    mixed_versions,
    date_and_time,
    disclosure_date,
    ssvc_date,
    epss_date,
    exploitation_dates,
    exploitation_order,
)
