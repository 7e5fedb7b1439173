"""What the routes of every ecosystem share: guarded answers, and the gate's own address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.gate.answers import refused
from pratique.gate.errors import BusyError, GateError, NotHereError
from pratique.model.errors import PratiqueError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

_HOST = re.compile(r"(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?\Z")


def answering(
    answer: Callable[[Request], Awaitable[Response]], *, as_json: bool = False
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint whose errors become answers.

    Args:
        answer: The endpoint.
        as_json: Whether its clients print the ``error`` of a JSON object.
    """

    async def _guarded(request: Request) -> Response:
        try:
            return await answer(request)
        except GateError as error:
            return refused(error, as_json=as_json)
        except (OSError, PratiqueError) as error:
            # A full disk, damaged advisories: what cannot be decided or recorded is not served.
            return refused(BusyError(f"the gate cannot answer: {error}"), as_json=as_json)

    return _guarded


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
