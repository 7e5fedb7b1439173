"""An OSV record as JSON that the schema accepts, whatever was wrong with it when it was read.

Source: OSV schema 1.7.5.  What the facts hold is written from them; texts,
credits and ``*_specific`` objects are taken from the original where it is there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pratique.formats.osv.severity import base_score
from pratique.model.ecosystems import package_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from pratique.formats.osv.records import Affected, OsvRecord, OsvSeverity, Range

SCHEMA_VERSION = "1.7.5"
"""Written where a record does not say which it follows."""

REFERENCE_TYPES = frozenset(
    {"ADVISORY", "ARTICLE", "DETECTION", "DISCUSSION", "REPORT", "FIX", "INTRODUCED", "GIT",
     "PACKAGE", "EVIDENCE", "WEB"}
)  # fmt: skip
"""Schema, ``references[].type``."""

CREDIT_TYPES = frozenset(
    {"FINDER", "REPORTER", "ANALYST", "COORDINATOR", "REMEDIATION_DEVELOPER",
     "REMEDIATION_REVIEWER", "REMEDIATION_VERIFIER", "TOOL", "SPONSOR", "OTHER"}
)  # fmt: skip
"""Schema, ``credits[].type``."""

UBUNTU_WORDS = frozenset({"negligible", "low", "medium", "high", "critical"})
"""Schema, ``severity[].score`` of type ``Ubuntu``."""

_URL = ":/?#[]@!$&'()*+,;=%-._~"
_VERSION = re.compile(r"1\.\d{1,3}(\.\d{1,3})?\Z")
_NOTHING: Mapping[str, Any] = {}


def write_record(
    record: OsvRecord, original: Mapping[str, Any] | None = None, *, modified: datetime
) -> dict[str, Any]:
    """An OSV record, valid by the schema.

    An event is never empty, a range always has an ``introduced`` event, a GIT
    range its ``repo``; where ``fixed`` and ``last_affected`` share a range,
    which the schema forbids, ``fixed`` stays: that says more, never less.

    Args:
        record: Its facts.
        original: The object that they were read from; without it there are no
            texts but the summary.
        modified: Written where the record does not say.
    """
    given = original if original is not None else _NOTHING
    version = given.get("schema_version")
    made: dict[str, Any] = {
        "schema_version": version
        if isinstance(version, str) and _VERSION.match(version)
        else SCHEMA_VERSION,
        "id": record.id,
        "modified": timestamp(record.modified or modified),
    }
    for name, moment in (("published", record.published), ("withdrawn", record.withdrawn)):
        if moment is not None:
            made[name] = timestamp(moment)
    for name, ids in (
        ("aliases", record.aliases),
        ("related", record.related),
        ("upstream", record.upstream),
    ):
        if ids:
            made[name] = list(ids)
    for name in ("summary", "details"):
        text = given.get(name, record.summary if name == "summary" else "")
        if isinstance(text, str) and text:
            made[name] = text
    if severity := _severity(record.severity):
        made["severity"] = severity
    made["affected"] = _all_affected(record, given)
    if record.references:
        made["references"] = [
            {"type": each.type if each.type in REFERENCE_TYPES else "WEB", "url": _url(each.url)}
            for each in record.references
        ]
    if listed := _credits(given.get("credits")):
        made["credits"] = listed
    return made | _specific(given, "database_specific") | _word(record.rating, given)


def timestamp(moment: datetime) -> str:
    """A time as the schema writes it: RFC 3339 in UTC, with ``Z``."""
    return moment.isoformat().replace("+00:00", "Z")


def _url(text: str) -> str:
    """An address with only what RFC 3986 allows, the rest percent-encoded."""
    return quote(text, safe=_URL, errors="replace")


def _word(rating: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The database's own word for the severity, where no original has it."""
    return {"database_specific": {"severity": rating}} if rating and not given else {}


def _all_affected(record: OsvRecord, given: Mapping[str, Any]) -> list[dict[str, Any]]:
    items = given.get("affected")
    usable = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    usable += [{}] * (len(record.affected) - len(usable))
    return [
        _affected(each, item)
        for each, item in zip(record.affected, usable[: len(record.affected)], strict=True)
    ]


def _affected(affected: Affected, given: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if affected.ecosystem:
        made["package"] = {"ecosystem": affected.ecosystem, "name": affected.name}
        if purl := _purl(affected, given.get("package")):
            made["package"]["purl"] = purl
    if severity := _severity(affected.severity):
        made["severity"] = severity
    more = _range_specifics(given.get("ranges"))
    ranges = [written for each in affected.ranges if (written := _range(each, more))]
    if ranges:
        made["ranges"] = ranges
    if affected.versions:
        made["versions"] = list(affected.versions)
    if affected.rating and not given:
        made["ecosystem_specific"] = {"severity": affected.rating}
    return made | _specific(given, "ecosystem_specific") | _specific(given, "database_specific")


def _purl(affected: Affected, given: Any) -> str:
    purl = given.get("purl") if isinstance(given, dict) else None
    if isinstance(purl, str) and purl.startswith("pkg:"):
        return purl
    package = package_of(affected.ecosystem, affected.name)
    return str(package) if package is not None else ""


def _range(item: Range, more: Mapping[tuple[object, ...], dict[str, Any]]) -> dict[str, Any] | None:
    kinds = {event.kind for event in item.events}
    if "introduced" not in kinds or (item.type == "GIT" and not item.repo):
        return None
    made: dict[str, Any] = {"type": item.type}
    if item.repo:
        made["repo"] = item.repo
    made["events"] = [
        {event.kind: event.value}
        for event in item.events
        if event.kind != "last_affected" or "fixed" not in kinds
    ]
    key = (item.type, *((event.kind, event.value) for event in item.events))
    return made | ({"database_specific": more[key]} if key in more else {})


def _range_specifics(ranges: Any) -> dict[tuple[object, ...], dict[str, Any]]:
    """``database_specific`` of ranges, by their type and events."""
    found = {}
    for item in ranges if isinstance(ranges, list) else []:
        specific = item.get("database_specific") if isinstance(item, dict) else None
        if isinstance(specific, dict) and isinstance(item.get("events"), list):
            events = (pair for event in item["events"] if isinstance(event, dict)
                      for pair in event.items())  # fmt: skip
            try:
                found[item.get("type"), *events] = specific
                hash(tuple(found))
            except TypeError:
                continue
    return found


def _severity(ratings: Iterable[OsvSeverity]) -> list[dict[str, str]]:
    """Ratings whose score is one of their type."""
    return [
        {"type": each.type, "score": each.score}
        for each in ratings
        if (
            each.score in UBUNTU_WORDS
            if each.type == "Ubuntu"
            else base_score(each.type, each.score) is not None
        )
    ]


def _specific(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name)
    return {name: value} if isinstance(value, dict) and value else {}


def _credits(value: Any) -> list[dict[str, Any]]:
    made = []
    for item in value if isinstance(value, list) else []:
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str):
            continue
        credit: dict[str, Any] = {"name": name}
        contact = item.get("contact")
        if isinstance(contact, list) and all(isinstance(each, str) for each in contact):
            credit["contact"] = contact
        if item.get("type") in CREDIT_TYPES:
            credit["type"] = item["type"]
        made.append(credit)
    return made
