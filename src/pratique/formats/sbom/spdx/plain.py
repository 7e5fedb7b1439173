"""SPDX 2 in YAML and XML as the value of its JSON form, with every field.

Source: SPDX 2.3, clause 4.4 and its JSON schema, which tells arrays, numbers
and truth values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DEPTH
from pratique.formats.sbom.elements import children, text_of
from pratique.formats.text import decode, parse_xml
from pratique.formats.yaml_text import parse_yaml_texts
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from lxml import etree

_ARRAYS = frozenset(
    {
        "annotations",
        "artifactOfs",
        "attributionTexts",
        "checksums",
        "creators",
        "crossRefs",
        "documentDescribes",
        "externalDocumentRefs",
        "externalRefs",
        "fileContributors",
        "fileDependencies",
        "files",
        "fileTypes",
        "hasExtractedLicensingInfos",
        "hasFiles",
        "licenseInfoFromFiles",
        "licenseInfoInFiles",
        "licenseInfoInSnippets",
        "packageVerificationCodeExcludedFiles",
        "packages",
        "ranges",
        "relationships",
        "revieweds",
        "seeAlsos",
        "snippets",
    }
)
_TRUTHS = frozenset({"filesAnalyzed", "isLive", "isValid", "isWayBackLink"})
_NUMBERS = frozenset({"lineNumber", "offset", "order"})


def yaml_value(data: bytes) -> dict[str, Any]:
    """The value of a YAML document.

    Raises:
        InputError: It is not YAML, uses tags or aliases, or is no mapping.
        LimitError: It exceeds the limits of size or depth.
    """
    value = parse_yaml_texts(decode(data))
    if isinstance(value, dict) and isinstance(value.get("Document"), dict):
        value = value["Document"]
    if not isinstance(value, dict):
        raise InputError("is not an SPDX document: it is no mapping")
    typed: dict[str, Any] = _typed(value, "")
    return typed


def xml_value(data: bytes) -> dict[str, Any]:
    """The value of an XML document.

    Raises:
        InputError: It is not well-formed.
        LimitError: It exceeds the limits of size or depth.
    """
    value: dict[str, Any] = _typed(_element(parse_xml(data), 0), "")
    inner = value.get("Document")
    return inner if "spdxVersion" not in value and isinstance(inner, dict) else value


def _element(element: etree._Element, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise LimitError("is nested too deeply")
    found: dict[str, Any] = {}
    for _, name, child in children(element):
        value = _element(child, depth + 1)
        if name in _ARRAYS:
            found.setdefault(name, []).append(value)
        else:
            found.setdefault(name, value)
    return found or (text_of(element) if depth else {})


def _typed(value: Any, key: str) -> Any:
    """A value whose texts that stand for truth values and numbers are these."""
    if isinstance(value, dict):
        return {str(name): _typed(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_typed(inner, key) for inner in value]
    if isinstance(value, str):
        if key in _TRUTHS and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        if key in _NUMBERS and value.isdecimal() and len(value) < 16:
            return int(value)
    return value
