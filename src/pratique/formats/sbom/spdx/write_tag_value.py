"""Writes the value of an SPDX 2 JSON document in the tag-value form.

Source: SPDX 2.3, clause 4.4 and the tags of clauses 6 to 13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.sbom.spdx import tags
from pratique.formats.shapes import objects_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_ORDER = (
    "files",
    "packages",
    "snippets",
    "hasExtractedLicensingInfos",
    "revieweds",
    "relationships",
)
"""Files before packages: one that follows a package would be a part of it (clause 8.1)."""


def write_tag_value(document: dict[str, Any]) -> bytes:
    """A document as tags and values.

    Args:
        document: The value of an SPDX 2 JSON document.  What tags cannot say
            (``hasFiles``, ``documentDescribes``) is left out; relationships say it.

    Returns:
        UTF-8 text that ends in a newline.
    """
    version = document.get("spdxVersion")
    if not isinstance(version, str):  # without it nobody would know what this is
        document = document | {"spdxVersion": "SPDX-2.3"}
    lines = [*_item(document, tags.DOCUMENT)]
    info = document.get("creationInfo")
    if isinstance(info, dict):
        lines += _item(info, tags.CREATION)
    lines += _annotations(document, document.get("SPDXID"))
    for key in _ORDER:
        for item in objects_in(document.get(key)):
            opening = tags.SECTIONS[key][0]
            if opening.form == "relationship" and _relationship(item) is None:
                continue  # what follows would be said of the one before
            lines.append("")
            if opening.key and not isinstance(item.get(opening.key), str):
                lines.append(f"{opening.name}: {_enclosed('')}")
            lines += _item(item, tags.SECTIONS[key])
            if key in {"files", "packages", "snippets"}:
                lines += _annotations(item, item.get("SPDXID"))
    return ("\n".join(lines) + "\n").encode()


def _annotations(owner: dict[str, Any], id: Any) -> Iterator[str]:
    for note in objects_in(owner.get("annotations")):
        yield ""
        yield from _item(note | {"SPDXREF": id}, tags.ANNOTATION)


def _item(item: dict[str, Any], known: Iterable[tags.Tag]) -> Iterator[str]:
    for tag in known:
        value = item if tag.form == "relationship" else item.get(tag.key)
        if value is None:
            continue
        if not tag.repeated:
            value = [value]
        for one in value if isinstance(value, list) else ():
            yield from _lines(tag, one)


def _lines(tag: tags.Tag, value: Any) -> Iterator[str]:
    text = _FORMS[tag.form](value)
    if text is not None:
        yield f"{tag.name}: {_enclosed(text)}"
    if (
        tag.form == "reference"
        and isinstance(value, dict)
        and isinstance(value.get("comment"), str)
    ):
        yield f"ExternalRefComment: {_enclosed(value['comment'])}"


def _enclosed(text: str) -> str:
    """Text in ``<text>`` where a line cannot hold it."""
    if "\n" in text or text != text.strip() or not text or text.startswith("<text>"):
        return f"<text>{text}</text>"
    return text


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _truth(value: Any) -> str | None:
    return str(value).lower() if isinstance(value, bool) else None


def _words(value: Any, *keys: str) -> list[str] | None:
    """Texts of an object; ``None`` where one is absent or would be two words."""
    if not isinstance(value, dict):
        return None
    found = [value.get(key) for key in keys]
    if not all(isinstance(one, str) and one and not any(map(str.isspace, one)) for one in found):
        return None
    return [str(one) for one in found]


def _checksum(value: Any) -> str | None:
    words = _words(value, "algorithm", "checksumValue")
    return f"{words[0]}: {words[1]}" if words else None


def _reference(value: Any) -> str | None:
    words = _words(value, "referenceCategory", "referenceType", "referenceLocator")
    return " ".join(words) if words else None


def _relationship(value: Any) -> str | None:
    words = _words(value, "spdxElementId", "relationshipType", "relatedSpdxElement")
    return " ".join(words) if words else None


def _outside(value: Any) -> str | None:
    words = _words(value, "externalDocumentId", "spdxDocument")
    checksum = _checksum(value.get("checksum")) if isinstance(value, dict) else None
    return f"{words[0]} {words[1]} {checksum}" if words and checksum else None


def _code(value: Any) -> str | None:
    words = _words(value, "packageVerificationCodeValue")
    if not words:
        return None
    excluded = value.get("packageVerificationCodeExcludedFiles")
    if isinstance(excluded, list) and excluded and all(isinstance(one, str) for one in excluded):
        return f"{words[0]} (excludes: {', '.join(excluded)})"
    return words[0]


def _range(value: Any, key: str) -> str | None:
    if not isinstance(value, dict):
        return None
    ends = [value.get("startPointer"), value.get("endPointer")]
    found = [end.get(key) for end in ends if isinstance(end, dict)]
    if len(found) != 2 or not all(type(one) is int for one in found):
        return None
    return f"{found[0]}:{found[1]}"


_FORMS: dict[str, Callable[[Any], str | None]] = {
    "text": _text,
    "truth": _truth,
    "checksum": _checksum,
    "reference": _reference,
    "relationship": _relationship,
    "outside": _outside,
    "code": _code,
    "bytes": lambda value: _range(value, "offset"),
    "lines": lambda value: _range(value, "lineNumber"),
}
