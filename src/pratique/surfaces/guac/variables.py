"""The values of an operation's variables (GraphQL, October 2021, section 6.1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from graphql import GraphQLNonNull, type_from_ast

from pratique.surfaces.guac.coerce import coercer, plain
from pratique.surfaces.guac.errors import RequestError
from pratique.surfaces.guac.typed import structure

if TYPE_CHECKING:
    from graphql import GraphQLSchema, OperationDefinitionNode

_any = msgspec.json.Decoder(dict[str, Any] | None).decode


class Variables:
    """Reads the variables of one operation.

    Args:
        schema: Of the interface.
        operation: That declares them; it is valid.
    """

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._declared: dict[str, tuple[Any, Any]] = {}
        for one in operation.variable_definitions or ():
            type = type_from_ast(schema, one.type)
            self._declared[one.variable.name.value] = (type, one.default_value)
        fields = {
            name: (type, default is None and isinstance(type, GraphQLNonNull))
            for name, (type, default) in self._declared.items()
        }
        self._decode = msgspec.json.Decoder(structure("Variables", fields)).decode

    def read(self, given: msgspec.Raw) -> dict[str, Any]:
        """The values that a request gives, by name.

        Args:
            given: ``variables`` of the request, as JSON.

        Raises:
            RequestError: One is absent, or not of its type.
        """
        try:
            found: dict[str, Any] = msgspec.to_builtins(self._decode(given))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._one_by_one(given)
        for name, (type, default) in self._declared.items():
            if default is not None and name not in found:
                found[name] = coercer(type)(plain(default, {}), f"${name}")
        return found

    def _one_by_one(self, given: msgspec.Raw) -> dict[str, Any]:
        """The same for what has an unusual form, or a fault that is to be told."""
        try:
            there = _any(given) or {}
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            told = f"the body is no GraphQL request: variables: {str(error)[:200]}"
            raise RequestError(told) from None
        values: dict[str, Any] = {}
        for name, (type, default) in self._declared.items():
            if name in there:
                values[name] = coercer(type)(there[name], f"${name}")
            elif default is not None:
                values[name] = coercer(type)(plain(default, {}), f"${name}")
            elif isinstance(type, GraphQLNonNull):
                raise RequestError(f"variable ${name} of type {type} is not given")
        return values
