"""SPDX 2 JSON documents as they are written, reduced to the fields that are read.

Every field may be absent or null; all others are skipped by the decoder.
"""

from __future__ import annotations

import msgspec


class Wire(msgspec.Struct, kw_only=True, gc=False):
    """An object of a document; attributes are named as the document writes them."""


class Checksum(Wire):
    """A digest of a package (clause 7.10)."""

    algorithm: str | None = None
    checksumValue: str | None = None  # noqa: N815


class ExternalRef(Wire):
    """An identifier in another system (clause 7.21)."""

    referenceType: str | None = None  # noqa: N815
    referenceLocator: str | None = None  # noqa: N815


class Package(Wire):
    """A package (clause 7)."""

    SPDXID: str | None = None
    name: str | None = None
    versionInfo: str | None = None  # noqa: N815
    downloadLocation: str | None = None  # noqa: N815
    licenseConcluded: str | None = None  # noqa: N815
    licenseDeclared: str | None = None  # noqa: N815
    primaryPackagePurpose: str | None = None  # noqa: N815
    checksums: list[Checksum] | None = None
    externalRefs: list[ExternalRef] | None = None  # noqa: N815


class Element(Wire):
    """A file or snippet, which relationships may name."""

    SPDXID: str | None = None


class Relationship(Wire):
    """How one element relates to another (clause 11)."""

    spdxElementId: str | None = None  # noqa: N815
    relatedSpdxElement: str | None = None  # noqa: N815
    relationshipType: str | None = None  # noqa: N815


class Document(Wire, rename={"wrapped": "Document"}):
    """A whole document, or the wrapper that holds one."""

    spdxVersion: str | None = None  # noqa: N815
    SPDXID: str | None = None
    documentDescribes: list[str] | None = None  # noqa: N815
    packages: list[Package] | None = None
    files: list[Element] | None = None
    snippets: list[Element] | None = None
    relationships: list[Relationship] | None = None
    sbom: Document | None = None
    """The document itself, in an export of GitHub's dependency graph."""

    wrapped: Document | None = None
    """The document itself, in the form that the examples of version 2.2 have."""
