"""``pratique fix MANIFEST --universe FILE``: its options, and what does not go with it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.formats.json_writing import indented_json
from pratique.model.errors import ExitCode, UsageError
from pratique.sources.clock import now

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from pratique.advisories import Index
    from pratique.remediation.models import Limits
    from pratique.remediation.projecting import Question

_FOREIGN = {
    "organisation": "a universe is planned over for one manifest",
    "record": "a universe is planned over for one manifest",
    "prove": "no package manager is asked",
    "apply": "no package manager is asked",
    "min_age": "a universe does not say when versions were published",
    "allow_builds": "nothing is built",
    "vex": "what statements settle is not looked at in a universe",
    "exclude": "one manifest is read, no folder",
    "message": "nothing is proven that a pull request could claim",
    "statements": "nothing is proven that a statement could claim",
    "product": "no statements are made",
    "author": "no statements are made",
}
"""Options of ``fix`` that do not apply, and why."""

HARMLESS = frozenset(
    {"missing-modified", "bad-reference", "bad-related", "bad-upstream", "repeated-version"}
)
"""Defects of OSV records that take nothing away from what they affect."""

_OWN = ("osv", "keep", "max_depth", "no_dev", "no_management")


def configure_universe(parser: ArgumentParser) -> None:
    """Add what planning over a described universe takes."""
    group = parser.add_argument_group(
        "over a described universe", "Planned without a package manager and without a network."
    )
    group.add_argument(
        "--universe",
        type=Path,
        metavar="FILE",
        help="YAML that names the versions that exist and what each needs",
    )
    group.add_argument(
        "--osv",
        type=Path,
        metavar="PATH",
        help="OSV records to use instead of the advisory index: a folder, a record, a line file "
        "or a zip",
    )
    group.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="leave a package as it is; repeatable",
    )
    group.add_argument(
        "--max-depth",
        type=int,
        metavar="N",
        help="fix only what is at most N steps from the manifest",
    )
    group.add_argument(
        "--no-dev", action="store_true", help="leave alone what only development or tests need"
    )
    group.add_argument(
        "--no-management",
        action="store_true",
        help="override: change what the POM states, add nothing to its dependencyManagement",
    )


def refuse_without_universe(options: Namespace) -> None:
    """Refuse what only a universe makes sense of.

    Raises:
        UsageError: One of its options was given without one.
    """
    given = [name for name in _OWN if _given(getattr(options, name))]
    if given:
        raise UsageError(
            f"{_option(given[0])} is for planning over a universe.", remedy="Give --universe FILE."
        )
    if options.strategy == "update":
        raise UsageError(
            "the strategy update is for planning over a universe.",
            remedy="Give --universe FILE, or use the package manager's own update.",
        )


def run_over_universe(options: Namespace) -> int:
    """Plan, print and write; the exit code is that of a check of the project as it is."""
    from msgspec.structs import replace

    from pratique.remediation.patch import unified
    from pratique.remediation.projected_files import changed_files
    from pratique.remediation.projecting import project
    from pratique.remediation.projection_table import drawn
    from pratique.remediation.telling import told
    from pratique.report.writing import write_out

    question = _question(options)
    with _advisories(options) as (index, doubts):
        answer = project(question, index)
        plan = told(question, answer, index, doubts)
    if options.patch:
        changes = changed_files(options.subject, answer)
        plan = replace(plan, files=tuple(sorted(changes)))
        write_out(unified(changes).encode(), options.patch)
    if options.patch != Path("-"):
        as_json = options.format == "json"
        sys.stdout.write(indented_json(plan).decode() if as_json else drawn(plan))
    if plan.vulnerabilities:
        return ExitCode.FINDINGS
    return ExitCode.CLEAN if plan.complete else ExitCode.INCOMPLETE


def _question(options: Namespace) -> Question:
    from pratique.health.verdict import Threshold
    from pratique.remediation.models import Strategy
    from pratique.remediation.projecting import Question

    for name, reason in _FOREIGN.items():
        if _given(getattr(options, name)):
            raise UsageError(
                f"{_option(name)} does not go with --universe: {reason}.", remedy="Leave it out."
            )
    if options.subject is None:
        raise UsageError("no manifest was given.", remedy="Give it before --universe.")
    return Question(
        manifest=options.subject,
        universe=options.universe,
        now=now(),
        strategy=Strategy(options.strategy) if options.strategy else None,
        only=Threshold.parse(options.only),
        limits=_limits(options),
        keep=tuple(options.keep),
    )


def _limits(options: Namespace) -> Limits:
    from pratique.remediation.models import Limits, Step

    if options.max_major not in (None, 0):
        raise UsageError(
            "with --universe, --max-major can only be 0.",
            remedy="Give 0 to stay within major versions, or leave it out.",
        )
    if options.max_depth is not None and options.max_depth < 1:
        raise UsageError("--max-depth must be at least 1.")
    if options.no_management and options.strategy not in (None, "override"):
        raise UsageError("--no-management is for the strategy override.")
    return Limits(
        development=not options.no_dev,
        depth=options.max_depth or -1,
        step=Step.MAJOR if options.max_major is None else Step.MINOR,
        manage=not options.no_management,
    )


@contextmanager
def _advisories(options: Namespace) -> Iterator[tuple[Index, list[str]]]:
    """The index to ask, and what is doubtful about it."""
    from pratique.advisories import Index, open_index

    if options.osv is None:
        yield open_index(options.advisories), []
        return
    if options.advisories is not None:
        raise UsageError("--osv and --advisories were both given.", remedy="Give one of the two.")
    if not options.osv.exists():
        raise UsageError(f"there is no {str(options.osv)!r} here.")
    from tempfile import TemporaryDirectory

    from pratique.advisories.build import build
    from pratique.advisories.inputs import Source

    with TemporaryDirectory(prefix="pratique-osv-") as folder:
        manifest = build(Path(folder), [Source(path=str(options.osv))], now=now())
        doubts = [
            f"{options.osv}: {count} records: {kind}"
            for kind, count in sorted(manifest.defects.items())
            if kind not in HARMLESS
        ]
        index = Index.open(Path(folder))
        try:
            yield index, doubts
        finally:
            index.close()


def _given(value: object) -> bool:
    """Whether an option was used; a 0 was."""
    return value is not None and value is not False and value not in ([], "")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
