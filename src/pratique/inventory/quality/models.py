"""What quality is judged by, the same for every standard."""

from __future__ import annotations

import msgspec


class Party(msgspec.Struct, frozen=True):
    """Someone who made or supplied something."""

    name: str = ""
    email: str = ""
    url: str = ""

    @property
    def reachable(self) -> bool:
        """Whether there is an address that a program can use."""
        return "@" in self.email.strip("@") or "://" in self.url

    def __bool__(self) -> bool:
        return bool(self.name.strip() or self.email.strip() or self.url.strip())


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One component of a bill of materials, as it is stated."""

    ref: str
    path: str
    """Where it stands in the document."""

    name: str = ""
    version: str = ""
    type: str = ""
    supplier: Party = Party()
    creators: tuple[Party, ...] = ()
    """Manufacturer, authors, originators: who made it."""

    purls: tuple[str, ...] = ()
    cpes: tuple[str, ...] = ()
    other_ids: tuple[str, ...] = ()
    """SWID tags, SWHIDs, gitoids and the like."""

    hashes: tuple[tuple[str, str], ...] = ()
    """Algorithm as ``sha512`` and digest."""

    declared: tuple[str, ...] = ()
    concluded: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()
    """All licences, whichever they are said to be."""

    copyright: str = ""
    download: str = ""
    source: str = ""
    source_hashes: tuple[tuple[str, str], ...] = ()
    """Digests of its source code, as ``hashes``."""

    filename: str = ""
    deployable: tuple[tuple[str, str], ...] = ()
    """Digests of the file that is deployed, as ``hashes``."""

    executable: bool = False
    """Whether it is *stated* if it is executable; likewise the next two."""

    archive: bool = False
    structured: bool = False
    effective: str = ""
    security_txt: str = ""

    @property
    def label(self) -> str:
        """How a report names it."""
        name = self.name or self.ref or self.path
        return f"{name} {self.version}".strip()


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One bill of materials, as it is stated."""

    standard: str
    """``cyclonedx``, ``spdx`` or ``spdx3``."""

    form: str
    version: str
    """Of the specification, without the standard's name: ``1.6``, ``2.3``, ``3.0.1``."""

    identifier: str = ""
    created: str = ""
    authors: tuple[Party, ...] = ()
    """Who made the document: people and organisations, no tools."""

    tools: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    """Phases of the life cycle that it was made in."""

    data_licenses: tuple[str, ...] = ()
    primary: str = ""
    """Reference of what it is about."""

    parts: tuple[Part, ...] = ()
    """All components, the primary one first where there is one."""

    edges: dict[str, tuple[str, ...]] = {}
    """Reference to what it needs; a reference without a key says nothing of it."""

    dangling: tuple[str, ...] = ()
    """References that lead nowhere."""

    completeness: bool = False
    """Whether it says how complete its dependencies are."""

    vulnerabilities: int = 0
    signed: bool = False
