"""Routes of an npm registry: packuments, tarballs, and what npm asks besides."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from pratique.advisories.npm_audit import MAX_PACKAGES, MAX_VERSIONS, advisories_of, read_bulk
from pratique.advisories.questions import ApiError
from pratique.gate import npm
from pratique.gate.answers import artifact, page
from pratique.gate.clients import client_of
from pratique.gate.errors import BrokenError, GateError, NotHereError, RequestError
from pratique.gate.routing import answering, base_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from pratique.advisories.served import ServedIndex
    from pratique.gate.clients import Client
    from pratique.gate.service import Gate

MAX_AUDIT_BYTES = 16 * 1024 * 1024
"""Largest question of an audit, unpacked: names and versions of the largest lockfiles."""

SLICE = 10
"""Packages of an audit answered before others get their turn; a few milliseconds."""

KEYS = "-/npm/v1/keys"
AUDIT = "-/npm/v1/security/advisories/bulk"
JSON = "application/json"


def routes(gate: Gate, public: str) -> list[Route]:
    """Routes below ``/npm/``."""
    audit = Audit(gate)

    async def _get(request: Request) -> Response:
        path = request.path_params["path"]
        if path in {"-/ping", ""}:
            return Response(b"{}", media_type=JSON)
        if path == KEYS:
            return _json(await _keys(gate), request)
        if path.startswith(f"{npm.ATTESTATIONS}/"):
            asked = path.removeprefix(f"{npm.ATTESTATIONS}/")
            return _json(await _attestations(gate, asked, client_of(request)), request)
        if path.startswith("-/package/") and path.endswith("/dist-tags"):
            name = unquote(path.removeprefix("-/package/").removesuffix("/dist-tags"))
            return _json(await _tags(gate, name, client_of(request)), request)
        if path.startswith("-/"):
            raise _absent(path)
        name, dash, file = path.partition("/-/")
        if not npm.is_name(name):
            raise NotHereError("that is not the name of a package")
        if dash:
            return await _tarball(gate, name, file, request)
        return await _packument(gate, name, base_of(request, public), request)

    async def _post(request: Request) -> Response:
        if request.path_params["path"] != AUDIT:
            raise RequestError("the gate takes no publishing, login or search")
        return await audit.answer(request)

    return [
        Route("/npm/{path:path}", answering(_get)),
        Route("/npm/{path:path}", answering(_post), methods=["POST", "PUT", "DELETE"]),
    ]


def _absent(path: str) -> GateError:
    if path == "-/whoami":
        return RequestError("the gate knows no npm users; it needs no login", status=401)
    return NotHereError("the gate serves packages and audits; it passes on nothing else of npm's")


async def _tarball(gate: Gate, name: str, file: str, request: Request) -> Response:
    # A scoped tarball may be asked for with its scope before it.
    if not npm.is_file(file):
        raise NotHereError("that is not the name of a tarball")
    found = await gate.find(npm.ECOSYSTEM, name, file, client_of(request))
    return await artifact(gate, npm.ECOSYSTEM, name, found, request)


async def _packument(gate: Gate, name: str, origin: str, request: Request) -> Response:
    standing = await gate.standing(npm.ECOSYSTEM, name, client_of(request))
    short = npm.ABBREVIATED in request.headers.get("accept", "")
    base = f"{origin}/npm"
    body = await gate.written(
        standing,
        ("short" if short else "full", base),
        lambda: npm.write(
            standing.ruling, gate.depot.pins(npm.ECOSYSTEM, name), base, abbreviated=short
        ),
    )
    kind = npm.ABBREVIATED if short else JSON
    return page(request, body, kind, stale=standing.stale, vary="Accept, Host")


async def _tags(gate: Gate, name: str, client: Client) -> bytes:
    if not npm.is_name(name):
        raise NotHereError("that is not the name of a package")
    ruling = (await gate.standing(npm.ECOSYSTEM, name, client)).ruling
    tags = npm.move_tags(ruling.project.document.get("dist-tags"), ruling.admitted)
    return msgspec.json.encode(tags)


async def _keys(gate: Gate) -> bytes:
    """The registry's public keys, by which npm verifies signatures in packuments."""
    base = gate.upstreams.get(npm.ECOSYSTEM)
    if base is None:
        raise NotHereError("this gate has no upstream for npm")
    return await _passed(gate, f"{npm.ECOSYSTEM}/-/keys", f"{base.rstrip('/')}/{KEYS}")


async def _attestations(gate: Gate, asked: str, client: Client) -> bytes:
    """The attestations of an admitted version, from where its packument says."""
    name, _, version = unquote(asked).rpartition("@")
    if not npm.is_name(name):
        raise NotHereError("that is not a version of a package")
    standing = await gate.standing(npm.ECOSYSTEM, name, client)
    ruling = standing.ruling
    manifest = ruling.project.document["versions"].get(version) or {}
    evidence = manifest.get("dist", {}).get("attestations") if manifest else None
    url = evidence.get("url") if isinstance(evidence, dict) else None
    if not isinstance(url, str) or version not in ruling.decisions:
        raise NotHereError(f"the registry has no attestations of {name}@{version}")
    if version not in ruling.admitted:
        await asyncio.to_thread(gate.refuse, ruling.decisions[version], "attestations", client)
    return await _passed(gate, f"{npm.ECOSYSTEM}/{name}@{version}/attestations", url)


async def _passed(gate: Gate, key: str, url: str) -> bytes:
    """A document of upstream, if it is JSON."""
    body = (await gate.metadata.get(key, url, JSON)).page.body
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BrokenError("upstream answers with something that is not JSON") from None
    return body


def _json(body: bytes, request: Request) -> Response:
    from pratique.gate.service import written_of

    return page(request, written_of(lambda: body), JSON, stale=False)


class Audit:
    """Answers ``npm audit`` from the gate's own advisories: no name goes outside.

    Args:
        gate: Whose advisories they are.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._index: ServedIndex | None = None
        self._lock = asyncio.Lock()

    async def answer(self, request: Request) -> Response:
        """Answer a question in bulk.

        Raises:
            RequestError: It is none, or too large.
            GenerationError: The advisories lack the whole records, or are damaged.
        """
        body = _unpacked(await _body(request), request.headers.get("content-encoding", ""))
        try:
            asked = read_bulk(body)
        except ApiError:
            raise RequestError(
                f"that is no audit: an object of names and their versions, at most "
                f"{MAX_PACKAGES:,} names with {MAX_VERSIONS:,} versions each"
            ) from None
        found: dict[str, list[dict[str, Any]]] = {}
        listed = list(asked.items())
        async with self._lock:  # an index is not for several threads at once
            index = await asyncio.to_thread(self._opened)
            for start in range(0, len(listed), SLICE):
                some = listed[start : start + SLICE]
                found |= await asyncio.to_thread(_advisories, index, some)
        return Response(msgspec.json.encode(found), media_type=JSON)

    def _opened(self) -> ServedIndex:
        from pratique.advisories.served import ServedIndex

        current = self._gate.judge.assessor.index
        if self._index is None or self._index.folder != current.folder:
            index = ServedIndex.open(current.folder)
            index.prepare()
            old, self._index = self._index, index
            if old is not None:
                old.close()
        return self._index


def _advisories(
    index: ServedIndex, asked: list[tuple[str, list[str]]]
) -> dict[str, list[dict[str, Any]]]:
    found = {name: advisories_of(index, name, versions) for name, versions in asked}
    return {name: listed for name, listed in found.items() if listed}


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > MAX_AUDIT_BYTES:
            raise RequestError("the audit is too large", status=413)
    return bytes(body)


def _unpacked(body: bytes, encoding: str) -> bytes:
    """The question itself: npm sends its audits packed."""
    if encoding.lower() not in {"gzip", "x-gzip"}:
        return body
    unpacker = zlib.decompressobj(31)
    try:
        plain = unpacker.decompress(body, MAX_AUDIT_BYTES)
    except zlib.error:
        raise RequestError("the audit cannot be unpacked") from None
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise RequestError("the audit is too large, or cut short", status=413)
    return plain
