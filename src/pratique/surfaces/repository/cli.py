"""``pratique repository serve`` and ``keyref``."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.repository.requirement import with_tuf
from pratique.surfaces.api.cli import LOOPBACK, _loopback, _port

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

PORT = 8090
TOKEN_BYTES = 32
MIN_TOKEN = 16
"""Fewest characters of a token; one made here has 43."""


def _configure_serve(parser: ArgumentParser) -> None:
    parser.add_argument(
        "repository",
        type=Path,
        metavar="REPOSITORY",
        help="its folder; a new or empty one waits for the ceremony",
    )
    parser.add_argument(
        "--online-key",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="private key (PEM) or reference (.keyref) that the ceremony may name as the online "
        "key; repeatable",
    )
    parser.add_argument(
        "--port", type=_port, default=PORT, metavar="N", help=f"port to listen on (default: {PORT})"
    )
    parser.add_argument(
        "--host",
        default=LOOPBACK,
        metavar="ADDRESS",
        help=f"address to listen on (default: {LOOPBACK}, this machine only); there is no "
        "encryption, so put a proxy that has it in front of any other",
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="holds the token that the API needs; REPOSITORY/token by default, made where it is "
        "absent",
    )
    parser.add_argument(
        "--bump-minutes",
        type=float,
        default=10.0,
        metavar="N",
        help="how often what expires soon is signed anew (default: 10); 0 never",
    )


def _run_serve(options: Namespace) -> int:
    from pratique.repository.rstuf.service import Service
    from pratique.surfaces.api.server import _tried
    from pratique.surfaces.repository import app

    if not 0 <= options.bump_minutes <= 1440:
        raise UsageError(f"--bump-minutes {options.bump_minutes} is out of range (0 to 1440).")
    folder: Path = options.repository
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is no folder.")
    # What is wrong with keys is said before anything listens.
    Service(folder, options.online_key)
    token_file = options.token_file or folder / "token"
    digest = hashlib.sha256(_token(token_file, made=options.token_file is None)).digest()
    if not _loopback(options.host):
        sys.stderr.write(f"warning: {options.host} can be reached from elsewhere, unencrypted.\n")
    address = asyncio.run(_tried(options.host, options.port))
    sys.stderr.write(f"token of the API: {token_file}\n")
    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings

    Granian(
        f"{app.__name__}:{app.in_worker.__name__}",
        address=address,
        port=options.port,
        interface=Interfaces.ASGI,
        workers=1,  # tasks are done one after the other, by one worker
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        workers_kill_timeout=30,
        process_name=None,
    ).serve(
        target_loader=partial(
            app.in_worker,
            str(folder.absolute()),
            [str(one.absolute()) for one in options.online_key],
            digest,
            options.bump_minutes * 60,
        ),
        wrap_loader=False,
    )
    return ExitCode.CLEAN


def _token(path: Path, *, made: bool) -> bytes:
    """The token of a file; where it may be made, a new one is.

    Raises:
        UsageError: It cannot be read, or is too short to be one.
    """
    if made and not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(TOKEN_BYTES) + "\n")
    try:
        token = path.read_bytes()[:4096].strip()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    if len(token) < MIN_TOKEN or b" " in token:
        raise UsageError(
            f"{path} holds no token of at least {MIN_TOKEN} characters.",
            remedy="Write a random one into it, or remove it to have one made.",
        )
    return token


def _configure_keyref(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="file of the reference; its name ends in .keyref")
    parser.add_argument(
        "--uri",
        required=True,
        help="where the private key is: awskms:…, gcpkms:…, azurekms:…, hv:…, hsm:…, file2:…",
    )
    parser.add_argument(
        "--public", type=Path, required=True, metavar="FILE", help="PEM file of the public key"
    )


def _run_keyref(options: Namespace) -> int:
    from pratique.repository.key_references import write_reference

    key = write_reference(options.file, options.uri, options.public)
    sys.stdout.write(f"reference  {options.file}\nid         {key.public.keyid}\n")
    return ExitCode.CLEAN


serve = Command(
    description="Serve RSTUF's API over a signed repository, so that its command line and other "
    "clients of it set the repository up, add and remove artifacts; metadata and artifacts are "
    "served to readers.",
    configure=_configure_serve,
    run=with_tuf(_run_serve),
    epilogue="""\
examples:
  pratique repository keygen online.pem --plain
  pratique repository serve repo --online-key online.pem --port 8090
  rstuf admin --api-server http://127.0.0.1:8090 --headers "Authorization: Bearer TOKEN" ceremony
  rstuf artifact add app.tar.gz --api-server http://127.0.0.1:8090 -H "Authorization: Bearer TOKEN"
""",
)
keyref = Command(
    description="Write a reference to a private key that stays in a KMS, an HSM or a vault; it is "
    "given wherever the file of a private key is.",
    configure=_configure_keyref,
    run=with_tuf(_run_keyref),
)
