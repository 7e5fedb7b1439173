"""One OSV record from its JSON; what is wrong is named and the rest is kept.

Source: OSV schema 1.7.5.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from pratique.formats.osv.affected import read_affected
from pratique.formats.osv.defects import Defect, DefectKind
from pratique.formats.osv.fields import Fault, rating_word, severities, short, strings
from pratique.formats.osv.records import Affected, OsvRecord, OsvReference
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError

MAX_ID_LENGTH = 100
"""Longest id that is indexed; OSV.dev answers longer ones with 400."""

MAX_AFFECTED = 500_000
"""Most affected entries taken from one record.  Red Hat's largest have about 50,000."""


def read_record(data: bytes | dict[str, Any]) -> tuple[OsvRecord, tuple[Defect, ...]]:
    """Read one OSV record.

    Args:
        data: The JSON document, or the object it decodes to.

    Returns:
        The facts that could be read, and every departure from the schema.

    Raises:
        InputError: The bytes are not a JSON object.
        LimitError: The document is too large or nested too deeply.
    """
    value = parse_json(decode(data)) if isinstance(data, bytes) else data
    if not isinstance(value, dict):
        raise InputError(f"is not an OSV record: a JSON {type(value).__name__}, not an object")
    faults: list[Defect] = []

    def fault(kind: DefectKind, where: str, message: str = "") -> None:
        faults.append(Defect(kind, where, message))

    identifier = _identifier(value, fault)
    affected = _affected(value, fault)
    severity = severities(value.get("severity"), "severity", fault)
    if severity and any(entry.severity for entry in affected):
        fault(DefectKind.SEVERITY_TWICE, "severity")
    record = OsvRecord(
        id=identifier,
        modified=_modified(value, fault),
        published=_timestamp(value, "published", fault),
        withdrawn=_timestamp(value, "withdrawn", fault),
        aliases=_ids(value, "aliases", DefectKind.BAD_ALIAS, fault),
        related=_ids(value, "related", DefectKind.BAD_RELATED, fault),
        upstream=_ids(value, "upstream", DefectKind.BAD_UPSTREAM, fault),
        summary=_text(value, "summary", fault),
        severity=severity,
        rating=rating_word(value.get("database_specific")),
        references=_references(value.get("references"), fault),
        affected=affected,
    )
    return record, tuple(faults)


def _identifier(value: dict[str, Any], fault: Fault) -> str:
    identifier = value.get("id")
    if identifier is None or identifier == "":
        fault(DefectKind.MISSING_ID, "id")
        return ""
    if not isinstance(identifier, str) or len(identifier) > MAX_ID_LENGTH:
        fault(DefectKind.BAD_ID, "id", short(identifier))
        return ""
    if not identifier.isprintable() or identifier != identifier.strip():
        fault(DefectKind.BAD_ID, "id", short(identifier))
        return "".join(c for c in identifier if c.isprintable()).strip()
    return identifier


def _affected(value: dict[str, Any], fault: Fault) -> tuple[Affected, ...]:
    given = value.get("affected")
    if not isinstance(given, list):
        kind = DefectKind.NO_AFFECTED if given is None else DefectKind.BAD_AFFECTED
        fault(kind, "affected")
        return ()
    if not given:
        fault(DefectKind.NO_AFFECTED, "affected")
    if len(given) > MAX_AFFECTED:
        fault(DefectKind.BAD_AFFECTED, "affected", f"{len(given):,} entries, over the limit")
    entries = []
    for number, item in enumerate(given[:MAX_AFFECTED]):
        entry = read_affected(item, f"affected[{number}]", fault)
        if entry is not None:
            entries.append(entry)
    return tuple(entries)


def _modified(value: dict[str, Any], fault: Fault) -> datetime | None:
    if value.get("modified") is None:
        fault(DefectKind.MISSING_MODIFIED, "modified")
        return None
    return _timestamp(value, "modified", fault)


def _timestamp(value: dict[str, Any], field: str, fault: Fault) -> datetime | None:
    """RFC 3339 time in UTC (schema, ``modified``); tolerates a missing zone, and a bare date."""
    text = value.get(field)
    if text is None:
        return None
    if isinstance(text, str):
        try:
            moment = msgspec.convert(text, datetime)
        except msgspec.ValidationError:
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                fault(DefectKind.BAD_TIMESTAMP, field, short(text))
                return None
        try:
            if moment.tzinfo is None:
                fault(DefectKind.BAD_TIMESTAMP, field, short(text))
                return moment.replace(tzinfo=UTC)
            if not text.endswith("Z"):
                fault(DefectKind.BAD_TIMESTAMP, field, short(text))
            return moment.astimezone(UTC)
        except OverflowError:
            pass
    fault(DefectKind.BAD_TIMESTAMP, field, short(text))
    return None


def _ids(value: dict[str, Any], field: str, kind: DefectKind, fault: Fault) -> tuple[str, ...]:
    ids, bad = strings(value.get(field))
    own = value.get("id")
    kept = tuple(
        dict.fromkeys(i.strip() for i in ids if i.strip() and i != own and len(i) <= MAX_ID_LENGTH)
    )
    if bad or list(kept) != ids:
        fault(kind, field, "empty, repeated, spaced, its own id, too long or not text")
    return kept


def _text(value: dict[str, Any], field: str, fault: Fault) -> str:
    text = value.get(field)
    if text is None:
        return ""
    if not isinstance(text, str):
        fault(DefectKind.BAD_FIELD, field, short(text))
        return ""
    return " ".join(text.split())


def _references(value: Any, fault: Fault) -> tuple[OsvReference, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        fault(DefectKind.BAD_REFERENCE, "references", short(value))
        return ()
    kept = []
    for number, item in enumerate(value):
        url = item.get("url") if isinstance(item, dict) else None
        if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")):
            fault(DefectKind.BAD_REFERENCE, f"references[{number}]", short(url))
            continue
        kind = item.get("type")
        kept.append(OsvReference(kind if isinstance(kind, str) else "WEB", url))
    return tuple(dict.fromkeys(kept))
