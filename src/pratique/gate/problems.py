"""Refusals as problem details (RFC 9457), which Maven prints, and others who ask for them.

Maven Resolver reads them since 1.9.23 and 2.0 where the content type is this one
to the letter, and not in an answer 404: there it takes them for a failure of the
transport, while a plain 404 is "no such file" and the next repository is asked.
It sends no ``Accept``; a person's curl sends ``*/*`` and gets a line of text.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from pratique.gate.errors import (
    AccessError,
    AwayError,
    BrokenError,
    BusyError,
    GateError,
    NotHereError,
    RefusedError,
    RequestError,
)
from pratique.gate.text import one_line

if TYPE_CHECKING:
    from starlette.requests import Request

TYPE = "application/problem+json"
"""RFC 9457, 6.1; without a parameter."""

PREFIX = "/problems/"
"""Where the gate says what a problem type means (RFC 9457, 3.1.1: its documentation)."""

MAX_ACCEPT = 1000
"""Characters of an ``Accept`` that are looked at."""

JSON = ("/npm/", "/admin/", "/canary/")
"""Where clients print the ``error`` of a JSON object."""

_BARE = "/maven/"
"""Where clients send no ``Accept`` and read problem details."""


class Form(Enum):
    """How an error is told."""

    TEXT = auto()
    ERROR = auto()
    """A JSON object with ``error``."""

    PROBLEM = auto()


class _Kind(msgspec.Struct, frozen=True):
    word: str
    title: str
    means: str


_KINDS: dict[type[GateError], _Kind] = {
    RefusedError: _Kind(
        "refused",
        "Refused by policy",
        "Policy does not admit this version. The detail names the rule, its reason, and what to\n"
        "ask for: a waiver of that rule, or an approval. A quarantine ends by itself at the time\n"
        "that the detail names. 'pratique gate why PACKAGE' says all that was decided on it.\n",
    ),
    AccessError: _Kind(
        "access",
        "Not allowed",
        "No token was shown, it is not known or has expired, or it is not for what was asked.\n"
        "'pratique gate setup CLIENT --with-token' says where a package manager takes one from.\n",
    ),
    NotHereError: _Kind("not-here", "Not here", "There is no such package, version or file.\n"),
    RequestError: _Kind("request", "Not what the gate does", "The detail says what is wrong.\n"),
    BusyError: _Kind(
        "busy", "Too busy", "Come again: too much is asked for at once, or there is no room.\n"
    ),
    BrokenError: _Kind(
        "upstream-broken",
        "The registry's answer is not accepted",
        "Upstream gave what does not match its own digests, is too large, or leads to an address\n"
        "that is not public. The log has an alarm where a kept file was changed.\n",
    ),
    AwayError: _Kind(
        "upstream-away",
        "The registry does not answer",
        "What was fetched before is still served; this was not.\n",
    ),
}
_ANY = _Kind("error", "The gate cannot answer", "The detail says why.\n")


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The members of RFC 9457, 3.1, and two of our own (3.2)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    package: str = ""
    """Package URL of what was refused."""

    rules: tuple[str, ...] = ()
    """Those that hold it back."""


def form_of(path: str, accept: str | None, status: int) -> Form:
    """How a client wants to be told of an error.

    Args:
        path: That it asks for.
        accept: Its ``Accept``; ``None`` where it sends none.
        status: Of the answer.
    """
    if accept is not None and _names(accept):
        return Form.PROBLEM
    if path.startswith(JSON):
        return Form.ERROR
    bare = accept is None and path.startswith(_BARE)
    return Form.PROBLEM if bare and status != NotHereError.status else Form.TEXT


def _names(accept: str) -> bool:
    """Whether the type itself is named and not refused (RFC 9110, 12.5.1)."""
    for one in accept[:MAX_ACCEPT].lower().split(","):
        kind, *more = (part.strip() for part in one.split(";"))
        if kind == TYPE:
            return not any(part.replace(" ", "").rstrip("0.") == "q=" for part in more)
    return False


def written(error: GateError, path: str, base: str) -> bytes:
    """An error as problem details.

    Args:
        error: To tell.
        path: That was asked for, decoded.
        base: Address of the gate; empty where the request names none.
    """
    kind = kind_of(error)
    problem = Problem(
        type=f"{base}{PREFIX}{kind.word}",
        title=kind.title,
        status=error.status,
        detail=one_line(error.message),
        instance=quote(path[:MAX_ACCEPT], safe="/@:+,;=~!$'()*"),
        package=error.package if isinstance(error, RefusedError) else "",
        rules=error.rules if isinstance(error, RefusedError) else (),
    )
    return msgspec.json.encode(problem)


def kind_of(error: GateError) -> _Kind:
    """What kind of problem an error is: that of its class, or of the nearest above."""
    for one in type(error).__mro__:
        if one in _KINDS:
            return _KINDS[one]
    return _ANY


def routes() -> list[Route]:
    """What each ``type`` leads to."""
    texts = {one.word: f"{one.title}\n\n{one.means}" for one in (*_KINDS.values(), _ANY)}

    async def _tell(request: Request) -> Response:
        text = texts.get(request.path_params["word"])
        if text is None:
            return Response("There is no such problem.\n", 404, media_type="text/plain")
        return Response(text, media_type="text/plain")

    return [Route(f"{PREFIX}{{word}}", _tell)]
