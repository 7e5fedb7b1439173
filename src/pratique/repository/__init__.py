"""The signed repository: what was admitted, published under TUF.

The Update Framework (TUF) specification 1.0 in the layout of PEP 458: offline
root and targets keys with a threshold, online keys for snapshot, timestamp
and hash bins (succinct delegations, TAP 15), consistent snapshots.

``service`` makes and changes a repository, ``client`` takes files from one;
both need python-tuf, which is imported when they are.
"""

from __future__ import annotations

from pratique.repository.errors import AttackError, BusyError, RepositoryError

__all__ = ["AttackError", "BusyError", "RepositoryError"]
