"""SLSA: build provenance 0.1, 0.2 and 1 in one shape, verification summaries, levels."""

from __future__ import annotations

from pratique.formats.slsa.levels import Level, meets, parse_level
from pratique.formats.slsa.provenance import PROVENANCE_TYPES, Provenance, provenance_of
from pratique.formats.slsa.vsa import VSA_TYPES, VerificationSummary, summary_of

__all__ = [
    "PROVENANCE_TYPES",
    "VSA_TYPES",
    "Level",
    "Provenance",
    "VerificationSummary",
    "meets",
    "parse_level",
    "provenance_of",
    "summary_of",
]
