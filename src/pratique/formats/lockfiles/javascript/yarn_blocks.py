"""The text form that both generations of ``yarn.lock`` share: blocks by indentation.

Classic writes ``name "value"``, berry ``name: value`` in the subset of YAML that
its own stringifier produces.  Both have one block an entry, members two spaces
in, and members of members four; a line-by-line reader takes both in one pass.
"""

from __future__ import annotations

import json
import re

import msgspec

from pratique.formats.base import MAX_ITEMS, Notes
from pratique.formats.lockfiles.gathering import shown

_MARKERS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_MEMBER = re.compile(r'("(?:[^"\\]|\\.)*"|[^\s:"][^\s:]*)(?::(?=\s|$)|(?=\s|$))\s*(.*)\Z')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


class Block(msgspec.Struct):
    """One entry: its descriptors, members, and members that have members."""

    key: str
    descriptors: list[str]
    line: int
    fields: dict[str, str] = {}
    sections: dict[str, dict[str, str]] = {}
    optional: set[str] = set()
    """Names that ``dependenciesMeta`` or ``peerDependenciesMeta`` says can be done without."""


def blocks(text: str, notes: Notes) -> list[Block]:
    """All blocks of a document; lines that belong to none become problems."""
    found: list[Block] = []
    block: Block | None = None
    section: dict[str, str] | None = None
    name, meta, pending = "", "", ""
    for number, line in enumerate(text.split("\n"), 1):
        body = line.strip(" \t")
        if not body or body[0] == "#":
            continue
        indent = len(line) - len(line.lstrip(" "))
        if indent == 0:
            if body.startswith("? "):  # a key over 1,024 characters long
                pending = body[2:]
                continue
            if body == ":" and pending:
                body, pending = f"{pending}:", ""
            block, section = _header(body, number, notes), None
            if block is not None:
                found.append(block)
                if len(found) > MAX_ITEMS:
                    notes.unreadable(f"holds more than {MAX_ITEMS:,} entries", number)
                    break
        elif block is not None and (match := _MEMBER.match(body)):
            key, value = unquoted(match[1]), unquoted(match[2])
            if indent <= 2:
                name, section = key, None
                if match[2]:
                    if key in block.fields:
                        notes.unreadable(f"{shown(key)} is stated twice; the last is read", number)
                    block.fields[key] = value
                else:
                    section = block.sections.setdefault(key, {})
            elif section is not None and indent <= 4:
                section[key] = value
                meta = key
            elif (
                name in {"dependenciesMeta", "peerDependenciesMeta"}
                and key == "optional"
                and value == "true"
            ):
                block.optional.add(meta)
        else:
            notes.unreadable(f"{shown(body)} is no part of an entry", number)
    _note_repeated(found, notes)
    return found


def unquoted(text: str) -> str:
    """A value without the double quotes it may stand in."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text.strip("'") if text[:1] == "'" else text
    if "\\" in text:
        try:
            return str(json.loads(text))
        except ValueError:
            pass
    return text[1:-1]


def _header(body: str, line: int, notes: Notes) -> Block | None:
    if body.startswith(_MARKERS):
        notes.unreadable("has an unresolved merge conflict", line)
        return None
    if not body.endswith(":") or len(body) < 2:
        notes.unreadable(f"{shown(body)} begins no entry", line)
        return None
    key = body[:-1]
    descriptors = _descriptors(key)
    if not descriptors:
        notes.unreadable(f"{shown(body)} begins no entry", line)
        return None
    return Block(key=key, descriptors=descriptors, line=line)


def _descriptors(key: str) -> list[str]:
    """``a@^1, "b@>=1, <2"``: classic quotes each descriptor, berry all together."""
    if '"' not in key:
        return [part.strip() for part in key.split(", ") if part.strip()]
    found: list[str] = []
    position = 0
    for match in _QUOTED.finditer(key):
        plain = key[position : match.start()]
        found += [part.strip() for part in plain.split(", ") if part.strip(", ")]
        found += _parted(unquoted(match.group()))
        position = match.end()
    found += [part.strip() for part in key[position:].split(", ") if part.strip(", ")]
    return found


def _parted(text: str) -> list[str]:
    """Descriptors that are quoted together; a comma inside of a range parts none."""
    parts: list[str] = []
    for part in text.split(", "):
        if parts and "@" not in part[1:]:
            parts[-1] += f", {part}"
        else:
            parts.append(part)
    return parts


def _note_repeated(found: list[Block], notes: Notes) -> None:
    lines: dict[str, int] = {}
    for block in found:
        for descriptor in block.descriptors:
            if descriptor in lines:
                notes.unreadable(f"{shown(descriptor)} is resolved twice", block.line)
            lines[descriptor] = block.line
