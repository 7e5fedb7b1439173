"""Putting the gate together, and running it in this process."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from pratique.advisories import Index
from pratique.gate.credentials import Credential, Credentials
from pratique.gate.depot import Quota
from pratique.gate.lists import Lists
from pratique.gate.log import Log
from pratique.gate.proxies import Proxies
from pratique.model.errors import UsageError
from pratique.policy.service import LoadedPolicy
from pratique.policy.waivers import Waivers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator
    from pathlib import Path

    from starlette.types import ASGIApp


BACKLOG = 1024
"""Connections that wait to be taken."""

HEADER_MILLISECONDS = 10_000
"""Longest that a client may take to send its headers."""

MAX_BUFFER_BYTES = 64 * 1024
"""Largest head of a request."""


class Settings(msgspec.Struct, kw_only=True):
    """What a gate is made of."""

    upstreams: dict[str, str]
    """Address of the registry, by ecosystem."""

    policy: LoadedPolicy
    index: Index
    waivers: Waivers = Waivers()
    lists: Lists = Lists()
    trusted: tuple[str, ...] = ()
    """Further addresses that may be connected to though they are not public."""

    cafile: str = ""
    credentials: tuple[Credential, ...] = ()
    """Of the registries; the addresses above have none in them."""

    proxies: Proxies = Proxies()
    quota: Quota = Quota()
    public: str = ""
    require_token: bool = False
    """Whether packages are only for those who show a token."""

    oldest_advisories: float = 3.0
    """Days; older ones make the gate not ready."""

    admit_unknown: bool = False
    renew: Callable[[], tuple[Index, Lists]] | None = None
    """Opens the advisories and reads the lists again; never where it is not given."""


@contextlib.contextmanager
def held(data: Path) -> Iterator[None]:
    """Hold the folder of the data: two gates would each pin a first content.

    Raises:
        UsageError: Another process holds it, or it cannot be made.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        handle = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise UsageError(f"{data}: cannot be used: {error.strerror}.") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                f"{data} is in use by another gate.", remedy="Stop it, or choose another --data."
            ) from None
        yield
    finally:
        os.close(handle)


def build(data: Path, settings: Settings) -> tuple[ASGIApp, Callable[[], Awaitable[None]]]:
    """The application, and what gives everything back at the end.

    Args:
        data: Folder, held.
        settings: What it is made of.

    Raises:
        EvidenceError: The log is not as it was written.
    """
    from pratique.gate.access import Access
    from pratique.gate.admin import Admin
    from pratique.gate.app import application
    from pratique.gate.canary_routes import Canary
    from pratique.gate.clock import Clock
    from pratique.gate.depot import Depot
    from pratique.gate.facts import Assessor
    from pratique.gate.fetch import Fetcher, Watch
    from pratique.gate.health import Health
    from pratique.gate.judging import Judge
    from pratique.gate.metadata import Metadata
    from pratique.gate.metrics import Metrics
    from pratique.gate.office import Books, Office
    from pratique.gate.service import Gate

    clock = Clock()
    books, metrics = Books(), Metrics()
    log = Log(data, clock.later(), books.see)
    log.append(
        "started",
        clock.later(),
        policy=settings.policy.policy.id,
        policy_digest=settings.policy.digest,
        advisories=settings.index.manifest.generation,
        lists=settings.lists,
        admit_unknown=settings.admit_unknown,
        ecosystems=sorted(settings.upstreams),
        require_token=settings.require_token,
    )
    log.sync()
    fetcher = Fetcher(
        (*settings.upstreams.values(), *settings.trusted),
        settings.cafile,
        Credentials(settings.credentials),
        settings.proxies,
        Watch(metrics, settings.upstreams),
    )
    judge = Judge(
        settings.policy,
        settings.waivers,
        Assessor(settings.index, settings.lists, settings.renew),
        log,
        clock,
        admit_unknown=settings.admit_unknown,
        approvals=books.approvals,
        metrics=metrics,
    )
    depot = Depot(data, fetcher, clock, settings.quota, judge.evicted)
    metadata = Metadata(data / "indexes", fetcher, clock)
    gate = Gate(settings.upstreams, metadata, depot, judge, clock)

    async def _close() -> None:
        await depot.close()
        await fetcher.close()
        log.close()

    office = Office(log, books, data)
    access = Access(
        office.tokens,
        clock,
        metrics,
        required=settings.require_token,
        proxied=bool(settings.public),
    )
    more = [
        *Health(gate, books, data, settings.oldest_advisories).routes(),
        *Admin(office, data, clock).routes(),
        *Canary(gate, data).routes(),
    ]
    app = application(gate, access=access, public=settings.public, more=more, close=None)
    return app, _close


def run(data: Path, settings: Settings, host: str, port: int) -> None:
    """Listen until the process is told to stop (``SIGINT``, ``SIGTERM``).

    Raises:
        UsageError: The address cannot be listened on, or the folder is in use.
    """
    can_listen(host, port)
    with held(data):
        asyncio.run(_serve(data, settings, host, port))


async def _serve(data: Path, settings: Settings, host: str, port: int) -> None:
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.server.embed import Server

    from pratique.gate.logquery import Keeping

    app, close = build(data, settings)
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=MAX_BUFFER_BYTES
        ),
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    keeping = Keeping(data)
    keeping.begin()
    try:
        await server.serve()
    finally:
        keeping.end()
        await close()


def can_listen(host: str, port: int) -> None:
    """Try an address before anything else is done.

    Raises:
        UsageError: It cannot be listened on.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise UsageError(
            f"{host} port {port} cannot be listened on: {error.strerror or error}.",
            remedy="Choose another --port or --host.",
        ) from None
