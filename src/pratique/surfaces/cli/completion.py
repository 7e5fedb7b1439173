"""``pratique completion``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pratique.model.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="which shell")


def _run(options: Namespace) -> int:
    import shtab

    from pratique.surfaces.cli.app import whole

    sys.stdout.write(shtab.complete(whole(), shell=options.shell).rstrip("\n") + "\n")
    return 0


completion = Command(
    description="Print the completion script of a shell.",
    epilogue='For bash, in ~/.bashrc:  eval "$(pratique completion bash)"',
    configure=_configure,
    run=_run,
)
