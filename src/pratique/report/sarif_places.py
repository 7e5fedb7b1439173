"""Messages and places as SARIF writes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from pratique.model.inventory import Location

_SPECIAL = re.compile(r"[\\\[\]{}]")
_DRIVE = re.compile(r"[A-Za-z]:/")


def message(text: str) -> str:
    """A plain text message without placeholders and links.

    Braces are doubled (section 3.11.5), brackets and backslashes escaped
    (section 3.11.6); a message is never empty (section 3.11.8).
    """
    return _SPECIAL.sub(_escape, text) or "(nothing is said)"


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return character * 2 if character in "{}\\" else f"\\{character}"


def artifact_location(path: str) -> dict[str, Any]:
    """Section 3.4: a relative reference below ``%SRCROOT%``, or a URI where it is absolute."""
    slashed = path.replace("\\", "/") if _DRIVE.match(path.replace("\\", "/")) else path
    if slashed.startswith("/"):
        return {"uri": "file://" + _quoted("/" + slashed.lstrip("/"))}
    if _DRIVE.match(slashed):
        return {"uri": "file:///" + _quoted(slashed)}
    place: dict[str, Any] = {"uri": _quoted(slashed) or ".", "uriBaseId": "%SRCROOT%"}
    if path == "-":
        place["description"] = {"text": "standard input"}
    return place


def _quoted(path: str) -> str:
    """Percent-encoded (RFC 3986); a colon too, lest the first segment look like a scheme."""
    return quote(path, safe="/@!$&'()*+,;=~", errors="strict")


def location(place: Location) -> dict[str, Any]:
    """Section 3.28: a physical location, with its line where there is one."""
    physical: dict[str, Any] = {"artifactLocation": artifact_location(place.path)}
    if place.line > 0:
        physical["region"] = {"startLine": place.line}
    return {"physicalLocation": physical}
