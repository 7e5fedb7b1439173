"""Nouns, documents and evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _number(name: str, to: str = "", **more: bool) -> sa.Column[int]:
    keys = (sa.ForeignKey(f"{to}.{'document_id' if to == 'sbom' else 'id'}"),) if to else ()
    more.setdefault("nullable", False)
    return sa.Column(name, _NUMBER, *keys, **more)  # type: ignore[arg-type]


def _text(name: str, **more: bool) -> sa.Column[str]:
    more.setdefault("nullable", False)
    return sa.Column(name, sa.Text, **more)  # type: ignore[arg-type]


def _key(name: str = "id") -> sa.Column[int]:
    return sa.Column(name, _NUMBER, primary_key=True)


def upgrade() -> None:
    """Make the tables of an empty store."""
    op.create_table("tenant", _key(), _text("name", unique=True))
    op.create_table(
        "team",
        _key(),
        _number("tenant_id", "tenant"),
        _text("name"),
        sa.UniqueConstraint("tenant_id", "name"),
    )
    op.create_table(
        "noun",
        _key(),
        sa.Column("key", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        _text("text"),
        _number("parent_id", "noun", nullable=True),
    )
    op.create_index("ix_noun_parent_id", "noun", ["parent_id"])
    op.create_table(
        "blob",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("size", _NUMBER, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "document",
        _key(),
        _number("tenant_id", "tenant"),
        sa.Column("digest", sa.Text, sa.ForeignKey("blob.digest"), nullable=False),
        *map(_text, ("kind", "format", "path", "collector", "signer", "observed", "created")),
        sa.Column("incomplete", sa.SmallInteger, nullable=False),
        _text("problems"),
        sa.UniqueConstraint("tenant_id", "digest"),
    )
    op.create_table(
        "evidence",
        _key(),
        sa.Column("key", sa.LargeBinary, nullable=False, unique=True),
        _number("tenant_id", "tenant"),
        sa.Column("verb", sa.SmallInteger, nullable=False),
        _number("subject_id", "noun"),
        _number("object_id", "noun", nullable=True),
        _text("claim"),
    )
    op.create_index("ix_evidence_subject", "evidence", ["subject_id", "verb"])
    op.create_index("ix_evidence_object", "evidence", ["object_id", "verb"])
    op.create_table(
        "support",
        _number("evidence_id", "evidence", primary_key=True),
        _number("document_id", "document", primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "edge",
        _number("dependency_id", "noun", primary_key=True),
        _number("dependent_id", "noun", primary_key=True),
        _number("tenant_id", "tenant", primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_edge_dependent", "edge", ["dependent_id"])
    op.create_table(
        "sbom",
        sa.Column(
            "document_id",
            _NUMBER,
            sa.ForeignKey("document.id"),
            primary_key=True,
            autoincrement=False,
        ),
        _number("subject_id", "noun", nullable=True),
        _text("name"),
        _text("version"),
        sa.Column("packages", sa.Integer, nullable=False),
        sa.Column("edges", sa.Integer, nullable=False),
        sa.Column("adjacency", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "inclusion",
        _number("package_id", "noun", primary_key=True),
        _number("tenant_id", "tenant", primary_key=True),
        _number("sbom_id", "sbom", primary_key=True),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop everything."""
    for name in ("inclusion", "sbom", "edge", "support", "evidence", "document", "blob"):
        op.drop_table(name)
    for name in ("noun", "team", "tenant"):
        op.drop_table(name)
