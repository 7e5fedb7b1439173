"""Many judgements from a file: JSON Lines, a JSON list, or CSV with a heading."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.instants import parse_instant
from pratique.model.errors import PratiqueError
from pratique.triage.errors import BulkError
from pratique.triage.models import Finding, Judgement, State, checked

if TYPE_CHECKING:
    from datetime import datetime

MAX_BYTES = 64 << 20
"""Largest file; a hundred thousand judgements have about half of that."""

MAX_ROWS = 100_000
"""Most judgements of one file."""

MAX_FAULTS = 20
"""Faults that are named; the rest is the same again."""

FIELDS = (
    "product",
    "version",
    "package",
    "vulnerability",
    "state",
    "justification",
    "responses",
    "comment",
    "by",
    "expires",
)
"""Names of a row's fields; product, vulnerability and state are needed."""


def judgements(data: bytes, path: str, *, by: str, now: datetime) -> list[Judgement]:
    """Read them; all must be good.

    Args:
        data: The file's bytes.
        path: For messages.
        by: Who decided, for rows that do not say.
        now: When they are made.

    Raises:
        BulkError: The file or some of its rows cannot be read, each named with its number.
    """
    if len(data) > MAX_BYTES:
        raise BulkError(f"{path} is larger than {MAX_BYTES >> 20} MiB.")
    rows = _rows(data, path)
    if len(rows) > MAX_ROWS:
        raise BulkError(f"{path} has more than {MAX_ROWS:,} rows.")
    if not rows:
        raise BulkError(f"{path} has no rows.", remedy=f"Fields: {', '.join(FIELDS)}.")
    found, faults = [], []
    for number, row in enumerate(rows, 1):
        try:
            found.append(_judgement(row, by, now))
        except (PratiqueError, ValueError, TypeError) as error:
            faults.append(f"row {number}: {getattr(error, 'message', error)}")
    if faults:
        more = f"; and {len(faults) - MAX_FAULTS} more" if len(faults) > MAX_FAULTS else ""
        raise BulkError(
            f"{path}: {'; '.join(faults[:MAX_FAULTS])}{more}.",
            remedy=f"Nothing was taken. Fields: {', '.join(FIELDS)}.",
        )
    return found


def _rows(data: bytes, path: str) -> list[Any]:
    try:
        text = data.decode("utf-8-sig")
        if text.lstrip().startswith("["):
            value = msgspec.json.decode(text)
            return value if isinstance(value, list) else [value]
        if text.lstrip().startswith("{"):
            return [msgspec.json.decode(line) for line in text.splitlines() if line.strip()]
        return list(csv.DictReader(io.StringIO(text), strict=True))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, csv.Error) as error:
        raise BulkError(
            f"{path} cannot be read: {str(error)[:200]}.",
            remedy="Give JSON Lines, a JSON list, or CSV with a heading.",
        ) from None


def _judgement(row: Any, by: str, now: datetime) -> Judgement:
    if not isinstance(row, dict):
        raise TypeError("is no object")
    if unknown := {key for key in row if key not in FIELDS}:
        raise ValueError(f"has the unknown field {min(map(str, unknown))[:40]!r}")
    fields = {key: row.get(key) or "" for key in FIELDS}
    responses = fields.pop("responses")
    if not isinstance(responses, list):
        responses = str(responses).split()
    if wrong := next((key for key, value in fields.items() if not isinstance(value, str)), ""):
        raise TypeError(f"{wrong} is no text")
    expires = parse_instant(fields["expires"]) if fields["expires"] else None
    if fields["expires"] and expires is None:
        raise ValueError(f"{fields['expires'][:40]!r} is no date")
    return checked(
        Judgement(
            finding=Finding(
                fields["product"], fields["version"], fields["package"], fields["vulnerability"]
            ),
            state=state_of(fields["state"]),
            justification=fields["justification"],
            responses=tuple(responses),
            comment=fields["comment"],
            by=fields["by"] or by,
            at=now,
            expires=expires,
        )
    )


def state_of(text: str) -> State:
    """A state by its word.

    Raises:
        ValueError: It is none.
    """
    try:
        return State(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no state; use {', '.join(State)}") from None
