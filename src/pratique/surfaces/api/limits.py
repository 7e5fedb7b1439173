"""Limits of every request: its size, how long it may take, how many at once.

An ASGI application around another one.  It takes in the whole body, unpacked,
before the request goes on: no handler waits for a client, or meets more bytes
than these.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Largest body, also unpacked.  A batch of 1,000 questions has about 100 kB, the
audit of 10,000 npm packages 300 kB, 100,000 file hashes about 10 MB."""

BODY_SECONDS = 20.0
"""Longest that a client may take to send its body."""

REQUEST_SECONDS = 60.0
"""Longest that a request may take after that; its handler has a shorter limit."""

MAX_REQUESTS = 256
"""Requests at once in one process.  Each is answered within milliseconds, so
that more would only wait, each with its body in memory."""

_ENCODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""Content encodings, as window bits of zlib."""


class _Refused(Exception):  # noqa: N818 - it is an answer, not an error
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = msgspec.json.encode({"code": code, "message": message})


class Limits:
    """Keeps an application within limits.

    Args:
        app: The application.
        body_seconds: See :data:`BODY_SECONDS`.
        request_seconds: See :data:`REQUEST_SECONDS`.
        body_bytes: See :data:`MAX_BODY_BYTES`.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        body_seconds: float = BODY_SECONDS,
        request_seconds: float = REQUEST_SECONDS,
        body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._app = app
        self._body_seconds = body_seconds
        self._request_seconds = request_seconds
        self._body_bytes = body_bytes
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3.0)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._running += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self._running -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            self._admit()
            body = await self._body(scope, receive)
            async with asyncio.timeout(self._request_seconds):
                await self._app(scope, _given(body, receive), watched)
        except TimeoutError:
            if not begun:
                await _refuse(_Refused(504, 4, "the request takes too long"), send)
        except _Refused as refused:
            await _refuse(refused, send)

    def _admit(self) -> None:
        if self._running > MAX_REQUESTS:
            raise _Refused(503, 14, "too many requests at once")

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > self._body_bytes:
            raise _too_large(self._body_bytes)
        data = bytearray()
        try:
            async with asyncio.timeout(self._body_seconds):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Refused(400, 3, "the body is not whole")
                    data += message.get("body", b"")
                    if len(data) > self._body_bytes:
                        raise _too_large(self._body_bytes)
                    more = message.get("more_body", False)
        except TimeoutError:
            raise _Refused(408, 4, "the body takes too long") from None
        encoding = headers.get(b"content-encoding", b"").decode("latin-1")
        return _unpacked(bytes(data), encoding, self._body_bytes)


def _too_large(most: int) -> _Refused:
    return _Refused(413, 3, f"the body is over {most:,} bytes")


def _unpacked(data: bytes, encoding: str, most: int) -> bytes:
    """The body without its content encoding (RFC 9110, 8.4)."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return data
    if name not in _ENCODINGS:
        raise _Refused(415, 3, f"content encoding {name[:40]!r} is not supported")
    unpacker = zlib.decompressobj(_ENCODINGS[name])
    try:
        whole = unpacker.decompress(data, most + 1)
    except zlib.error:
        raise _Refused(400, 3, f"the body is not {name}") from None
    if len(whole) > most:
        raise _too_large(most)
    if not unpacker.eof:
        raise _Refused(400, 3, "the body is not whole")
    return whole


def _given(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was taken in, then what the server says."""
    given = False

    async def give() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give


async def _refuse(refused: _Refused, send: Send) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(refused.body)).encode()),
    ]
    if refused.status == 503:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": refused.body})
