"""Elements of SPDX 3 as JSON-LD documents write them, reduced to what is read.

One struct serves all classes: an element has only the properties of its own.
Every field may be absent or null; all others are skipped.
"""

from __future__ import annotations

import msgspec


class _Wire(msgspec.Struct, kw_only=True, gc=False):
    """An object of a document; attributes have the names of the model."""


class Hash(_Wire, rename={"id": "spdxId", "kind": "type"}):
    """A digest (Core/Hash); a package verification code is of another class."""

    id: str | None = None
    kind: str | None = None
    algorithm: str | None = None
    hashValue: str | None = None  # noqa: N815


class ExternalIdentifier(_Wire):
    """An identifier in another system (Core/ExternalIdentifier)."""

    externalIdentifierType: str | None = None  # noqa: N815
    identifier: str | None = None


class ExternalMap(_Wire):
    """An element of another document (Core/ExternalMap)."""

    externalSpdxId: str | None = None  # noqa: N815


class NamespaceMap(_Wire):
    """A prefix of identifiers (Core/NamespaceMap)."""

    prefix: str | None = None
    namespace: str | None = None


class Element(_Wire, rename={"id": "spdxId", "kind": "type", "from_": "from", "imports": "import"}):
    """An element, an element-like object with a blank name, or a licence."""

    id: str | None = None
    kind: str | None = None
    name: str | None = None
    specVersion: str | None = None  # noqa: N815
    packageVersion: str | None = None  # noqa: N815
    packageUrl: str | None = None  # noqa: N815
    downloadLocation: str | None = None  # noqa: N815
    primaryPurpose: str | None = None  # noqa: N815
    verifiedUsing: list[Hash] | None = None  # noqa: N815
    externalIdentifier: list[ExternalIdentifier] | None = None  # noqa: N815
    from_: str | None = None
    to: list[str] | None = None
    relationshipType: str | None = None  # noqa: N815
    scope: str | None = None
    rootElement: list[str] | None = None  # noqa: N815
    imports: list[ExternalMap] | None = None
    namespaceMap: list[NamespaceMap] | None = None  # noqa: N815
    licenseExpression: str | None = None  # noqa: N815
    member: list[str] | None = None
    subjectLicense: str | None = None  # noqa: N815
    subjectExtendableLicense: str | None = None  # noqa: N815
    subjectAddition: str | None = None  # noqa: N815


class Document(_Wire, rename={"graph": "@graph"}):
    """A whole document."""

    graph: list[Element] | None = None
