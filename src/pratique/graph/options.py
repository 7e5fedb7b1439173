"""Options that every question has, and how its answer is printed."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pratique.formats.instants import parse_instant
from pratique.formats.json_writing import indented_json
from pratique.model.errors import ExitCode, UsageError
from pratique.model.options import add_format, add_record

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from pratique.store.engine import Store
    from pratique.store.record import Record


MAX_UNKNOWN = 5
"""Lines about what is unknown that a table is followed by."""


def add_store(parser: ArgumentParser) -> None:
    """Which record, whose, and how to print."""
    add_record(parser)
    add_format(parser)


def add_question(parser: ArgumentParser) -> None:
    """The options of a question: those of :func:`add_store`, and the moment."""
    add_store(parser)
    parser.add_argument(
        "--as-of",
        type=_moment,
        metavar="TIME",
        help="answer from what had come in by then: 2026-01-31 or 2026-01-31T12:00:00Z",
    )


def _moment(text: str) -> datetime:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        return day.replace(hour=23, minute=59, second=59, microsecond=999_999)
    except ValueError:
        pass
    found = parse_instant(text)
    if found is None:
        raise UsageError(f"{text!r} is no date or time.", remedy="Write 2026-01-31T12:00:00Z.")
    return found


def opened(options: Namespace, *, create: bool = False) -> AbstractContextManager[Store]:
    """The record that the options name; one that a server has open stays open."""
    served: Store | None = getattr(options, "served", None)
    if served is not None:
        return nullcontext(served)
    from pratique.store.engine import open_store

    return open_store(options.store, create=create)


def ask(options: Namespace, question: Callable[[Record], Any]) -> Any:
    """Put a question to the record that the options name."""
    from pratique.store.record import open_record

    with opened(options) as store, open_record(store, options.tenant, options.as_of) as record:
        return question(record)


def show(
    options: Namespace,
    schema: str,
    label: str,
    answer: Mapping[str, Any],
    rows: Sequence[Sequence[str]],
) -> None:
    """Print an answer.

    Args:
        options: With the format.
        schema: Name and version of the JSON.
        label: ``exposure``, ``explanation``, ``ecosystem reach`` or another kind of answer.
        answer: The JSON's further members.
        rows: The table; its first row has the headings.
    """
    if options.format == "json":
        value = {"schema": schema, "answer": label, **answer}
        if (answer_to := getattr(options, "answer_to", None)) is not None:
            answer_to(value)
            return
        sys.stdout.write(indented_json(value).decode())
        return
    for line in _table(rows):
        sys.stdout.write(line + "\n")


def answered(
    options: Namespace,
    schema: str,
    label: str,
    answer: Mapping[str, object],
    rows: Sequence[tuple[str, ...]],
) -> int:
    """Print an answer as :func:`show` does, or a line where the table has but its headings."""
    if len(rows) > 1 or options.format == "json":
        show(options, schema, label, answer, rows)
    else:
        sys.stdout.write("The record knows nothing of it.\n")
    return ExitCode.CLEAN


def say_unknown(lines: Sequence[str]) -> None:
    """Say on standard error what an answer leaves open; JSON has all of it."""
    for line in lines[:MAX_UNKNOWN]:
        sys.stderr.write(f"unknown: {_plain(line)}\n")
    if (more := len(lines) - MAX_UNKNOWN) > 0:
        sys.stderr.write(f"unknown: and {more} more; see --format json\n")


def then(options: Namespace) -> str:
    """The moment that a question is about, as the answer has it; empty for now."""
    from pratique.store.documents import instant

    return instant(options.as_of)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        yield "  ".join(_plain(cell).ljust(width) for cell, width in cells).rstrip()


def _plain(text: str) -> str:
    """Text of a document without characters that a terminal acts on."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
