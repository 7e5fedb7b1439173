"""Git's configuration files: ``config`` and ``.gitmodules``.

Source: git-config(1), "Syntax".  Includes are not followed and no value is
acted on: they are texts.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LINES = 200_000
"""Most lines that are read; a ``.gitmodules`` of a thousand submodules has 4,000."""

_SECTION = re.compile(r'\[\s*([\w.-]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]')
_KEY = re.compile(r"([A-Za-z][\w-]*)\s*(?:=\s*(.*))?\Z", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}


class Setting(NamedTuple):
    """One value with its place."""

    section: str
    """Lower case."""

    name: str
    """Of the subsection, as written; or empty."""

    key: str
    """Lower case."""

    value: str
    line: int


def read_config(data: bytes) -> list[Setting]:
    """The settings of a file in their order; what is none is passed over."""
    found: list[Setting] = []
    section = name = ""
    lines = data.decode("utf-8", "replace").split("\n", MAX_LINES)[:MAX_LINES]
    number = 0
    while number < len(lines):
        line, first = lines[number].rstrip("\r").strip(), number + 1
        while line.endswith("\\") and not line.endswith("\\\\") and number + 1 < len(lines):
            number += 1
            line = line[:-1] + lines[number].rstrip("\r")
        number += 1
        head = _SECTION.match(line)
        if head:
            section, _, dotted = head[1].lower().partition(".")
            name = re.sub(r"\\(.)", r"\1", head[2]) if head[2] is not None else dotted
            line = line[head.end() :].strip()
        if not line or line[0] in "#;":
            continue
        key = _KEY.match(line)
        if key and section:
            value = "true" if key[2] is None else _value(key[2])
            found.append(Setting(section, name, key[1].lower(), value, first))
    return found


def _value(text: str) -> str:
    made: list[str] = []
    quoted = False
    at = 0
    while at < len(text):
        sign = text[at]
        if sign == "\\" and at + 1 < len(text):
            at += 1
            made.append(_ESCAPES.get(text[at], text[at]))
        elif sign == '"':
            quoted = not quoted
        elif sign in "#;" and not quoted:
            break
        else:
            made.append(sign)
        at += 1
    return "".join(made).strip()


def last(settings: list[Setting], section: str, name: str, key: str) -> str:
    """The value that holds: the last one of a key, or empty."""
    return next(
        (
            each.value
            for each in reversed(settings)
            if (each.section, each.name, each.key) == (section, name, key)
        ),
        "",
    )
