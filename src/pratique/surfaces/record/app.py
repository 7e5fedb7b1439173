"""The application: GUAC's paths, the record's own questions, health and description."""

from __future__ import annotations

import gc
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio
import msgspec
from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from pratique import __version__
from pratique.model.errors import EvidenceError, PratiqueError
from pratique.store.engine import open_store
from pratique.surfaces.api.limits import Limits
from pratique.surfaces.guac.rest import paths
from pratique.surfaces.guac.service import respond
from pratique.surfaces.landing import Endpoint, landing
from pratique.surfaces.record.access import Access, Grant, RefusedError
from pratique.surfaces.record.openapi import PREFIX, description
from pratique.surfaces.record.questions import QUESTIONS, ask

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from pratique.store.engine import Store

MAX_BODY_BYTES = 128 * 1024 * 1024
"""Largest body.  GUAC's client sends all dependencies of a bill in one request: the
200,000 of the largest image take some 60 MB."""

BODY_SECONDS = 60.0
"""Longest that a client may take to send that."""

REQUEST_SECONDS = 300.0
"""Longest that a request may take: writing the largest bill takes about a minute, a
query has a shorter limit of its own."""

MAX_THREADS = 8
"""Requests that are worked on at once; the interpreter runs one at a time, the others
wait for the database or to be read."""

GC_OBJECTS = 200_000
"""Objects after which the collector looks for circles: a request of a large bill makes as many,
and none of them is in one."""

JSON = "application/json"

GUAC = (
    Endpoint("POST", "/query", "GUAC's GraphQL."),
    Endpoint("GET", "/v0/package/{purl}", "GUAC: what is known of a package."),
    Endpoint("GET", "/v0/artifact/{digest}", "GUAC: what is known of a file, by its digest."),
    Endpoint("GET", "/analysis/dependencies", "GUAC: packages by how many need them.", needs=True),
    Endpoint("GET", "/healthz", "Say that the server is ready."),
    Endpoint("GET", "/version", "Say which version this is."),
)
"""Endpoints that are described elsewhere, for the page at ``/``."""

_encode = msgspec.json.Encoder().encode


class Certification(msgspec.Struct, forbid_unknown_fields=True):
    """What is posted to certify something."""

    verdict: str
    noun: str
    justification: str


def application(store: Store, access: Access, advisories: Path | None = None) -> ASGIApp:
    """The ASGI application.

    Args:
        store: The record; is not closed.
        access: Who may ask what.
        advisories: Index of the advisories; the user's own where it is ``None``.
    """
    limiter = anyio.CapacityLimiter(MAX_THREADS)
    described = _encode(description())

    async def work(job: Callable[[], Response]) -> Response:
        """Run a job in one of a few threads."""
        return await to_thread.run_sync(job, limiter=limiter)

    async def version(_: Request) -> Response:
        """Say which version this is."""
        return Response(__version__, media_type="text/plain")

    async def openapi(_: Request) -> Response:
        """Give the description."""
        return Response(described, media_type=JSON)

    async def query(request: Request) -> Response:
        """Answer a GraphQL request (GraphQL over HTTP)."""
        try:
            grant = access.grant(request)
        except RefusedError as refused:
            return _json({"errors": [{"message": refused.message}]}, refused.status)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != JSON:
            message = f"the body is to be {JSON}"
            return _json({"errors": [{"message": message}]}, 415)
        body = await request.body()

        def job() -> Response:
            """Answer it, in a thread."""
            answer = respond(store, grant.tenant, body, may_write=grant.writes, failed=_log)
            return Response(answer, media_type=JSON)

        return await work(job)

    def question(name: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            """Answer the question for whoever asks it."""
            try:
                grant = access.grant(request)
            except RefusedError as refused:
                return _json({"message": refused.message}, refused.status)
            given = dict(request.query_params)
            return await work(
                lambda: _guarded(lambda: _json(ask(store, grant.tenant, name, given, advisories)))
            )

        return answer

    async def certify(request: Request) -> Response:
        """Take a certification in; only with a token that may write."""
        try:
            grant = access.grant(request)
        except RefusedError as refused:
            return _json({"message": refused.message}, refused.status)
        if not grant.writes:
            return _json({"message": "writing needs a token that may write"}, 403)
        body = await request.body()
        return await work(lambda: _guarded(lambda: _certified(store, grant, body)))

    routes = [
        landing(description(), more=GUAC),
        Route("/version", version, methods=["GET"]),
        Route("/openapi.json", openapi, methods=["GET"]),
        Route("/query", query, methods=["POST"]),
        *(Route(f"{PREFIX}/{name}", question(name), methods=["GET"]) for name in QUESTIONS),
        Route(f"{PREFIX}/certify", certify, methods=["POST"]),
        *paths(store, access.grant, RefusedError, work),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refused, Exception: _failed})
    app.router.redirect_slashes = False
    return Limits(
        app,
        body_seconds=BODY_SECONDS,
        request_seconds=REQUEST_SECONDS,
        body_bytes=MAX_BODY_BYTES,
    )


def in_worker(
    url: str,
    tokens: Path | None,
    tenant: str,
    writes: bool,
    advisories: Path | None,
) -> ASGIApp:
    """The application of a worker process.

    Args:
        url: Of the record; it is made where there is none.
        tokens: File of tokens; ``None``: nobody needs one.
        tenant: Whose record is served without tokens.
        writes: Whether that may be written to.
        advisories: Index of the advisories; the user's own where it is ``None``.
    """
    app = application(open_store(url), Access(tokens, tenant, writes=writes), advisories)
    # An answer is many small mappings that are in no circle: looking for circles among
    # them at every 700 of them takes longer than making them.
    gc.set_threshold(GC_OBJECTS, 20, 50)
    gc.collect()
    gc.freeze()
    return app


def _certified(store: Store, grant: Grant, body: bytes) -> Response:
    from pratique.graph.knowledge import certification
    from pratique.model.evidence import Verb
    from pratique.surfaces.guac.writing import write_entries

    try:
        given = msgspec.json.decode(body, type=Certification)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return _json({"message": f"the body is unfit: {str(error)[:200]}"}, 400)
    if given.verdict not in {"good", "bad"} or not given.justification.strip():
        message = "verdict is good or bad, and needs a justification"
        return _json({"message": message}, 400)
    verb = Verb.CERTIFY_GOOD if given.verdict == "good" else Verb.CERTIFY_BAD
    entry = certification(
        given.noun,
        verb,
        {"justification": given.justification},
        collector=grant.name or grant.tenant,
        observed=datetime.now(UTC),
    )
    new = write_entries(store, grant.tenant, [entry])
    value = {"schema": "pratique/certified/1", "document": entry.digest, "verb": verb, "new": new}
    return _json(value)


def _guarded(job: Callable[[], Response]) -> Response:
    """The answer of a job, or what is wrong with the question."""
    try:
        return job()
    except EvidenceError as error:
        _log(error)
        return _json({"message": "the record cannot be read"}, 503)
    except PratiqueError as error:
        told = {"message": error.message}
        if error.remedy:
            told["remedy"] = error.remedy
        return _json(told, 400)


def _json(value: Any, status: int = 200) -> Response:
    return Response(_encode(value), status, media_type=JSON)


def _log(error: Exception) -> None:
    sys.stderr.write(f"the record failed: {error}\n")


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _json({"message": error.detail, "Message": error.detail}, error.status_code)


async def _failed(_: Request, __: Exception) -> Response:
    return _json({"message": "internal server error", "Message": "internal server error"}, 500)
