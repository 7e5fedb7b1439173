"""Running the application with granian.

Measured against uvicorn (see ``docs/osv-api.md``); both answer batches in the
time that matching takes, granian needs less around it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import ASGIApp

BACKLOG = 1024
"""Connections that wait to be taken."""

HEADER_MILLISECONDS = 10_000
"""Longest that a client may take to send its headers."""

STOP_SECONDS = 10
"""Longest that running requests are waited for when the server is stopped."""


def run(host: str, port: int, workers: int, data: Path | None, libraries: Path | None) -> None:
    """Listen until the process is told to stop (``SIGINT``, ``SIGTERM``).

    Args:
        host: Name or address.
        port: Port.
        workers: Processes.
        data: Folder of the advisories; the user's own where it is not given.
        libraries: Folder of libraries' sources, or ``None``.

    Raises:
        UsageError: The address cannot be listened on.
    """
    from pratique.surfaces.api import app

    listen(app.in_worker, (data, libraries), host, port, workers)


def listen(
    load: Callable[..., ASGIApp], given: tuple[object, ...], host: str, port: int, workers: int
) -> None:
    """Listen for an application until the process is told to stop.

    Args:
        load: Function of a module that makes the application, in each worker.
        given: Its arguments.
        host: Name or address.
        port: Port.
        workers: Processes.

    Raises:
        UsageError: The address cannot be listened on.
    """
    address = asyncio.run(_tried(host, port))
    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings

    Granian(
        f"{load.__module__}:{load.__name__}",
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        backlog=BACKLOG,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS),
        workers_kill_timeout=STOP_SECONDS,
        log_enabled=True,
        process_name=None,
    ).serve(target_loader=partial(load, *given), wrap_loader=False)


async def _tried(host: str, port: int) -> str:
    """Try to listen, alone: granian shares a port with another server of the same user.

    Returns:
        The address of the host, as digits.

    Raises:
        UsageError: It cannot be listened on.
    """
    try:
        server = await asyncio.start_server(lambda _, writer: writer.close(), host, port)
    except OSError as error:
        raise UsageError(
            f"{host} port {port} cannot be listened on: {error.strerror or error}.",
            remedy="Choose another --port or --host.",
        ) from None
    address = str(server.sockets[0].getsockname()[0])
    server.close()
    await server.wait_closed()
    return address
