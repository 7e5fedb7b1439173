"""RSTUF's API over one repository (OpenAPI of repository-service-tuf-api 1.0.1).

Everything under ``/api/`` needs the token.  Metadata and artifacts are signed and open to all.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from pratique.model.errors import PratiqueError
from pratique.repository.rstuf import roots
from pratique.repository.rstuf.payloads import InvalidPayloadError
from pratique.repository.rstuf.service import RefusedError, Service
from pratique.repository.rstuf.tasks import QueueFullError, instant_now
from pratique.surfaces.api.limits import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

BASE = "/api/v1"

MESSAGES = {
    "bootstrap": "Bootstrap accepted.",
    "metadata_update": "Metadata update accepted.",
    "sign_metadata": "Metadata sign accepted.",
    "delete_sign_metadata": "Metadata sign delete accepted.",
    "add_artifacts": "New Artifact(s) successfully submitted.",
    "remove_artifacts": "Remove Artifact(s) successfully submitted.",
    "publish_artifacts": "Publish artifacts successfully submitted.",
    "metadata_delegation": "Metadata delegation add accepted.",
    "metadata_delegation_delete": "Metadata delegation delete accepted.",
    "update_settings": "Settings successfully submitted.",
    "force_online_metadata_update": "Force new online metadata accepted.",
}
"""What is said when a task is taken in; RSTUF's own client compares these."""


class Guarded:
    """Lets a request to the API through only with the token.

    Args:
        app: The application.
        digest: SHA-256 of the token.
    """

    def __init__(self, app: ASGIApp, digest: bytes) -> None:
        self._app = app
        self._digest = digest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3.0)."""
        if scope["type"] == "http" and not self._open(scope):
            answer = JSONResponse(
                {"detail": "A token is needed: 'Authorization: Bearer TOKEN'."},
                401,
                {"WWW-Authenticate": "Bearer"},
            )
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _open(self, scope: Scope) -> bool:
        # Only what readers fetch is open; whatever else there is, or will be, is not.
        if scope["path"] == "/healthz" or scope["path"].startswith(("/metadata/", "/targets/")):
            return True
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        scheme, _, token = (given[0] if len(given) == 1 else b"").strip().partition(b" ")
        digest = hashlib.sha256(token.strip()).digest()
        return scheme.lower() == b"bearer" and hmac.compare_digest(digest, self._digest)


def application(service: Service, digest: bytes, *, bump_seconds: float) -> ASGIApp:
    """The application.

    Args:
        service: The repository.
        digest: SHA-256 of the token.
        bump_seconds: How often what expires soon is signed anew; 0 never.
    """

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        """Works on tasks, and renews, as long as the server runs."""
        stop = threading.Event()
        service.tasks.start()
        bumper = threading.Thread(target=_bump, args=(service, stop, bump_seconds), daemon=True)
        if bump_seconds > 0:
            bumper.start()
        yield
        stop.set()
        await run_in_threadpool(service.tasks.stop)

    app = Starlette(
        routes=[*_routes(service), *_files(service)],
        lifespan=life,
        exception_handlers={HTTPException: _refused, Exception: _failed},
    )
    return Limits(Guarded(app, digest))


def _bump(service: Service, stop: threading.Event, seconds: float) -> None:
    """Sign anew at intervals; what fails is tried again at the next."""
    while not stop.wait(seconds):
        try:
            service.bump()
        except PratiqueError as error:
            print(f"the metadata could not be renewed: {error}", flush=True)  # noqa: T201 - the log


def _routes(service: Service) -> list[Route]:
    def task(path: str, name: str, method: str = "POST") -> list[Route]:
        # RSTUF's router answers with and without the slash at the end; redirects lose a body.
        answer = partial(_accept, service, name)
        return [
            Route(f"{BASE}{path.rstrip('/')}{end}", _handler(answer), methods=[method])
            for end in ("", "/")
        ]

    def view(path: str, answer: Callable[[Service, Request], Response]) -> list[Route]:
        return [
            Route(f"{BASE}{path}{end}", _handler(partial(_view, service, answer)), methods=["GET"])
            for end in ("", "/")
        ]

    return [
        *view("/bootstrap", _bootstrap),
        *view("/config", _config),
        *view("/metadata/sign", _pending),
        *view("/task", _task),
        *task("/bootstrap", "bootstrap"),
        *task("/config", "update_settings", "PUT"),
        *task("/metadata", "metadata_update"),
        *task("/metadata/online", "force_online_metadata_update"),
        *task("/metadata/sign", "sign_metadata"),
        *task("/metadata/sign/delete", "delete_sign_metadata"),
        *task("/delegations", "metadata_delegation"),
        *task("/delegations", "metadata_delegation", "PUT"),
        *task("/delegations/delete", "metadata_delegation_delete"),
        *task("/artifacts", "add_artifacts"),
        *task("/artifacts/delete", "remove_artifacts"),
        *task("/artifacts/publish", "publish_artifacts"),
        Route("/healthz", _health, methods=["GET"]),
    ]


def _files(service: Service) -> list[Mount]:
    layout = service.layout
    return [
        Mount(f"/{name}", StaticFiles(directory=folder, check_dir=False), name=name)
        for name, folder in (("metadata", layout.metadata), ("targets", layout.targets))
    ]


def _handler(answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
    async def handle(request: Request) -> Response:
        found: Response = await answer(request)
        return found

    return handle


async def _accept(service: Service, name: str, request: Request) -> Response:
    """Take a task in: 202, 422 for a bad body, 200 with ``detail`` where it is not the time."""
    body = await request.body()
    try:
        task, payload = await run_in_threadpool(service.accept, name, body)
    except InvalidPayloadError as error:
        detail = [{"loc": ["body", *error.place], "msg": error.message, "type": "value_error"}]
        return JSONResponse({"detail": detail}, 422)
    except RefusedError as error:
        detail_ = {"message": "Task not accepted.", "error": error.message}
        return JSONResponse({"detail": detail_}, 200)
    except QueueFullError as error:
        return JSONResponse({"detail": str(error)}, 503, {"Retry-After": "10"})
    data: dict[str, Any] = {"task_id": task.id, "last_update": task.updated}
    if name in {"add_artifacts", "remove_artifacts", "publish_artifacts"}:
        named = getattr(payload, "artifacts", [])
        data["artifacts"] = [one if isinstance(one, str) else one.path for one in named]
    return _json({"data": data, "message": MESSAGES[name]}, 202)


async def _view(
    service: Service, answer: Callable[[Service, Request], Response], request: Request
) -> Response:
    try:
        return await run_in_threadpool(answer, service, request)
    except PratiqueError as error:
        return JSONResponse({"detail": {"error": error.message}}, 404)


def _bootstrap(service: Service, _: Request) -> Response:
    state, task = service.bootstrap_state()
    data: dict[str, Any] = {"bootstrap": state == "finished"}
    if state:
        data["state"] = state
    if task:
        data["id"] = task
    locked = "System LOCKED for bootstrap." if state else "System available for bootstrap."
    return _json({"data": data, "message": locked})


def _config(service: Service, _: Request) -> Response:
    return _json({"data": service.config(), "message": "Current Settings"})


def _pending(service: Service, _: Request) -> Response:
    found = roots.pending(service.layout)
    if found is None:
        return _json({"data": None, "message": "No metadata pending signing available"})
    return _json({"data": {"metadata": found}, "message": "Metadata role(s) pending signing"})


def _task(service: Service, request: Request) -> Response:
    """A task's state; an id that is not known is pending, as with RSTUF's broker."""
    id = request.query_params.get("task_id")
    if not id:
        detail = [{"loc": ["query", "task_id"], "msg": "field required", "type": "value_error"}]
        return JSONResponse({"detail": detail}, 422)
    task = service.tasks.get(id)
    data: dict[str, Any] = {"task_id": id, "state": task.state if task else "PENDING"}
    if task is not None and task.result is not None:
        data["result"] = task.result
        if task.state == "SUCCESS" and not task.result.get("status"):
            data["state"] = "ERRORED"
    return _json({"data": data, "message": "Task state."})


async def _health(_: Request) -> Response:
    return _json({"status": "ok", "time": instant_now()})


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, None, "application/json")


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"detail": error.detail}, error.status_code, error.headers)


async def _failed(_: Request, __: Exception) -> Response:
    return JSONResponse({"detail": "internal server error"}, 500)


def in_worker(folder: str, keys: Sequence[str], digest: bytes, bump_seconds: float) -> ASGIApp:
    """The application of the worker process."""
    service = Service(Path(folder), [Path(one) for one in keys])
    return application(service, digest, bump_seconds=bump_seconds)
