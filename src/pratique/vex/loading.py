"""VEX documents from files and folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pratique.formats import vex as formats
from pratique.formats.base import MAX_DOCUMENT_BYTES
from pratique.model.errors import InputError, UsageError
from pratique.model.inventory import Location, Problem, Trouble
from pratique.model.vex import Signature, Statement, VexDocument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

SUFFIXES = (".json", ".jsonld", ".yaml", ".yml", ".intoto")
"""Ends of the names of files that are looked at in a folder."""

MAX_FILES = 100_000
"""Files of one folder that are looked at; the largest published hub has a few thousand."""


class Checked(NamedTuple):
    """A document as its signature leaves it."""

    data: bytes
    """What is signed, taken out of its envelope where one was verified."""

    signer: str = ""
    """Identity whose signature holds; empty: nobody's."""

    unverified: bool = False
    """Whether there is a signature beside it that nobody could verify."""


Verifier = Callable[[bytes, Path], Checked]
"""Checks a document's signature; raises InputError where it does not hold."""


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What was read."""

    documents: tuple[VexDocument, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Of all documents, and of those that could not be read at all."""

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Of all documents, in order."""
        return tuple(one for document in self.documents for one in document.statements)


def load(
    paths: Iterable[Path], now: datetime | None = None, verifier: Verifier | None = None
) -> Loaded:
    """Read VEX documents; one that cannot be read is named, and the others are kept.

    Args:
        paths: Files, or folders whose VEX documents are read in the order of
            their names.
        now: Statements dated later than this are named.
        verifier: Checks signatures; without one none is, and what is signed
            counts as unsigned.

    Raises:
        UsageError: A path is neither a file nor a folder.
    """
    documents: list[VexDocument] = []
    problems: list[Problem] = []
    for path, sought in _files(paths, problems):
        name = path.as_posix()
        try:
            data = _bytes(path)
            if sought and not formats.detect(data):
                continue
            document = _read(data, path, verifier)
        except (InputError, OSError) as error:
            text = error.message if isinstance(error, InputError) else str(error.strerror)
            problems.append(Problem(Location(name), Trouble.UNREADABLE, text))
            continue
        documents.append(document)
        problems.extend(document.problems)
        problems.extend(dating(document, now))
    return Loaded(documents=tuple(documents), problems=tuple(problems))


def _read(data: bytes, path: Path, verifier: Verifier | None) -> VexDocument:
    if verifier is None:
        return formats.read(data, path.as_posix())
    checked = verifier(data, path)
    document = formats.read(checked.data, path.as_posix(), signer=checked.signer)
    if checked.unverified:
        statements = tuple(
            msgspec.structs.replace(one, signature=Signature.UNVERIFIED)
            for one in document.statements
        )
        document = msgspec.structs.replace(document, statements=statements)
    return document


def dating(document: VexDocument, now: datetime | None) -> Iterator[Problem]:
    """Name the statements of a document without a date, and those from the future."""
    from pratique.vex.ordering import is_future

    where = Location(document.path)
    undated = [one for one in document.statements if one.timestamp is None]
    if undated:
        yield Problem(
            where,
            Trouble.NOTICE,
            f"{_first(undated)} has no date, nor has the document: every dated statement counts "
            "for more",
        )
    future = [one for one in document.statements if now is not None and is_future(one, now)]
    if future:
        yield Problem(
            where,
            Trouble.UNKNOWN,
            f"{_first(future)} is dated in the future ({future[0].timestamp}); it is not applied",
        )


def _first(found: list[Statement]) -> str:
    more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
    return f"{found[0].place or 'a statement'}{more}"


def _files(paths: Iterable[Path], problems: list[Problem]) -> Iterator[tuple[Path, bool]]:
    """Files, each with whether it was found in a folder rather than named.

    A folder without any is a problem: whoever named it expects statements of it.
    """
    count = 0
    for path in paths:
        if path.is_file():
            yield path, False
        elif path.is_dir():
            before = count
            for inner in sorted(path.rglob("*")):
                if inner.suffix.lower() in SUFFIXES and inner.is_file():
                    count += 1
                    if count > MAX_FILES:
                        raise UsageError(f"{path} has over {MAX_FILES:,} files.")
                    yield inner, True
            if count == before:
                text = f"has no file of VEX ({', '.join(sorted(SUFFIXES))})"
                problems.append(Problem(Location(path.as_posix()), Trouble.UNKNOWN, text))
        else:
            raise UsageError(f"{path} is neither a file nor a folder.")


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > MAX_DOCUMENT_BYTES:
        raise InputError(f"is over the limit of {MAX_DOCUMENT_BYTES:,} bytes")
    return path.read_bytes()
