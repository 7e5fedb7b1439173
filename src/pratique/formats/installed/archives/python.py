"""Wheels (binary distribution format 1.0) and eggs, as files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.installed import python as metadata
from pratique.formats.installed.archives.members import Budget, Members, printable
from pratique.model.errors import InputError
from pratique.model.inventory import Location, Problem, Relation, Trouble

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_METADATA = re.compile(r"(?:[^/]+\.dist-info/METADATA|EGG-INFO/PKG-INFO)\Z")


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file
    """Read the metadata inside of a wheel or an egg.

    Raises:
        InputError: It is no archive, or has no metadata at its top.
    """
    members = Members(data, Budget())
    found = [name for name in members.paths() if _METADATA.match(name)]
    if not found:
        raise InputError("holds no metadata of a Python distribution")
    reading = metadata.read(members.read(found[0]), found[0], members)
    problems = [_within(path, problem) for problem in reading.problems]
    if len(found) > 1:
        note = f"holds {len(found)} metadata files; the first, {printable(found[0][:120])}, is read"
        problems.append(Problem(Location(path), Trouble.UNKNOWN, note))
    return msgspec.structs.replace(
        reading,
        format="wheel" if found[0].endswith("METADATA") else "egg",
        components=tuple(
            msgspec.structs.replace(
                part,
                relation=Relation.UNKNOWN,
                locations=tuple(_place(path, place) for place in part.locations),
            )
            for part in reading.components
        ),
        problems=tuple(problems),
    )


def _place(path: str, place: Location) -> Location:
    return Location(f"{path}!/{printable(place.path)}", place.line)


def _within(path: str, problem: Problem) -> Problem:
    return msgspec.structs.replace(problem, location=_place(path, problem.location))
