"""The words of TUF, as python-tuf and securesystemslib have them.

They are gathered here because those libraries do not mark what they export
for type checkers.
"""

from __future__ import annotations

from securesystemslib.signer import CryptoSigner, Key, Signature, Signer, SSlibKey  # type: ignore[attr-defined]
from tuf.api.metadata import (  # type: ignore[attr-defined]
    TOP_LEVEL_ROLE_NAMES,
    DelegatedRole,
    Delegations,
    Metadata,
    Role,
    Root,
    SuccinctRoles,
    TargetFile,
    Targets,
)

__all__ = [
    "TOP_LEVEL_ROLE_NAMES",
    "CryptoSigner",
    "DelegatedRole",
    "Delegations",
    "Key",
    "Metadata",
    "Role",
    "Root",
    "SSlibKey",
    "Signature",
    "Signer",
    "SuccinctRoles",
    "TargetFile",
    "Targets",
]
