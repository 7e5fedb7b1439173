"""Go's ``go.mod``.  Format: Go Modules Reference, *go.mod files*."""

from __future__ import annotations

import re

from pratique.formats.edit.base import Change, Entry, splice, wanted

_BLOCK = re.compile(r"^[ \t]*(require|replace|exclude|retract|tool|ignore)[ \t]*\(", re.MULTILINE)
_REQUIRE = re.compile(
    r'^[ \t]*(?:require[ \t]+)?"?([^\s"()]+)"?[ \t]+(v[^\s/]+)([ \t]*//[^\n]*)?[ \t]*\r?$',
    re.MULTILINE,
)


def entries(text: str) -> list[Entry]:
    """The modules that are required, in order; indirect ones have that as their group."""
    blocks = [
        (match.start(), match[1], _closing(text, match.end())) for match in _BLOCK.finditer(text)
    ]
    found = []
    for match in _REQUIRE.finditer(text):
        block = next((kind for start, kind, end in blocks if start < match.start(1) < end), "")
        line = match[0].lstrip()
        if block != "require" if block else not line.startswith("require"):
            continue
        indirect = "indirect" in (match[3] or "")
        found.append(
            Entry(
                name=match[1],
                requirement=match[2],
                start=match.start(2),
                end=match.end(2),
                group="indirect" if indirect else "",
            )
        )
    return found


def _closing(text: str, start: int) -> int:
    match = re.compile(r"^[ \t]*\)", re.MULTILINE).search(text, start)
    return match.start() if match else len(text)


def edit(text: str, changes: list[Change]) -> str:
    """Require other versions.

    Raises:
        EditError: A module is not required there.
    """
    present = entries(text)
    return splice(
        text,
        [
            (entry.start, entry.end, change.after)
            for change in changes
            for entry in wanted(present, change)
        ],
    )


def require(text: str, name: str, version: str) -> str:
    """Require a module that is only needed by others, at a version of its own."""
    end = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{end}\nrequire {name} {version} // indirect\n"
