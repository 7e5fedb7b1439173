"""The gate's side of ``pratique gate canary``: signed answers under names of its own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from pratique.gate import planted
from pratique.gate.clients import client_of
from pratique.gate.errors import NotHereError
from pratique.gate.files import write_whole
from pratique.gate.models import Project, Release
from pratique.gate.routing import answering
from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from starlette.requests import Request

    from pratique.gate.service import Gate
    from pratique.model.decision import Decision

KEY = "canary.key"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{16,86}\Z")


class Canary:
    """Answers challenges.

    Args:
        gate: That decides.
        data: Its folder, where the key is kept.
    """

    def __init__(self, gate: Gate, data: Path) -> None:
        self._gate = gate
        self._data = data
        self._key: Ed25519PrivateKey | None = None

    def routes(self) -> list[Route]:
        """Routes in every ecosystem, and ``/canary/key``."""
        routes = [Route("/canary/key", answering(self._public))]
        for word in planted.WORDS:
            root = f"/{planted.prefix(word)}/"
            for name, call in (
                (planted.ANSWERED, self._answered(word)),
                (planted.REFUSED, self._refused(word)),
            ):
                path = root + planted.place(word, name)
                routes.append(Route(path, answering(call)))
        return routes

    def _answered(self, word: str) -> Callable[[Request], Awaitable[Response]]:
        async def call(request: Request) -> Response:
            self._served(word)
            challenge = request.query_params.get("challenge", "")
            if not _CHALLENGE.match(challenge):
                raise NotHereError(
                    f"{planted.ANSWERED} is the name by which 'pratique gate canary' finds this "
                    "gate; there is nothing to install"
                )
            refused = await asyncio.to_thread(self._decide, word)
            return await asyncio.to_thread(self._sign, word, challenge, refused=refused is not None)

        return call

    def _refused(self, word: str) -> Callable[[Request], Awaitable[Response]]:
        async def call(request: Request) -> Response:
            self._served(word)
            decision = await asyncio.to_thread(self._decide, word)
            if decision is None:
                raise NotHereError(
                    f"policy would admit {planted.REFUSED}, which it knows as malicious and denied"
                )
            await asyncio.to_thread(self._gate.refuse, decision, "canary", client_of(request))
            raise AssertionError  # it has refused

        return call

    def _served(self, word: str) -> None:
        if planted.WORDS[word] not in self._gate.upstreams:
            raise NotHereError(f"this gate has no upstream for {planted.WORDS[word]}")

    def _decide(self, word: str) -> Decision | None:
        """The decision on the planted name; ``None`` where it would be let in."""
        release = Release(version=planted.version(word))
        project = Project(
            ecosystem=planted.WORDS[word],
            name=planted.full_name(word, planted.REFUSED),
            releases=(release,),
        )
        decision = self._gate.judge.decide(project)[release.key]
        return None if self._gate.judge.admits(decision) else decision

    async def _public(self, _: Request) -> Response:
        key = await asyncio.to_thread(self._loaded)
        raw = key.public_key().public_bytes_raw()
        body = {"algorithm": "ed25519", "key": _text(raw), "id": key_id(raw)}
        return Response(msgspec.json.encode(body), media_type="application/json")

    def _sign(self, word: str, challenge: str, *, refused: bool) -> Response:
        key = self._loaded()
        ecosystem = planted.WORDS[word]
        at = f"{self._gate.clock.later():%Y-%m-%dT%H:%M:%SZ}"
        signature = key.sign(planted.signed(ecosystem, challenge, at, refused=refused))
        body = {
            "gate": "pratique",
            "ecosystem": ecosystem,
            "challenge": challenge,
            "at": at,
            "refuses": refused,
            "policy": self._gate.judge.policy.policy.id,
            "key": _text(key.public_key().public_bytes_raw()),
            "signature": _text(signature),
        }
        headers = {"Cache-Control": "no-store"}
        return Response(msgspec.json.encode(body), 200, headers, "application/json")

    def _loaded(self) -> Ed25519PrivateKey:
        if self._key is None:
            self._key = load(self._data)
        return self._key


def load(data: Path) -> Ed25519PrivateKey:
    """The gate's key for canaries, made when it is first wanted.

    Raises:
        UsageError: The file is no key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = data / KEY
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raw = os.urandom(32)
        write_whole(path, raw, data)  # readable by the owner alone
    try:
        return Ed25519PrivateKey.from_private_bytes(raw)
    except ValueError:
        raise UsageError(
            f"{path} is no key.", remedy="Remove it: the gate then makes a new one."
        ) from None


def key_id(raw: bytes) -> str:
    """By what a public key is pinned."""
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
