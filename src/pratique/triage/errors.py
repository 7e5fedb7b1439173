"""Errors of the triage room."""

from __future__ import annotations

from pratique.model.errors import InputError, UsageError


class JudgementError(UsageError):
    """A judgement contradicts itself, or lacks what its state needs."""


class BulkError(InputError):
    """Rows of a file of judgements cannot be read; none of them was taken."""
