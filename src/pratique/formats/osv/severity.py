"""How bad an OSV record says it is: CVSS vectors scored, words as the fallback.

Runs when an index is built, never when it is asked: scoring one vector takes
13 to 84 µs, and the scores are stored.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from pratique.model.severity import Severity, from_cvss

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.formats.osv.records import OsvSeverity

MALICIOUS_PREFIX = "MAL-"
"""Ids of records that say that a package is an attack (schema, ``id``)."""

_NEWEST_FIRST = ("CVSS_V4", "CVSS_V3", "CVSS_V2")

_WORDS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "moderate": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.LOW,
    "none": Severity.NONE,
}


class Rating(msgspec.Struct, frozen=True, array_like=True):
    """A severity with what it rests on."""

    severity: Severity = Severity.UNKNOWN
    score: float | None = None
    """CVSS base score."""

    vector: str = ""
    """The CVSS vector scored."""


UNRATED = Rating()
"""Nobody has rated it."""


def rate(severities: Iterable[OsvSeverity], *words: str) -> Rating:
    """Rating by the newest CVSS version given; a database's word where there is none.

    Args:
        severities: Of a record or of one of its packages.
        words: Words such as GitHub's ``MODERATE``, the preferred one first.
    """
    given: dict[str, list[str]] = {}
    for item in severities:
        given.setdefault(item.type, []).append(item.score)
    for kind in _NEWEST_FIRST:
        best: Rating | None = None
        for vector in given.get(kind, ()):
            score = base_score(kind, vector)
            if score is not None and (best is None or score > (best.score or 0.0)):
                best = Rating(from_cvss(score), score, vector)
        if best is not None:
            return best
    for word in (*given.get("Ubuntu", ()), *words):
        severity = _WORDS.get(word.strip().lower())
        if severity is not None:
            return Rating(severity)
    return UNRATED


@lru_cache(maxsize=65536)
def base_score(kind: str, vector: str) -> float | None:
    """Base score of a CVSS vector; ``None`` where it is not one of its kind.

    Source: CVSS v2.0 section 3.2.1, v3.1 section 7.1, v4.0 section 8.
    """
    import cvss

    readers = {"CVSS_V4": cvss.CVSS4, "CVSS_V3": cvss.CVSS3, "CVSS_V2": cvss.CVSS2}
    try:
        return float(readers[kind](vector.strip()).scores()[0])
    except (cvss.exceptions.CVSSError, ValueError, KeyError, ArithmeticError):
        return None
