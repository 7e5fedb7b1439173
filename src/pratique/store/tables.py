"""The schema, for SQLite and PostgreSQL alike.

Narrow tables that are found by their whole key have no row numbers of their
own in SQLite (``WITHOUT ROWID``).  Moments are text in UTC that sorts
(:func:`pratique.store.documents.instant`); SQLite has no type for them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Number = BigInteger().with_variant(Integer(), "sqlite")
"""A row's number; SQLite numbers rows by itself only in columns of type INTEGER."""

tenant = Table(
    "tenant",
    metadata,
    Column("id", Number, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

revision = Table(
    "revision",
    metadata,
    Column("tenant_id", Number, ForeignKey("tenant.id"), primary_key=True, autoincrement=False),
    Column("token", Text, nullable=False),
)
"""What a tenant's record is at: a word that no other state of any record has."""

team = Table(
    "team",
    metadata,
    Column("id", Number, primary_key=True),
    Column("tenant_id", Number, ForeignKey("tenant.id"), nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("tenant_id", "name"),
)

noun = Table(
    "noun",
    metadata,
    Column("id", Number, primary_key=True),
    Column("key", LargeBinary, nullable=False, unique=True),
    Column("kind", SmallInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("parent_id", Number, ForeignKey("noun.id"), index=True),
)

blob = Table(
    "blob",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("size", Number, nullable=False),
    Column("packed", LargeBinary, nullable=False),
)

document = Table(
    "document",
    metadata,
    Column("id", Number, primary_key=True),
    Column("tenant_id", Number, ForeignKey("tenant.id"), nullable=False),
    Column("digest", Text, ForeignKey("blob.digest"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("collector", Text, nullable=False),
    Column("signer", Text, nullable=False),
    Column("observed", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("incomplete", SmallInteger, nullable=False),
    Column("problems", Text, nullable=False),
    UniqueConstraint("tenant_id", "digest"),
)

Index("ix_document_incomplete", document.c.tenant_id, document.c.incomplete)

evidence = Table(
    "evidence",
    metadata,
    Column("id", Number, primary_key=True),
    Column("key", LargeBinary, nullable=False, unique=True),
    Column("tenant_id", Number, ForeignKey("tenant.id"), nullable=False),
    Column("verb", SmallInteger, nullable=False),
    Column("subject_id", Number, ForeignKey("noun.id"), nullable=False),
    Column("object_id", Number, ForeignKey("noun.id")),
    Column("claim", Text, nullable=False),
)
Index("ix_evidence_subject", evidence.c.subject_id, evidence.c.verb)
Index("ix_evidence_object", evidence.c.object_id, evidence.c.verb)

support = Table(
    "support",
    metadata,
    Column("evidence_id", Number, ForeignKey("evidence.id"), primary_key=True),
    Column("document_id", Number, ForeignKey("document.id"), primary_key=True),
    sqlite_with_rowid=False,
)
"""Which documents make a claim."""

edge = Table(
    "edge",
    metadata,
    Column("dependency_id", Number, ForeignKey("noun.id"), primary_key=True),
    Column("dependent_id", Number, ForeignKey("noun.id"), primary_key=True),
    Column("tenant_id", Number, ForeignKey("tenant.id"), primary_key=True),
    sqlite_with_rowid=False,
)
"""The union of all bills' edges (IsDependency), each once; which bill has one, its blob says."""
Index("ix_edge_dependent", edge.c.dependent_id)

sbom = Table(
    "sbom",
    metadata,
    Column("document_id", Number, ForeignKey("document.id"), primary_key=True, autoincrement=False),
    Column("subject_id", Number, ForeignKey("noun.id"), index=True),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("packages", Integer, nullable=False),
    Column("edges", Integer, nullable=False),
    Column("adjacency", LargeBinary, nullable=False),
    Column("roles", LargeBinary, nullable=False, server_default=text("''")),
)

inclusion = Table(
    "inclusion",
    metadata,
    Column("package_id", Number, ForeignKey("noun.id"), primary_key=True),
    Column("tenant_id", Number, ForeignKey("tenant.id"), primary_key=True),
    Column("sbom_id", Number, ForeignKey("sbom.document_id"), primary_key=True),
    sqlite_with_rowid=False,
)
"""Which bills of materials a package is in."""

product = Table(
    "product",
    metadata,
    Column("id", Number, primary_key=True),
    Column("tenant_id", Number, ForeignKey("tenant.id"), nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("tenant_id", "name"),
)

shipment = Table(
    "shipment",
    metadata,
    Column("id", Number, primary_key=True),
    Column("product_id", Number, ForeignKey("product.id"), nullable=False),
    Column("version", Text, nullable=False),
    Column("sbom_id", Number, ForeignKey("sbom.document_id"), nullable=False, index=True),
    Column("environment", Text, nullable=False),
    Column("team_id", Number, ForeignKey("team.id"), nullable=False),
    Column("observed", Text, nullable=False),
    UniqueConstraint("product_id", "version", "sbom_id", "environment", "team_id"),
)
"""A product's version, what its bill is, where it runs and whose it is."""

tag = Table(
    "tag",
    metadata,
    Column("shipment_id", Number, ForeignKey("shipment.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    sqlite_with_rowid=False,
)
