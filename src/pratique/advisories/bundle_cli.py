"""``pratique advisories export`` and ``import``: across an air gap."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.advisories.status import add_data, print_status
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def _configure_export(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the bundle to write")
    parser.add_argument(
        "--key",
        type=Path,
        required=True,
        metavar="PEM",
        help="private key to sign it with: Ed25519, or ECDSA on P-256 or P-384",
    )
    add_data(parser)


def _run_export(options: Namespace) -> int:
    from pratique.advisories import open_index
    from pratique.advisories.bundle import export_bundle
    from pratique.report.progress import waiting

    index = open_index(options.data)
    folder = index.folder
    index.close()
    with waiting("Writing the bundle"):
        export_bundle(folder, options.file, options.key)
    print_status(options)
    return ExitCode.CLEAN


def _configure_import(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the bundle to read")
    parser.add_argument(
        "--key",
        type=Path,
        metavar="PEM",
        help="public key that must have signed it (PRATIQUE_ADVISORIES_KEY says so as well)",
    )
    parser.add_argument(
        "--accept-older",
        action="store_true",
        help="take a bundle that is older than the advisories in use",
    )
    add_data(parser)


def _run_import(options: Namespace) -> int:
    from pratique.advisories.bundle import import_bundle
    from pratique.advisories.snapshot import data_root
    from pratique.report.progress import waiting

    key = options.key or os.environ.get("PRATIQUE_ADVISORIES_KEY")
    if not key:
        raise UsageError(
            "no key is named that must have signed the bundle.",
            remedy="Write --key PEM, or set PRATIQUE_ADVISORIES_KEY.",
        )
    with waiting("Checking the bundle"):
        import_bundle(
            options.data or data_root(),
            options.file,
            Path(key),
            accept_older=options.accept_older,
            now=datetime.now(UTC),
        )
    print_status(options)
    return ExitCode.CLEAN


export = Command(
    description="Write the advisories in use as one signed file, to carry across an air gap.",
    configure=_configure_export,
    run=_run_export,
)

import_ = Command(
    description="Take the advisories of a signed file, and use them from then on.",
    configure=_configure_import,
    run=_run_import,
)
