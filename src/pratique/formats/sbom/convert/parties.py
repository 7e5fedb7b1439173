"""People, organisations and tools as SPDX 2 writes them (SPDX 2.3, clause 6.8)."""

from __future__ import annotations

import re
from typing import Any

_PARTY = re.compile(
    r"(Person|Organization)[ \t]*:[ \t]*(.*?)[ \t]*(?:\(([^()]*)\))?[ \t]*\Z", re.DOTALL
)
_TOOL = re.compile(r"Tool[ \t]*:[ \t]*(.+)\Z", re.DOTALL)
_VERSION = re.compile(r"(.+)-(v?\d\S*)\Z", re.DOTALL)


def person(contact: Any) -> str:
    """``Person: name (email)`` of a CycloneDX contact; empty where it has no name."""
    return _party("Person", contact)


def organization(entity: Any) -> str:
    """``Organization: name (email)`` of a CycloneDX organisation; the first address is taken."""
    if not isinstance(entity, dict):
        return ""
    contacts = entity.get("contact")
    first = contacts[0] if isinstance(contacts, list) and contacts else {}
    email = first.get("email") if isinstance(first, dict) else None
    return _party("Organization", {"name": entity.get("name"), "email": email})


def _party(kind: str, contact: Any) -> str:
    if not isinstance(contact, dict):
        return ""
    name, email = contact.get("name"), contact.get("email")
    if not isinstance(name, str) or not name.strip():
        return ""
    return f"{kind}: {name} ({email})" if isinstance(email, str) and email else f"{kind}: {name}"


def tool(item: Any) -> str:
    """``Tool: name-version`` of a CycloneDX tool or component; empty without a name."""
    if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not item["name"]:
        return ""
    version = item.get("version")
    return f"Tool: {item['name']}-{version}" if version else f"Tool: {item['name']}"


def party(text: Any) -> tuple[str, str, str]:
    """Kind (``Person``, ``Organization`` or nothing), name and address of a party."""
    found = _PARTY.match(text) if isinstance(text, str) else None
    return (found[1], found[2], found[3] or "") if found else ("", "", "")


def tool_of(text: Any) -> tuple[str, str]:
    """Name and version of a tool; nothing where the text is none."""
    found = _TOOL.match(text) if isinstance(text, str) else None
    if not found:
        return "", ""
    parts = _VERSION.match(found[1].strip())
    return (parts[1], parts[2]) if parts else (found[1].strip(), "")
