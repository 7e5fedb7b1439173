"""What the routes of every ecosystem share: guarded answers, and the gate's own address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from pratique.gate.errors import AccessError, BusyError, GateError, NotHereError, RefusedError
from pratique.gate.problems import JSON, TYPE, Form, form_of, written
from pratique.gate.text import one_line
from pratique.model.errors import PratiqueError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Scope

PUBLIC = "pratique.public"
"""Key of a request's scope under which the configured address of the gate is."""

_BASIC = 'Basic realm="pratique gate", charset="UTF-8"'
_AGAIN = {429: "60", 503: "1"}
"""Seconds after which a client may come again."""

_HOST = re.compile(r"(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?\Z")


def answering(
    answer: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint whose errors become answers."""

    async def _guarded(request: Request) -> Response:
        try:
            return await answer(request)
        except GateError as error:
            return refused(error, request.scope)
        except (OSError, PratiqueError) as error:
            # A full disk, damaged advisories: what cannot be decided or recorded is not served.
            return refused(BusyError(f"the gate cannot answer: {error}"), request.scope)

    return _guarded


def refused(error: GateError, scope: Scope) -> Response:
    """An error in the form the client prints.

    Args:
        error: To tell.
        scope: Of the request (ASGI 3.0).
    """
    text = one_line(error.message)
    path = scope["path"]
    given = [value for name, value in scope["headers"] if name == b"accept"]
    accept = b",".join(given).decode("latin-1") if given else None
    form = form_of(path, accept, error.status)
    as_json = path.startswith(JSON)
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    if error.status in _AGAIN:
        headers["Retry-After"] = _AGAIN[error.status]
    if isinstance(error, AccessError) and error.status == 401:
        # npm prints nothing but this header; asked for a password, it tells its user how to
        # recover one from npm's own site.
        said = text.encode("ascii", "replace").decode().replace('"', "'").replace(",", ";")
        headers["WWW-Authenticate"] = f'Token realm="{said}"' if as_json else _BASIC
    if isinstance(error, RefusedError):
        headers["X-Pratique-Verdict"] = "refused"
    if form is Form.PROBLEM:
        return Response(written(error, path, _base(scope)), error.status, headers, TYPE)
    if form is Form.ERROR:
        body = msgspec.json.encode({"error": text})
        return Response(body, error.status, headers, "application/json")
    return Response(f"{text}\n", error.status, headers, "text/plain; charset=utf-8")


def base_of(request: Request, public: str) -> str:
    """The address that a client reached the gate by.

    Args:
        request: Of the client.
        public: The configured one, which counts where it is not empty.

    Raises:
        NotHereError: The request names no host that could be one.
    """
    if public:
        return public
    host = request.headers.get("host", "")
    if not _HOST.match(host):
        raise NotHereError("the request names no host")
    return f"{request.url.scheme}://{host}"


def _base(scope: Scope) -> str:
    """Address of the gate; empty where the request names none."""
    if public := str(scope.get(PUBLIC, "")):
        return public
    try:
        return base_of(Request(scope), "")
    except NotHereError:
        return ""
