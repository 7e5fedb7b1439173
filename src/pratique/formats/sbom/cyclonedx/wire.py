"""CycloneDX documents as they are written, reduced to the fields that are read.

Every field may be absent or null; all others are skipped by the decoder.
"""

from __future__ import annotations

import msgspec


class _Wire(msgspec.Struct, kw_only=True, gc=False):
    """An object of a document."""


class Hash(_Wire):
    """A digest of a component."""

    alg: str | None = None
    content: str | None = None


class License(_Wire):
    """A licence by SPDX id or by name."""

    id: str | None = None
    name: str | None = None
    url: str | None = None


class LicenseChoice(_Wire):
    """A licence or an expression; version 1.7 lets both stand in one list."""

    license: License | None = None
    expression: str | None = None


class ExternalReference(_Wire):
    """An address that has to do with a component."""

    type: str | None = None
    url: str | None = None


class Component(_Wire, rename={"bom_ref": "bom-ref"}):
    """A component, with those it is made of."""

    bom_ref: str | None = None
    type: str | None = None
    group: str | None = None
    name: str | None = None
    version: str | None = None
    versionRange: str | None = None  # noqa: N815 - as the document writes it
    purl: str | None = None
    scope: str | None = None
    hashes: list[Hash] | None = None
    licenses: list[LicenseChoice] | None = None
    externalReferences: list[ExternalReference] | None = None  # noqa: N815
    components: list[Component] | None = None


class Service(_Wire, rename={"bom_ref": "bom-ref"}):
    """A service, which dependencies may name."""

    bom_ref: str | None = None
    services: list[Service] | None = None


class Dependency(_Wire):
    """What one component or service depends on."""

    ref: str | None = None
    dependsOn: list[str] | None = None  # noqa: N815


class Metadata(_Wire):
    """What the document is about."""

    component: Component | None = None


class Document(_Wire):
    """A whole document."""

    bomFormat: str | None = None  # noqa: N815
    specVersion: str | None = None  # noqa: N815
    metadata: Metadata | None = None
    components: list[Component] | None = None
    services: list[Service] | None = None
    dependencies: list[Dependency] | None = None
