"""The routes of the gate (ASGI)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pratique.gate import crates, golang, maven_routes, npm_routes, problems, pypi, pypi_writing
from pratique.gate.access import OPEN
from pratique.gate.answers import artifact, page
from pratique.gate.clients import client_of
from pratique.gate.errors import BusyError, GateError, NotHereError, RequestError
from pratique.gate.routing import PUBLIC, answering, base_of, refused
from pratique.model.ecosystems import normalise_name
from pratique.model.errors import PratiqueError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from pratique.gate.access import Access
    from pratique.gate.service import Gate

MAX_REQUESTS = 1024
"""Answered at once; more are told to come again.  Each that waits for upstream
holds a few kilobytes."""


LOOK_SECONDS = 1.0
"""How often it is looked whether somebody else has written to the log."""


def application(
    gate: Gate,
    *,
    access: Access,
    public: str = "",
    more: Iterable[Route] = (),
    close: Callable[[], Awaitable[None]] | None = None,
) -> ASGIApp:
    """The application.

    Args:
        gate: What it answers with.
        access: Who may ask.
        public: Address that clients reach it by; from each request where it is empty.
        more: Routes beside those of the registries; they come first.
        close: Called at the end.
    """
    routes = [
        *more,
        *_pypi_routes(gate, public),
        *npm_routes.routes(gate, public),
        *_crates_routes(gate, public, secret=access.required),
        *_go_routes(gate),
        *maven_routes.routes(gate),
        *problems.routes(),
    ]

    @asynccontextmanager
    async def _lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        if close is not None:
            await close()

    async def _elsewhere(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        if status == 404:
            return refused(NotHereError("the gate has nothing at that path"), request.scope)
        return refused(
            RequestError("the gate does not do that there", status=status), request.scope
        )

    inner = Starlette(
        routes=routes, lifespan=_lifespan, exception_handlers={HTTPException: _elsewhere}
    )
    return _Front(inner, gate, access, public)


class _Front:
    """Refuses what is too much at once, and who may not ask; counts the answers."""

    def __init__(self, app: ASGIApp, gate: Gate, access: Access, public: str) -> None:
        self._app = app
        self._gate = gate
        self._access = access
        self._public = public
        self._metrics = gate.judge.metrics
        self._running = 0
        self._looked = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3.0)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        scope[PUBLIC] = self._public

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.answered(path, message["status"])
            await send(message)

        self._running += 1
        try:
            app = self._app
            try:
                if self._running > MAX_REQUESTS:
                    raise BusyError("too many requests at once")
                self._access.admit(scope)
                if path not in OPEN:  # they say themselves what is wrong with the log
                    self._look()
            except GateError as error:
                app = refused(error, scope)
            except (OSError, PratiqueError) as error:
                app = refused(BusyError(f"the gate cannot answer: {error}"), scope)
            await app(scope, receive, counted)
        finally:
            self._running -= 1

    def _look(self) -> None:
        """Take up what was approved or taken back beside the gate, within a second."""
        now = self._gate.clock.steady()
        if now - self._looked > LOOK_SECONDS:
            self._looked = now
            self._gate.judge.log.refresh(self._gate.clock.later())


def _pypi_routes(gate: Gate, public: str) -> list[Route]:
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
        write = pypi_writing.write_json if as_json else pypi_writing.write_html
        # Everything else is relative: only an attestation's address must be a whole one.
        base = base_of(request, public) if standing.ruling.project.attested else ""
        body = await gate.written(
            standing,
            ("json" if as_json else "html", base),
            lambda: write(standing.ruling, gate.depot.pins(pypi.ECOSYSTEM, name), base),
        )
        kind = pypi.JSON if as_json else "text/html; charset=utf-8"
        vary = "Accept, Host" if base else "Accept"
        return page(request, body, kind, stale=standing.stale, vary=vary)

    async def file(request: Request) -> Response:
        name, wanted = request.path_params["name"], request.path_params["file"]
        normal = normalise_name(pypi.ECOSYSTEM, name)
        if not pypi.is_name(name) or normal != name or not pypi.is_file(wanted):
            raise NotHereError("that is not the name of a file")
        found = await gate.find(pypi.ECOSYSTEM, name, wanted, client_of(request))
        return await artifact(gate, pypi.ECOSYSTEM, name, found, request)

    return [
        Route("/pypi/simple/{name}/", answering(project)),
        Route("/pypi/simple/{name}", answering(project)),
        Route("/pypi/files/{name}/{file}", answering(file)),
    ]


def _crates_routes(gate: Gate, public: str, *, secret: bool) -> list[Route]:
    async def config(request: Request) -> Response:
        told: dict[str, object] = {"dl": f"{base_of(request, public)}/crates/dl"}
        if secret:
            told["auth-required"] = True  # else cargo keeps its token to itself
        return Response(msgspec.json.encode(told), media_type="application/json")

    async def crate(request: Request) -> Response:
        path = request.path_params["path"]
        name = path.rpartition("/")[2]
        if not crates.is_name(name) or crates.place(name) != path:
            raise NotHereError("that is not the place of a crate")
        standing = await gate.standing(crates.ECOSYSTEM, name, client_of(request))
        written = await gate.written(
            standing,
            ("lines",),
            lambda: crates.write(standing.ruling, gate.depot.pins(crates.ECOSYSTEM, name)),
        )
        return page(request, written, "text/plain; charset=utf-8", stale=standing.stale)

    async def download(request: Request) -> Response:
        name, version = request.path_params["name"].lower(), request.path_params["version"]
        if not crates.is_name(name) or not crates.is_version(version):
            raise NotHereError("that is not a version of a crate")
        file = f"{name}-{version}.crate"
        found = await gate.find(crates.ECOSYSTEM, name, file, client_of(request))
        return await artifact(gate, crates.ECOSYSTEM, name, found, request)

    return [
        Route("/crates/config.json", answering(config)),
        Route("/crates/dl/{name}/{version}/download", answering(download)),
        Route("/crates/{path:path}", answering(crate)),
    ]


def _go_routes(gate: Gate) -> list[Route]:
    async def versions(request: Request) -> Response:
        name = golang.unescaped(request.path_params["name"])
        if not golang.is_name(name):
            raise NotHereError("that is not a module path")
        standing = await gate.standing(golang.ECOSYSTEM, name, client_of(request))
        ruling = standing.ruling
        left = [r.version for r in ruling.project.releases if r.version in ruling.admitted]
        written = await gate.written(
            standing, ("list",), lambda: "".join(f"{one}\n" for one in left).encode()
        )
        return page(request, written, "text/plain; charset=utf-8", stale=standing.stale)

    async def file(request: Request) -> Response:
        name = golang.unescaped(request.path_params["name"])
        version, _, ending = request.path_params["file"].rpartition(".")
        version = golang.unescaped(version)
        known = ending in {"info", "mod", "zip"}
        if not known or not golang.is_name(name) or not golang.is_version(version):
            raise NotHereError("that is not a file of a module")
        client, wanted = client_of(request), f"{version}.{ending}"
        standing = await gate.standing(golang.ECOSYSTEM, name, client)
        if wanted in standing.files:
            found = await gate.find(golang.ECOSYSTEM, name, wanted, client)
        else:
            found = await gate.unlisted_go(name, version, wanted, client)
        return await artifact(gate, golang.ECOSYSTEM, name, found, request)

    async def latest(request: Request) -> Response:
        name = golang.unescaped(request.path_params["name"])
        if not golang.is_name(name):
            raise NotHereError("that is not a module path")
        client = client_of(request)
        standing = await gate.standing(golang.ECOSYSTEM, name, client)
        version, time = await gate.latest_go(standing, client)
        body = {"Version": version} | ({"Time": time} if time is not None else {})
        return Response(msgspec.json.encode(body), media_type="application/json")

    async def checksums(request: Request) -> Response:
        path = golang.unescaped(request.path_params["path"])
        if not golang.is_checksum_path(path):
            raise NotHereError("that is not a path of a checksum database")
        return Response(await gate.checksums(path), media_type="text/plain; charset=utf-8")

    return [
        Route("/go/sumdb/{path:path}", answering(checksums)),
        Route("/go/{name:path}/@v/list", answering(versions)),
        Route("/go/{name:path}/@v/{file}", answering(file)),
        Route("/go/{name:path}/@latest", answering(latest)),
    ]
