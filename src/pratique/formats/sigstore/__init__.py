"""Sigstore's documents: bundles, trusted roots, checkpoints.

With them the forms that package indexes and image registries put bundles in.
"""

from __future__ import annotations

from pratique.formats.sigstore.bundle import (
    Bundle,
    InclusionProof,
    LogEntry,
    MessageSignature,
    bundle_of,
    read_bundle,
)
from pratique.formats.sigstore.trusted_root import TrustedRoot, read_trusted_root

__all__ = [
    "Bundle",
    "InclusionProof",
    "LogEntry",
    "MessageSignature",
    "TrustedRoot",
    "bundle_of",
    "read_bundle",
    "read_trusted_root",
]
