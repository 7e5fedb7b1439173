"""What goes wrong with a signed repository.

::

    UsageError
    └── BusyError            somebody else is writing
    InputError
    └── RepositoryError      the repository cannot be read or may not be so changed
    EvidenceError
    └── AttackError          what a repository serves fails a check of TUF §5
"""

from __future__ import annotations

import msgspec

from pratique.model.errors import EvidenceError, InputError, UsageError

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding hostile bytes raises."""


class BusyError(UsageError):
    """Another process writes to this repository."""


class RepositoryError(InputError):
    """A repository, its keys or a change of it cannot be accepted."""


class AttackError(EvidenceError):
    """Served metadata or content fails a check of TUF 1.0 §5: it is not used.

    Args:
        message: Which check, of which role.
        attack: What it defends against, in the words of TUF §1.5.
    """

    def __init__(self, message: str, *, attack: str) -> None:
        super().__init__(message, remedy=f"This defends against: {attack}.")
        self.attack = attack
