"""``pratique attest build``: run a command, and state what it made from what."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.command import Command
from pratique.model.errors import EvidenceError, ExitCode, UsageError
from pratique.provenance.attest_options import (
    add_signing,
    secret_files,
    signed,
    signing_key,
    write_output,
)
from pratique.report.text import count
from pratique.sources.clock import now

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.provenance.files import Recorded

SECRETS = frozenset(
    {
        "PRATIQUE_KEY_PASSPHRASE",
        "SIGSTORE_ID_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
    }
)
"""Variables that the command does not get: with them it could sign in the name of who attests."""


def _configure(parser: ArgumentParser) -> None:
    add_signing(parser)
    parser.add_argument(
        "--directory",
        "-C",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="folder that the command runs in and whose files are recorded (default: this one)",
    )
    parser.add_argument(
        "--material",
        action="append",
        default=[],
        metavar="PATH",
        help="file or folder that is recorded before the command; repeatable (default: all)",
    )
    parser.add_argument(
        "--product",
        action="append",
        default=[],
        metavar="PATH",
        help="file or folder whose new or changed files are attested; repeatable (default: all)",
    )
    parser.add_argument("--builder", metavar="URI", help="builder.id: what this machine is")
    parser.add_argument(
        "--source", default="", metavar="URI", help="where the source is: git+https://…@ref"
    )
    parser.add_argument("--commit", default="", metavar="HEX", help="commit of the source")
    parser.add_argument("command", nargs="+", metavar="CMD", help="the command, after --")


def _run(options: Namespace) -> int:
    from pratique.provenance.files import record
    from pratique.provenance.statements import COMMAND_BUILDER, Build, provenance

    _check(options)
    key = signing_key(options)  # before anything runs
    root = options.directory
    own = (Path(options.output), *secret_files(options))
    before = record(root, own)
    started = now()
    code = _execute(options.command, root)
    if code:
        sys.stderr.write(f"The command ended with {code}: nothing is attested.\n")
        return ExitCode.FINDINGS
    finished = now()
    products = record(root, own).since(before).within(options.product)
    if not products.digests:
        raise EvidenceError(
            "the command made no file that could be attested.",
            remedy="Name where its products are with --directory and --product.",
        )
    materials = before.within(options.material)
    _tell_skipped(materials, products)
    build = Build(
        command=tuple(options.command),
        materials=materials.descriptors(),
        started=started,
        finished=finished,
        builder=options.builder or COMMAND_BUILDER,
        source=options.source,
        commit=options.commit.lower(),
    )
    write_output(options.output, signed(options, key, products.descriptors(), provenance(build)))
    if options.output != "-":
        made = count(len(products.digests), "product")
        sys.stderr.write(f"{options.output}: {made}, signed by {key.id[:16]}…\n")
    return ExitCode.CLEAN


def _check(options: Namespace) -> None:
    if not options.directory.is_dir():
        raise UsageError(f"{options.directory} is no folder.")
    if options.commit and not options.source:
        raise UsageError("--commit says nothing without --source.")
    if options.commit and not (
        len(options.commit) in {40, 64} and set(options.commit.lower()) <= set("0123456789abcdef")
    ):
        raise UsageError(f"{options.commit[:80]!r} is no commit.")
    for option, uri in (("--builder", options.builder), ("--source", options.source)):
        if uri and ":" not in uri:
            raise UsageError(f"{option} is no URI: {uri[:80]!r}.")


def _execute(command: list[str], root: Path) -> int:
    """Run the command that the user gave, with what it prints on standard error."""
    environment = {name: value for name, value in os.environ.items() if name not in SECRETS}
    try:
        # the user's own command, without a shell
        done = subprocess.run(  # noqa: S603
            command, cwd=root, stdout=sys.stderr.fileno(), check=False, env=environment
        )
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be run: {error.strerror}.") from None
    return done.returncode


def _tell_skipped(*records: Recorded) -> None:
    skipped = sorted({name for one in records for name in one.skipped})
    if skipped:
        some = ", ".join(repr(name) for name in skipped[:3])
        sys.stderr.write(f"{len(skipped):,} links and special files are not recorded: {some}\n")


build = Command(
    description="Run a command and attest what it made: SLSA provenance v1 with the files that "
    "were there as dependencies and those it made or changed as subjects.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique attest build -K key.pem -o alpha.tar.gz.intoto.jsonl --product dist -- make dist
  pratique verify dist/alpha.tar.gz -b alpha.tar.gz.intoto.jsonl --key key.pub

exit codes: 0 attested, 1 the command failed, 3 it made nothing or something could not be read
""",
)
