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
    Column("document_id", Number, ForeignKey("document.id"), primary_key=True, index=True),
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

watch_state = Table(
    "watch_state",
    metadata,
    Column("tenant_id", Number, ForeignKey("tenant.id"), primary_key=True, autoincrement=False),
    Column("run", Number, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""Up to where a tenant's record has been held against the advisories; see ``pratique.watch``."""

watch_place = Table(
    "watch_place",
    metadata,
    Column("id", Number, primary_key=True),
    Column("tenant_id", Number, ForeignKey("tenant.id"), nullable=False),
    Column("product", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("owners", Text, nullable=False),
    Column("sbom_id", Number, nullable=False),
    Column("digest", Text, nullable=False),
    UniqueConstraint("tenant_id", "product", "environment"),
)
"""What ran where when the record was last held; its bill may be gone since."""

watch_match = Table(
    "watch_match",
    metadata,
    Column("id", Number, primary_key=True),
    Column("tenant_id", Number, ForeignKey("tenant.id"), nullable=False),
    Column("package_id", Number, ForeignKey("noun.id"), nullable=False),
    Column("facts", Text, nullable=False),
)
Index("ix_watch_match_package", watch_match.c.tenant_id, watch_match.c.package_id)

watch_finding = Table(
    "watch_finding",
    metadata,
    Column("place_id", Number, ForeignKey("watch_place.id"), primary_key=True),
    Column("match_id", Number, ForeignKey("watch_match.id"), primary_key=True),
    Column("status", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("until", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What was found where, and what VEX said of it."""
Index("ix_watch_finding_match", watch_finding.c.match_id)

watch_event = Table(
    "watch_event",
    metadata,
    Column("id", Number, primary_key=True),
    Column("tenant_id", Number, ForeignKey("tenant.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("tenant_id", "key"),
)
"""What changed; rows are added alone."""

watch_delivery = Table(
    "watch_delivery",
    metadata,
    Column("id", Number, primary_key=True),
    Column("tenant_id", Number, ForeignKey("tenant.id"), nullable=False),
    Column("event_id", Number, ForeignKey("watch_event.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due", Text, nullable=False),
    Column("batch", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    UniqueConstraint("event_id", "channel"),
)
"""Which event is to be told, or was, over which channel."""
Index("ix_watch_delivery_due", watch_delivery.c.tenant_id, watch_delivery.c.state)
