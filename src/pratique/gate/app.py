"""The routes of the gate (ASGI)."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pratique.gate import npm, pypi
from pratique.gate.answers import artifact, client_of, page, refused
from pratique.gate.errors import BusyError, GateError, NotHereError
from pratique.model.ecosystems import normalise_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from pratique.gate.service import Gate

MAX_REQUESTS = 1024
"""Answered at once; more are told to come again.  Each that waits for upstream
holds a few kilobytes."""

_HOST = re.compile(r"(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?\Z")


def application(
    gate: Gate,
    *,
    public: str = "",
    close: Callable[[], Awaitable[None]] | None = None,
) -> ASGIApp:
    """The application.

    Args:
        gate: What it answers with.
        public: Address that clients reach it by; from each request where it is empty.
        close: Called at the end.
    """
    routes = [
        *_pypi_routes(gate),
        *_npm_routes(gate, public),
        Route("/healthz", _healthz(gate)),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        if close is not None:
            await close()

    return _Bounded(Starlette(routes=routes, lifespan=lifespan))


class _Bounded:
    """Refuses what is too much at once, and anything but reading."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3.0)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._running += 1
        try:
            if self._running > MAX_REQUESTS:
                answer = refused(BusyError("too many requests at once"), as_json=False)
                await answer(scope, receive, send)
            else:
                await self._app(scope, receive, send)
        finally:
            self._running -= 1


def _answering(
    answer: Callable[[Request], Awaitable[Response]], *, as_json: bool = False
) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            return await answer(request)
        except GateError as error:
            return refused(error, as_json=as_json)

    return guarded


def _healthz(gate: Gate) -> Callable[[Request], Awaitable[Response]]:
    async def healthz(_: Request) -> Response:
        return Response(msgspec.json.encode(gate.state()), media_type="application/json")

    return healthz


def _pypi_routes(gate: Gate) -> list[Route]:
    async def project(request: Request) -> Response:
        given = request.path_params["name"]
        if not pypi.is_name(given):
            raise NotHereError("that is not the name of a project")
        name = normalise_name(pypi.ECOSYSTEM, given)
        if name != given or not request.url.path.endswith("/"):
            # Relative: the gate may be behind another name (PEP 503, "Normalized Names").
            up = "../" if request.url.path.endswith("/") else ""
            return RedirectResponse(f"{up}{name}/", 301)
        standing = await gate.standing(pypi.ECOSYSTEM, name, client_of(request))
        as_json = pypi.wants_json(request.headers.get("accept", ""))
        write = pypi.write_json if as_json else pypi.write_html
        body = await gate.written(
            standing,
            ("json" if as_json else "html",),
            lambda: write(standing.ruling, gate.depot.pins(pypi.ECOSYSTEM, name)),
        )
        kind = pypi.JSON if as_json else "text/html; charset=utf-8"
        return page(request, body, kind, stale=standing.stale)

    async def file(request: Request) -> Response:
        name, wanted = request.path_params["name"], request.path_params["file"]
        normal = normalise_name(pypi.ECOSYSTEM, name)
        if not pypi.is_name(name) or normal != name or not pypi.is_file(wanted):
            raise NotHereError("that is not the name of a file")
        found = await gate.find(pypi.ECOSYSTEM, name, wanted, client_of(request))
        return await artifact(gate, pypi.ECOSYSTEM, name, found, request)

    return [
        Route("/pypi/simple/{name}/", _answering(project)),
        Route("/pypi/simple/{name}", _answering(project)),
        Route("/pypi/files/{name}/{file}", _answering(file)),
    ]


def _npm_routes(gate: Gate, public: str) -> list[Route]:
    async def get(request: Request) -> Response:
        path = request.path_params["path"]
        if path in {"-/ping", ""}:
            return Response(b"{}", media_type="application/json")
        name, dash, file = path.partition("/-/")
        if not npm.is_name(name):
            raise NotHereError("that is not the name of a package")
        if dash:
            # A scoped tarball may be asked for with its scope before it.
            if not npm.is_file(file):
                raise NotHereError("that is not the name of a tarball")
            found = await gate.find(npm.ECOSYSTEM, name, file, client_of(request))
            return await artifact(gate, npm.ECOSYSTEM, name, found, request)
        standing = await gate.standing(npm.ECOSYSTEM, name, client_of(request))
        short = npm.ABBREVIATED in request.headers.get("accept", "")
        base = f"{public or _base(request)}/npm"
        body = await gate.written(
            standing,
            ("short" if short else "full", base),
            lambda: npm.write(
                standing.ruling,
                gate.depot.pins(npm.ECOSYSTEM, name),
                base,
                abbreviated=short,
            ),
        )
        kind = npm.ABBREVIATED if short else "application/json"
        return page(request, body, kind, stale=standing.stale, vary="Accept, Host")

    return [Route("/npm/{path:path}", _answering(get, as_json=True))]


def _base(request: Request) -> str:
    """The address that a client reached the gate by."""
    host = request.headers.get("host", "")
    if not _HOST.match(host):
        raise NotHereError("the request names no host")
    return f"{request.url.scheme}://{host}"
