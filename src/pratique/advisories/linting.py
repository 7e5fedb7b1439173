"""What is wrong with OSV records, each in the words of OSV.dev's import findings.

Source: OSV schema 1.7.5, ``validation/schema.json``; OSV.dev, ``ImportFindingType``.
What the reader tolerates is found here as well: texts of other types, members
that the schema does not know, ids of no known database, vectors that are none.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.advisories.inputs import read_items
from pratique.advisories.lint_patterns import ID, SCORES, TIME, TOP_LEVEL, UBUNTU_WORDS
from pratique.formats.osv import DefectKind, read_record
from pratique.formats.osv.writer import CREDIT_TYPES, REFERENCE_TYPES
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

RECORD = "INVALID_RECORD"

MAX_PER_RECORD = 1000
"""Most findings told of one record; all are counted."""

_LISTS = {
    "aliases": "INVALID_ALIASES",
    "related": "INVALID_RELATED",
    "upstream": "INVALID_UPSTREAM",
}
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]*\Z")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    source: str
    """The file, folder or archive."""

    where: str
    """The member or the line in it."""

    id: str
    """Of the record; empty where it has none."""

    type: str
    """OSV.dev's: ``INVALID_RANGE``, ``INVALID_PACKAGE`` …"""

    kind: str
    """The same more exactly: ``empty-events``, ``schema`` …"""

    path: str
    """In the record: ``affected[0].ranges``."""

    message: str = ""


class Linted(msgspec.Struct):
    """What was looked at."""

    records: int = 0
    faulty: int = 0
    """Records with a finding."""

    types: Counter[str] = Counter()


def lint_sources(paths: Iterable[Path], linted: Linted) -> Iterator[Found]:
    """Findings of all records of zips, folders and line files, as they are read.

    Args:
        paths: As of ``advisories build``.
        linted: Is counted up.

    Raises:
        InputError: A source cannot be read at all, or there is no record in any.
    """
    for path in paths:
        seen: set[str] = set()
        for item in read_items(path):
            linted.records += 1
            found = list(_lint_item(str(path), item.where, item.problem, item.data, seen))
            linted.faulty += bool(found)
            linted.types.update(each.type for each in found)
            yield from found[:MAX_PER_RECORD]
    if not linted.records:
        raise InputError("no OSV record is there.", remedy="See 'pratique advisories lint --help'.")


def _lint_item(
    source: str, where: str, problem: str, data: bytes, seen: set[str]
) -> Iterator[Found]:
    try:
        if problem:
            raise InputError(problem)  # noqa: TRY301 - as what cannot be parsed
        value = parse_json(decode(data))
        if not isinstance(value, dict):
            raise InputError(f"a JSON {type(value).__name__}, not an object")  # noqa: TRY301
    except InputError as error:
        yield Found(
            source=source,
            where=where,
            id="",
            type="INVALID_JSON",
            kind=DefectKind.NOT_JSON.value,
            path="",
            message=error.message,
        )
        return
    identifier = value.get("id")
    identifier = identifier if isinstance(identifier, str) else ""
    for type_, kind, path, message in lint_record(value):
        yield Found(
            source=source,
            where=where,
            id=identifier,
            type=type_,
            kind=kind,
            path=path,
            message=message,
        )
    if identifier and identifier in seen:
        yield Found(
            source=source,
            where=where,
            id=identifier,
            type=RECORD,
            kind=DefectKind.DUPLICATE_ID.value,
            path="id",
        )
    seen.add(identifier)


def lint_record(value: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """What is wrong with one record: type, kind, path and message of each finding."""
    found = [
        (defect.kind.finding, defect.kind.value, defect.where, defect.message)
        for defect in read_record(value)[1]
    ]
    known = {path for _, _, path, _ in found}

    def report(type_: str, path: str, message: str) -> None:
        if path not in known:
            known.add(path)
            found.append((type_, "schema", path, message))

    _top(value, report)
    affected = value.get("affected")
    for number, item in enumerate(affected if isinstance(affected, list) else ()):
        if isinstance(item, dict):
            _affected(item, f"affected[{number}]", report)
    return found


def _top(value: dict[str, Any], report: Callable[[str, str, str], None]) -> None:
    for name in value.keys() - TOP_LEVEL:
        report(RECORD, name[:80], "the schema knows no such member")
    identifier = value.get("id")
    if isinstance(identifier, str) and not ID.match(identifier):
        report(RECORD, "id", "of no database that the schema knows")
    for name in ("modified", "published", "withdrawn"):
        moment = value.get(name)
        if name in value and not (isinstance(moment, str) and TIME.search(moment)):
            report(RECORD, name, "no time in UTC, like 2026-01-31T12:00:00Z")
    for name in ("schema_version", "summary", "details"):
        if name in value and not isinstance(value[name], str):
            report(RECORD, name, "no text")
    for name, type_ in _LISTS.items():
        # Only aliases may be null.
        if name in value and value[name] is None and name != "aliases":
            report(type_, name, "no list")
    _severity(value.get("severity"), "severity", report)
    if "severity" in value:
        affected = value.get("affected")
        for number, item in enumerate(affected if isinstance(affected, list) else ()):
            if isinstance(item, dict) and item.get("severity") is not None:
                report(RECORD, f"affected[{number}].severity", "the record has one as well")
    _object(value, "database_specific", "database_specific", report)
    _references(value.get("references"), report)
    _credits(value, report)


def _object(
    holder: dict[str, Any], name: str, path: str, report: Callable[[str, str, str], None]
) -> None:
    if name in holder and not isinstance(holder[name], dict):
        report(RECORD, path, "no object")


def _references(value: Any, report: Callable[[str, str, str], None]) -> None:
    for number, item in enumerate(value if isinstance(value, list) else ()):
        path = f"references[{number}]"
        if not isinstance(item, dict):
            report(RECORD, path, "no object")
        elif not _one_of(item.get("type"), REFERENCE_TYPES):
            report(RECORD, path, f"of type {str(item.get('type'))[:40]!r}")
        elif not isinstance(item.get("url"), str) or not _URI.match(item["url"]):
            report(RECORD, path, "its url is none")


def _one_of(value: Any, allowed: frozenset[str]) -> bool:
    return isinstance(value, str) and value in allowed


def _credits(value: dict[str, Any], report: Callable[[str, str, str], None]) -> None:
    given = value.get("credits")
    if "credits" in value and not isinstance(given, list):
        report(RECORD, "credits", "no list")
    for number, item in enumerate(given if isinstance(given, list) else ()):
        path = f"credits[{number}]"
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            report(RECORD, path, "without a name")
            continue
        contact = item.get("contact", [])
        if not isinstance(contact, list) or not all(isinstance(each, str) for each in contact):
            report(RECORD, f"{path}.contact", "no list of texts")
        if "type" in item and not _one_of(item["type"], CREDIT_TYPES):
            report(RECORD, f"{path}.type", f"of type {str(item['type'])[:40]!r}")


def _severity(value: Any, path: str, report: Callable[[str, str, str], None]) -> None:
    for number, item in enumerate(value if isinstance(value, list) else ()):
        at = f"{path}[{number}]"
        if not isinstance(item, dict):
            report(RECORD, at, "no object")
            continue
        kind, score = item.get("type"), item.get("score")
        if not isinstance(score, str) or not isinstance(kind, str):
            report(RECORD, at, "without a type and a score")
        elif kind == "Ubuntu":
            if score not in UBUNTU_WORDS:
                report(RECORD, at, "no priority of Ubuntu's")
        elif kind not in SCORES or not SCORES[kind].match(score):
            report(RECORD, at, f"no vector of {kind[:40]}")


def _affected(item: dict[str, Any], path: str, report: Callable[[str, str, str], None]) -> None:
    _severity(item.get("severity"), f"{path}.severity", report)
    for name in ("ecosystem_specific", "database_specific"):
        _object(item, name, f"{path}.{name}", report)
    for name, type_ in (("versions", "INVALID_VERSION"), ("ranges", "INVALID_RANGE"),
                        ("package", "INVALID_PACKAGE")):  # fmt: skip
        if name in item and item[name] is None:
            report(type_, f"{path}.{name}", "null")
    package = item.get("package")
    if isinstance(package, dict) and "purl" in package and not isinstance(package["purl"], str):
        report("INVALID_PURL", f"{path}.package.purl", "no text")
    if isinstance(package, dict) and str(package.get("ecosystem", "")).endswith(":"):
        report("INVALID_PACKAGE", f"{path}.package.ecosystem", "its suffix is empty")
    ranges = item.get("ranges")
    for number, one in enumerate(ranges if isinstance(ranges, list) else ()):
        at = f"{path}.ranges[{number}]"
        if not isinstance(one, dict):
            continue
        if "repo" in one and not isinstance(one["repo"], str):
            report("INVALID_RANGE", f"{at}.repo", "no text")
        _object(one, "database_specific", f"{at}.database_specific", report)
        events = one.get("events")
        for place, event in enumerate(events if isinstance(events, list) else ()):
            if one.get("type") == "GIT" and isinstance(event, dict):
                _commit(event, f"{at}.events[{place}]", report)


def _commit(event: dict[str, Any], path: str, report: Callable[[str, str, str], None]) -> None:
    for value in event.values():
        if (
            isinstance(value, str)
            and value != "0"
            and not re.fullmatch(r"[a-f0-9]{40}|[a-f0-9]{64}", value)
        ):
            report("INVALID_COMMIT", path, "no full hash in lower case")
