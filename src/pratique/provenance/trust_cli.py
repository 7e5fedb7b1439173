"""``pratique trust``: which keys of Sigstore instances are trusted, and how they are renewed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pratique.model.command import Command
from pratique.model.errors import ExitCode, InputError, UsageError
from pratique.model.options import add_format
from pratique.provenance.trust_status_cli import (
    printable_lines,
    registry_of,
    row_of,
    say_json,
    status,
)
from pratique.provenance.trust_store import PUBLIC

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.provenance.trust_store import Accepted

__all__ = ["export", "forget", "import_", "status", "update"]

VARIABLE = "PRATIQUE_SIGSTORE_URL"
"""Environment variable with the address of a mirror of the public instance's TUF repository."""

PUBLIC_URL = "https://tuf-repo-cdn.sigstore.dev/"
"""TUF repository of the public instance."""


def _add_instance(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--instance",
        default=PUBLIC,
        metavar="NAME",
        help="a private Sigstore instance, by the name it has here (default: the public one)",
    )


def _add_root(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        type=Path,
        metavar="FILE",
        help="root metadata that came by a trusted way; of a private instance, the first time",
    )


def _configure_update(parser: ArgumentParser) -> None:
    _add_instance(parser)
    parser.add_argument(
        "--url",
        default="",
        metavar="URL",
        help=f"where the metadata of the TUF repository are (default: where they were last time; "
        f"of the public instance, {VARIABLE}, or its own address)",
    )
    parser.add_argument(
        "--targets-url",
        default="",
        metavar="URL",
        help="where its targets are (default: targets/ below the metadata)",
    )
    _add_root(parser)
    add_format(parser)


def _run_update(options: Namespace) -> int:
    from pratique.provenance.trust_update import update
    from pratique.sources.transfer import Transfer
    from pratique.sources.tuf_fetching import MAX_TRUST_SECONDS, Fetcher

    place = _place(options)
    with Transfer() as transfer:
        fetcher = Fetcher(transfer, seconds=MAX_TRUST_SECONDS)
        found = update(options.instance, place, fetcher, root=_root(options))
    return _accepted(found, options)


def _place(options: Namespace) -> Any:
    """Where the repository is: as given, as configured, or as it was last time."""
    from pratique.provenance.trust_store import stored
    from pratique.provenance.trust_update import Place

    url, targets = options.url, options.targets_url
    if not url and options.instance == PUBLIC:
        url = os.environ.get(VARIABLE, "") or PUBLIC_URL
    elif not url:
        before = stored(options.instance)
        if before is not None and before.targets_url:
            url, targets = before.url, targets or before.targets_url
    if not url:
        raise UsageError(
            f"nothing says where the repository of {options.instance!r} is.",
            remedy="Give its address with --url.",
        )
    url = _address(url)
    targets = _address(targets or f"{url}targets/")
    return Place(url, targets, url, targets)


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            f"{url[:200]!r} is no http or https address.",
            remedy="A folder or an archive is taken with 'pratique trust import'.",
        )
    return url if url.endswith("/") else f"{url}/"


def _root(options: Namespace) -> bytes | None:
    from pratique.provenance.trust_update import MAX_ANCHOR_BYTES

    if options.root is None:
        return None
    try:
        with options.root.open("rb") as file:
            data = bytes(file.read(MAX_ANCHOR_BYTES + 1))
    except OSError as error:
        raise InputError(f"{options.root} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_ANCHOR_BYTES:
        raise InputError(f"{options.root} is over {MAX_ANCHOR_BYTES:,} bytes: no root metadata.")
    return data


def _configure_import(parser: ArgumentParser) -> None:
    parser.add_argument(
        "path", type=Path, help="a TUF repository: a folder, or what 'trust export' wrote"
    )
    _add_instance(parser)
    _add_root(parser)
    add_format(parser)


def _run_import(options: Namespace) -> int:
    from pratique.provenance.trust_exchange import bring

    if not options.path.exists():
        raise UsageError(f"there is no {options.path}.", remedy="Name a folder or an archive.")
    return _accepted(bring(options.instance, options.path, root=_root(options)), options)


def _accepted(found: Accepted, options: Namespace) -> int:
    keys = found.registry_keys
    if options.format == "json":
        row = row_of(found.origin) | {"versions": found.versions} | registry_of(found)
        return say_json(row) or _code_of(found)
    one = found.versions
    sys.stdout.write(
        f"{found.instance}: root {one.root}, timestamp {one.timestamp}, snapshot {one.snapshot}, "
        f"targets {one.targets}\n"
        f"  trusted root sha256:{found.sha256}\n"
        f"  fresh until {found.expires:%Y-%m-%d %H:%M} UTC\n"
    )
    if keys is not None:
        text = f"  registry keys {keys.path} (version {keys.version}) sha256:{keys.sha256}\n"
        sys.stdout.write(printable_lines(text))
    if found.registry_problem:
        sys.stdout.write(
            printable_lines(f"  registry keys not renewed: {found.registry_problem}\n")
        )
    return _code_of(found)


def _code_of(found: Accepted) -> int:
    """3 where newer registry keys could not be taken: what holds of them is then unknown."""
    return ExitCode.INCOMPLETE if found.registry_problem else ExitCode.CLEAN


def _configure_export(parser: ArgumentParser) -> None:
    parser.add_argument("output", help="archive that is written, in tar; - is standard output")
    _add_instance(parser)


def _run_export(options: Namespace) -> int:
    from pratique.provenance.attest_options import write_output
    from pratique.provenance.trust_exchange import archive_of

    write_output(options.output, archive_of(options.instance))
    return ExitCode.CLEAN


def _run_forget(options: Namespace) -> int:
    from pratique.provenance.trust_update import forget as forget_it

    if not forget_it(options.instance):
        raise UsageError(f"nothing is stored of the instance {options.instance!r}.")
    return ExitCode.CLEAN


update = Command(
    description="Fetch the trusted root of a Sigstore instance, verified by TUF from a pinned root "
    "on. What was trusted before stays until all of the new holds.",
    configure=_configure_update,
    run=_run_update,
    epilogue="""\
examples:
  pratique trust update                                     the public instance
  pratique trust update --url https://mirror.example.test/sigstore/
  pratique trust update --instance corp --url https://tuf.example.test/ --root 1.root.json

exit codes: 0 up to date, 3 refused, 4 the repository did not answer
""",
)
import_ = Command(
    description="Take the trusted root of a Sigstore instance from a TUF repository in a folder or "
    "an archive, verified as an update is; nothing is fetched.",
    configure=_configure_import,
    run=_run_import,
    epilogue="""\
examples:
  pratique trust import trust.tar
  pratique trust import tuf-repository/ --instance corp --root 1.root.json
""",
)
export = Command(
    description="Write what is stored of a Sigstore instance to an archive, for machines without a "
    "network.",
    configure=_configure_export,
    run=_run_export,
)
forget = Command(
    description="Remove what is stored of a Sigstore instance. Rollbacks to what was seen before "
    "are not noticed afterwards.",
    configure=_add_instance,
    run=_run_forget,
)
