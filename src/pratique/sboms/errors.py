"""What goes wrong when a bill of materials is changed."""

from __future__ import annotations

from pratique.model.errors import EvidenceError


class SignedDocumentError(EvidenceError):
    """A change would break the signature that the document carries."""


class OverrideError(EvidenceError):
    """A mutation would overwrite or remove what is attested."""
