"""Running the application with granian.

Measured against uvicorn (see ``docs/osv-api.md``); both answer batches in the
time that matching takes, granian needs less around it.
"""

from __future__ import annotations

import socket

from pratique.model.errors import UsageError

TARGET = "pratique.surfaces.api.app:from_environment"

BACKLOG = 1024
"""Connections that wait to be taken."""

HEADER_MILLISECONDS = 10_000
"""Longest that a client may take to send its headers."""

STOP_SECONDS = 10
"""Longest that running requests are waited for when the server is stopped."""


def run(host: str, port: int, workers: int) -> None:
    """Listen until the process is told to stop (``SIGINT``, ``SIGTERM``).

    Raises:
        UsageError: The address cannot be listened on.
    """
    _can_listen(host, port)
    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings

    Granian(
        TARGET,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        backlog=BACKLOG,
        websockets=False,
        factory=True,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS),
        workers_kill_timeout=STOP_SECONDS,
        log_enabled=True,
        process_name=None,
    ).serve()


def _can_listen(host: str, port: int) -> None:
    """Try the address: what granian says of one that is taken is no message for a user.

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
