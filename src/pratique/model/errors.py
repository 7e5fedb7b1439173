"""The errors of Pratique, each of which explains its own remedy.

::

    PratiqueError                 exit code
    ├── UsageError                2   the command was called wrongly
    ├── InputError                3   something given could not be read
    │   ├── LimitError            3   … because it exceeds a named limit
    │   └── UnsupportedError      3   … because its format or version is not known
    ├── EvidenceError             3   evidence is missing, stale or cannot be verified
    └── UpstreamError             4   a service elsewhere did not answer

A room that needs more derives from one of these in its own ``errors.py``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the process returns; the numbers are a promise to scripts."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    INCOMPLETE = 3
    UPSTREAM = 4
    INTERNAL = 70


class PratiqueError(Exception):
    """Anything this program reports as an error rather than as a finding.

    Args:
        message: What happened, in one line, with its place.
        remedy: What the reader can do about it, in one line; may be empty.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip() if self.remedy else self.message


class UsageError(PratiqueError):
    """The command, an option or a setting was given wrongly."""

    exit_code = ExitCode.USAGE


class InputError(PratiqueError):
    """A document that was given cannot be read, wholly or in part."""

    exit_code = ExitCode.INCOMPLETE


class LimitError(InputError):
    """A document exceeds a limit of its reader: size, depth, items, ratio or time."""


class UnsupportedError(InputError):
    """A document is of a format, or a version of one, that is not known here."""


class EvidenceError(PratiqueError):
    """Evidence is missing, too old or cannot be verified: the answer is *unknown*."""

    exit_code = ExitCode.INCOMPLETE


class UpstreamError(PratiqueError):
    """A service elsewhere did not answer, or answered what it should not."""

    exit_code = ExitCode.UPSTREAM
