"""JSON of signed documents to typed values, with one clear line for what is wrong.

Signed documents are read strictly: text must be UTF-8, base64 must be base64,
and where a format is closed an unknown member is an error, because what is not
understood cannot be vouched for.
"""

from __future__ import annotations

import binascii
import json
from typing import Any, TypeVar

import msgspec

from pratique.model.errors import InputError, LimitError

MAX_SIGNED_BYTES = 64 * 1024 * 1024
"""Largest signed document.  Attested SBOMs of whole images reach some 20 MB."""

T = TypeVar("T")


def decode_json(data: bytes, type: type[T], what: str) -> T:
    """Value of a JSON document, of a type; numbers may be quoted, as protobuf writes them.

    Raises:
        LimitError: It is larger than ``MAX_SIGNED_BYTES`` or nested too deeply.
        InputError: It is not UTF-8 or JSON, or not of the type; the message begins with ``what``.
    """
    if len(data) > MAX_SIGNED_BYTES:
        raise LimitError(f"{what} is {len(data):,} bytes, over the limit of {MAX_SIGNED_BYTES:,}")
    try:
        return msgspec.json.decode(data, type=type, strict=False)
    except RecursionError:
        raise LimitError(f"{what} is nested too deeply") from None
    except msgspec.MsgspecError as error:
        raise InputError(f"{what} is not readable: {str(error)[:200]}") from None
    except UnicodeDecodeError:
        raise InputError(f"{what} is not UTF-8 text") from None


def refuse_repeated(data: bytes, what: str) -> None:
    """Refuse JSON in which an object has a member twice.

    Of two such members readers take the first or the last, so that what was signed says
    one thing to one and another to the next (RFC 8259, section 4); protobuf's JSON readers
    refuse it as well.

    Args:
        data: JSON that can be read.
        what: Beginning of the message.

    Raises:
        LimitError: It is nested too deeply.
        InputError: A member is there twice, or it is not JSON.
    """
    try:
        json.loads(data, object_pairs_hook=_members)
    except _RepeatedError as error:
        raise InputError(f"{what} has the member {error.args[0][:60]!r} twice") from None
    except RecursionError:
        raise LimitError(f"{what} is nested too deeply") from None
    except ValueError:
        raise InputError(f"{what} is not JSON") from None


class _RepeatedError(Exception):
    """The name of a member that is there twice."""


def _members(pairs: list[tuple[str, object]]) -> None:
    names = {name for name, _ in pairs}
    if len(names) != len(pairs):
        for name, _ in pairs:
            if name not in names:
                raise _RepeatedError(name)
            names.discard(name)


def convert(value: Any, type: type[T], what: str) -> T:
    """A parsed JSON value as a type; the same rules as :func:`decode_json`.

    Raises:
        InputError: It is not of the type; the message begins with ``what``.
    """
    try:
        return msgspec.convert(value, type, strict=False)
    except RecursionError:
        raise LimitError(f"{what} is nested too deeply") from None
    except msgspec.MsgspecError as error:
        raise InputError(f"{what} is not readable: {str(error)[:200]}") from None


def base64_bytes(text: str, what: str) -> bytes:
    """Bytes of standard or URL-safe base64 with padding (DSSE envelope, section 3.1).

    Raises:
        InputError: It is not base64; the message begins with ``what``.
    """
    try:
        return binascii.a2b_base64(
            text.replace("-", "+").replace("_", "/").encode("ascii"), strict_mode=True
        )
    except (ValueError, UnicodeEncodeError):
        raise InputError(f"{what} is not base64") from None
