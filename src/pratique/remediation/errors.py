"""Errors of the remediation room."""

from __future__ import annotations

from pratique.model.errors import EvidenceError, InputError


class UniverseError(InputError):
    """A described universe of packages cannot be read."""


class ResolutionError(InputError):
    """No set of versions satisfies the requirements of a manifest."""


class AttemptError(EvidenceError):
    """One way to make an upgrade does not work; another may."""


class UnprovenError(AttemptError):
    """No resolver could say whether an upgrade works: it is absent, cut off or held back."""


class CutOffError(UnprovenError):
    """The resolver cannot be used at all just now, so trying it again is of no use."""


class StillThereError(AttemptError):
    """One of several upgrades did not come about.

    Args:
        message: What is still there, in one line.
        name: The package.
        before: The version that was to go.
    """

    def __init__(self, message: str, name: str, before: str) -> None:
        super().__init__(message)
        self.name = name
        self.before = before


class IntroducedError(AttemptError):
    """An upgrade brings in what was not there before."""


class ChangedError(EvidenceError):
    """A file is no longer what the plan was made from."""
