"""GUAC's GraphQL interface, declared from the tables of :mod:`pratique.surfaces.guac.types`."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pratique.surfaces.guac import types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import GraphQLSchema

_FILTER = (
    'directive @filter(keyName: String = "id" operation: FilterOperation = CONTAINS '
    'value: String = "") on FIELD'
)


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """The schema; its introspection equals that of GUAC, descriptions apart."""
    from graphql import build_schema

    return build_schema(declaration(), assume_valid=True, assume_valid_sdl=True)


def declaration() -> str:
    """The schema in GraphQL's schema definition language (October 2021, section 3)."""
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    yield "scalar Time"
    yield _FILTER
    for name, fields in types.OBJECTS.items():
        yield f"type {name} {{ {_fields(fields)} }}"
    for name, fields in types.INPUTS.items():
        yield f"input {name} {{ {_fields(fields)} }}"
    for name, values in types.ENUMS.items():
        yield f"enum {name} {{ {values} }}"
    links = [f"{here}_{there}" for here, far in types.LINKS.items() for there in far.split()]
    yield f"enum Edge {{ {' '.join(links)} }}"
    yield f"union Node = {' | '.join(types.NODE.split())}"
    for name, members in types.NOUN_SUBJECTS.items():
        yield from _union(name, members)
    yield from _connection("Neighbor", "NeighborEdge", "Node")
    yield from _connection("FindSoftware", "SoftwareEdge", "PackageSourceOrArtifact")
    queries = dict(types.QUERIES)
    for one, many, kind, spec, connection in types.LISTS:
        yield from _connection(connection, f"{connection}Edge", kind)
        queries[f"{one}({spec}!)"] = f"[{kind}!]!"
        queries[f"{many}({spec}! after:ID first:Int)"] = f"{connection}Connection"
    yield f"type Query {{ {' '.join(f'{call}: {answer}' for call, answer in queries.items())} }}"
    calls = " ".join(f"{call}: {answer}" for call, answer in types.MUTATIONS.items())
    yield f"type Mutation {{ {calls} }}"


def _fields(text: str) -> str:
    return " ".join(one if ":" in one else f"{one}:String!" for one in text.split())


def _union(name: str, members: tuple[str, ...]) -> Iterator[str]:
    """A union of nouns, with its filter and its inputs for one and for many."""
    rows = [types.OF_MEMBER[member] for member in members]
    yield f"union {name} = {' | '.join(row[0] for row in rows)}"
    specs = " ".join(f"{member}:{row[1]}" for member, row in zip(members, rows, strict=True))
    yield f"input {name}Spec {{ {specs} }}"
    inputs = " ".join(f"{member}:{row[2]}" for member, row in zip(members, rows, strict=True))
    yield f"input {name}Input {{ {inputs} }}"
    yield f"input {name}Inputs {{ {' '.join(f'{row[3]}:[{row[2]}!]' for row in rows)} }}"


def _connection(name: str, edge: str, node: str) -> Iterator[str]:
    yield f"type {name}Connection {{ totalCount:Int! pageInfo:PageInfo! edges:[{edge}!]! }}"
    yield f"type {edge} {{ cursor:ID! node:{node}! }}"
