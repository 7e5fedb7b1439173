"""Errors of the reachability room."""

from __future__ import annotations

from pratique.model.errors import UsageError


class MissingParserError(UsageError):
    """The parser of a language is an extra that is not installed."""
