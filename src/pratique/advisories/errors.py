"""Errors of the advisory database, all of which mean *unknown*, never clean."""

from __future__ import annotations

from pratique.model.errors import EvidenceError


class GenerationError(EvidenceError):
    """A generation of the index is absent, damaged or incomplete."""


class FormatError(GenerationError):
    """A generation was written in another format, or with other version orderings."""
