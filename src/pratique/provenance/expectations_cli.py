"""``pratique expectations``: what was learned of packages, in the record."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.graph.options import add_store, opened, show
from pratique.model.command import Command
from pratique.model.errors import ExitCode, InputError, UsageError
from pratique.model.purl import Package

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

SCHEMA = "pratique/expectations/1"


def _configure_list(parser: ArgumentParser) -> None:
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="packages; all where none is named"
    )
    add_store(parser)


def _run_list(options: Namespace) -> int:
    import msgspec

    from pratique.provenance.learned_record import held
    from pratique.store.record import open_record

    names = [_name(one) for one in options.names] or None
    with opened(options) as store, open_record(store, options.tenant) as record:
        found = {name: one.known for name, one in held(record, names).items() if one.known}
    rows = [("PACKAGE", "EVIDENCE", "SIGNED BY", "BUILT BY", "FROM", "LEARNED")]
    for name, known in found.items():
        for fact in known.facts:
            cells = (name, fact.evidence, fact.workflow, fact.builder or "-", fact.source or "-")
            rows.append((*cells, known.learned[:19]))
    answer = {"packages": {name: msgspec.to_builtins(known) for name, known in found.items()}}
    if len(rows) > 1 or options.format == "json":
        show(options, SCHEMA, "expectations", answer, rows)
    else:
        sys.stdout.write("Nothing was learned of any such package.\n")
    missing = sorted(set(names or ()) - set(found))
    for name in missing:
        sys.stderr.write(f"nothing was learned of {name}\n")
    return ExitCode.INCOMPLETE if missing else ExitCode.CLEAN


def _name(text: str) -> str:
    """The name that a package is kept under, however it was written."""
    from pratique.provenance.learned_record import name_of

    try:
        return name_of(Package.parse(text)) if text.startswith("pkg:") else text
    except InputError:
        return text


def _configure_forget(parser: ArgumentParser) -> None:
    parser.add_argument("names", nargs="+", metavar="NAME", help="packages to forget")
    parser.add_argument("--by", metavar="WHO", help="who decides so (default: the user's name)")
    add_store(parser)


def _run_forget(options: Namespace) -> int:
    from pratique.provenance.learned_record import forget

    names = list(dict.fromkeys(map(_name, options.names)))
    with opened(options) as store:
        forget(store, options.tenant, names, datetime.now(UTC), options.by or _user())
    sys.stderr.write(
        f"Forgotten: {', '.join(names)}. The next version that is verified is learned.\n"
    )
    return ExitCode.CLEAN


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "somebody"


def _configure_export(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--output", "-o", default="-", metavar="FILE", help="where to write (default: -)"
    )
    add_store(parser)


def _run_export(options: Namespace) -> int:
    from pratique.provenance.attest_options import write_output
    from pratique.provenance.learned_record import export
    from pratique.store.record import open_record

    with opened(options) as store, open_record(store, options.tenant) as record:
        data = export(record)
    write_output(options.output, data)
    return ExitCode.CLEAN


def _configure_import(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="what 'expectations export' or 'verify' wrote")
    parser.add_argument(
        "--replace", action="store_true", help="also where a package is known otherwise"
    )
    parser.add_argument("--by", metavar="WHO", help="who decides so (default: the user's name)")
    add_store(parser)


def _run_import(options: Namespace) -> int:
    from pratique.provenance.learned_file import read_learned
    from pratique.provenance.learned_record import take

    if not options.file.is_file():
        raise UsageError(f"there is no file {options.file}.")
    learned = read_learned(options.file)
    with opened(options, create=True) as store:
        taken, same = take(
            store,
            options.tenant,
            learned,
            datetime.now(UTC),
            options.by or _user(),
            replace=options.replace,
        )
    sys.stderr.write(f"{taken} taken, {same} known already\n")
    return ExitCode.CLEAN


list_ = Command(
    description="List what was learned of packages: who signs them, what builds them, from which "
    "source. 'pratique verify --record' learns it on first use.",
    configure=_configure_list,
    run=_run_list,
)

forget_ = Command(
    description="Forget what was learned of packages, so that the next version that is verified "
    "is learned; the record keeps who decided so and when.",
    configure=_configure_forget,
    run=_run_forget,
    epilogue="""\
examples:
  pratique expectations forget pkg:pypi/alpha --by alice
""",
)

export_ = Command(
    description="Write what was learned as a file, for another record or for "
    "'pratique verify --expectations'.",
    configure=_configure_export,
    run=_run_export,
)

import_ = Command(
    description="Take what was learned elsewhere into the record. A package that is known "
    "otherwise is refused, and then nothing is taken.",
    configure=_configure_import,
    run=_run_import,
)
