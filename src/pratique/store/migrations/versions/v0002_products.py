"""Products, where their versions run and whose they are.

A bill of materials that came in before this version becomes that of a product
named after its subject, as one that comes in without ``--product`` does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables and a product for each bill of materials."""
    op.create_table(
        "product",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("tenant_id", _NUMBER, sa.ForeignKey("tenant.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.UniqueConstraint("tenant_id", "name"),
    )
    op.create_table(
        "shipment",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("product_id", _NUMBER, sa.ForeignKey("product.id"), nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("sbom_id", _NUMBER, sa.ForeignKey("sbom.document_id"), nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("team_id", _NUMBER, sa.ForeignKey("team.id"), nullable=False),
        sa.Column("observed", sa.Text, nullable=False),
        sa.UniqueConstraint("product_id", "version", "sbom_id", "environment", "team_id"),
    )
    op.create_index("ix_shipment_sbom_id", "shipment", ["sbom_id"])
    op.create_table(
        "tag",
        sa.Column("shipment_id", _NUMBER, sa.ForeignKey("shipment.id"), primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO team (tenant_id, name) SELECT id, '' FROM tenant WHERE true "
        "ON CONFLICT DO NOTHING"
    )
    op.execute(
        "INSERT INTO product (tenant_id, name) SELECT DISTINCT document.tenant_id, sbom.name "
        "FROM sbom JOIN document ON document.id = sbom.document_id"
    )
    op.execute(
        "INSERT INTO shipment (product_id, version, sbom_id, environment, team_id, observed) "
        "SELECT product.id, sbom.version, sbom.document_id, '', team.id, document.observed "
        "FROM sbom "
        "JOIN document ON document.id = sbom.document_id "
        "JOIN product ON product.tenant_id = document.tenant_id AND product.name = sbom.name "
        "JOIN team ON team.tenant_id = document.tenant_id AND team.name = ''"
    )


def downgrade() -> None:
    """Drop the tables; which products the bills are of is lost."""
    for name in ("tag", "shipment", "product"):
        op.drop_table(name)
