"""Words and numbers as people read them, safe to print whatever a hostile file put in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

MAX_SHOWN = 400
"""Most characters of one name, path or message that people are shown; the
machine formats keep all of it.  Longest published package name: 214."""

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]",
)
"""Controls, bidirectional overrides, invisible characters and lone surrogates:
what could drive a terminal or make a text look like another one."""

_WRITTEN = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str, limit: int = MAX_SHOWN) -> str:
    r"""The text with everything invisible written out as ``\x1b`` or ``\u202e``.

    Args:
        text: Any text.
        limit: Most characters to keep; what is longer ends in an ellipsis.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return _HIDDEN.sub(_write_out, text)


def _write_out(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if character in _WRITTEN:
        return _WRITTEN[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 finding``, ``1,204 findings``."""
    word = noun if number == 1 else plural or noun + "s"
    return f"{number:,} {word}"


def day(moment: datetime) -> str:
    """``2024-05-01``."""
    return moment.date().isoformat()


def minute(moment: datetime) -> str:
    """``2024-05-01 12:30 UTC``."""
    return f"{moment.date().isoformat()} {moment.hour:02}:{moment.minute:02} UTC"


def age(days: float) -> str:
    """``less than a day old``, ``1 day old``, ``12 days old``."""
    whole = int(days)
    return f"{count(whole, 'day')} old" if whole >= 1 else "less than a day old"


def listed(items: tuple[str, ...] | list[str], most: int) -> str:
    """``a, b, c and 4 more``; the items are not changed."""
    shown = ", ".join(items[:most])
    rest = len(items) - most
    return f"{shown} and {rest:,} more" if rest > 0 else shown
