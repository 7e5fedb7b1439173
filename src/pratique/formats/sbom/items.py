"""What CycloneDX and SPDX say alike: packages, digests, and who may have no purl."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.sbom.tally import Tally, quoted
from pratique.model.errors import InputError
from pratique.model.nouns import HEX_LENGTHS, Artifact, Package

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.formats.base import Notes

MAX_NAME = 512
"""Characters of a name that stands in for a package URL; the longest names of
any ecosystem have 214 (npm) to 256 (Maven, NuGet)."""

_LOWER_HEX = re.compile(r"[0-9a-f]+\Z").match


class Identities:
    """Turns what a document says of a component into packages, and keeps count.

    Args:
        notes: Receives package URLs and names that could not be read.
    """

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._bad = Tally(notes.unreadable, "package URLs that could not be read")
        self._nameless = Tally(notes.unknown, "components without a usable name")
        self.without_purl = 0
        """Components that need a package URL for matching and state none."""

    def parse(self, purl: str, version: str, ref: str, line: int = 0) -> Package | None:
        """A stated package URL, with the component's version where it has none itself.

        Returns:
            ``None``, and one *unreadable*, where it is not a package URL.
        """
        try:
            package = Package.parse(purl)
        except InputError as error:
            self._bad.add(f"{quoted(ref)}: {error}", line)
            return None
        if package.version or not version:
            return package
        try:
            return Package.of(
                package.type,
                package.name,
                version,
                namespace=package.namespace,
                qualifiers=dict(package.qualifiers),
                subpath=package.subpath,
            )
        except InputError as error:
            self._bad.add(f"{quoted(ref)}: version {quoted(version)}: {error}", line)
            return package

    def named(self, namespace: str, name: str, version: str, ref: str, line: int = 0) -> Package:
        """A stand-in for a component without a readable package URL: ``pkg:generic/…``."""
        if not name:
            reason = "has no name"
        elif len(name) > MAX_NAME:
            reason = f"name of {len(name):,} characters, over the limit of {MAX_NAME}"
        else:
            try:
                return Package.of("generic", name, version, namespace=namespace)
            except InputError as error:
                reason = str(error)
        self._nameless.add(f"{quoted(ref)}: {reason}", line)
        for attempt in (name, ref):
            try:
                return Package.of("generic", _printable(attempt), _printable(version))
            except InputError:
                continue
        return Package.of("generic", "unnamed")

    def close(self, total: int) -> None:
        """Say what is to be said once for the whole document."""
        self._bad.close()
        self._nameless.close()
        if self.without_purl:
            has = "has" if self.without_purl == 1 else "have"
            self._notes.unknown(
                f"{self.without_purl:,} of {total:,} components {has} no package URL (purl) "
                "and so cannot be matched"
            )


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() and c != "/" else "_" for c in text[:MAX_NAME])


def artifacts(
    pairs: Iterable[tuple[str | None, str | None]], ref: str, line: int, bad: Tally
) -> tuple[Artifact, ...]:
    """Digests by algorithm and hexadecimal text; each that cannot be read is named.

    The names of algorithms lose their dashes, so that ``SHA3-256``,
    ``BLAKE2b-256`` and SPDX's ``SHA256`` have one spelling for both formats.
    """
    found = []
    for algorithm, digest in pairs:
        name = (algorithm or "").replace("-", "").lower()
        if digest and HEX_LENGTHS.get(name) == len(digest) and _LOWER_HEX(digest):
            found.append(Artifact(name, digest))  # nearly all; what is left is looked at closely
            continue
        try:
            found.append(Artifact.of(name, digest or ""))
        except InputError as error:
            bad.add(f"{quoted(ref)}: {error}", line)
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)


class References:
    """References that are unique within a document.

    Args:
        taken: Those that the document itself states.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._numbers: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """A reference that nothing has yet: ``wanted``, or ``wanted~2`` and so on."""
        ref, number = wanted, self._numbers.get(wanted, 1)
        while ref in self._taken:
            number += 1
            ref = f"{wanted}~{number}"
        self._numbers[wanted] = number
        self._taken.add(ref)
        return ref
