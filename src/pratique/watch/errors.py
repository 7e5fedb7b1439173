"""Errors of continuous matching."""

from __future__ import annotations

from pratique.model.errors import UsageError


class ConfigurationError(UsageError):
    """The file that says who is told cannot be used; nothing was sent."""
