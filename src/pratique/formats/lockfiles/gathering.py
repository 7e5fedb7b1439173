"""Components and edges of one lockfile, gathered entry by entry.

Entries of a lockfile repeat, contradict one another and name what is not
there.  A :class:`Gathering` keeps references unique, merges what is the same
package, and lets no edge point outside the reading.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.base import MAX_ITEMS, Notes
from pratique.model.errors import InputError
from pratique.model.inventory import Component, Location, Reading, Relation, Scope
from pratique.model.nouns import Artifact
from pratique.model.purl import Package

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.formats.lockfiles.jsonlines import JsonLines

_SCOPES = tuple(Scope)
_RELATIONS = tuple(Relation)
_USERINFO = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")


def shown(value: object) -> str:
    """A value from a document as a message may quote it: one line, of bounded length."""
    return repr(value)[:80]


def named(text: str) -> str:
    """A name from a document as a message may hold it, quoted only where it is odd."""
    return text[:120] if text.isprintable() else shown(text)


def without_credentials(address: str) -> str:
    """An address without user, password, query and fragment, which may all hold secrets."""
    bare = re.split(r"[?#]", address.strip(), maxsplit=1)[0]
    return _USERINFO.sub(r"\1", bare)


def artifact_of_base64(algorithm: str, text: str) -> Artifact:
    """Artifact of a digest written in base64.

    Raises:
        InputError: The text is not base64, or not of the algorithm's length.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InputError(f"{algorithm} digest {shown(text)} is not base64") from None
    return Artifact.of(algorithm, raw.hex())


class Gathering:
    """What has been read of one document so far.

    Args:
        path: Of the document.
        type: Package URL type of its packages.
        ecosystem: OSV ecosystem of its packages, or empty.
    """

    def __init__(self, path: str, *, type: str, ecosystem: str = "") -> None:
        self.path = path
        self.type = type
        self.ecosystem = ecosystem
        self.notes = Notes(path)
        self._components: dict[str, Component] = {}
        self._edges: dict[str, dict[str, None]] = {}
        self._full = False

    def __contains__(self, package: object) -> bool:
        return isinstance(package, Package) and _reference(package) in self._components

    def __getitem__(self, ref: str) -> Component:
        return self._components[ref]

    def attach(self, package: Package, hashes: tuple[Artifact, ...]) -> None:
        """Add digests to a component that was taken before."""
        ref = _reference(package)
        there = self._components[ref]
        self.change(ref, hashes=tuple(dict.fromkeys((*there.hashes, *hashes))))

    def package(
        self,
        name: str,
        version: str = "",
        *,
        line: int,
        namespace: str = "",
        qualifiers: dict[str, str] | None = None,
        type: str = "",
    ) -> Package | None:
        """Package of an entry, or nothing and a problem where its name is not allowed."""
        try:
            return Package.of(
                type or self.type, name, version, namespace=namespace, qualifiers=qualifiers
            )
        except InputError as error:
            self.notes.unreadable(f"entry {shown(name)} is no package: {error.message}", line)
            return None

    def add(self, package: Package, *, line: int, path: str = "", **fields: Any) -> str:
        """Take a component, or merge it into the one of the same package.

        Args:
            package: What it is.
            line: First line of its entry.
            path: Of the document the entry is in, where that is another one.
            fields: Further fields of :class:`Component`.

        Returns:
            Its reference; empty where the document holds more than ``MAX_ITEMS``.
        """
        ref = _reference(package)
        fields.setdefault("ecosystem", self.ecosystem)
        groups = tuple(sorted(set(fields.pop("groups", ()))))
        component = Component(
            ref=ref,
            package=package,
            groups=groups,
            locations=(Location(path or self.path, line),),
            **fields,
        )
        there = self._components.get(ref)
        if there is None:
            if len(self._components) >= MAX_ITEMS:
                if not self._full:
                    self.notes.unreadable(f"holds more than {MAX_ITEMS:,} packages", line)
                self._full = True
                return ""
            self._components[ref] = component
        else:
            self._components[ref] = _merged(there, component)
        return ref

    def change(self, ref: str, **fields: Any) -> None:
        """Replace fields of a component that was taken before."""
        self._components[ref] = msgspec.structs.replace(self._components[ref], **fields)

    def states_edges(self, ref: str) -> None:
        """Note that the document states what a component depends on, even if it is nothing."""
        self._edges.setdefault(ref, {})

    def edge(self, ref: str, target: str) -> None:
        """Note that one component depends on another; both must have been taken."""
        if ref in self._components and target in self._components:
            self._edges.setdefault(ref, {})[target] = None

    def repeated(self, lines: JsonLines) -> None:
        """Say which members of a JSON document occur twice; parsers keep the last."""
        for path, line in lines.repeated:
            self.notes.unknown(
                f"member {shown(path[-1])} occurs twice in one object; the last is read", line
            )

    def digest(self, algorithm: str, text: str, line: int) -> tuple[Artifact, ...]:
        """One hexadecimal digest, or nothing and a problem where it is none."""
        try:
            return (Artifact.of(algorithm, text),)
        except InputError as error:
            self.notes.unknown(error.message, line)
            return ()

    def reading(
        self, format: str, *, roots: Iterable[str] = (), subject: Package | None = None
    ) -> Reading:
        """Everything gathered, as a reading."""
        return Reading(
            format=format,
            subject=subject,
            components=tuple(self._components.values()),
            roots=tuple(dict.fromkeys(ref for ref in roots if ref in self._components)),
            edges={ref: tuple(to) for ref, to in self._edges.items() if ref in self._components},
            problems=self.notes.done(),
        )


def _reference(package: Package) -> str:
    name = f"{package.namespace}/{package.name}" if package.namespace else package.name
    qualifiers = "&".join(f"{key}={value}" for key, value in package.qualifiers)
    return f"{name}@{package.version}" + (f"?{qualifiers}" if qualifiers else "")


def _merged(one: Component, other: Component) -> Component:
    return msgspec.structs.replace(
        one,
        relation=min(one.relation, other.relation, key=_RELATIONS.index),
        scope=min(one.scope, other.scope, key=_SCOPES.index),
        groups=tuple(sorted({*one.groups, *other.groups})),
        requirement=one.requirement or other.requirement,
        locations=tuple(dict.fromkeys((*one.locations, *other.locations))),
        hashes=tuple(dict.fromkeys((*one.hashes, *other.hashes))),
        registry=one.registry or other.registry,
        source=one.source or other.source,
        licenses=tuple(dict.fromkeys((*one.licenses, *other.licenses))),
    )
