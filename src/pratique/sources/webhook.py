"""Posts a body to an address that somebody configured."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from pratique.model.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0

MAX_REDIRECTS = 3
"""A server that renames its own paths does it once; more is a circle."""

KEEPING_METHOD = frozenset({307, 308})
"""Redirects after which the body is posted again (RFC 9110, 15.4.8 and 15.4.9)."""

FINAL = frozenset({400, 401, 403, 404, 405, 410, 413, 415, 422})
"""Answers that the same request gets again."""


class PostError(UpstreamError):
    """A body was not taken.

    The message has the address's host and never the rest, which may be secret.

    Args:
        message: What happened.
        final: Whether trying again is pointless.
    """

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Post a body; a redirect is followed to the same scheme, host and port alone.

    Args:
        url: ``https://…`` or ``http://…``.
        body: It.
        headers: Of the request.

    Returns:
        The status of the answer: one of 200 to 299.

    Raises:
        PostError: It was not taken.
    """
    import httpx

    from pratique import __version__

    host = urlsplit(url).hostname or "the address"
    agent = {"User-Agent": f"pratique/{__version__}"}
    timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
    try:
        with httpx.Client(timeout=timeout, follow_redirects=False) as client:
            for _ in range(MAX_REDIRECTS + 1):
                with client.stream("POST", url, content=body, headers=agent | dict(headers)) as got:
                    status, place = got.status_code, got.headers.get("location", "")
                if 200 <= status < 300:
                    return status
                if status not in KEEPING_METHOD or not place:
                    final = status in FINAL or 300 <= status < 400
                    raise PostError(f"{host} answered with status {status}.", final=final)
                url = _followed(url, place, host)
    except httpx.HTTPError as error:
        raise PostError(f"{host} did not answer: {type(error).__name__}.") from None
    except (httpx.InvalidURL, UnicodeError):
        raise PostError("the address is none.", final=True) from None
    raise PostError(f"{host} redirects more than {MAX_REDIRECTS} times.", final=True)


def _followed(url: str, place: str, host: str) -> str:
    target = urljoin(url, place)
    try:
        before, after = urlsplit(url), urlsplit(target)
        same = (before.scheme, before.hostname, before.port) == (
            after.scheme,
            after.hostname,
            after.port,
        )
    except ValueError:
        same = False
    if not same:
        raise PostError(f"{host} redirects to another host; that is not followed.", final=True)
    return target
