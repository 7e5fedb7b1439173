"""Errors of rebuilding."""

from __future__ import annotations

from pratique.model.errors import EvidenceError


class RebuildError(EvidenceError):
    """Something could not be rebuilt; nothing is said about the published file.

    Args:
        message: Why, in one line.
        log: Last lines of what the build said.
    """

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log
