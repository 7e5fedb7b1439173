"""``META-INF/MANIFEST.MF`` (JAR File Specification, Java SE 21) and ``pom.properties``."""

from __future__ import annotations

import re

MAX_LINES = 200_000
"""Lines of a manifest; signed archives have some for each class."""

_UNICODE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPE = re.compile(r"\\(.)")
_PROPERTY = re.compile(r"((?:[^\\=:\s]|\\.)+)\s*[=:\s]\s*(.*)\Z")


def attributes(text: str) -> dict[str, str]:
    """Attributes of a manifest by lower-case name.

    Those of the main section come first; of the others the first that names an
    attribute is taken, as old builders wrote the implementation's there.

    Args:
        text: With LF at the end of lines.
    """
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.split("\n", MAX_LINES)[:MAX_LINES]:
        if line.startswith(" ") and name:
            found[name].append(line[1:])
            continue
        head, colon, value = line.partition(":")
        name = head.strip().lower() if colon else ""
        if name in found:
            name = ""
        if name:
            found[name] = [value.removeprefix(" ")]
    return {key: "".join(pieces).strip() for key, pieces in found.items()}


def properties(text: str) -> dict[str, str]:
    """Entries of a properties file (``java.util.Properties``), without continued lines.

    Args:
        text: With LF at the end of lines.
    """
    found: dict[str, str] = {}
    for line in text.split("\n"):
        content = line.strip()
        if not content or content[0] in "#!":
            continue
        if match := _PROPERTY.match(content):
            found[_plain(match[1])] = _plain(match[2])
    return found


def _plain(text: str) -> str:
    text = _UNICODE.sub(lambda match: chr(int(match[1], 16)), text)
    return _ESCAPE.sub(r"\1", text).strip()
