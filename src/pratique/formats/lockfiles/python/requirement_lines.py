"""The lines of a pip requirements file (pip documentation, "Requirements File Format").

Joins continued lines, drops comments and tells options from requirements.
Keeps what ``pip-compile`` and ``uv pip compile`` say in ``# via`` comments,
since nothing else in the file tells direct from transitive.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENT = re.compile(r"(?:^|(?<=\s))#(.*)$")
_VIA = re.compile(r"\s*via\b\s*(.*)$")
_LONG = re.compile(r"(--[A-Za-z][A-Za-z-]*)(?:\s*=\s*|\s+|$)(.*)$")
_SHORT = re.compile(r"(-[A-Za-z])\s*=?\s*(.*)$")
_TRAILING = re.compile(r"\s--[a-z]")
_HASH = re.compile(r"--hash[=\s]\s*([A-Za-z0-9]+):(\S+)")

LONG_NAMES = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
}
"""Options that have a short form."""

VALUED = frozenset(
    {
        *("--requirement", "--constraint", "--editable", "--index-url", "--extra-index-url"),
        *("--find-links", "--no-binary", "--only-binary", "--trusted-host", "--use-feature"),
        *("--pypi-url", "--no-build-isolation", "--config-settings", "--global-option"),
    }
)
"""Options of a line of their own that are followed by a value."""

BARE = frozenset({"--no-index", "--pre", "--prefer-binary", "--require-hashes"})
"""Options of a line of their own without a value."""


class Line(msgspec.Struct):
    """One logical line."""

    number: int
    """Of its first physical line."""

    option: str = ""
    """Long name of the option it begins with, if any; ``?`` for one that is not known."""

    value: str = ""
    """Value of the option, or the requirement."""

    hashes: list[tuple[str, str]] = []
    """Algorithms and digests of a requirement."""

    via: list[str] = []
    """What asks for a requirement, as an annotation says; empty where none says."""


def lines(text: str) -> Iterator[Line]:
    """The logical lines of a file that say something.

    Args:
        text: Of the whole file.
    """
    last: Line | None = None
    asking = False
    for number, whole in _joined(text):
        comment = _COMMENT.search(whole)
        content = (whole[: comment.start()] if comment else whole).strip()
        if content:
            if last is not None:
                yield last
            last, asking = _line(number, content), False
        if comment and last is not None:
            asking = _annotate(last, comment[1], asking)
        elif not content:
            asking = False
    if last is not None:
        yield last


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines with those that a backslash continues, and the number of the first."""
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not parts:
            first = number
        if parts and line.lstrip().startswith("#"):
            # A comment ends what was continued, and may itself end in a backslash.
            yield first, "".join(parts)
            yield number, line
            parts = []
        elif line.endswith("\\") and not line.lstrip().startswith("#"):
            parts.append(line[:-1] + " ")
        else:
            yield first, "".join([*parts, line])
            parts = []
    if parts:
        yield first, "".join(parts)


def _line(number: int, content: str) -> Line:
    if content.startswith("-"):
        option, value = _option(content)
        return Line(number, option, value)
    trailing = _TRAILING.search(content)
    if trailing is None:
        return Line(number, "", content)
    hashes = _HASH.findall(content, trailing.start())
    return Line(number, "", content[: trailing.start()].strip(), hashes)


def _option(content: str) -> tuple[str, str]:
    if content.startswith("--"):
        match = _LONG.match(content)
        name = match[1] if match else content
    else:
        match = _SHORT.match(content)
        name = LONG_NAMES.get(match[1], content) if match else content
    value = match[2].strip() if match else ""
    if (name in VALUED and value) or (name in BARE and not value):
        return name, value.strip("\"'")
    return "?", content


def _annotate(line: Line, comment: str, asking: bool) -> bool:
    """Take what a comment says of a requirement; whether the next one may go on."""
    via = _VIA.match(comment)
    if via:
        names = via[1]
    elif asking and comment.strip():
        names = comment
    else:
        return False
    line.via.extend(name for part in names.split(",") if (name := part.strip()))
    return True
