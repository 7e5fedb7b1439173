"""What each package is to a bill, and which state a tenant's record is in.

A bill that came in before this version states no scopes and relations: they are
unknown.
"""

from __future__ import annotations

from secrets import token_hex

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the column and the table, with a state for each tenant."""
    op.add_column(
        "sbom",
        sa.Column("roles", sa.LargeBinary, nullable=False, server_default=sa.text("''")),
    )
    op.create_index("ix_sbom_subject_id", "sbom", ["subject_id"])
    op.create_index("ix_document_incomplete", "document", ["tenant_id", "incomplete"])
    table = op.create_table(
        "revision",
        sa.Column(
            "tenant_id",
            _NUMBER,
            sa.ForeignKey("tenant.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("token", sa.Text, nullable=False),
    )
    tenants = op.get_bind().execute(sa.text("SELECT id FROM tenant")).scalars().all()
    if tenants:
        op.bulk_insert(table, [{"tenant_id": one, "token": token_hex(16)} for one in tenants])


def downgrade() -> None:
    """Drop them; scopes and relations are lost."""
    op.drop_table("revision")
    op.drop_index("ix_document_incomplete", "document")
    op.drop_index("ix_sbom_subject_id", "sbom")
    op.drop_column("sbom", "roles")
