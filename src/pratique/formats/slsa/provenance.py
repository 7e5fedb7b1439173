"""Build provenance in one shape (SLSA provenance v0.1, v0.2 and v1).

========================= ============================ ===========================
v0.1                      v0.2                         here and in v1
========================= ============================ ===========================
recipe.type               buildType                    build_type
recipe.arguments          invocation.parameters        external_parameters
definedInMaterial         invocation.configSource      config_source, entry_point
recipe.environment        invocation.environment       internal_parameters
materials                 materials                    dependencies
builder.id                builder.id                   builder
========================= ============================ ===========================
"""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.formats.dsse.wire import convert
from pratique.formats.intoto import ResourceDescriptor, Statement
from pratique.model.errors import UnsupportedError

PROVENANCE_TYPES = {
    "https://slsa.dev/provenance/v0.1": "0.1",
    "https://slsa.dev/provenance/v0.2": "0.2",
    "https://slsa.dev/provenance/v1": "1",
}
"""Predicate type to version."""


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """How an artifact was built, as its builder states."""

    version: str
    """Of the predicate: ``0.1``, ``0.2``, ``1``."""

    builder: str
    """``builder.id``."""

    build_type: str
    external_parameters: Any = None
    """What the caller of the build chose; an object in every published build type."""

    internal_parameters: Any = None
    """What the builder set: the environment."""

    config_source: ResourceDescriptor | None = None
    """Where the build's definition came from; None in v1, which puts it in the parameters."""

    entry_point: str = ""
    build_config: Any = None
    """Steps of the build (v0.2 only)."""

    dependencies: tuple[ResourceDescriptor, ...] = ()
    invocation: str = ""
    """Identifier of the run."""

    started: str = ""
    """As written; time of the builder's clock."""

    finished: str = ""
    complete: dict[str, bool] = {}
    """Claims of completeness (v0.1 and v0.2)."""

    reproducible: bool = False


class _Builder(msgspec.Struct, frozen=True):
    id: str = ""


class _ConfigSource(msgspec.Struct, frozen=True, rename="camel"):
    uri: str | None = None
    digest: dict[str, str] | None = None
    entry_point: str | None = None


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    build_invocation_id: str | None = None
    build_started_on: str | None = None
    build_finished_on: str | None = None
    completeness: dict[str, bool] | None = None
    reproducible: bool | None = None


class _Recipe(msgspec.Struct, frozen=True, rename="camel"):
    type: str = ""
    defined_in_material: int | str | None = None
    entry_point: str | None = None
    arguments: Any = None
    environment: Any = None


class _V01(msgspec.Struct, frozen=True):
    builder: _Builder
    recipe: _Recipe = _Recipe()
    metadata: _Metadata | None = None
    materials: tuple[ResourceDescriptor, ...] | None = None


class _Invocation(msgspec.Struct, frozen=True, rename="camel"):
    config_source: _ConfigSource | None = None
    parameters: Any = None
    environment: Any = None


class _V02(msgspec.Struct, frozen=True, rename="camel"):
    builder: _Builder
    build_type: str = ""
    invocation: _Invocation = _Invocation()
    build_config: Any = None
    metadata: _Metadata | None = None
    materials: tuple[ResourceDescriptor, ...] | None = None


class _Definition(msgspec.Struct, frozen=True, rename="camel"):
    build_type: str
    external_parameters: Any = None
    internal_parameters: Any = None
    resolved_dependencies: tuple[ResourceDescriptor, ...] | None = None


class _RunMetadata(msgspec.Struct, frozen=True, rename="camel"):
    invocation_id: str | None = None
    started_on: str | None = None
    finished_on: str | None = None


class _Run(msgspec.Struct, frozen=True):
    builder: _Builder
    metadata: _RunMetadata | None = None


class _V1(msgspec.Struct, frozen=True, rename="camel"):
    build_definition: _Definition
    run_details: _Run


def provenance_of(statement: Statement) -> Provenance:
    """The provenance that a statement holds.

    Raises:
        UnsupportedError: Its predicate is not provenance, or of an unknown version.
        InputError: The predicate is not what its version demands.
    """
    version = PROVENANCE_TYPES.get(statement.predicate_type)
    predicate = statement.predicate or {}
    if version == "0.1":
        return _from_v01(convert(predicate, _V01, "SLSA provenance 0.1"))
    if version == "0.2":
        return _from_v02(convert(predicate, _V02, "SLSA provenance 0.2"))
    if version == "1":
        return _from_v1(convert(predicate, _V1, "SLSA provenance 1"))
    raise UnsupportedError(f"predicate {statement.predicate_type[:80]!r} is not SLSA provenance")


def _from_v01(given: _V01) -> Provenance:
    materials = given.materials or ()
    at = given.recipe.defined_in_material
    source = None
    if isinstance(at, str):
        at = int(at) if at.isascii() and at.isdigit() and len(at) < 6 else None
    if at is not None and 0 <= at < len(materials):
        source = materials[at]
    meta = given.metadata or _Metadata()
    return Provenance(
        version="0.1",
        builder=given.builder.id,
        build_type=given.recipe.type,
        external_parameters=given.recipe.arguments,
        internal_parameters=given.recipe.environment,
        config_source=source,
        entry_point=given.recipe.entry_point or "",
        dependencies=materials,
        invocation=meta.build_invocation_id or "",
        started=meta.build_started_on or "",
        finished=meta.build_finished_on or "",
        complete=meta.completeness or {},
        reproducible=bool(meta.reproducible),
    )


def _from_v02(given: _V02) -> Provenance:
    config = given.invocation.config_source
    meta = given.metadata or _Metadata()
    return Provenance(
        version="0.2",
        builder=given.builder.id,
        build_type=given.build_type,
        external_parameters=given.invocation.parameters,
        internal_parameters=given.invocation.environment,
        config_source=ResourceDescriptor(uri=config.uri, digest=config.digest) if config else None,
        entry_point=(config.entry_point or "") if config else "",
        build_config=given.build_config,
        dependencies=given.materials or (),
        invocation=meta.build_invocation_id or "",
        started=meta.build_started_on or "",
        finished=meta.build_finished_on or "",
        complete=meta.completeness or {},
        reproducible=bool(meta.reproducible),
    )


def _from_v1(given: _V1) -> Provenance:
    meta = given.run_details.metadata or _RunMetadata()
    return Provenance(
        version="1",
        builder=given.run_details.builder.id,
        build_type=given.build_definition.build_type,
        external_parameters=given.build_definition.external_parameters,
        internal_parameters=given.build_definition.internal_parameters,
        dependencies=given.build_definition.resolved_dependencies or (),
        invocation=meta.invocation_id or "",
        started=meta.started_on or "",
        finished=meta.finished_on or "",
    )
