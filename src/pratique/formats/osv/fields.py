"""The small fields that records and their affected entries share."""

from __future__ import annotations

from typing import Any, Protocol

from pratique.formats.osv.defects import DefectKind
from pratique.formats.osv.records import OsvSeverity

SEVERITY_TYPES = ("CVSS_V2", "CVSS_V3", "CVSS_V4", "Ubuntu")
"""Schema 1.7.5, ``severity[].type``."""


class Fault(Protocol):
    """Takes note of a defect."""

    def __call__(self, kind: DefectKind, where: str, message: str = "") -> None:
        """Keep one defect of the record."""
        ...


def short(value: object) -> str:
    """The value as a message can hold it."""
    return repr(value)[:80]


def strings(value: Any) -> tuple[list[str], bool]:
    """The texts of a list, and whether anything else was there."""
    if value is None:
        return [], False
    if not isinstance(value, list):
        return ([value], True) if isinstance(value, str) else ([], True)
    kept = [item for item in value if isinstance(item, str)]
    return kept, len(kept) != len(value)


def rating_word(*places: Any) -> str:
    """Severity word of a ``database_specific`` object, as written; empty where there is none."""
    for place in places:
        if isinstance(place, dict) and isinstance(place.get("severity"), str):
            return str(place["severity"])[:20]
    return ""


def severities(value: Any, where: str, fault: Fault) -> tuple[OsvSeverity, ...]:
    """Ratings of a ``severity`` list (schema, ``severity[]``)."""
    if value is None:
        return ()
    if not isinstance(value, list):
        fault(DefectKind.BAD_SEVERITY, where, short(value))
        return ()
    kept = []
    for number, item in enumerate(value):
        kind = item.get("type") if isinstance(item, dict) else None
        score = item.get("score") if isinstance(item, dict) else None
        if kind not in SEVERITY_TYPES or not isinstance(score, str) or not score.strip():
            fault(DefectKind.BAD_SEVERITY, f"{where}[{number}]", short(item))
            continue
        kept.append(OsvSeverity(kind, score.strip()))
    return tuple(dict.fromkeys(kept))
