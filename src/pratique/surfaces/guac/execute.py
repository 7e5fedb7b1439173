"""Executes an operation whose selections were compiled beforehand.

A node is a mapping from field to value, so that a selection set becomes a list
of fields to copy: no resolver is called for each of them.  The text of a noun,
which recurs in a large answer, is encoded once.  Parsing, validation and
introspection are graphql-core's.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    InlineFragmentNode,
    get_named_type,
)
from graphql.type import is_abstract_type, is_leaf_type

from pratique.surfaces.guac.coerce import condition
from pratique.surfaces.guac.errors import TooMuchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from graphql import FragmentDefinitionNode, GraphQLSchema, SelectionSetNode

MAX_SECONDS = 45.0
"""Longest that one query may take.  A client that wants more asks in pages."""

MAX_OBJECTS = 5_000_000
"""Objects of one answer.  The bill of the largest image has some 30,000 packages and
200,000 dependencies, each of a dozen objects."""

_EVERY = 4096
"""Objects between two looks at the clock."""

_WHOLE = frozenset(
    {
        *("Package", "PackageNamespace", "Source", "SourceNamespace", "Artifact", "Builder"),
        *("Vulnerability", "License"),
    }
)
"""Types whose nodes are shared, so that their text is worth keeping."""

Row = tuple[str, str, Any, bool]
"""Name in the answer, field, what draws it (``None``: nothing to draw), whether a list."""

_encode = msgspec.json.Encoder().encode


class Budget:
    """What an operation may still use.

    Args:
        seconds: See :data:`MAX_SECONDS`.
        objects: See :data:`MAX_OBJECTS`.
    """

    def __init__(self, seconds: float = MAX_SECONDS, objects: int = MAX_OBJECTS) -> None:
        self._end = time.monotonic() + seconds
        self._objects = objects
        self._left = _EVERY

    def look(self) -> None:
        """Look at the clock.

        Raises:
            TooMuchError: The operation takes too long.
        """
        if time.monotonic() > self._end:
            raise TooMuchError("the answer takes too long; ask in pages or for less")

    def spend(self) -> None:
        """Count one object.

        Raises:
            TooMuchError: The operation takes too long, or its answer is too large.
        """
        self._left -= 1
        if self._left:
            return
        self._left = _EVERY
        self._objects -= _EVERY
        if self._objects < 0:
            raise TooMuchError("the answer is too large; ask in pages or for less")
        self.look()


class Compiler:
    """Compiles the selections of one operation.

    Args:
        schema: Of the interface.
        fragments: Of the document.
        variables: Their values; only conditions use them here.
        budget: What the operation may use.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        budget: Budget,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._budget = budget
        self._kept: dict[tuple[int, int], tuple[Any, msgspec.Raw]] = {}
        self._drawers: dict[tuple[str, tuple[int, ...]], Callable[[Any], Any]] = {}
        self._number = 0

    def drawer(self, type: Any, sets: list[SelectionSetNode]) -> tuple[Any, bool]:
        """What draws a value of a type, and whether it is a list of them.

        Args:
            type: GraphQL type of the field.
            sets: Its selections; none where it has no fields.
        """
        inner = type.of_type if isinstance(type, GraphQLNonNull) else type
        is_list = isinstance(inner, GraphQLList)
        named = get_named_type(type)
        if is_leaf_type(named):
            return None, is_list
        if is_abstract_type(named):
            return self._by_type(sets), is_list
        return self._object(named, sets), is_list

    def _by_type(self, sets: list[SelectionSetNode]) -> Callable[[Any], Any]:
        compiled: dict[str, Callable[[Any], Any]] = {}

        def draw(node: Any) -> Any:
            name = node["__typename"]
            found = compiled.get(name)
            if found is None:
                found = compiled[name] = self._object(self._schema.type_map[name], sets)
            return found(node)

        return draw

    def _object(self, type: Any, sets: list[SelectionSetNode]) -> Callable[[Any], Any]:
        """What draws nodes of a type; the same for a fragment wherever that is used."""
        key = (type.name, tuple(map(id, sets)))
        found = self._drawers.get(key)
        if found is None:
            found = self._drawers[key] = self._made(type, sets)
        return found

    def _made(self, type: Any, sets: list[SelectionSetNode]) -> Callable[[Any], Any]:
        rows = self._rows(type, sets)
        spend = self._budget.spend

        def draw(node: Any) -> dict[str, Any]:
            spend()
            out = {}
            for name, field, below, is_list in rows:
                value = node[field]
                if callable(value):
                    value = value()
                if below is not None and value is not None:
                    value = [below(one) for one in value] if is_list else below(value)
                out[name] = value
            return out

        if type.name not in _WHOLE:
            return draw
        self._number += 1
        number, kept = self._number, self._kept

        def once(node: Any) -> msgspec.Raw:
            found = kept.get((number, id(node)))
            if found is None:
                # The node is kept with its text: no other can get its address meanwhile.
                found = kept[number, id(node)] = (node, msgspec.Raw(_encode(draw(node))))
            return found[1]

        return once

    def _rows(self, type: GraphQLObjectType, sets: list[SelectionSetNode]) -> list[Row]:
        rows: list[Row] = []
        for name, fields in self.collect(type, sets).items():
            field = fields[0].name.value
            if field == "__typename":
                rows.append((name, field, None, False))
                continue
            below, is_list = self.drawer(
                type.fields[field].type,
                [one.selection_set for one in fields if one.selection_set],
            )
            rows.append((name, field, below, is_list))
        return rows

    def collect(
        self, type: GraphQLObjectType, sets: Iterable[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        """Fields that are selected of a type, by their names in the answer (section 6.3.2)."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()

        def add(selections: SelectionSetNode) -> None:
            for one in selections.selections:
                if not self._included(one):
                    continue
                if isinstance(one, FieldNode):
                    name = one.alias.value if one.alias else one.name.value
                    found.setdefault(name, []).append(one)
                elif isinstance(one, InlineFragmentNode):
                    if one.type_condition is None or self._applies(
                        one.type_condition.name.value, type
                    ):
                        add(one.selection_set)
                elif isinstance(one, FragmentSpreadNode) and one.name.value not in seen:
                    seen.add(one.name.value)
                    fragment = self._fragments[one.name.value]
                    if self._applies(fragment.type_condition.name.value, type):
                        add(fragment.selection_set)

        for one in sets:
            add(one)
        return found

    def _applies(self, condition: str, type: GraphQLObjectType) -> bool:
        if condition == type.name:
            return True
        other = self._schema.type_map[condition]
        return is_abstract_type(other) and self._schema.is_sub_type(other, type)

    def _included(self, node: Any) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name in {"skip", "include"} and condition(directive, self._variables) != (
                name == "include"
            ):
                return False
        return True
