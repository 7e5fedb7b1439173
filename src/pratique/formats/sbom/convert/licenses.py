"""Licences of CycloneDX and of SPDX 2.3, each in the words of the other.

Sources: CycloneDX 1.6 (``licenseChoice``); SPDX 2.3, clauses 7.13, 7.15, 10 and annex D.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

from pratique.formats.sbom.convert.kinds import ABSENT
from pratique.formats.sbom.cyclonedx.licenses import MAX_EXPRESSION, is_expression

_REF = re.compile(r"LicenseRef-[A-Za-z0-9.-]+\Z")
_REFS = re.compile(r"(?<![\w:.-])LicenseRef-[A-Za-z0-9.-]+")
UNKNOWN_TEXT = "NOASSERTION"
"""Text of a licence that is referred to and not given; clause 10.2 demands one."""

_NOT_ID = re.compile(r"[^A-Za-z0-9.-]+")
_ID = re.compile(r"[A-Za-z0-9.-]+\+?\Z")


class Extracted:
    """Licences that SPDX has no id for, collected while packages are written."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, Any]] = {}

    def reference(self, name: str, text: str, url: str) -> str:
        """The ``LicenseRef`` of a licence by name; it is noted with its text."""
        plain = _NOT_ID.sub("-", name).strip("-.")[:60] or "unnamed"
        ref = f"LicenseRef-{plain}"
        entry: dict[str, Any] = {"licenseId": ref, "extractedText": text or name, "name": name}
        if url:
            entry["seeAlsos"] = [url]
        if self._found.setdefault(ref, entry) != entry:  # the same name with another text
            digest = sha256(f"{name}\n{text}\n{url}".encode()).hexdigest()
            ref = f"{ref}-{digest[:12]}"
            entry["licenseId"] = ref
            self._found[ref] = entry
        return ref

    def mention(self, text: str) -> None:
        """Note the ``LicenseRef`` of an expression whose texts the document does not have."""
        if len(text) > MAX_EXPRESSION:
            return
        for ref in _REFS.findall(text):
            self._found.setdefault(ref, {"licenseId": ref, "extractedText": UNKNOWN_TEXT})

    def written(self) -> list[dict[str, Any]]:
        """``hasExtractedLicensingInfos``."""
        return list(self._found.values())


def to_spdx(choices: Any, extracted: Extracted) -> dict[str, str]:
    """``licenseDeclared`` and ``licenseConcluded`` of a component's ``licenses``.

    A licence that does not say which of the two it is counts as declared.
    """
    texts: dict[str, list[str]] = {"licenseDeclared": [], "licenseConcluded": []}
    stated = False
    for choice in choices if isinstance(choices, list) else ():
        if not isinstance(choice, dict):
            continue
        named = choice.get("license")
        holder = named if isinstance(named, dict) else choice
        acknowledged = holder.get("acknowledgement")
        stated = stated or acknowledged in {"declared", "concluded"}
        key = "licenseConcluded" if acknowledged == "concluded" else "licenseDeclared"
        if text := _text(choice, named, extracted):
            extracted.mention(text)
            texts[key].append(text)
    written = {key: _joined(found) for key, found in texts.items() if found}
    if stated:
        for key in texts:
            written.setdefault(key, "NOASSERTION")
    return written


def _text(choice: dict[str, Any], named: Any, extracted: Extracted) -> str:
    expression = choice.get("expression")
    if isinstance(expression, str) and expression.strip():
        return expression
    if not isinstance(named, dict):
        return ""
    id, name, url = (named.get(key) for key in ("id", "name", "url"))
    if isinstance(id, str) and _ID.match(id):
        return id
    label = next((one for one in (name, id, url) if isinstance(one, str) and one.strip()), "")
    if label in {"NONE", "NOASSERTION"} or _REF.match(label):
        return label
    content = named.get("text")
    text = content.get("content") if isinstance(content, dict) else ""
    plain = isinstance(content, dict) and not content.get("encoding") and isinstance(text, str)
    if not label:
        return ""
    return extracted.reference(
        label, str(text) if plain else "", url if isinstance(url, str) else ""
    )


def _joined(texts: list[str]) -> str:
    texts = list(dict.fromkeys(texts))
    if len(texts) == 1:
        return texts[0]
    return " AND ".join(f"({text})" if " " in text else text for text in texts)


def to_cyclonedx(package: dict[str, Any], extracted: dict[str, dict[str, Any]]) -> list[Any]:
    """``licenses`` of a package's declared and concluded licence.

    CycloneDX 1.6 allows one expression or any number of licences.  Which of
    the two a licence is, is written where the package speaks of both.
    """
    both = "licenseDeclared" in package and "licenseConcluded" in package
    found: list[dict[str, Any]] = []
    for key in ("licenseDeclared", "licenseConcluded"):
        text = package.get(key)
        if not isinstance(text, str) or text.strip() in ABSENT:
            continue
        note = {"acknowledgement": key.removeprefix("license").lower()} if both else {}
        if both and package.get("licenseDeclared") == package.get("licenseConcluded") and found:
            continue
        found.append(_choice(text.strip(), extracted, note))
    expressions = [one for one in found if "expression" in one]
    if not expressions or len(found) == 1:
        return found
    if len(found) == len(expressions):
        return expressions[:1]
    return [
        {"license": {"name": one["expression"], **_note(one)}} if "expression" in one else one
        for one in found
    ]


def _note(choice: dict[str, Any]) -> dict[str, str]:
    note = choice.get("acknowledgement")
    return {"acknowledgement": note} if note else {}


def _choice(
    text: str, extracted: dict[str, dict[str, Any]], note: dict[str, str]
) -> dict[str, Any]:
    entry = extracted.get(text)
    if entry and entry.get("extractedText") != UNKNOWN_TEXT:
        name = entry.get("name")
        license: dict[str, Any] = {"name": name if isinstance(name, str) and name else text}
        content = entry.get("extractedText")
        if isinstance(content, str) and content and content != license["name"]:
            license["text"] = {"content": content}
        see = entry.get("seeAlsos")
        if isinstance(see, list) and see and isinstance(see[0], str):
            license["url"] = see[0]
        return {"license": license | note}
    if is_expression(text):
        if _ID.match(text) and not text.startswith("LicenseRef-") and not text.endswith("+"):
            return {"license": {"id": text} | note}
        return {"expression": text} | note
    return {"license": {"name": text} | note}
