"""The reader's commands under the arguments of tuf-conformance's ``CLIENT-CLI.md``."""

from __future__ import annotations

import shutil
import sys
from argparse import ArgumentParser

from pratique.model.errors import PratiqueError
from pratique.repository import cli_client


def main() -> int:
    parser = ArgumentParser(allow_abbrev=False)
    for option in ("metadata-url", "metadata-dir", "target-dir", "target-base-url"):
        parser.add_argument(f"--{option}")
    parser.add_argument("--target-name", action="append")
    parser.add_argument("command", choices=("init", "refresh", "download"))
    parser.add_argument("root", nargs="?")
    given = parser.parse_args()
    if given.command == "init":
        shutil.copyfile(given.root, f"{given.metadata_dir}/root.json")
        return 0
    arguments = ["--metadata-url", given.metadata_url, "--metadata-dir", given.metadata_dir]
    command = cli_client.refresh
    if given.command == "download":
        command = cli_client.get
        arguments += ["--target-url", given.target_base_url, "-o", given.target_dir, "--"]
        arguments += given.target_name
    options = ArgumentParser(allow_abbrev=False)
    command.configure(options)
    try:
        return 1 if command.run(options.parse_args(arguments)) else 0
    except PratiqueError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
