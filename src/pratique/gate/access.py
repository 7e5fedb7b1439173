"""Who may ask: tokens in every form in which a package manager can send one.

pip, uv, go and Maven send a user and a password (RFC 7617): the token is the
password, or the user where there is no password.  npm sends ``Bearer`` (RFC
6750); cargo the token alone.
"""

from __future__ import annotations

import base64
import binascii
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING

from pratique.gate.clients import IDENTITY
from pratique.gate.errors import AccessError
from pratique.gate.problems import PREFIX as PROBLEMS
from pratique.gate.tokens import PREFIX, Right, id_of

if TYPE_CHECKING:
    from starlette.types import Scope

    from pratique.gate.clock import Clock
    from pratique.gate.metrics import Metrics
    from pratique.gate.tokens import Token, Tokens

MAX_HEADER = 4096
"""Bytes of an ``Authorization`` header that are looked at."""

FAILURES = 10
"""Wrong tokens that one address, or for one token, may show in a minute."""

WINDOW_SECONDS = 60.0
MAX_ADDRESSES = 10_000
"""Addresses whose failures are counted; then all begin anew."""

OPEN = frozenset({"/healthz", "/readyz"})
"""They answer everybody with one word, and with the details who may see them."""

METRICS = "/metrics"
ADMIN = "/admin"


class Access:
    """Decides who may ask what.

    Args:
        tokens: Of the gate.
        clock: Tells when one expires.
        metrics: Counts refusals.
        required: Whether packages are only for those who show a token.
        proxied: Whether a proxy stands in front: an address of this machine is then everybody's.
    """

    def __init__(
        self,
        tokens: Tokens,
        clock: Clock,
        metrics: Metrics,
        *,
        required: bool = False,
        proxied: bool = False,
    ) -> None:
        self.tokens = tokens
        self.required = required
        self._clock = clock
        self._metrics = metrics
        self._proxied = proxied
        self._failed: dict[tuple[str, str], tuple[int, float]] = {}

    def admit(self, scope: Scope) -> None:
        """Let a request pass, with the token it showed in its scope.

        Raises:
            AccessError: It may not: 401, 403, or 429.
        """
        path, headers = scope["path"], scope["headers"]
        if path.startswith(PROBLEMS):  # texts of our own
            return
        given = next((value for name, value in headers if name == b"authorization"), b"")
        if path in OPEN:
            # A load balancer shows none, or one that is not ours; a wrong one of ours is said so.
            ours = told(given).startswith(PREFIX)
            scope[IDENTITY] = self._token(given, _host(scope)) if ours else None
            return
        token = self._token(given, _host(scope)) if given else None
        scope[IDENTITY] = token
        if path == ADMIN or path.startswith(f"{ADMIN}/"):
            if token is None:
                raise self._refused(401, "a token is needed here: Authorization: Bearer TOKEN")
        elif path == METRICS:
            if token is None and not self._is_here(scope):
                raise self._refused(401, "metrics are for this machine, or for a token")
            if token is not None and not {Right.SEE} & token.rights:
                raise self._refused(403, "this token may not see metrics")
        elif token is not None:
            if Right.FETCH not in token.rights:
                raise self._refused(403, "this token is not for fetching packages")
        elif self.required:
            raise self._refused(
                401,
                "this gate wants a token; 'pratique gate setup CLIENT --with-token' says how it "
                "is configured",
            )

    def _token(self, given: bytes, host: str) -> Token | None:
        """The token of a header; ``None`` where it shows another kind of secret.

        Raises:
            AccessError: It is none of ours, or no longer one.
        """
        text = told(given)
        if not text.startswith(PREFIX) and not self.required:
            return None  # meant for somebody else: npm sends what it has
        id_ = id_of(text)
        whom = (host, id_ if id_ in self.tokens.ids else "")
        count, since = self._failed.get(whom, (0, 0.0))
        now = time.monotonic()
        if now - since > WINDOW_SECONDS:
            count, since = 0, now
        known = bool(whom[1])
        if known and count >= FAILURES:
            raise self._refused(429, "too many wrong tokens; wait a minute")
        found = self.tokens.find(text, self._clock.later())
        if found is not None:
            return found
        if len(self._failed) >= MAX_ADDRESSES:
            self._failed.clear()
        self._failed[whom] = count + 1, since
        if count >= FAILURES:
            raise self._refused(429, "too many wrong tokens; wait a minute")
        raise self._refused(401, "the token is not known, was taken back, or has expired")

    def _is_here(self, scope: Scope) -> bool:
        forwarded = {b"x-forwarded-for", b"forwarded", b"x-real-ip"}
        if self._proxied or any(name in forwarded for name, _ in scope["headers"]):
            return False
        try:
            return ip_address(_host(scope)).is_loopback
        except ValueError:
            return False

    def _refused(self, status: int, message: str) -> AccessError:
        self._metrics.refused_access(status)
        return AccessError(message, status=status)


def told(header: bytes) -> str:
    """The secret in an ``Authorization`` header; empty where there is none."""
    text = header[:MAX_HEADER].decode("latin-1").strip()
    scheme, space, rest = text.partition(" ")
    if not space:
        return text  # cargo
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        plain = base64.b64decode(rest.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
    user, _, password = plain.partition(":")
    return password if password.startswith(PREFIX) else user or password


def _host(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "-"


def need(token: Token | None, right: Right) -> Token:
    """The token, if it has a right.

    Raises:
        AccessError: There is none, or it has not.
    """
    if token is None:
        raise AccessError("a token is needed here: Authorization: Bearer TOKEN", status=401)
    if right not in token.rights:
        raise AccessError(f"this token may not {right}", status=403)
    return token
