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


class IntroducedError(AttemptError):
    """An upgrade brings in what was not there before."""


class ChangedError(EvidenceError):
    """A file is no longer what the plan was made from."""
