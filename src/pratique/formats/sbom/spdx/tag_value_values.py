"""An SPDX 2 tag-value document as the value of its JSON form, with every tag.

Source: SPDX 2.3, clauses 6 to 13; for files within packages, clause 8.1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.base import Notes
from pratique.formats.sbom.spdx import tags
from pratique.formats.sbom.spdx.tag_value import pairs
from pratique.formats.text import decode

if TYPE_CHECKING:
    from collections.abc import Callable

_OPENING = {known[0].name: key for key, known in tags.SECTIONS.items()}
_CODE = re.compile(r"(\S+)\s*(?:\(\s*excludes:\s*(.*?)\s*\))?\s*\Z", re.DOTALL)
_ATTACHED = frozenset({"annotations", "relationships", "revieweds"})
"""Sections whose items may stand anywhere: the element around them goes on."""


class Values:
    """The value of a document, and what of the text it does not hold."""

    def __init__(self, value: dict[str, Any], left: list[tuple[int, str, str]]) -> None:
        self.value = value
        self.left = left
        """Line, text and reason of each tag that has no place in the value."""


def tag_value_values(data: bytes) -> Values:
    """Take a tag-value document for what it is in JSON.

    Raises:
        InputError: It is not text.
        LimitError: It exceeds the limit of size.
    """
    notes = Notes("")
    builder = _Builder()
    for tag, value, line in pairs(decode(data), notes):
        builder.take(tag, value, line)
    builder.left += [(one.location.line, "", one.message) for one in notes]
    return Values(builder.close(), builder.left)


class _Builder:
    """Collects items of sections, one after the other."""

    def __init__(self) -> None:
        self.value: dict[str, Any] = {}
        self.left: list[tuple[int, str, str]] = []
        self._item: dict[str, Any] = self.value
        self._tags = _by_name(tags.DOCUMENT)
        self._creation = _by_name(tags.CREATION)
        self._attached: tuple[dict[str, Any], dict[str, tags.Tag]] | None = None
        self._package: dict[str, Any] | None = None
        self._within: tuple[dict[str, Any], dict[str, Any]] | None = None
        self._annotations: list[dict[str, Any]] = []

    def take(self, name: str, text: str, line: int) -> None:
        """One tag with its value."""
        if key := _OPENING.get(name):
            self._open(key)
        if name == "ExternalRefComment":
            references = self._item.get("externalRefs")
            if references:
                references[-1]["comment"] = text
            else:
                self.left.append((line, text, f"{name} without an ExternalRef"))
            return
        attached = self._attached
        if attached and name in attached[1]:
            self._set(attached[0], attached[1][name], text, line)
        elif name in self._tags:
            self._set(self._item, self._tags[name], text, line)
        elif name in self._creation:
            info = self.value.setdefault("creationInfo", {})
            self._set(info, self._creation[name], text, line)
        else:
            self.left.append((line, text, f"tag {name} is not known here"))

    def close(self) -> dict[str, Any]:
        """The whole value; annotations stand with what they are of."""
        owners: dict[Any, dict[str, Any]] = {}
        for key in ("snippets", "files", "packages"):
            owners |= {one.get("SPDXID"): one for one in self.value.get(key, ())}
        for note in self._annotations:
            owners.get(note.pop("SPDXREF", None), self.value).setdefault("annotations", []).append(
                note
            )
        return self.value

    def _open(self, key: str) -> None:
        item: dict[str, Any] = {}
        if key == "annotations":
            self._annotations.append(item)
        else:
            self.value.setdefault(key, []).append(item)
        known = _by_name(tags.SECTIONS[key])
        if key in _ATTACHED:
            self._attached = (item, known)
            return
        self._item, self._tags, self._attached = item, known, None
        if key == "packages":
            self._package = item
        elif key == "files" and self._package is not None:
            self._within = (item, self._package)

    def _set(self, item: dict[str, Any], tag: tags.Tag, text: str, line: int) -> None:
        value = _FORMS[tag.form](text)
        if value is None:
            self.left.append((line, text, f"{tag.name} is not of its form"))
        elif tag.form == "relationship":
            item.update(value)
        elif tag.repeated:
            item.setdefault(tag.key, []).append(value)
        elif tag.key in item:
            self.left.append((line, text, f"{tag.name} is stated twice"))
        else:
            item[tag.key] = value
        if tag.name == "SPDXID" and self._within and self._within[0] is item:
            self._within[1].setdefault("hasFiles", []).append(text)
            self._within = None


def _by_name(known: tuple[tags.Tag, ...]) -> dict[str, tags.Tag]:
    return {tag.name: tag for tag in known}


def _checksum(text: str) -> Any:
    algorithm, colon, digest = text.partition(":")
    if not colon or not digest.strip():
        return None
    return {"algorithm": algorithm.strip(), "checksumValue": digest.strip()}


def _reference(text: str) -> Any:
    words = text.split(None, 2)
    keys = ("referenceCategory", "referenceType", "referenceLocator")
    return dict(zip(keys, words, strict=True)) if len(words) == 3 else None


def _relationship(text: str) -> Any:
    words = text.split()
    keys = ("spdxElementId", "relationshipType", "relatedSpdxElement")
    return dict(zip(keys, words, strict=True)) if len(words) == 3 else None


def _outside(text: str) -> Any:
    words = text.split(None, 2)
    checksum = _checksum(words[2]) if len(words) == 3 else None
    if checksum is None:
        return None
    return {"externalDocumentId": words[0], "spdxDocument": words[1], "checksum": checksum}


def _code(text: str) -> Any:
    found = _CODE.match(text)
    if not found:
        return None
    value: dict[str, Any] = {"packageVerificationCodeValue": found[1]}
    if found[2]:
        excluded = [one.strip() for one in found[2].split(",")]
        value["packageVerificationCodeExcludedFiles"] = excluded
    return value


def _range(text: str, key: str) -> Any:
    start, colon, end = text.partition(":")
    if not colon or not (start.strip().isdecimal() and end.strip().isdecimal()):
        return None
    if len(text) > 40:
        return None
    return {"startPointer": {key: int(start)}, "endPointer": {key: int(end)}}


_FORMS: dict[str, Callable[[str], Any]] = {
    "text": lambda text: text,
    "truth": lambda text: {"true": True, "false": False}.get(text.lower()),
    "checksum": _checksum,
    "reference": _reference,
    "relationship": _relationship,
    "outside": _outside,
    "code": _code,
    "bytes": lambda text: _range(text, "offset"),
    "lines": lambda text: _range(text, "lineNumber"),
}
