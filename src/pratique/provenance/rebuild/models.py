"""How far a rebuilt file is the published one."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Grade(StrEnum):
    """What came of a rebuild, best first."""

    BIT_IDENTICAL = "bit-identical"
    IDENTICAL_BUT = "identical but for"
    """The same members with the same content; what differs runs nothing and says nothing:
    time stamps, permissions, order, compression, the name of the tool."""

    DIFFERENT = "different"
    NOT_REBUILT = "not rebuilt"
    """Nothing can be said: there is no source, no sandbox, or the build failed."""


class Aspect(StrEnum):
    """In what two archives differ."""

    CONTENT = "content"
    ONLY_PUBLISHED = "only in the published one"
    ONLY_REBUILT = "only in the rebuilt one"
    TOOL = "name of the tool"
    """``Generator`` of a wheel's WHEEL file."""

    RECORD = "digests of other members"
    """A wheel's RECORD, where it differs only about members that differ."""

    TIMES = "time stamps"
    MODES = "permissions"
    ORDER = "order of members"
    CONTAINER = "compression"
    """The same members, written in another way."""

    @property
    def harmless(self) -> bool:
        """Whether the archives unpack to the same files but for it."""
        return self not in {Aspect.CONTENT, Aspect.ONLY_PUBLISHED, Aspect.ONLY_REBUILT}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that differs."""

    aspect: Aspect
    path: str = ""
    """Member; empty for the archive as a whole."""

    published: str = ""
    """What the published one has there, in short: a digest, a time."""

    rebuilt: str = ""
    lines: tuple[str, ...] = ()
    """First lines of a comparison, where both are text."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One side of the comparison."""

    name: str
    sha256: str
    size: int


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """The answer about one published file."""

    package: str
    """Package URL."""

    grade: Grade
    reason: str = ""
    """Why it was not rebuilt, or how the grade came about, in one line."""

    published: File | None = None
    rebuilt: File | None = None
    source: str = ""
    """What it was built from: a file with its digest, or a commit."""

    tools: tuple[str, ...] = ()
    """What was installed to build it, ``name==version``, sorted."""

    differences: tuple[Difference, ...] = ()
    log: str = ""
    """Last lines of the build, where it failed."""

    @property
    def aspects(self) -> tuple[str, ...]:
        """In what it differs, each once."""
        return tuple(dict.fromkeys(one.aspect.value for one in self.differences))
