"""Core metadata of a Python distribution (Core metadata specification 2.4, PEP 314 before).

The header block of an e-mail in form, often not in fact: descriptions spill
into it unindented and encodings vary.  Python's e-mail parser stops at the
first such line; here it continues the field above it.
"""

from __future__ import annotations

import re

import msgspec

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)$")

WANTED = frozenset(
    {
        *("metadata-version", "name", "version", "license", "license-expression", "classifier"),
        *("requires-dist", "requires", "provides-extra", "home-page", "download-url"),
    }
)
"""Fields that are kept; a description may be hundreds of kilobytes."""

SINGLE = frozenset({"metadata-version", "name", "version"})
"""Fields of one line; what follows them without a name of its own is none of theirs."""

MAX_LICENSE = 300
"""Characters of a ``License`` field that is taken for a name; some hold the whole text."""


class Field(msgspec.Struct, frozen=True):
    """One field with its place."""

    name: str
    """Lower case."""

    value: str
    line: int


def fields(text: str) -> list[Field]:
    """The fields of the header block that matter here, in order.

    Args:
        text: Of the whole file.
    """
    found: list[Field] = []
    name, value, first = "", [""], 0

    def close() -> None:
        if name in WANTED:
            lines = value[:1] if name in SINGLE else value
            found.append(Field(name, "\n".join(lines).strip(), first))

    body = text.lstrip("\n")
    for number, line in enumerate(body.split("\n"), 1 + len(text) - len(body)):
        if not line.strip():
            break
        match = None if line[0] in " \t" else _FIELD.match(line)
        if match is None:
            value.append(line.strip())
            continue
        close()
        name, value, first = match[1].lower(), [match[2].strip()], number
    close()
    return found


def licenses(all_fields: list[Field]) -> list[str]:
    """Licences as stated: the SPDX expression, the licence's name, the classifiers."""
    stated: list[str] = []
    for name in ("license-expression", "license"):
        for field in all_fields:
            if field.name != name or not field.value or field.value.upper() == "UNKNOWN":
                continue
            value = field.value
            if len(value) > MAX_LICENSE or "\n" in value:
                value = value.split("\n", 1)[0].strip()[:MAX_LICENSE]
            stated.append(value)
    stated += [
        field.value
        for field in all_fields
        if field.name == "classifier" and field.value.startswith("License ::")
    ]
    return list(dict.fromkeys(stated))
