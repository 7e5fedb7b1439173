"""Who asks: tokens, each of one tenant.

A file of tokens has a line of JSON for each, with the SHA-256 of the token: the
token itself is shown once, when it is made.  Tokens are random and long, so that a
plain digest is as safe as a slow one.
"""

from __future__ import annotations

import hmac
import os
import secrets
from hashlib import sha256
from ipaddress import ip_address
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

TOKEN_BYTES = 32
"""Random bytes of a token."""

MAX_FILE = 16 * 1024 * 1024
"""Bytes of a file of tokens: some 100,000 of them."""

MAX_HEADER = 4096
"""Characters of an ``Authorization`` header that are looked at."""

PREFIX = "pratique_"
"""How a token begins, so that scanners for secrets know one."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a token allows."""

    tenant: str
    name: str = ""
    """Who uses it: the collector of what is written with it."""

    writes: bool = False
    sha256: str = ""


class RefusedError(Exception):
    """A request that is not answered.

    Args:
        status: Of HTTP.
        message: What is wrong.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Access:
    """Who may ask what.

    Args:
        file: Of tokens; ``None``: nobody needs one.
        tenant: Whose record is served without tokens.
        writes: Whether that may be written to.
    """

    def __init__(self, file: Path | None, tenant: str = "default", *, writes: bool = False) -> None:
        self._file = file
        self._open = Grant(tenant=tenant, writes=writes)
        self._lock = Lock()
        self._stamp: tuple[int, int] = (-1, -1)
        self._grants: dict[str, Grant] = {}
        if file is not None:
            self._load()

    def grant(self, request: Request) -> Grant:
        """What a request may do.

        Raises:
            RefusedError: It has no token that is known, or comes by a name that a
                page elsewhere may have made up.
        """
        if self._file is None:
            _check_host(request.headers.get("host", ""))
            return self._open
        header = request.headers.get("authorization", "")[:MAX_HEADER]
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise RefusedError(401, "a token is needed: Authorization: Bearer …")
        digest = sha256(token.strip().encode()).hexdigest()
        found = self._current().get(digest)
        if found is None or not hmac.compare_digest(found.sha256, digest):
            raise RefusedError(401, "the token is not known")
        return found

    def _current(self) -> dict[str, Grant]:
        """The tokens; read anew where the file was changed, as when one is taken back."""
        with self._lock:
            try:
                self._load()
            except UsageError:
                # A file that was lost or damaged lets nobody in.
                self._grants = {}
                self._stamp = (-1, -1)
            return self._grants

    def _load(self) -> None:
        assert self._file is not None
        try:
            state = self._file.stat()
            stamp = (state.st_mtime_ns, state.st_size)
            if stamp != self._stamp:
                self._grants = read_tokens(self._file)
                self._stamp = stamp
        except OSError as error:
            raise UsageError(f"{self._file} cannot be read: {error.strerror}.") from None


def _check_host(host: str) -> None:
    """Refuse a name that is not this machine's own: DNS of elsewhere may lead here."""
    name = host.rpartition(":")[0] if host.count(":") == 1 else host
    name = name.partition("]")[0].lstrip("[") if host.startswith("[") else name
    if name.lower() == "localhost":
        return
    try:
        if ip_address(name).is_loopback:
            return
    except ValueError:
        pass
    raise RefusedError(403, "this server answers only to the names of this machine")


def read_tokens(file: Path) -> dict[str, Grant]:
    """The tokens of a file, by their digests.

    Raises:
        UsageError: It cannot be read; the message says in which line.
    """
    try:
        data = file.read_bytes()[: MAX_FILE + 1]
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_FILE:
        raise UsageError(f"{file} is over {MAX_FILE:,} bytes.")
    found: dict[str, Grant] = {}
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip() or line.startswith(b"#"):
            continue
        try:
            one = msgspec.json.decode(line, type=Grant)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise UsageError(
                f"{file}, line {number}: {str(error)[:200]}.",
                remedy="'pratique record token' writes such lines.",
            ) from None
        if not one.tenant or len(one.sha256) != 64:
            raise UsageError(f"{file}, line {number}: it has no tenant, or no SHA-256.")
        found[one.sha256.lower()] = one
    return found


def add_token(file: Path, tenant: str, name: str, *, writes: bool) -> str:
    """Make a token and add its digest to a file.

    Args:
        file: Is made, for its owner alone, where there is none.
        tenant: That the token is of.
        name: Who uses it.
        writes: Whether it may write.

    Returns:
        The token.

    Raises:
        UsageError: The file cannot be written, or has something else in it.
    """
    if file.exists():
        read_tokens(file)
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    digest = sha256(token.encode()).hexdigest()
    one = Grant(tenant=tenant, name=name, writes=writes, sha256=digest)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "ab") as out:
            out.write(msgspec.json.encode(one) + b"\n")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.") from None
    return token


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
