"""Whether the gate lives, whether it is ready, and what it counts."""

from __future__ import annotations

import asyncio
import os
import shutil
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from pratique.gate.clients import IDENTITY
from pratique.gate.metrics import TYPE
from pratique.gate.tokens import Right
from pratique.model.decision import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from pratique.gate.office import Books
    from pratique.gate.service import Gate
    from pratique.gate.tokens import Token

MAX_ADVISORY_DAYS = 3.0
"""Advisories that are older miss what everybody else knows; they are published daily."""

MIN_FREE_BYTES = 256 * 1024 * 1024
"""Room below which the next artifact may not fit: few are larger."""

COUNT_SECONDS = 60.0
"""How often the store is counted where no quota has it counted already."""


class Health:
    """Looks after a gate.

    Args:
        gate: To look at.
        books: Of its log.
        data: Its folder.
        oldest: Days that the advisories may be old.
    """

    def __init__(
        self, gate: Gate, books: Books, data: Path, oldest: float = MAX_ADVISORY_DAYS
    ) -> None:
        self._gate = gate
        self._books = books
        self._data = data
        self._oldest = oldest
        self._counted: tuple[float, int] | None = None

    def reasons(self) -> list[str]:
        """Why the gate should get no requests; none where it should."""
        gate, found = self._gate, []
        assessor = gate.judge.assessor
        age = assessor.age_days(gate.clock.later())
        if age > self._oldest:
            found.append(
                f"the advisories are {age:.1f} days old, over {self._oldest:g}: "
                "run 'pratique advisories update'"
            )
        if assessor.trouble:
            found.append(f"advisories or lists could not be renewed: {assessor.trouble}")
        try:
            free = shutil.disk_usage(self._data).free
        except OSError as error:
            found.append(f"the data folder cannot be read: {error.strerror}")
        else:
            if free < MIN_FREE_BYTES:
                found.append(f"only {free:,} bytes are free on the disk")
        if trouble := gate.judge.log.intact:
            found.append(trouble)
        return found

    def store_bytes(self) -> int:
        """What is kept, in bytes; counted once a minute."""
        space = self._gate.depot.space
        if space.limit is not None:
            return space.used
        now = self._gate.clock.steady()
        if self._counted is None or now - self._counted[0] > COUNT_SECONDS:
            self._counted = now, _size(self._data / "blobs")
        return self._counted[1]

    def gauges(self) -> dict[str, tuple[str, dict[str, float]]]:
        """What is the case at the moment."""
        gate, books = self._gate, self._books
        now = gate.clock.later()
        log = gate.judge.log
        held = {
            'kind="quarantine"': float(books.waiting.count(now, Verdict.QUARANTINE)),
            'kind="approval"': float(len(books.waiting.pending(now))),
            'kind="download"': float(gate.depot.running),
        }
        space = gate.depot.space
        return {
            "queue": ("Versions held back, and artifacts on their way.", held),
            "approvals": ("Approvals that hold.", {"": float(books.approvals.holding(now))}),
            "store_bytes": ("Bytes of artifacts kept.", {"": float(self.store_bytes())}),
            "quota_bytes": (
                "Bytes that artifacts may take; absent where there is no quota.",
                {"": float(space.limit)} if space.limit is not None else {},
            ),
            "log_entries": ("Number of the last entry of the log.", {"": float(log.number)}),
            "advisories_age_days": (
                "Age of the advisories.",
                {"": gate.judge.assessor.age_days(now)},
            ),
            "ready": ("1 where /readyz says so.", {"": float(not self.reasons())}),
        }

    def routes(self) -> list[Route]:
        """``/healthz``, ``/readyz`` and ``/metrics``."""

        async def _healthz(request: Request) -> Response:
            return _json(self._gate.state() if _sees(request) else {"status": "ok"})

        async def _readyz(request: Request) -> Response:
            reasons = await asyncio.to_thread(self.reasons)
            body: dict[str, Any] = {"status": "not ready" if reasons else "ready"}
            if _sees(request):
                body["reasons"] = reasons
            return _json(body, 503 if reasons else 200)

        async def _metrics(_: Request) -> Response:
            gauges = await asyncio.to_thread(self.gauges)
            text = self._gate.judge.metrics.text(gauges)
            return Response(text, media_type=TYPE)

        return [Route("/healthz", _healthz), Route("/readyz", _readyz), Route("/metrics", _metrics)]


def _sees(request: Request) -> bool:
    """Whether a token of a role that sees everything was shown."""
    token: Token | None = request.scope.get(IDENTITY)
    return token is not None and Right.SEE in token.rights


def _json(body: Any, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(body), status, headers, "application/json")


def _size(folder: Path) -> int:
    total = 0
    for path, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.stat(os.path.join(path, name)).st_size  # noqa: PTH116, PTH118 - many
            except OSError:
                continue
    return total
