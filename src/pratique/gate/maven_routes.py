"""Routes of Maven repositories."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from pratique.gate import maven
from pratique.gate.answers import artifact, page
from pratique.gate.clients import client_of
from pratique.gate.errors import NotHereError
from pratique.gate.maven_asking import MavenGate
from pratique.gate.routing import answering

if TYPE_CHECKING:
    from starlette.requests import Request

    from pratique.gate.service import Gate

TEXT = "text/plain; charset=utf-8"


def routes(gate: Gate) -> list[Route]:
    """Routes below ``/maven/``."""
    asking = MavenGate(gate)

    async def _get(request: Request) -> Response:
        wanted = maven.asked(request.path_params["path"])
        if wanted is None:
            raise NotHereError("that is not a path of a Maven repository")
        client = client_of(request)
        if wanted.file != maven.METADATA and wanted.sum:
            return Response(await asking.checksum(wanted, client), media_type=TEXT)
        if wanted.file != maven.METADATA:
            found = await asking.find(wanted, client)
            return await artifact(gate, maven.ECOSYSTEM, wanted.name, found, request)
        written, stale = await asking.metadata(wanted, client)
        if wanted.sum:
            digest = hashlib.new(wanted.sum, written.body, usedforsecurity=False).hexdigest()
            return Response(digest, media_type=TEXT)
        return page(request, written, "application/xml", stale=stale)

    return [Route("/maven/{path:path}", answering(_get))]
