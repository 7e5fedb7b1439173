"""Pseudonyms that stay the same wherever the same key is used (HMAC-SHA-256, FIPS 198-1).

Without the key nobody can tell which name a pseudonym stands for, not even by
trying names; with it, two redactions of two documents agree.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from pratique.model.errors import InputError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

MIN_KEY_BYTES = 16
"""Shortest key: a shorter one could be found by trying (NIST SP 800-107 rev. 1, 5.3.4)."""

MAX_KEY_BYTES = 4096
DIGITS = 16
"""Hexadecimal digits of a pseudonym: 64 bits, so that a million names hardly ever meet."""

PREFIX = "redacted-"


class Pseudonyms:
    """Makes pseudonyms.

    Args:
        key: Secret; empty where nothing is to be pseudonymised.
    """

    def __init__(self, key: bytes = b"") -> None:
        self._key = key

    def of(self, kind: str, text: str) -> str:
        """The pseudonym of a text.

        Args:
            kind: What it names, so that a person and a component of one name differ.
            text: What must not leave.

        Raises:
            UsageError: There is no key.
        """
        if not self._key:
            raise UsageError(
                "pseudonyms need a key.", remedy="Name a file with at least 16 bytes: --key-file."
            )
        message = f"{kind}\0{text}".encode("utf-8", "surrogatepass")
        return PREFIX + hmac.new(self._key, message, hashlib.sha256).hexdigest()[:DIGITS]


def read_key(path: Path) -> bytes:
    """The key of a file; a line end at its end is none of it.

    Raises:
        InputError: It cannot be read, or is too short or too long.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    key = data.rstrip(b"\r\n")
    if not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        raise InputError(
            f"{path} holds a key of {len(key):,} bytes.",
            remedy=f"Use {MIN_KEY_BYTES} to {MAX_KEY_BYTES:,} random bytes.",
        )
    return key
