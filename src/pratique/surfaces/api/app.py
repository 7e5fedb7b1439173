"""The application: the routes of the rooms, the health page, the description."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from pratique.advisories.api import packument_routes, routes
from pratique.advisories.libraries import Libraries
from pratique.advisories.live import Live
from pratique.surfaces.api.limits import Limits
from pratique.surfaces.api.openapi import description
from pratique.surfaces.landing import landing

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from pratique.surfaces.landing import State

_CODES = {404: 5, 405: 12}
_json = msgspec.json.Encoder().encode


def application(data: Path | None = None, libraries: Libraries | None = None) -> ASGIApp:
    """The ASGI application.

    Args:
        data: Folder of the advisories; the user's own where it is not given.
        libraries: What is known of the files of libraries.

    Raises:
        GenerationError: There are no advisories there, or they are damaged.
    """
    live = Live(data)
    described = _json(description())

    def served() -> State:
        """What the advisories are, for people who come by."""
        manifest = live.index().manifest
        as_of = manifest.as_of.isoformat().replace("+00:00", "Z")
        told: dict[str, str | int] = {"as_of": as_of, "records": manifest.records}
        return {**told, "problem": live.problem} if live.problem else told

    async def health(_: Request) -> Response:
        """Say that the server is ready, and what it serves."""
        index = live.index()
        state = {
            "status": "ok",
            "generation": index.manifest.generation,
            "as_of": index.manifest.as_of,
            "records": index.manifest.records,
        }
        if live.problem:
            state["problem"] = live.problem
        return Response(_json(state), media_type="application/json")

    async def openapi(_: Request) -> Response:
        """Give the description."""
        return Response(described, media_type="application/json")

    app = Starlette(
        routes=[
            landing(description(), served),
            Route("/healthz", health, methods=["GET"]),
            Route("/openapi.json", openapi, methods=["GET"]),
            *routes(live, libraries or Libraries()),
            *packument_routes(live),
        ],
        exception_handlers={HTTPException: _refused, Exception: _failed},
    )
    app.router.redirect_slashes = False
    return Limits(app)


def in_worker(data: Path | None, libraries: Path | None) -> ASGIApp:
    """The application of a worker process.

    Args:
        data: Folder of the advisories; the user's own where it is not given.
        libraries: Folder of libraries' sources, or ``None``.
    """
    app = application(data, Libraries.of(libraries) if libraries is not None else None)
    # What is here now stays: the collector need not look through it at each round.
    gc.collect()
    gc.freeze()
    return app


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    body = {"code": _CODES.get(error.status_code, 3), "message": error.detail}
    return Response(_json(body), error.status_code, error.headers, "application/json")


async def _failed(_: Request, __: Exception) -> Response:
    return Response(
        _json({"code": 13, "message": "internal server error"}), 500, None, "application/json"
    )
