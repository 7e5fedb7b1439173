"""in-toto attestations: statements v0.1 and v1, and their predicates."""

from __future__ import annotations

from pratique.formats.intoto.statement import (
    STATEMENT_TYPES,
    ResourceDescriptor,
    Statement,
    read_statement,
)

__all__ = ["STATEMENT_TYPES", "ResourceDescriptor", "Statement", "read_statement"]
