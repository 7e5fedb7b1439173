"""``pratique formats``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pratique.formats import registry
from pratique.formats.json_writing import indented_json
from pratique.model.command import Command

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--format", "-f", choices=("table", "json"), default="table", help="how to print the list"
    )


def _run(options: Namespace) -> int:
    readers = registry.readers()
    if options.format == "json":
        rows = [
            {"name": one.name, "title": one.title, "kind": one.kind, "files": one.files}
            for one in readers
        ]
        sys.stdout.write(indented_json(rows).decode())
        return 0
    width = max(len(one.name) for one in readers)
    for one in readers:
        sys.stdout.write(f"{one.name:<{width}}  {one.kind:<9}  {one.title}\n")
        sys.stdout.write(f"{'':<{width}}  {'':<9}  {', '.join(one.files)}\n")
    return 0


formats = Command(
    description="List the formats that can be read, and the file names they are found by.",
    configure=_configure,
    run=_run,
)
