"""What an index says, as the rest of the gate looks at it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from pratique.model.decision import Decision


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One artifact that an index lists."""

    name: str
    """Its file name; never with a slash."""

    url: str
    """Where upstream has it, absolute."""

    digests: dict[str, str] = {}
    """Hexadecimal, by the names of :mod:`hashlib`."""

    record: dict[str, Any] = {}
    """What else the index says of it, as written."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """One version, and what the index says that policy may look at."""

    version: str
    late: str = ""
    """Day on which these files were added to a version that was there before."""

    files: tuple[File, ...] = ()
    published: datetime | None = None
    yanked: bool | None = None
    deprecated: bool | None = None
    license: str = ""
    install_scripts: bool | None = None
    attested: bool | None = None
    """Whether the index offers an attestation of it."""

    publisher: str = ""
    """Account or workflow that published it, as the index says; empty where it does not."""

    repository: str = ""
    """Source that its attestation names."""

    provenance: str = ""
    """What came of verifying its attestations, as the fact has it; empty where nobody did."""

    source: str = ""
    """Repository that verified attestations prove."""

    @property
    def key(self) -> str:
        """What it is decided by: the version, and the day of files that came later."""
        return f"{self.version} ({self.late})" if self.late else self.version


class Project(msgspec.Struct, kw_only=True):
    """A package with all versions its index lists."""

    ecosystem: str
    """OSV ecosystem: ``PyPI``, ``npm``."""

    name: str
    """Normalised by the ecosystem's rules."""

    releases: tuple[Release, ...] = ()
    part: str = ""
    """What of it this is, where it is decided on in parts: the version of a snapshot."""

    archived: bool | None = None
    attested: bool = False
    """Whether the index offers an attestation of anything in it."""

    meta: dict[str, Any] = {}
    """What the index says of the whole, as it is passed on."""

    document: Any = None
    """The index's own document, where the answer is made from it."""


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """A project's versions with the decision on each."""

    project: Project
    decisions: dict[str, Decision]
    """By :attr:`Release.key`."""

    admitted: frozenset[str]
    """Keys of the releases that may be seen and fetched."""


class Pin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was kept as the content of one file, for ever."""

    sha256: str
    size: int
    ecosystem: str = ""
    project: str = ""
    release: Release
    """What it is of, as the index had it then; without files."""

    digests: dict[str, str] = {}
    """Those that the index named when it was stored, each verified."""

    url: str
    """Where it came from."""

    stored: datetime
