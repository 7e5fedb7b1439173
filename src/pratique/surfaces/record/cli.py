"""``pratique record serve`` and ``pratique record token``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

PORT = 8080
"""That of GUAC's server, so that its clients need no option."""

LOOPBACK = "127.0.0.1"


def _configure(parser: ArgumentParser) -> None:
    from pratique.surfaces.api.cli import _port, _workers

    parser.add_argument(
        "--port", type=_port, default=PORT, metavar="N", help=f"port to listen on (default: {PORT})"
    )
    parser.add_argument(
        "--host",
        default=LOOPBACK,
        metavar="ADDRESS",
        help=f"address to listen on (default: {LOOPBACK}, this machine only); any other needs "
        "--tokens, and a proxy with encryption in front",
    )
    parser.add_argument(
        "--tokens", type=Path, metavar="FILE", help="let in only who has a token of this file"
    )
    parser.add_argument(
        "--allow-ingest",
        action="store_true",
        help="let anyone on this machine write, where there are no tokens",
    )
    parser.add_argument(
        "--store",
        default="",
        metavar="URL",
        help="the record: sqlite:///path or postgresql://… (default: PRATIQUE_STORE, or a file "
        "in the user's data folder)",
    )
    parser.add_argument(
        "--tenant",
        default="default",
        metavar="NAME",
        help="whose record is served where there are no tokens (default: default)",
    )
    parser.add_argument(
        "--advisories", type=Path, metavar="FOLDER", help="advisory index for /affected"
    )
    parser.add_argument(
        "--workers", type=_workers, default=1, metavar="N", help="processes (default: 1)"
    )
    parser.add_argument(
        "--openapi", action="store_true", help="print the description of the API and leave"
    )


def _run(options: Namespace) -> int:
    if options.openapi:
        import msgspec

        from pratique.surfaces.record.openapi import description

        text = msgspec.json.format(msgspec.json.encode(description()), indent=2).decode()
        sys.stdout.write(text + "\n")
        return ExitCode.CLEAN
    from pratique.surfaces.record.access import is_loopback, read_tokens

    _needs_graphql()
    if options.tokens is not None:
        if not read_tokens(options.tokens):
            raise UsageError(
                f"{options.tokens} has no token: nobody could be let in.",
                remedy=f"Make one with 'pratique record token TENANT --tokens {options.tokens}'.",
            )
        if options.allow_ingest:
            raise UsageError("--allow-ingest is for a server without --tokens.")
    elif not is_loopback(options.host):
        raise UsageError(
            f"{options.host} can be reached from elsewhere: that needs --tokens.",
            remedy="Make one with 'pratique record token TENANT --tokens FILE'.",
        )
    from pratique.store.engine import open_store
    from pratique.surfaces.api.server import listen
    from pratique.surfaces.record.app import in_worker

    # What is wrong with the record or the advisories is said before anything listens.
    open_store(options.store).close()
    if options.advisories is not None:
        from pratique.advisories import open_index

        open_index(options.advisories).close()
    given = (
        options.store,
        options.tokens,
        options.tenant,
        options.allow_ingest,
        options.advisories,
    )
    listen(in_worker, given, options.host, options.port, options.workers)
    return ExitCode.CLEAN


def _needs_graphql() -> None:
    from importlib.util import find_spec

    if find_spec("graphql") is None:
        raise UsageError(
            "the record's server needs graphql-core, which is not installed.",
            remedy="Install pratique with its extra 'graphql'.",
        )


serve = Command(
    description="Serve the record: GUAC's GraphQL and REST interfaces, and the questions of "
    "this command line as /api/v1/record/….",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique record serve --allow-ingest
  guacone collect files --gql-addr http://127.0.0.1:8080/query sboms/
  pratique record serve --host 0.0.0.0 --tokens tokens.jsonl
""",
)


def _configure_token(parser: ArgumentParser) -> None:
    parser.add_argument("tenant", help="whose record it opens")
    parser.add_argument(
        "--tokens", type=Path, required=True, metavar="FILE", help="file to add its digest to"
    )
    parser.add_argument("--name", default="", metavar="WHO", help="who uses it")
    parser.add_argument("--write", action="store_true", help="let it write too")


def _run_token(options: Namespace) -> int:
    from pratique.surfaces.record.access import add_token

    if not options.tenant.strip():
        raise UsageError("the tenant needs a name.")
    token = add_token(options.tokens, options.tenant, options.name, writes=options.write)
    sys.stdout.write(token + "\n")
    sys.stderr.write("This is the only time that it is shown.\n")
    return ExitCode.CLEAN


token = Command(
    description="Make a token for the record's server; only its digest is kept.",
    configure=_configure_token,
    run=_run_token,
    epilogue="""\
examples:
  pratique record token payments --tokens tokens.jsonl --name ci --write
""",
)
