"""Tokens: random, kept as their SHA-256, shown once when they are made.

They are 256 random bits, so that a plain digest is as safe as a slow one.  The
file is read anew when it changes: a token that is taken back is refused at once.
"""

from __future__ import annotations

import fcntl
import hmac
import os
import re
import secrets
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from pratique.gate.files import write_whole
from pratique.model.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PREFIX = "pratique_"
"""How a token begins, so that scanners for secrets know one."""

SECRET_BYTES = 32
ID_BYTES = 5
MAX_TOKENS = 100_000
"""Tokens of one gate; each some 300 bytes of the file."""

MAX_TEXT = 100
"""Characters of a user's, team's or environment's name."""

NAME = "tokens.json"
_WORD = re.compile(r"[^\x00-\x1f\x7f]+\Z")


class Role(StrEnum):
    """What a token is for."""

    CLIENT = "client"
    """Fetches packages."""

    TEAM = "team"
    """Fetches packages, and sees what was decided for its own team."""

    APPROVER = "approver"
    """Sees everything, and decides on what waits for an approval or in quarantine."""

    AUDITOR = "auditor"
    """Sees everything, and gets no package."""

    ADMIN = "admin"
    """Everything, also tokens, and approvals of what is denied."""


class Right(StrEnum):
    """One thing that a role may do."""

    FETCH = "fetch"
    OWN = "see its own team's record"
    SEE = "see the whole record"
    APPROVE = "approve"
    ADMIN = "administer"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.CLIENT: frozenset({Right.FETCH}),
    Role.TEAM: frozenset({Right.FETCH, Right.OWN}),
    Role.APPROVER: frozenset({Right.FETCH, Right.OWN, Right.SEE, Right.APPROVE}),
    Role.AUDITOR: frozenset({Right.OWN, Right.SEE}),
    Role.ADMIN: frozenset(Right),
}


class Token(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a token."""

    id: str
    user: str
    """Person, machine or job that it was made for."""

    roles: tuple[Role, ...] = (Role.CLIENT,)
    team: str = ""
    environment: str = ""
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None
    sha256: str

    @property
    def rights(self) -> frozenset[Right]:
        """All that its roles may do."""
        return frozenset().union(*(RIGHTS[role] for role in self.roles))

    def holds(self, now: datetime) -> bool:
        """Whether it was neither taken back nor has expired."""
        return self.revoked is None and (self.expires is None or now < self.expires)

    def told(self) -> dict[str, object]:
        """What may be shown of it: everything but the digest."""
        fields = msgspec.to_builtins(self)
        fields.pop("sha256")
        return fields  # type: ignore[no-any-return]


_tokens = msgspec.json.Decoder(list[Token])


class Tokens:
    """The tokens of a gate.

    Args:
        data: Folder of the gate.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._path = data / NAME
        self._stamp: tuple[int, int, int] | None = None
        self._known: dict[str, Token] = {}
        self._ids: frozenset[str] = frozenset()

    def every(self) -> list[Token]:
        """Every token there is or was, the oldest first.

        Raises:
            InputError: The file cannot be read.
        """
        self._load()
        return list(self._known.values())

    @property
    def ids(self) -> frozenset[str]:
        """Ids of all that were read last."""
        return self._ids

    def find(self, text: str, now: datetime) -> Token | None:
        """The token that a text is, if it still holds.

        A file that was damaged lets nobody in.
        """
        try:
            self._load()
        except InputError:
            return None
        found = self._known.get(id_of(text))
        wanted = found.sha256 if found is not None else "0" * 64
        # Compared also where there is none: neither answer comes sooner.
        same = hmac.compare_digest(sha256(text.encode()).hexdigest(), wanted)
        return found if found is not None and same and found.holds(now) else None

    def create(
        self,
        user: str,
        now: datetime,
        *,
        roles: Sequence[Role] = (Role.CLIENT,),
        team: str = "",
        environment: str = "",
        expires: datetime | None = None,
    ) -> tuple[Token, str]:
        """Make a token; the text of it is in no file.

        Raises:
            UsageError: A name is none, or the expiry has passed.
        """
        for what, text in (("user", user), ("team", team), ("environment", environment)):
            if len(text) > MAX_TEXT or (text and not _WORD.match(text)) or text != text.strip():
                raise UsageError(f"{text[:80]!r} is not the name of a {what}.")
        if not user:
            raise UsageError("a token is for somebody: it has no user.", remedy="Name one.")
        if not roles:
            raise UsageError("a token has at least one role.", remedy=f"One of {', '.join(Role)}.")
        if expires is not None and expires <= now:
            raise UsageError(f"{expires:%Y-%m-%d %H:%M} has passed: the token would never hold.")
        with self._alone():
            self._load()
            if len(self._known) >= MAX_TOKENS:
                raise UsageError(f"there are {MAX_TOKENS:,} tokens already.")
            id_ = secrets.token_hex(ID_BYTES)
            text = f"{PREFIX}{id_}_{secrets.token_urlsafe(SECRET_BYTES)}"
            made = Token(
                id=id_,
                user=user,
                roles=tuple(dict.fromkeys(roles)),
                team=team,
                environment=environment,
                created=now,
                expires=expires,
                sha256=sha256(text.encode()).hexdigest(),
            )
            self._write({**self._known, id_: made})
        return made, text

    def revoke(self, id_: str, now: datetime) -> Token:
        """Take a token back.

        Raises:
            UsageError: There is none of that id, or it was taken back already.
        """
        with self._alone():
            self._load()
            found = self._known.get(id_)
            if found is None:
                raise UsageError(
                    f"there is no token {id_[:40]!r}.", remedy="See 'pratique gate token list'."
                )
            if found.revoked is not None:
                raise UsageError(f"the token {id_} was taken back on {found.revoked:%Y-%m-%d}.")
            gone = msgspec.structs.replace(found, revoked=now)
            self._write({**self._known, id_: gone})
        return gone

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time changes the file."""
        handle = os.open(self._data / "tokens.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _write(self, tokens: dict[str, Token]) -> None:
        data = msgspec.json.format(msgspec.json.encode(list(tokens.values())))
        write_whole(self._path, data, self._data)  # readable by the owner alone
        self._load()

    def _load(self) -> None:
        try:
            state = self._path.stat()
            stamp = (state.st_mtime_ns, state.st_size, state.st_ino)
            if stamp == self._stamp:
                return
            listed = _tokens.decode(self._path.read_bytes())
        except FileNotFoundError:
            self._known, self._stamp = {}, None
            return
        except (OSError, msgspec.DecodeError) as error:
            self._known, self._stamp = {}, None
            raise InputError(f"{self._path}: cannot be read: {error}.") from None
        self._known, self._stamp = {one.id: one for one in listed}, stamp
        self._ids = frozenset(self._known)


def id_of(text: str) -> str:
    """The id in a token; empty where it is none."""
    if not text.startswith(PREFIX) or len(text) > 200:
        return ""
    return text.removeprefix(PREFIX).partition("_")[0]


def instant(now: datetime | None = None) -> datetime:
    """The time, to the second, as tokens are dated."""
    return (now or datetime.now(UTC)).replace(microsecond=0)
