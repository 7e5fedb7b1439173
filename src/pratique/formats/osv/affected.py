"""The affected packages of an OSV record.

Source: OSV schema 1.7.5, ``affected[]``.
"""

from __future__ import annotations

from typing import Any

from pratique.formats.osv.defects import DefectKind
from pratique.formats.osv.fields import Fault, rating_word, severities, short, strings
from pratique.formats.osv.records import Affected, Event, Range
from pratique.model.ecosystems import known

EVENT_KINDS = ("introduced", "fixed", "last_affected", "limit")
"""Schema, ``affected[].ranges[].events``: one of these per object."""

RANGE_TYPES = ("SEMVER", "ECOSYSTEM", "GIT")
"""Schema, ``affected[].ranges[].type``."""

MAX_TEXT = 1000
"""Longest name or version that is taken; the longest real one has 264 characters."""

EARLIER_NAMES = {"DHI": "Docker Hardened Images", "kubernetes": "Kubernetes"}
"""Names that databases gave to ecosystems before the schema defined them."""

_COMMIT_LENGTHS = (40, 64)
_HEX = frozenset("0123456789abcdef")


def is_commit(text: str) -> bool:
    """Whether a text is a full Git object name, SHA-1 or SHA-256, in lower case."""
    return len(text) in _COMMIT_LENGTHS and _HEX.issuperset(text)


def read_affected(item: Any, where: str, fault: Fault) -> Affected | None:
    """One entry of ``affected``; ``None`` where nothing of it can be used."""
    if not isinstance(item, dict):
        fault(DefectKind.BAD_AFFECTED, where, short(item))
        return None
    ranges, lost = _ranges(item.get("ranges"), f"{where}.ranges", fault)
    package = item.get("package")
    ecosystem, name = "", ""
    # Of a repository that nobody packages, its address says all there is.
    if package is not None or not any(each.type == "GIT" for each in ranges):
        ecosystem, name = _package(package, f"{where}.package", fault)
    versions, bad = _versions(item.get("versions"), f"{where}.versions", fault)
    if not ranges and not versions:
        fault(DefectKind.NOTHING_AFFECTED, where)
    listed = set(versions)
    if any(e.kind == "fixed" and e.value in listed for r in ranges for e in r.events):
        fault(DefectKind.FIXED_VERSION_LISTED, f"{where}.versions")
    return Affected(
        ecosystem=ecosystem,
        name=name,
        ranges=ranges,
        versions=versions,
        severity=severities(item.get("severity"), f"{where}.severity", fault),
        rating=rating_word(item.get("ecosystem_specific"), item.get("database_specific")),
        unreadable=lost or bad,
    )


def _package(value: Any, where: str, fault: Fault) -> tuple[str, str]:
    if value is None:
        fault(DefectKind.NO_PACKAGE, where)
        return "", ""
    ecosystem = value.get("ecosystem") if isinstance(value, dict) else None
    name = value.get("name") if isinstance(value, dict) else None
    for text in (ecosystem, name):
        if not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT:
            fault(DefectKind.BAD_PACKAGE, where, short(value))
            return "", ""
    purl = value.get("purl")
    if purl is not None and not (isinstance(purl, str) and purl.startswith("pkg:")):
        fault(DefectKind.BAD_PURL, f"{where}.purl", short(purl))
    where_from = str(ecosystem).strip()
    if not known(where_from):
        fault(DefectKind.UNKNOWN_ECOSYSTEM, f"{where}.ecosystem", short(where_from))
    return EARLIER_NAMES.get(where_from, where_from), str(name).strip()


def _ranges(value: Any, where: str, fault: Fault) -> tuple[tuple[Range, ...], bool]:
    """Ranges, and whether any was lost.  A single object is read as a list of one."""
    if value is None:
        return (), False
    if not isinstance(value, list):
        fault(DefectKind.RANGES_NOT_LIST, where)
        value = [value]
    kept, lost = [], False
    for number, item in enumerate(value):
        read = _range(item, f"{where}[{number}]", fault)
        if read is None:
            lost = True
        else:
            kept.append(read)
    return tuple(kept), lost


def _range(item: Any, where: str, fault: Fault) -> Range | None:
    if not isinstance(item, dict) or not isinstance(item.get("events"), list):
        fault(DefectKind.BAD_RANGE, where, short(item))
        return None
    kind = item.get("type")
    if kind not in RANGE_TYPES:
        fault(DefectKind.UNKNOWN_RANGE_TYPE, where, short(kind))
        return None
    if not item["events"]:
        fault(DefectKind.EMPTY_EVENTS, f"{where}.events")
        return None
    events = _events(item["events"], kind == "GIT", f"{where}.events", fault)
    if events is None:
        return None
    repo = item.get("repo")
    if kind == "GIT" and not isinstance(repo, str):
        fault(DefectKind.MISSING_REPO, where)
    _judge(events, where, fault)
    return Range(str(kind), events, repo if isinstance(repo, str) else "")


def _events(items: list[Any], git: bool, where: str, fault: Fault) -> tuple[Event, ...] | None:
    """Events of a range; ``None`` where one could not be read, for the range would then lie."""
    kept: list[Event] = []
    readable = True
    for number, item in enumerate(items):
        at = f"{where}[{number}]"
        found = (
            [(kind, item[kind]) for kind in EVENT_KINDS if kind in item]
            if isinstance(item, dict)
            else []
        )
        if len(found) != 1 or len(item) != 1:
            fault(DefectKind.BAD_EVENT, at, short(item))
        if not found:
            readable = False
        for kind, value in found:
            if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
                fault(DefectKind.BAD_EVENT, at, short(value))
                readable = False
                continue
            text = value.strip().lower() if git else value.strip()
            if git and not is_commit(text) and not (kind == "introduced" and text == "0"):
                fault(DefectKind.BAD_COMMIT, at, short(value))
                continue
            kept.append(Event(kind, text))
    return tuple(kept) if readable and kept else None


def _judge(events: tuple[Event, ...], where: str, fault: Fault) -> None:
    kinds = {event.kind for event in events}
    if "introduced" not in kinds:
        fault(DefectKind.NO_INTRODUCED, where)
    if {"fixed", "last_affected"} <= kinds:
        fault(DefectKind.FIXED_AND_LAST_AFFECTED, where)
    introduced = {event.value for event in events if event.kind == "introduced"}
    if any(event.kind == "fixed" and event.value in introduced for event in events):
        fault(DefectKind.INTRODUCED_EQUALS_FIXED, where)


def _versions(value: Any, where: str, fault: Fault) -> tuple[tuple[str, ...], bool]:
    """Listed versions, and whether any was lost."""
    texts, bad = strings(value)
    kept = [text.strip() for text in texts if text.strip() and len(text) <= MAX_TEXT]
    lost = bad or len(kept) != len(texts)
    if lost:
        fault(DefectKind.BAD_VERSIONS, where)
    unique = tuple(dict.fromkeys(kept))
    if len(unique) != len(kept):
        fault(DefectKind.REPEATED_VERSION, where)
    return unique, lost
