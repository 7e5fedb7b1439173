"""Waivers from ``pratique.toml``: one ``[[waivers]]`` table each.

The fields are those of the YAML form (:mod:`pratique.policy.waiver_documents`),
all of them mandatory but ``id``.  Dates may be TOML's own.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.text import decode, parse_toml
from pratique.model.errors import InputError
from pratique.policy.documents import MAX_BYTES
from pratique.policy.errors import Defect, PolicyError
from pratique.policy.waiver_documents import MAX_WAIVERS, read_waivers

if TYPE_CHECKING:
    from pratique.policy.waivers import Waivers

_HEAD = re.compile(r"\s*\[\[\s*(?:waivers|\"waivers\"|'waivers')\s*\]\]")


def has_waivers(data: bytes) -> bool:
    """Whether a file is TOML with waivers of our own, not OSV-Scanner's ignore file."""
    try:
        return len(data) <= MAX_BYTES and "waivers" in parse_toml(decode(data))
    except InputError:
        return False


def read_waiver_tables(data: bytes, path: str) -> Waivers:
    """Read the waivers of a file; whatever else it has is not looked at.

    Raises:
        PolicyError: It is too large, not TOML, or one of them is wrong.
    """
    if len(data) > MAX_BYTES:
        message = f"is {len(data):,} bytes, over the limit of {MAX_BYTES:,}"
        raise PolicyError([Defect(path, 1, 1, message)])
    try:
        text = decode(data)
        tables = parse_toml(text).get("waivers", [])
    except InputError as error:
        raise PolicyError([Defect(path, 1, 1, error.message)]) from None
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise PolicyError([Defect(path, 1, 1, "waivers is no array of tables")])
    return read_waivers(_as_document(text, tables[: MAX_WAIVERS + 1]), path)


def _as_document(text: str, tables: list[dict[str, Any]]) -> bytes:
    """The tables as a document of the YAML form, each on the line that it is on in the file.

    So that what is wrong with one is told with its line, by the same rules.
    """
    heads = [n for n, line in enumerate(text.split("\n")) if _HEAD.match(line)]
    if len(heads) != len(tables):
        heads = [0] * len(tables)
    lines: list[str] = []
    for number, (head, table) in enumerate(zip(heads, tables, strict=True)):
        lines += [""] * (head + 1 - len(lines))
        plain = {key: _plain(value) for key, value in table.items()}
        lines[head] += ("," if number else "") + msgspec.json.encode(plain).decode()
    lines = lines or [""]
    return ('{"waivers": [' + "\n".join(lines) + "]}").encode()


def _plain(value: object) -> object:
    """A value as the YAML form has it: dates are texts there."""
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo else f"{value.isoformat()}Z"
    return value.isoformat() if isinstance(value, date) else value
