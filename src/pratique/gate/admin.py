"""Below ``/admin/``: approvals, quarantine, the log and tokens, over HTTP.

Every route needs a token (:mod:`pratique.gate.access`) of a role that may.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pratique.gate.access import need
from pratique.gate.approvals import Wish
from pratique.gate.clients import IDENTITY, client_of
from pratique.gate.errors import NotHereError, RequestError
from pratique.gate.inspect import Question, why
from pratique.gate.logquery import found
from pratique.gate.routing import answering
from pratique.gate.tokens import Right, Role
from pratique.model.decision import Verdict
from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from starlette.requests import Request

    from pratique.gate.clock import Clock
    from pratique.gate.office import Office
    from pratique.gate.tokens import Token
    from pratique.gate.waiting import Held

MAX_BODY = 64 * 1024
"""Largest question; an approval with all the digests it may name has some 40 KB."""

MAX_LINES = 100_000
"""Entries of the log in one answer."""

_T = TypeVar("_T")


class Rejection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent to reject something that waits."""

    subject: str
    rule: str
    reason: str


class Revocation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent to take an approval back."""

    reason: str


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent for a token."""

    user: str
    roles: tuple[Role, ...] = (Role.CLIENT,)
    team: str = ""
    environment: str = ""
    expires: datetime | None = None


class Admin:
    """Answers administrators, approvers, auditors and teams.

    Args:
        office: That decides.
        data: Folder of the gate.
        clock: Tells the time.
    """

    def __init__(self, office: Office, data: Path, clock: Clock) -> None:
        self._office = office
        self._data = data
        self._clock = clock

    def routes(self) -> list[Route]:
        """Routes below ``/admin/``."""
        rows = (
            ("/admin/approvals", "GET", self._approvals),
            ("/admin/approvals", "POST", self._approve),
            ("/admin/approvals/reject", "POST", self._reject),
            ("/admin/approvals/{id}/revoke", "POST", self._revoke),
            ("/admin/quarantine", "GET", self._quarantine),
            ("/admin/log", "GET", self._log),
            ("/admin/why", "GET", self._why),
            ("/admin/tokens", "GET", self._tokens),
            ("/admin/tokens", "POST", self._create),
            ("/admin/tokens/{id}/revoke", "POST", self._take_back),
            ("/admin/{path:path}", "GET", _nothing),
        )
        return [
            Route(path, answering(_taught(one)), methods=[method]) for path, method, one in rows
        ]

    async def _approvals(self, request: Request) -> Response:
        token = need(_token(request), Right.OWN)
        now = self._clock.later()
        waiting = await asyncio.to_thread(self._office.books.waiting.pending, now)
        given = self._office.books.approvals.every()
        wide = Right.SEE in token.rights
        body = {
            "waiting": _mine(waiting, token),
            "approvals": [
                {"holds": one.holds(now), **msgspec.to_builtins(one)} for one in given if wide
            ],
        }
        return _json(body)

    async def _quarantine(self, request: Request) -> Response:
        token = need(_token(request), Right.OWN)
        waiting = self._office.books.waiting
        held = await asyncio.to_thread(waiting.every, self._clock.later(), Verdict.QUARANTINE)
        return _json({"quarantine": _mine(held, token)})

    async def _approve(self, request: Request) -> Response:
        token = need(_token(request), Right.APPROVE)
        wish = await _read(request, Wish)
        if wish.expires.tzinfo is None:
            raise RequestError("expires has no time zone: write 2027-01-31T12:00:00Z")
        wish = msgspec.structs.replace(wish, expires=wish.expires.astimezone(UTC))
        if wish.above:
            need(token, Right.ADMIN)
        made = await asyncio.to_thread(
            self._office.approve,
            wish,
            token.user,
            self._clock.later(),
            via=_via(request),
        )
        return _json(msgspec.to_builtins(made), 201)

    async def _reject(self, request: Request) -> Response:
        token = need(_token(request), Right.APPROVE)
        given = await _read(request, Rejection)
        await asyncio.to_thread(
            self._office.reject,
            given.subject,
            given.rule,
            token.user,
            given.reason,
            self._clock.later(),
            via=_via(request),
        )
        return _json({"rejected": given.subject, "rule": given.rule})

    async def _revoke(self, request: Request) -> Response:
        token = need(_token(request), Right.APPROVE)
        given = await _read(request, Revocation)
        gone = await asyncio.to_thread(
            self._office.revoke,
            request.path_params["id"],
            token.user,
            given.reason,
            self._clock.later(),
            via=_via(request),
        )
        return _json({"revoked": gone.id})

    async def _log(self, request: Request) -> Response:
        token = need(_token(request), Right.OWN)
        asked = Question.of(dict(request.query_params.items()))
        if Right.SEE not in token.rights:
            asked = msgspec.structs.replace(asked, team=_team(token))

        def lines() -> Iterator[bytes]:
            for number, entry in enumerate(found(self._data, asked)):
                if number >= MAX_LINES:
                    yield b'{"kind":"truncated"}\n'
                    return
                yield msgspec.json.encode(entry) + b"\n"

        return StreamingResponse(lines(), media_type="application/jsonl")

    async def _why(self, request: Request) -> Response:
        need(_token(request), Right.SEE)
        package = request.query_params.get("package", "")
        if not package:
            raise RequestError("name a package: /admin/why?package=alpha@1.2")
        lines = await asyncio.to_thread(why, self._data, package)
        return _json({"package": package, "lines": lines})

    async def _tokens(self, request: Request) -> Response:
        need(_token(request), Right.ADMIN)
        return _json({"tokens": [one.told() for one in self._office.tokens.every()]})

    async def _create(self, request: Request) -> Response:
        need(_token(request), Right.ADMIN)
        order = await _read(request, Order)
        made, text = await asyncio.to_thread(
            self._office.create_token,
            order.user,
            self._clock.later(),
            roles=order.roles,
            team=order.team,
            environment=order.environment,
            expires=order.expires,
            via=_via(request),
        )
        return _json({"token": text, **made.told()}, 201)

    async def _take_back(self, request: Request) -> Response:
        need(_token(request), Right.ADMIN)
        gone = await asyncio.to_thread(
            self._office.revoke_token,
            request.path_params["id"],
            self._clock.later(),
            via=_via(request),
        )
        return _json(gone.told())


async def _nothing(request: Request) -> Response:
    raise NotHereError(f"there is nothing at {request.url.path[:200]}; docs/gate.md lists what is")


def _taught(
    answer: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Wrong usage is the asker's mistake, not the gate's."""

    async def _call(request: Request) -> Response:
        try:
            return await answer(request)
        except UsageError as error:
            text = f"{error.message} {error.remedy or ''}".strip()
            raise RequestError(text, status=400) from None

    return _call


def _token(request: Request) -> Token | None:
    return request.scope.get(IDENTITY)


def _team(token: Token) -> str:
    if not token.team:
        raise RequestError("this token is of no team, and may see nothing else", status=403)
    return token.team


def _mine(held: list[Held], token: Token) -> list[dict[str, Any]]:
    """What a token may see: everything, or what concerns its team."""
    wide = Right.SEE in token.rights
    return [msgspec.to_builtins(one) for one in held if wide or one.team in {"", token.team}]


def _via(request: Request) -> str:
    client = client_of(request)
    return f"HTTP, token {client.token}, {client.name}"


async def _read(request: Request, kind: type[_T]) -> _T:
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > MAX_BODY:
            raise RequestError(f"that is over {MAX_BODY:,} bytes", status=413)
    try:
        return msgspec.json.decode(bytes(body), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(f"that is not what is wanted here: {error}") from None


def _json(body: Any, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(body), status, headers, "application/json")
