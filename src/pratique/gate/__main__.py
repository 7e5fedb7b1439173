"""``python -m pratique.gate``: the gate's commands without the rest of the command line."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from pratique.gate import cli, cli_canary, cli_office
from pratique.model.errors import PratiqueError

_COMMANDS = {
    **dict.fromkeys(("serve", "log", "verify", "why", "setup"), cli),
    **dict.fromkeys(("approvals", "token", "quarantine"), cli_office),
    "canary": cli_canary,
}


def main() -> int:
    """Run one command and return its exit code."""
    parser = ArgumentParser(prog="python -m pratique.gate")
    commands = parser.add_subparsers(required=True)
    for name, module in _COMMANDS.items():
        command = getattr(module, name)
        sub = commands.add_parser(name, description=command.description)
        command.configure(sub)
        sub.set_defaults(run=command.run)
    options = parser.parse_args()
    try:
        return int(options.run(options))
    except PratiqueError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
