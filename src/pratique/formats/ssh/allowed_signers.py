"""``allowed_signers``: whose keys may sign what, and when (ssh-keygen(1), ALLOWED SIGNERS)."""

from __future__ import annotations

import binascii
import re
from datetime import UTC, datetime
from fnmatch import fnmatchcase

import msgspec

from pratique.formats.text import decode
from pratique.model.errors import InputError, LimitError, UnsupportedError

MAX_SIGNERS = 100_000
"""Most lines of a file; large organisations have some thousand keys."""

_OPTION = re.compile(r'([A-Za-z-]+)(?:="((?:[^"\\]|\\.)*)")?(,|\s+|\Z)')
_OPTIONS = frozenset({"cert-authority", "namespaces", "valid-after", "valid-before"})
_TIME = re.compile(r"(\d{8})(?:(\d{4})(\d{2})?)?(Z?)\Z")
_KEY = re.compile(r"(ssh-|ecdsa-sha2-|sk-)")


class AllowedSigner(msgspec.Struct, frozen=True, kw_only=True):
    """One line: a key, and for whom and what it signs."""

    principals: str
    """Names or patterns, separated by commas."""

    key_blob: bytes
    namespaces: str = ""
    """Patterns separated by commas; empty takes all."""

    valid_after: datetime | None = None
    valid_before: datetime | None = None
    authority: bool = False
    """Whether the key signs certificates instead of files."""

    def takes_namespace(self, namespace: str) -> bool:
        """Whether the key may sign for a namespace."""
        return not self.namespaces or matches(self.namespaces, namespace)


def matches(patterns: str, text: str) -> bool:
    """Whether a text is of a pattern list; ``!`` before a pattern excludes (ssh_config(5))."""
    found = False
    for pattern in patterns.split(","):
        negated = pattern.startswith("!")
        # OpenSSH knows * and ? alone: brackets are themselves
        glob = pattern.removeprefix("!").replace("[", "[[]")
        if fnmatchcase(text, glob):
            if negated:
                return False
            found = True
    return found


def read_allowed_signers(data: bytes) -> tuple[AllowedSigner, ...]:
    """The lines of a file; one that cannot be read is an error, because it may take trust away.

    Raises:
        LimitError: It has over ``MAX_SIGNERS`` lines.
        UnsupportedError: A line has an option that is not known.
        InputError: A line cannot be read; the message names it.
    """
    found: list[AllowedSigner] = []
    for number, line in enumerate(decode(data).split("\n"), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if len(found) >= MAX_SIGNERS:
            raise LimitError(f"allowed signers are over {MAX_SIGNERS:,}")
        try:
            found.append(_signer(text))
        except InputError as error:
            raise type(error)(f"line {number}: {error.message}") from None
    return tuple(found)


def _signer(text: str) -> AllowedSigner:
    principals, _, rest = text.partition(" ")
    if text.startswith('"'):
        principals, _, rest = text[1:].partition('"')
    options: dict[str, str] = {}
    rest = rest.lstrip()
    while rest and not _KEY.match(rest):
        found = _OPTION.match(rest)
        if found is None:
            raise InputError("is no allowed signer")
        name = found[1].lower()
        if name not in _OPTIONS:
            raise UnsupportedError(f"has the unknown option {name[:40]!r}")
        if name in options or (name != "cert-authority") != (found[2] is not None):
            raise InputError(f"has the option {name} wrongly")
        options[name] = (found[2] or "").replace('\\"', '"')
        rest = rest[found.end() :].lstrip()
    words = rest.split(None, 2)
    if len(words) < 2 or not principals:
        raise InputError("is no allowed signer")
    try:
        blob = binascii.a2b_base64(words[1].encode(), strict_mode=True)
    except binascii.Error:
        raise InputError("has a key that is not base64") from None
    name = words[0].encode()
    if not blob.startswith(len(name).to_bytes(4) + name):
        raise InputError("has a key of another kind than it says")
    return AllowedSigner(
        principals=principals,
        key_blob=blob,
        namespaces=options.get("namespaces", ""),
        valid_after=_time(options.get("valid-after")),
        valid_before=_time(options.get("valid-before")),
        authority="cert-authority" in options,
    )


def _time(text: str | None) -> datetime | None:
    """``YYYYMMDD[HHMM[SS]][Z]``; without ``Z`` it is taken as UTC, not as local time."""
    if text is None:
        return None
    found = _TIME.match(text)
    if found is None:
        raise InputError(f"has the time {text[:40]!r}, which is none")
    try:
        digits = f"{found[1]}{found[2] or '0000'}{found[3] or '00'}"
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise InputError(f"has the time {text[:40]!r}, which is none") from None
