"""What reading the sources says of one finding."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from pratique.model.inventory import Location, Problem
from pratique.model.severity import Severity


class State(StrEnum):
    """How far the code checked gets to what is vulnerable."""

    REFERENCED = "referenced"
    """A function that the advisory names is named in code that is reached."""

    IMPORTED = "imported"
    """The package is imported; the advisory names no functions."""

    UNREFERENCED = "unreferenced"
    """The package is imported; none of the functions named in the advisory is."""

    UNIMPORTED = "unimported"
    """No code that is reached imports the package."""

    UNKNOWN = "unknown"
    """The sources do not tell, with the reason."""


class Site(msgspec.Struct, frozen=True, order=True):
    """A place in the sources that says something."""

    location: Location
    """Of a file of the project, or of a package: ``alpha@1.2/alpha/api.py``."""

    text: str
    """What is there: ``import alpha``, ``alpha.Parse`` …"""

    def __str__(self) -> str:
        return f"{self.location}: {self.text}"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the sources say of one finding."""

    id: str
    aliases: tuple[str, ...] = ()
    subject: str
    """Package URL of the vulnerable package."""

    severity: Severity
    state: State
    reason: str
    """One line."""

    symbols: tuple[str, ...] = ()
    """Functions that the advisory names, where it names any."""

    chain: tuple[Site, ...] = ()
    """From the project's own code to the package: each import on the way."""

    sites: tuple[Site, ...] = ()
    """Where functions are named."""

    doubts: tuple[str, ...] = ()
    """What reading the sources cannot see, and a judge should look at."""

    def __post_init__(self) -> None:
        if self.state is State.UNKNOWN and not self.reason:
            raise ValueError("an unknown answer needs its reason")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All answers of one project."""

    subject: str
    answers: tuple[Answer, ...] = ()
    files: int = 0
    """Source files read, of the project and of its dependencies."""

    problems: tuple[Problem, ...] = ()
    """What could not be read or determined."""

    @property
    def complete(self) -> bool:
        """Whether every finding has an answer other than unknown, from all sources."""
        return not self.problems and all(one.state is not State.UNKNOWN for one in self.answers)
