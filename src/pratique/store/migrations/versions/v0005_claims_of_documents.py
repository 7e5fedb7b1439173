"""Finds the claims of one document without reading those of all."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_support_document_id", "support", ["document_id"])


def downgrade() -> None:
    """Drop it; nothing is lost."""
    op.drop_index("ix_support_document_id", "support")
