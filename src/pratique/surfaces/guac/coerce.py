"""Values of arguments and parts of variables, as their types have them (GraphQL, 6.4.1).

Bulk mutations bring lists of many thousand inputs; each type is made into one
function beforehand, so that a value is looked at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    VariableNode,
)

from pratique.surfaces.guac.errors import RequestError, TooMuchError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphql import FieldNode

MAX_ITEMS = 250_000
"""Inputs in one list of a mutation.  The largest bill of an image has some 200,000
dependencies, which GUAC's own client sends in one request."""

MAX_INT = 2**31 - 1


def arguments_of(field: Any, node: FieldNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a field's or directive's arguments.

    Args:
        field: Definition with the arguments' types.
        node: Where they are given.
        variables: Values that were coerced.

    Raises:
        RequestError: One is absent, or not of its type.
    """
    given = {one.name.value: one.value for one in node.arguments or ()}
    values: dict[str, Any] = {}
    for name, argument in field.args.items():
        value = given.get(name)
        if isinstance(value, VariableNode):
            if value.name.value in variables:
                # Validation has seen to it that the variable's type fits.
                values[name] = variables[value.name.value]
                if values[name] is None and isinstance(argument.type, GraphQLNonNull):
                    raise RequestError(f"argument {name} may not be null")
                continue
            value = None
        if value is not None:
            values[name] = _argument(argument.type, value, variables, name)
        elif argument.ast_node is not None and argument.ast_node.default_value is not None:
            default = plain(argument.ast_node.default_value, {})
            values[name] = coercer(argument.type)(default, name)
        elif isinstance(argument.type, GraphQLNonNull):
            raise RequestError(f"argument {name} of type {argument.type} is not given")
    return values


def _argument(type: Any, node: Any, variables: Mapping[str, Any], name: str) -> Any:
    """The value of a literal; what its variables have was made as their types say already."""
    inner = type.of_type if isinstance(type, GraphQLNonNull) else type
    held: dict[str, Any] = {}
    if isinstance(node, ObjectValueNode) and isinstance(inner, GraphQLInputObjectType):
        for one in node.fields:
            if (
                isinstance(one.value, VariableNode)
                and one.value.name.value in variables
                and not isinstance(inner.fields[one.name.value].type, GraphQLNonNull)
            ):
                held[one.name.value] = variables[one.value.name.value]
    value = plain(node, variables)
    if held:
        value = {key: part for key, part in value.items() if key not in held}
    return coercer(type)(value, name) | held if held else coercer(type)(value, name)


def condition(node: Any, variables: Mapping[str, Any]) -> bool:
    """The value of ``if`` in ``@skip`` or ``@include``."""
    value = node.arguments[0].value
    if isinstance(value, VariableNode):
        return variables.get(value.name.value) is True
    return bool(value.value)


def plain(node: Any, variables: Mapping[str, Any]) -> Any:
    """A literal as JSON would have it; variables inside keep their values."""
    if isinstance(node, VariableNode):
        return variables.get(node.name.value)
    if isinstance(node, NullValueNode):
        return None
    if isinstance(node, ListValueNode):
        return [plain(one, variables) for one in node.values]
    if isinstance(node, ObjectValueNode):
        return {
            one.name.value: plain(one.value, variables)
            for one in node.fields
            if not (isinstance(one.value, VariableNode) and one.value.name.value not in variables)
        }
    kind = node.kind
    if kind == "int_value":
        return int(node.value)
    if kind == "float_value":
        return float(node.value)
    return node.value


_made: dict[str, Callable[[Any, str], Any]] = {}
"""By the names of types; lists and what may not be null are made anew, which is cheap."""


def coercer(type: Any) -> Callable[[Any, str], Any]:
    """What makes a value of an input type from JSON; raises RequestError with the place."""
    if isinstance(type, GraphQLNonNull):
        inner = coercer(type.of_type)

        def required(value: Any, place: str) -> Any:
            if value is None:
                raise RequestError(f"{place} of type {type} may not be null")
            return inner(value, place)

        return required
    if isinstance(type, GraphQLList):
        return _list(type)
    found = _made.get(type.name)
    if found is None:
        if isinstance(type, GraphQLInputObjectType):
            found = _object(type)
        else:
            found = _enum(type) if isinstance(type, GraphQLEnumType) else _SCALARS[type.name]
        _made[type.name] = found
    return found


def _list(type: Any) -> Callable[[Any, str], Any]:
    inner = coercer(type.of_type)

    def many(value: Any, place: str) -> Any:
        if value is None:
            return None
        if not isinstance(value, list):
            return [inner(value, place)]
        if len(value) > MAX_ITEMS:
            raise TooMuchError(f"{place} has over {MAX_ITEMS:,} items; send them in parts")
        try:
            return [inner(one, "") for one in value]
        except RequestError:
            # Once more for the place, which is not made up for each of many good items.
            return [inner(one, f"{place}[{number}]") for number, one in enumerate(value)]

    return many


def _object(type: Any) -> Callable[[Any, str], Any]:
    fields: dict[str, Callable[[Any, str], Any]] = {}
    defaults: dict[str, Any] = {}
    required: set[str] = set()
    for name, field in type.fields.items():
        fields[name] = coercer(field.type)
        if field.ast_node is not None and field.ast_node.default_value is not None:
            defaults[name] = plain(field.ast_node.default_value, {})
        elif isinstance(field.type, GraphQLNonNull):
            required.add(name)

    def one(value: Any, place: str) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise RequestError(f"{place} is not an object of type {type}")
        out = dict(defaults)
        for name, part in value.items():
            coerce = fields.get(name)
            if coerce is None:
                raise RequestError(f"{place}: {type} has no field {str(name)[:80]!r}")
            out[name] = coerce(part, f"{place}.{name}" if place else name)
        if not required <= out.keys():
            missing = ", ".join(sorted(required - out.keys()))
            raise RequestError(f"{place} of type {type} lacks {missing}")
        return out

    return one


def _enum(type: Any) -> Callable[[Any, str], Any]:
    names = frozenset(type.values)

    def name(value: Any, place: str) -> Any:
        if value is None or (isinstance(value, str) and value in names):
            return value
        raise RequestError(f"{place}: {str(value)[:80]!r} is no {type}")

    return name


def _text(value: Any, place: str) -> Any:
    if value is None or isinstance(value, str):
        return value
    raise RequestError(f"{place} is not a text")


def _id(value: Any, place: str) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise RequestError(f"{place} is not an id")


def _int(value: Any, place: str) -> Any:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_INT:
        return value
    raise RequestError(f"{place} is not a number of 32 bits")


def _float(value: Any, place: str) -> Any:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise RequestError(f"{place} is not a number")


def _boolean(value: Any, place: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    raise RequestError(f"{place} is not true or false")


_SCALARS: dict[str, Callable[[Any, str], Any]] = {
    "String": _text,
    "ID": _id,
    "Int": _int,
    "Float": _float,
    "Boolean": _boolean,
    "Time": _text,
}
