"""Answers of HTTP: pages, files as they lie here or as they come in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from starlette.responses import FileResponse, Response, StreamingResponse

from pratique.gate.clients import client_of
from pratique.gate.errors import GateError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from pratique.gate.download import Download
    from pratique.gate.service import Found, Gate, Written
    from pratique.gate.space import Space

STALE = {"Warning": '110 - "Response is Stale"'}
"""RFC 7234, 5.5.1: upstream could not be asked whether there is something newer."""


def page(
    request: Request, written: Written, kind: str, *, stale: bool, vary: str = "Accept"
) -> Response:
    """An index page, or 304 where the client has it."""
    headers = {"ETag": written.tag, "Vary": vary, "Cache-Control": "max-age=0, must-revalidate"}
    headers |= STALE if stale else {}
    if _has(request, written.tag):
        return Response(status_code=304, headers=headers)
    return Response(written.body, headers=headers, media_type=kind)


async def artifact(
    gate: Gate, ecosystem: str, name: str, found: Found, request: Request
) -> Response:
    """A file: from the store, or from upstream as it comes in."""
    client = client_of(request)
    pin = found.pin
    fresh = pin is None or not gate.depot.has(pin)
    gate.judge.metrics.looked("artifact", hit=not fresh)
    if fresh:
        download = gate.bring(ecosystem, name, found, client)
        await download.begun()
        whole = request.method == "HEAD" or "range" in request.headers
        if download.pin is None and not whole:
            return _stream(gate, download)
        if download.pin is None:
            await download.settled()
        pin = download.pin
    assert pin is not None
    tag = f'"{pin.sha256}"'
    headers = {"ETag": tag, "Cache-Control": "max-age=0, must-revalidate"}
    headers |= STALE if found.stale else {}
    if _has(request, tag):
        return Response(status_code=304, headers=headers)
    path = gate.depot.blob(pin)
    try:
        stat = path.stat()
    except OSError:
        raise GateError(f"{found.file.name} is recorded but its content is missing") from None
    if request.method != "HEAD" and not fresh:
        gate.judge.served(found.decision, found.file.name, pin, client)
    return _Held(
        gate.depot.space,
        pin.sha256,
        path,
        headers=headers,
        media_type="application/octet-stream",
        stat_result=stat,
    )


class _Held(FileResponse):
    """A file that does not go for as long as a client reads it."""

    def __init__(self, space: Space, digest: str, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more)
        self._space, self._digest = space, digest
        space.hold(digest)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it (ASGI 3.0)."""
        if self._space.limit is not None:
            # A server that is only told the path opens it when this has returned already.
            given = scope.get("extensions") or {}
            kept = {key: one for key, one in given.items() if key != "http.response.pathsend"}
            scope = {**scope, "extensions": kept}
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._space.release(self._digest)


def _stream(gate: Gate, download: Download) -> Response:
    headers = {"Accept-Ranges": "bytes"}
    if download.size is not None:
        headers["Content-Length"] = str(download.size)

    async def blocks() -> AsyncIterator[bytes]:
        try:
            file = os.open(download.path, os.O_RDONLY)
        except FileNotFoundError:
            # It was finished, and has its name, since it was looked at.
            await download.settled()
            assert download.pin is not None
            file = os.open(gate.depot.blob(download.pin), os.O_RDONLY)
        try:
            async for block in download.read(file):
                yield block
        finally:
            os.close(file)

    return StreamingResponse(blocks(), headers=headers, media_type="application/octet-stream")


def _has(request: Request, tag: str) -> bool:
    given = request.headers.get("if-none-match", "")
    return any(one.strip().removeprefix("W/") in {tag, "*"} for one in given.split(",")[:20])
