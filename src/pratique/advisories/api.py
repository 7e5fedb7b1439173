"""OSV.dev's API and npm's audit, answered from the advisories that are here.

Source: OSV.dev, *API*; its service description ``osv_service_v1``.  Differences
are told in ``docs/osv-api.md``.  Where more may affect what was asked than an
answer lists, the response says for how many of the questions in
:data:`INCOMPLETE`, a header that other clients ignore.
"""

from __future__ import annotations

import asyncio
import sys
import time
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from pratique.advisories.errors import GenerationError
from pratique.advisories.imports import PREFIX, read_findings
from pratique.advisories.layout import FINDINGS
from pratique.advisories.libraries import Libraries, read_files
from pratique.advisories.npm_audit import advisories_of, packument, read_bulk
from pratique.advisories.questions import (
    DEADLINE_EXCEEDED,
    INTERNAL,
    MAX_ID,
    NOT_FOUND,
    UNIMPLEMENTED,
    ApiError,
    error_body,
    page_token,
    read_batch,
    read_query,
)
from pratique.formats.osv.writer import timestamp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.requests import Request

    from pratique.advisories.live import Live
    from pratique.advisories.questions import Question
    from pratique.advisories.served import ServedIndex

PAGE = 3000
"""Records in one answer to one question, as in OSV.dev."""

BATCH_PAGE = 1000
"""Records in the answer to one question of a batch, as in OSV.dev."""

PAGE_BYTES = 10_000_000
"""Bytes of records after which an answer ends and gives a token, as in OSV.dev."""

MAX_FINDINGS = 100_000
"""Import findings in one answer; no database published has as many."""

BATCH_SECONDS = 35.0
"""Longest that one request is worked on, as in OSV.dev."""

SLICE = 100
"""Questions answered before other requests get their turn: about a millisecond."""

RECORDS_SLICE = 50
"""Records written before other requests get their turn: a few milliseconds."""

PACKAGES_SLICE = 10
"""The same, for packages of npm's audit."""

INCOMPLETE = "pratique-incomplete"
"""Header with the number of questions to which more may be true than is listed."""

_json = msgspec.json.Encoder().encode


def routes(live: Live, libraries: Libraries) -> list[Route]:
    """Routes of the room.

    Args:
        live: Gives the index.
        libraries: What is known of the files of libraries.
    """
    api = _Api(live, libraries)
    determine, findings = _guarded(api.determine), _guarded(api.findings)
    return [
        Route("/v1/query", _guarded(api.query), methods=["POST"]),
        Route("/v1/querybatch", _guarded(api.batch), methods=["POST"]),
        Route("/v1/vulns/{id:path}", _guarded(api.vulnerability), methods=["GET"]),
        Route("/v1experimental/determineversion", determine, methods=["POST"]),
        Route("/v1/determineversion", determine, methods=["POST"]),
        Route("/v1experimental/importfindings/{source:path}", findings, methods=["GET"]),
        Route("/v1/importfindings/{source:path}", findings, methods=["GET"]),
        Route("/-/npm/v1/security/advisories/bulk", _guarded(api.npm_bulk), methods=["POST"]),
    ]


def packument_routes(live: Live) -> list[Route]:
    """Routes of npm's package documents, which are at the top: they come last."""
    handler = _guarded(_Api(live, Libraries()).packument)
    return [Route(path, handler, methods=["GET"]) for path in ("/{name}", "/@{scope}/{name}")]


def answer(body: bytes, status: int = 200, incomplete: int = 0) -> Response:
    """A response of JSON."""
    headers = {INCOMPLETE: str(incomplete)} if incomplete else None
    return Response(body, status, headers, "application/json")


def refuse(error: ApiError) -> Response:
    """The response to a request that is answered with an error."""
    return answer(_json(error_body(error.message, error.code)), error.status)


def _guarded(
    handler: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except ApiError as error:
            return refuse(error)
        except GenerationError as error:
            # Whoever asks learns no paths; whoever runs the server learns all.
            sys.stderr.write(f"error: {error}\n")
            return refuse(ApiError("the advisories are damaged", INTERNAL, 500))

    return guarded


class _Api:
    def __init__(self, live: Live, libraries: Libraries) -> None:
        self._live = live
        self._libraries = libraries

    async def query(self, request: Request) -> Response:
        question = read_query(await request.body())
        index = self._live.index()
        body, incomplete, _ = await _page(index, question, index.document, PAGE, PAGE_BYTES)
        return answer(body, incomplete=incomplete)

    async def batch(self, request: Request) -> Response:
        questions = read_batch(await request.body())
        index = self._live.index()
        deadline = time.monotonic() + BATCH_SECONDS
        bodies: list[bytes] = []
        incomplete, left = 0, PAGE_BYTES
        for place, question in enumerate(questions):
            if place % SLICE == SLICE - 1:
                await asyncio.sleep(0)
                if time.monotonic() > deadline:
                    raise ApiError("the batch takes too long", DEADLINE_EXCEEDED, 504)
            body, unsure, size = await _page(index, question, index.head, BATCH_PAGE, left)
            bodies.append(body)
            incomplete += unsure
            left = max(left - size, 0)
        return answer(b'{"results":[' + b",".join(bodies) + b"]}", incomplete=incomplete)

    async def vulnerability(self, request: Request) -> Response:
        identifier = request.path_params["id"]
        if not identifier:
            raise ApiError("ID is required")
        if len(identifier) > MAX_ID:
            raise ApiError("ID is too long")
        index = self._live.index()
        number = index.number(identifier)
        if number is not None:
            return answer(index.document(number))
        message = "Vulnerability not found"
        if aliases := index.aliased(identifier):
            message += f", but the following aliases were: {' '.join(aliases)}"
        raise ApiError(message, NOT_FOUND, 404)

    async def determine(self, request: Request) -> Response:
        files = read_files(await request.body())
        if not self._libraries:
            raise ApiError(
                "no libraries are known here: 'pratique serve --libraries FOLDER' names them",
                UNIMPLEMENTED,
                501,
            )
        matches = await asyncio.to_thread(self._libraries.matches, files)
        return answer(_json({"matches": matches}))

    async def findings(self, request: Request) -> Response:
        source = request.path_params["source"]
        index = self._live.index()
        if source not in {each.name for each in index.manifest.sources}:
            raise ApiError(f"there is no source {source[:80]!r} here", NOT_FOUND, 404)
        if FINDINGS not in index.manifest.files:
            raise ApiError("the starter keeps no import findings", NOT_FOUND, 404)
        made = await asyncio.to_thread(_findings, index, source)
        return answer(_json({"invalid_records": made}))

    async def npm_bulk(self, request: Request) -> Response:
        asked = read_bulk(await request.body())
        index = self._live.index()
        found: dict[str, Any] = {}
        for place, (name, versions) in enumerate(asked.items()):
            if place % PACKAGES_SLICE == PACKAGES_SLICE - 1:
                await asyncio.sleep(0)
            if advisories := advisories_of(index, name, versions):
                found[name] = advisories
        return answer(_json(found))

    async def packument(self, request: Request) -> Response:
        name = unquote(request.url.path.removeprefix("/"))
        made = packument(self._live.index(), name)
        if made is None:
            raise ApiError(f"Not Found: {name[:80]}", NOT_FOUND, 404)
        return answer(_json(made))


def _findings(index: ServedIndex, source: str) -> list[dict[str, Any]]:
    seen = timestamp(index.manifest.created)
    return [
        {
            "bug_id": finding.id,
            "source": source,
            "findings": [PREFIX + each for each in finding.types],
            "first_seen": seen,
            "last_attempt": seen,
        }
        for finding in islice(read_findings(index.folder, source), MAX_FINDINGS)
    ]


async def _page(
    index: ServedIndex,
    question: Question,
    write: Callable[[int], bytes],
    most: int,
    most_bytes: int,
) -> tuple[bytes, bool, int]:
    """One page of the answer to a question.

    Never a token alone: pip-audit takes what there is for all there is, and
    fails where there is nothing.

    Returns:
        The page as JSON, whether more may be true, and the bytes of its records.
    """
    if question.query is None:
        return b"{}", True, 0
    found = index.find(question.query)
    numbers = found.numbers
    if question.after:
        numbers = tuple(_after(index, numbers, question.after))
    if not numbers:
        return b"{}", found.incomplete, 0
    made: list[bytes] = []
    size = 0
    for number in numbers[:most]:
        if len(made) % RECORDS_SLICE == RECORDS_SLICE - 1:
            await asyncio.sleep(0)
        made.append(write(number))
        size += len(made[-1])
        if size > most_bytes:
            break
    body = b'{"vulns":[' + b",".join(made) + b"]"
    if len(made) < len(numbers):
        token = page_token(index.identifier(numbers[len(made) - 1]))
        body += b',"next_page_token":' + _json(token)
    return body + b"}", found.incomplete, size


def _after(index: ServedIndex, numbers: Iterable[int], identifier: str) -> Iterable[int]:
    """Numbers of ids after one; also where a new generation numbers them anew."""
    last = index.number(identifier)
    if last is not None:
        return (number for number in numbers if number > last)
    return (number for number in numbers if index.identifier(number) > identifier)
