"""``pratique serve``."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.command import Command
from pratique.model.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

PORT = 8080
LOOPBACK = "127.0.0.1"
MAX_WORKERS = 64
"""Processes; each maps the same files, and holds about 100 MB of its own."""


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=_port, default=PORT, metavar="N", help=f"port to listen on (default: {PORT})"
    )
    parser.add_argument(
        "--host",
        default=LOOPBACK,
        metavar="ADDRESS",
        help=f"address to listen on (default: {LOOPBACK}, this machine only). Any other lets "
        "others in: there is no password and no encryption, so put a proxy that has them in front",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="data folder or index of the advisories, instead of the user's own",
    )
    parser.add_argument(
        "--libraries",
        type=Path,
        metavar="FOLDER",
        help="sources of libraries, each in a folder like zlib@1.2.11, for determineversion",
    )
    parser.add_argument(
        "--workers",
        type=_workers,
        default=1,
        metavar="N",
        help="processes that answer (default: 1); one for each core is the most that helps",
    )
    parser.add_argument(
        "--openapi", action="store_true", help="print the description of the API and leave"
    )


def _run(options: Namespace) -> int:
    if options.openapi:
        from pratique.surfaces.api.openapi import text

        sys.stdout.write(text())
        return ExitCode.CLEAN
    from pratique.advisories.libraries import Libraries
    from pratique.advisories.served import open_served
    from pratique.surfaces.api.server import run

    # What is wrong is said before anything listens.
    open_served(options.data).close()
    if options.libraries is not None:
        Libraries.of(options.libraries)
    if not _loopback(options.host):
        sys.stderr.write(
            f"warning: {options.host} can be reached from elsewhere; "
            "there is no password and no encryption.\n"
        )
    run(options.host, options.port, options.workers, options.data, options.libraries)
    return ExitCode.CLEAN


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def _workers(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MAX_WORKERS:
        raise ArgumentTypeError(f"{text!r} is not a number of processes (1 to {MAX_WORKERS})")
    return int(text)


serve = Command(
    description="Serve the advisories that are here as OSV.dev's API and as npm's audit, for "
    "uv audit, pip-audit, npm audit, osv-scanner and the like. A new generation is taken up "
    "while it runs.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique serve --port 8080
  uv audit --preview --service-url http://127.0.0.1:8080/
  pip-audit -s osv --osv-url http://127.0.0.1:8080/v1/query
  npm audit --registry http://127.0.0.1:8080/
""",
)
