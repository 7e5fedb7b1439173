"""Where a record was last held against the advisories, what changed, and who was told.

Nothing is known of that before this version: the first 'pratique rematch' begins.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _tenant() -> sa.Column[int]:
    return sa.Column("tenant_id", _NUMBER, sa.ForeignKey("tenant.id"), nullable=False)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "watch_state",
        sa.Column(
            "tenant_id", _NUMBER, sa.ForeignKey("tenant.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("run", _NUMBER, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "watch_place",
        sa.Column("id", _NUMBER, primary_key=True),
        _tenant(),
        *_texts("product", "environment", "version", "owners"),
        sa.Column("sbom_id", _NUMBER, nullable=False),
        *_texts("digest"),
        sa.UniqueConstraint("tenant_id", "product", "environment"),
    )
    op.create_table(
        "watch_match",
        sa.Column("id", _NUMBER, primary_key=True),
        _tenant(),
        sa.Column("package_id", _NUMBER, sa.ForeignKey("noun.id"), nullable=False),
        *_texts("facts"),
    )
    op.create_index("ix_watch_match_package", "watch_match", ["tenant_id", "package_id"])
    op.create_table(
        "watch_finding",
        sa.Column("place_id", _NUMBER, sa.ForeignKey("watch_place.id"), primary_key=True),
        sa.Column("match_id", _NUMBER, sa.ForeignKey("watch_match.id"), primary_key=True),
        *_texts("status", "document", "until"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_watch_finding_match", "watch_finding", ["match_id"])
    op.create_table(
        "watch_event",
        sa.Column("id", _NUMBER, primary_key=True),
        _tenant(),
        *_texts("key", "at", "kind", "product", "body"),
        sa.UniqueConstraint("tenant_id", "key"),
    )
    op.create_table(
        "watch_delivery",
        sa.Column("id", _NUMBER, primary_key=True),
        _tenant(),
        sa.Column("event_id", _NUMBER, sa.ForeignKey("watch_event.id"), nullable=False),
        *_texts("channel", "state", "due", "batch"),
        sa.Column("attempts", sa.Integer, nullable=False),
        *_texts("error"),
        sa.UniqueConstraint("event_id", "channel"),
    )
    op.create_index("ix_watch_delivery_due", "watch_delivery", ["tenant_id", "state"])


def downgrade() -> None:
    """Drop them: the events, and what was told of them, are lost."""
    for name in ("delivery", "event", "finding", "match", "place", "state"):
        op.drop_table(f"watch_{name}")
