"""What can go wrong with the record.

::

    EvidenceError
    └── StoreError          it cannot be opened, read or written
        └── DamageError     what it holds is not what was written
"""

from __future__ import annotations

from pratique.model.errors import EvidenceError


class StoreError(EvidenceError):
    """The record cannot be opened, read or written; what was committed before is kept."""


class DamageError(StoreError):
    """The record holds something that cannot have been written by this program."""
