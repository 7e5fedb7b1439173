"""How bad a finding is, on one scale that every room uses."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """Severity of a finding, worst first.

    ``malicious`` outranks every score: such a package is an attack, not a
    defect.  ``unknown`` is not the lowest: it says that nobody has rated the
    finding, and stands between ``medium`` and ``low`` where a list is sorted.
    """

    MALICIOUS = "malicious"
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    UNKNOWN = "unknown"
    LOW = "low"
    NONE = "none"

    @property
    def rank(self) -> int:
        """0 for the worst; equal severities have equal ranks."""
        return _RANKS[self]

    def at_least(self, other: Severity) -> bool:
        """Whether this is as bad as ``other`` or worse."""
        return self.rank <= other.rank


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}

# CVSS v3.1 section 5 and v4.0 section 6, qualitative severity rating scale.
_SCALE = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))


def from_cvss(score: float) -> Severity:
    """Qualitative rating of a CVSS v3.x or v4.0 base score between 0.0 and 10.0.

    Source: CVSS v3.1 section 5, CVSS v4.0 section 6.  Version 2 has no
    official scale; this one is applied to it, as the databases do.
    """
    for floor, severity in _SCALE:
        if score >= floor:
            return severity
    return Severity.LOW if score > 0 else Severity.NONE
