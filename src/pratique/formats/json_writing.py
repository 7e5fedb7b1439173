"""JSON as people read it."""

from __future__ import annotations

from typing import Any


def indented_json(value: Any) -> bytes:
    """A value as indented JSON that ends in a line feed.

    Args:
        value: Whatever msgspec encodes: structs, mappings, sequences, times.

    Raises:
        UnicodeEncodeError: A text holds a lone surrogate.
        TypeError: A value has no form in JSON.
    """
    import msgspec

    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
