"""Reads SPDX 2 documents of tags and values, into the same structs as the JSON form.

Source: SPDX 2.3, clause 4.4 and annex *tag-value*; each clause states its tags.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.base import Notes
from pratique.formats.sbom.places import Places
from pratique.formats.sbom.spdx import wire
from pratique.formats.sbom.spdx.read import VERSIONS as JSON_VERSIONS
from pratique.formats.sbom.spdx.read import format_of, reading
from pratique.formats.sbom.tally import Tally, quoted
from pratique.formats.text import decode
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

VERSIONS = ("SPDX-2.0", "SPDX-2.1", *JSON_VERSIONS)
"""Versions whose tags mean what those of 2.3 do; the older ones have fewer."""

_LINE = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*:[ \t]*(.*)\Z")
_OPEN, _CLOSE = "<text>", "</text>"

_SECTIONS = {
    "PackageName": "package",
    "FileName": "file",
    "SnippetSPDXID": "snippet",
    "LicenseID": "licence",
}
"""Tags that open the description of another element."""

_FIELDS = {
    "PackageVersion": "versionInfo",
    "PackageDownloadLocation": "downloadLocation",
    "PackageLicenseConcluded": "licenseConcluded",
    "PackageLicenseDeclared": "licenseDeclared",
    "PrimaryPackagePurpose": "primaryPackagePurpose",
}
"""Tags of a package and the field of each."""


def read_tag_value(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file says all
    """Read an SPDX 2 tag-value document.

    Args:
        data: The document.
        path: Where it is, for the problems and locations.
        tree: Not used: other documents that it refers to are not followed.

    Raises:
        InputError: It is not text, or states no ``SPDXVersion``.
        LimitError: It exceeds the limit of size.
    """
    text = decode(data)
    notes = Notes(path)
    builder = _Builder(notes)
    for tag, value, line in pairs(text, notes):
        builder.take(tag, value, line)
    document = builder.close()
    version = document.spdxVersion or ""
    if not version.startswith("SPDX-"):
        raise InputError("is not an SPDX tag-value document: it states no SPDXVersion")
    format = format_of(version, VERSIONS, notes)
    return reading(document, format, notes, Places(lines=builder.lines))


def pairs(text: str, notes: Notes) -> Iterator[tuple[str, str, int]]:
    """Tags, values and the lines of the tags; a value in ``<text>`` may have several lines."""
    odd = Tally(notes.unreadable, "lines that are no tag with a value, or open a text without end")
    lines = enumerate(text.split("\n"), 1)
    last = text.count("\n", 0, text.rfind(_CLOSE) + 1) + 1 if _CLOSE in text else 0
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.match(line)
        if not found:
            odd.add(f"{quoted(line.strip())} is no tag with a value; it is left out", number)
            continue
        tag, value = found[1], found[2].strip()
        if value.startswith(_OPEN) and _CLOSE not in value:
            if number >= last:
                odd.add(f"{tag} opens a text that does not end; it is one line", number)
            else:
                value = "\n".join((value, *_rest(lines)))
        if value.startswith(_OPEN):
            value = value.removeprefix(_OPEN).partition(_CLOSE)[0].strip()
        yield tag, value, number
    odd.close()


def _rest(lines: Iterator[tuple[int, str]]) -> Iterator[str]:
    """Lines up to the one that ends a text."""
    for _, line in lines:
        yield line
        if _CLOSE in line:
            return


class _Builder:
    """Collects the elements that the tags describe one after the other."""

    def __init__(self, notes: Notes) -> None:
        self.lines: dict[str, int] = {}
        """Lines of the packages, by identifier."""

        self._document = wire.Document(packages=[], files=[], snippets=[], relationships=[])
        self._section = "document"
        self._bad = Tally(notes.unreadable, "values that could not be read")

    def take(self, tag: str, value: str, line: int) -> None:
        """One tag; those that are not read are passed over."""
        document, section = self._document, self._section
        if tag in _SECTIONS:
            section = self._section = _SECTIONS[tag]
            if tag == "PackageName":
                document.packages.append(wire.Package(name=value))  # type: ignore[union-attr]
            elif tag == "SnippetSPDXID":
                document.snippets.append(wire.Element(SPDXID=value))  # type: ignore[union-attr]
        elif tag == "SPDXVersion":
            document.spdxVersion = document.spdxVersion or value
        elif tag == "Relationship":
            self._relationship(value, line)
        elif tag == "SPDXID":
            self._identify(value, line)
        elif section == "package":
            self._package(tag, value, line)

    def close(self) -> wire.Document:
        """The whole document."""
        self._bad.close()
        return self._document

    def _identify(self, value: str, line: int) -> None:
        """``SPDXID`` identifies the element whose section it stands in (clauses 6.3, 7.2, 8.2)."""
        document = self._document
        if self._section == "package":
            package = document.packages[-1]  # type: ignore[index]
            if package.SPDXID:
                self._bad.add(f"{quoted(value)} is a second SPDXID of a package", line)
            else:
                package.SPDXID = value
                self.lines.setdefault(value, line)
        elif self._section == "file":
            document.files.append(wire.Element(SPDXID=value))  # type: ignore[union-attr]
        elif not document.SPDXID:
            document.SPDXID = value

    def _package(self, tag: str, value: str, line: int) -> None:
        package: wire.Package = self._document.packages[-1]  # type: ignore[index]
        if tag in _FIELDS:
            setattr(package, _FIELDS[tag], value)
        elif tag == "PackageChecksum":
            algorithm, colon, digest = value.partition(":")
            if not colon:
                self._bad.add(f"PackageChecksum {quoted(value)} has no algorithm", line)
            package.checksums = package.checksums or []
            package.checksums.append(
                wire.Checksum(algorithm=algorithm.strip(), checksumValue=digest.strip())
            )
        elif tag == "ExternalRef":
            words = value.split(None, 2)
            if len(words) < 3:
                self._bad.add(f"ExternalRef {quoted(value)} has no three parts", line)
                return
            package.externalRefs = package.externalRefs or []
            package.externalRefs.append(
                wire.ExternalRef(referenceType=words[1], referenceLocator=words[2])
            )

    def _relationship(self, value: str, line: int) -> None:
        words = value.split()
        if len(words) != 3:
            self._bad.add(f"Relationship {quoted(value)} has no three parts", line)
            return
        self._document.relationships.append(  # type: ignore[union-attr]
            wire.Relationship(
                spdxElementId=words[0], relationshipType=words[1], relatedSpdxElement=words[2]
            )
        )
