"""The words of this check: places, sources, faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pratique.controls.configs.hosts import Hosts
    from pratique.controls.configs.names import Names


class Place(NamedTuple):
    """Where something is written; lines and columns count from 1."""

    path: str
    line: int = 1
    column: int = 1


class Fault(msgspec.Struct, frozen=True):
    """One way in which a configuration lets a public source answer, or a check be passed by."""

    rule: str
    """Id of a rule in :mod:`pratique.controls.configs.rules`."""

    place: Place
    what: str
    """One line: what is wrong."""

    why: str
    """One line: by which rule of the tool it happens."""

    fix: str
    """What to write instead."""


class Source(NamedTuple):
    """A place that packages come from, as a configuration names it."""

    url: str
    """Address or path; empty for the source built into the tool."""

    place: Place
    name: str = ""

    @property
    def shown(self) -> str:
        """For messages; credentials are left out."""
        if not self.url:
            return "the built-in public registry"
        scheme, sign, rest = self.url.partition("://")
        if not sign:
            return self.url[:120]
        authority, slash, path = rest.partition("/")
        return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"[:120]


class Scene(NamedTuple):
    """What a judgment is made on."""

    files: Mapping[str, str]
    """Texts by path, relative to what is linted, with forward slashes."""

    names: Names
    hosts: Hosts


class Judge(NamedTuple):
    """One package manager."""

    manager: str
    files: tuple[str, ...]
    """Names of the files it reads, as glob patterns on the end of the path."""

    judge: str
    """Import string of a function that takes a :class:`Scene` and yields faults
    (and :class:`pratique.controls.configs.documents.Unreadable` for what it cannot read)."""


class Unreadable(NamedTuple):
    """A file, or a value of one, that could not be read or settled."""

    path: str
    message: str
    line: int = 0


Outcome = Fault | Unreadable
"""What a judge yields."""

if TYPE_CHECKING:
    Outcomes = Iterator[Outcome]


def folder_of(path: str) -> str:
    """The folder of a path, with its slash; empty at the top."""
    return path[: path.rfind("/") + 1]
