"""Input types of GraphQL as types of msgspec: a long list is read and checked in one step.

What they accept is what :mod:`~pratique.surfaces.guac.coerce` accepts, but for the forms that
clients seldom use: a single value in place of a list, a number as an id.  Whoever reads
with them asks ``coerce`` about what they refuse, which also tells where the fault is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull

from pratique.surfaces.guac.coerce import MAX_INT, MAX_ITEMS, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCALARS: dict[str, Any] = {
    "String": str,
    "ID": str,
    "Int": Annotated[int, msgspec.Meta(ge=-MAX_INT, le=MAX_INT)],
    "Float": float,
    "Boolean": bool,
    "Time": str,
}

_structs: dict[str, Any] = {}


def structure(name: str, fields: Mapping[str, tuple[Any, bool]]) -> Any:
    """A structure with a field for each of some names.

    Args:
        name: Of the structure.
        fields: GraphQL types, and whether it is an error where there is no value.
    """
    rows: list[Any] = []
    # Names of their own, whatever words of Python a client calls its variables by.
    wire = {f"f{number}": field for number, field in enumerate(fields)}
    for own, (type, required) in zip(wire, fields.values(), strict=True):
        of_type = annotation(type)
        row = (own, of_type) if required else (own, of_type | msgspec.UnsetType, msgspec.UNSET)
        rows.append(row)
    return msgspec.defstruct(name, rows, kw_only=True, gc=False, rename=wire)


def annotation(type: Any) -> Any:
    """The Python type of an input type."""
    if isinstance(type, GraphQLNonNull):
        return _named(type.of_type)
    return _named(type) | None


def _named(type: Any) -> Any:
    if isinstance(type, GraphQLList):
        return Annotated[list[annotation(type.of_type)], msgspec.Meta(max_length=MAX_ITEMS)]  # type: ignore[misc]
    if isinstance(type, GraphQLEnumType):
        return Literal[tuple(type.values)]
    if isinstance(type, GraphQLInputObjectType):
        found = _structs.get(type.name)
        if found is None:
            found = _structs[type.name] = _object(type)
        return found
    return _SCALARS[type.name]


def _object(type: GraphQLInputObjectType) -> Any:
    """An input object; a member that it does not declare is an error (section 5.6.2)."""
    rows: list[Any] = []
    for name, field in type.fields.items():
        of_type = annotation(field.type)
        if field.ast_node is not None and field.ast_node.default_value is not None:
            rows.append((name, of_type, plain(field.ast_node.default_value, {})))
        elif isinstance(field.type, GraphQLNonNull):
            rows.append((name, of_type))
        else:
            rows.append((name, of_type | msgspec.UnsetType, msgspec.UNSET))
    return msgspec.defstruct(type.name, rows, kw_only=True, gc=False, forbid_unknown_fields=True)
