"""An organisation's own advisories: a folder or a git repository of ``x_`` records.

Source: OSV schema 1.7.5, ``id``: ids of records that are not published begin
with ``x_``.  Records are JSON, or YAML with every scalar taken as text.  One
whose id begins otherwise is named and not taken: it could stand in the place
of a published record without anybody noticing.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.osv import read_record
from pratique.formats.text import decode, parse_json
from pratique.formats.yaml_text import parse_yaml_texts
from pratique.model.errors import InputError, LimitError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

VARIABLE = "PRATIQUE_LOCAL_ADVISORIES"
"""Environment variable with sources, separated by commas: ``acme=/srv/advisories``."""

PREFIX = "x_"
SUFFIXES = (".json", ".yaml", ".yml")

MAX_RECORDS = 20_000
"""Most records of one source; an organisation writes them by hand."""

MAX_BYTES = 4 * 1024 * 1024
"""Largest record; ten times what a list of all versions of a package takes."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_ID = re.compile(r"x_[A-Za-z0-9][A-Za-z0-9._:-]*\Z")


class OwnSource(msgspec.Struct, frozen=True):
    """Where an organisation keeps its records."""

    name: str
    """Shown with each of its findings."""

    place: str
    """A folder, or ``git+ADDRESS[@REF][#FOLDER]``."""


class OwnRecords(msgspec.Struct):
    """What a source holds."""

    source: OwnSource
    records: dict[str, dict[str, Any]]
    """By id."""

    problems: list[str]
    """What was not taken, with its place and the reason."""


def configured(given: Sequence[str]) -> list[OwnSource]:
    """Sources as options name them, and as ``PRATIQUE_LOCAL_ADVISORIES`` does.

    Raises:
        UsageError: One is not ``NAME=PLACE``, or two have one name.
    """
    found: dict[str, OwnSource] = {}
    for text in [*given, *os.environ.get(VARIABLE, "").split(",")]:
        if not text.strip():
            continue
        name, equals, place = text.strip().partition("=")
        if not equals or not place or not _NAME.match(name):
            raise UsageError(
                f"{text!r} names no source of records.",
                remedy="Write it like acme=/srv/advisories or acme=git+https://….",
            )
        if found.setdefault(name, OwnSource(name, place)).place != place:
            raise UsageError(f"two sources are called {name}.")
    return list(found.values())


def read_own(source: OwnSource, *, offline: bool = False) -> OwnRecords:
    """All records of a source; what cannot be taken is named.

    Args:
        source: Where they are.
        offline: Refuse to fetch a repository from elsewhere.

    Raises:
        UsageError: There is no such folder, or the place is no repository's.
        UpstreamError: The repository cannot be had.
        LimitError: It holds too many records.
    """
    if source.place.startswith("git+"):
        from pratique.advisories.cloning import repository_files

        files = repository_files(source.place, SUFFIXES, MAX_BYTES, offline=offline)
    else:
        files = _folder_files(Path(source.place))
    found = OwnRecords(source, {}, [])
    for number, (where, data) in enumerate(files):
        if number >= MAX_RECORDS:
            raise LimitError(f"{source.name}: has more than {MAX_RECORDS:,} files of records")
        _take(found, where, data)
    return found


def _folder_files(folder: Path) -> Iterator[tuple[str, bytes | None]]:
    root = folder.resolve()
    if not root.is_dir():
        raise UsageError(f"{folder} is not a folder of records.")
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if path.suffix.lower() not in SUFFIXES or any(p.startswith(".") for p in inside.parts):
            continue
        if not path.is_file() or not path.resolve().is_relative_to(root):
            continue
        size = path.stat().st_size
        yield inside.as_posix(), path.read_bytes() if size <= MAX_BYTES else None


def _take(found: OwnRecords, where: str, data: bytes | None) -> None:
    name = found.source.name
    try:
        if data is None:
            raise LimitError(f"is over the limit of {MAX_BYTES:,} bytes")
        text = decode(data)
        value = parse_json(text) if where.lower().endswith(".json") else parse_yaml_texts(text)
        record, _ = read_record(value)
        if not _ID.match(record.id):
            shown = f"{record.id[:80]!r}" if record.id else "absent"
            raise InputError(f"its id is {shown}: a record of one's own is called {PREFIX}…")  # noqa: TRY301 - named as all else
        if record.id in found.records:
            raise InputError(f"{record.id} is there already")  # noqa: TRY301 - named as all else
    except InputError as error:
        found.problems.append(f"{name}: {where}: {error.message}")
        return
    found.records[record.id] = value


def problems_of(sources: Iterable[OwnRecords]) -> list[str]:
    """What was not taken of several sources."""
    return [problem for source in sources for problem in source.problems]
