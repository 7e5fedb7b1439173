"""pip's ``requirements.txt`` and constraints files.

Format: pip documentation, *Requirements File Format*.
"""

from __future__ import annotations

import re

from pratique.formats.edit.base import Change, EditError, Entry, splice, wanted
from pratique.formats.edit.pep508 import parse, written
from pratique.model.ecosystems import normalise_name

_COMMENT = re.compile(r"(?:^|\s)#.*")
_LINE = re.compile(r"(?:[^\n]*\\\r?\n)*[^\n]*(?:\n|\Z)")


def entries(text: str) -> list[Entry]:
    """The requirements that are written in a file, in order; options and addresses are not."""
    found = []
    for line in _LINE.finditer(text):
        logical = line[0]
        first = logical.split("\\\n", 1)[0].split("\\\r\n", 1)[0]
        bare = _COMMENT.sub("", first)
        if not bare.strip() or bare.lstrip().startswith("-"):
            continue
        specifier = parse(bare.split(" --", 1)[0].rstrip("\r\n"))
        if specifier is None:
            continue
        found.append(
            Entry(
                name=specifier.name,
                requirement=specifier.requirement,
                start=line.start() + specifier.start,
                end=line.start() + specifier.end,
                locked="--hash" in logical,
                spaced=specifier.spaced,
            )
        )
    return found


def edit(text: str, changes: list[Change]) -> str:
    """Write other requirements.

    Raises:
        EditError: One is not there, or has hashes, which only a resolver can renew.
    """
    present = entries(text)
    pieces = []
    for change in changes:
        for entry in wanted(present, change, same=_name):
            if entry.locked:
                raise EditError(f"{entry.name} has hashes that fit its present version only")
            pieces.append((entry.start, entry.end, written(change.after, spaced=entry.spaced)))
    return splice(text, pieces)


def add(text: str, name: str, requirement: str) -> str:
    """Add a line at the end."""
    end = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{end}{name}{requirement}\n"


def _name(name: str) -> str:
    return normalise_name("PyPI", name)
