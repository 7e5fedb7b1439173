"""``pratique dependents`` and ``pratique dependencies``: ecosystem reach."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pratique.graph.options import add_question, answered, ask, then
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

MAX_QUESTIONS = 100_000
"""Most lines of ``--from``; an organisation has some thousand vulnerable packages."""

MAX_LIST_BYTES = 32 * 1024 * 1024
"""Most bytes of ``--from``; that many package URLs take about ten."""


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("purl", nargs="?", help="a package URL, or one with a range of versions")
    parser.add_argument(
        "--from",
        dest="list",
        default="",
        metavar="FILE",
        help="count for each package URL of a file, one a line (- for standard input)",
    )
    parser.add_argument(
        "--depth", type=int, default=0, metavar="N", help="most steps (default: all)"
    )
    add_question(parser)


def _reaching(*, dependents: bool) -> Callable[[Namespace], int]:
    name = "dependents" if dependents else "dependencies"

    def run(options: Namespace) -> int:
        if bool(options.purl) == bool(options.list):
            raise UsageError("give either a package URL or --from FILE.")
        if options.depth < 0 or (options.depth and options.list):
            raise UsageError("--depth takes a number of steps, and goes with one package URL.")
        if options.list:
            return _count(options, name, dependents=dependents)
        from pratique.graph.reach import reach

        found = ask(
            options,
            lambda record: reach(record, options.purl, dependents=dependents, depth=options.depth),
        )
        rows = [("STEPS", "NEEDED FOR", "PACKAGE")]
        rows += [(str(one.distance), ", ".join(one.scopes), one.package) for one in found]
        answer = {"question": options.purl, "as_of": then(options), name: found}
        return answered(options, f"pratique/{name}/1", "ecosystem reach", answer, rows)

    return run


def _count(options: Namespace, name: str, *, dependents: bool) -> int:
    from pratique.graph.reach import counts

    questions = _lines(options.list)
    found = ask(options, lambda record: counts(record, questions, dependents=dependents))
    rows = [(name.upper(), "PACKAGE")]
    rows += [(str(one.reached), one.package) for one in found.counts]
    answer = {
        "as_of": then(options),
        "counts": [{"package": one.package, name: one.reached} for one in found.counts],
        "absent": found.absent,
        "undetermined": found.undetermined,
    }
    answered(options, f"pratique/{name}-counts/1", "ecosystem reach", answer, rows)
    for line in found.undetermined:
        sys.stderr.write(f"unknown: {line}\n")
    return ExitCode.INCOMPLETE if found.undetermined else ExitCode.CLEAN


def _lines(path: str) -> list[str]:
    """The package URLs of a file; empty lines and those that begin with ``#`` are none."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MAX_LIST_BYTES + 1)
        else:
            with open(path, "rb") as file:  # noqa: PTH123 - as the user wrote it
                data = file.read(MAX_LIST_BYTES + 1)
        text = data.decode()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no text.", remedy="Give one package URL a line.") from None
    lines = [line.strip() for line in text.splitlines()]
    found = list(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
    if len(data) > MAX_LIST_BYTES or len(found) > MAX_QUESTIONS:
        raise UsageError(f"{path} has over {MAX_QUESTIONS:,} lines or {MAX_LIST_BYTES:,} bytes.")
    if not found:
        raise UsageError(f"{path} names no package.", remedy="Give one package URL a line.")
    return found


dependents = Command(
    description="Ecosystem reach: what depends on a package in the union of all bills, or with "
    "--from how many packages depend on each of many. The union conflates the products' "
    "resolutions and overstates; 'affected' and 'why' do not.",
    configure=_configure,
    run=_reaching(dependents=True),
    epilogue="""\
examples:
  pratique dependents pkg:npm/alpha@1.0.0 --depth 2
  pratique dependents --from vulnerable.txt --format json
""",
)
dependencies = Command(
    description="Ecosystem reach: what a package depends on in the union of all bills, or with "
    "--from how many packages each of many depends on.",
    configure=_configure,
    run=_reaching(dependents=False),
)
