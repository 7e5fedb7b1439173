"""Errors of taking an inventory."""

from __future__ import annotations

from pratique.model.errors import UsageError


class NothingThereError(UsageError):
    """What was named is not a path, a package URL or a document."""
