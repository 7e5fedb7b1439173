"""Why a piece of evidence does not hold."""

from __future__ import annotations

from typing import ClassVar

from pratique.model.errors import EvidenceError, ExitCode


class VerificationError(EvidenceError):
    """Evidence was checked and does not hold.

    Args:
        message: What does not hold, in one line.
        error: slsa-verifier's name for it; see ``names.py``.
        remedy: What the reader can do about it.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FINDINGS

    def __init__(
        self, message: str, *, error: str = "ErrorInvalidSignature", remedy: str = ""
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.error = error


class LearningError(EvidenceError):
    """What was learned of packages cannot be read, or may not be changed so."""


class UnsupportedEvidenceError(VerificationError):
    """Evidence is of a kind that cannot be verified here; it was neither proven nor refuted."""

    exit_code: ClassVar[ExitCode] = ExitCode.INCOMPLETE

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message, error="ErrorNotSupported", remedy=remedy)
