"""``pratique repository``: fill, publish and look after a signed repository."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.formats.json_writing import indented_json
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.model.options import add_format
from pratique.repository.requirement import with_tuf

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.repository.publishing import Report
    from pratique.repository.service import Added


def add_repository(parser: ArgumentParser) -> None:
    """Add the folder of the repository."""
    parser.add_argument("repository", type=Path, metavar="REPOSITORY", help="its folder")


def _configure_add(parser: ArgumentParser) -> None:
    add_repository(parser)
    parser.add_argument(
        "subjects",
        type=Path,
        nargs="+",
        metavar="FILE-OR-FOLDER",
        help="files are listed by their names, the files of a folder by their paths within it",
    )
    parser.add_argument(
        "--prefix", default="", metavar="PATH/", help="put before the paths: packages/"
    )
    parser.add_argument(
        "--replace", action="store_true", help="take other content for a path that is known"
    )
    parser.add_argument("--publish", action="store_true", help="publish at once")


def _run_add(options: Namespace) -> int:
    from pratique.repository import service

    for subject in options.subjects:
        if not Path(subject).exists():
            raise UsageError(f"there is no {str(subject)!r} here.", remedy="Name a file or folder.")
    done = service.add(
        options.repository, options.subjects, prefix=options.prefix, replace=options.replace
    )
    return _after(options, done)


def _configure_remove(parser: ArgumentParser) -> None:
    add_repository(parser)
    parser.add_argument("paths", nargs="+", metavar="PATH", help="target paths")
    parser.add_argument("--publish", action="store_true", help="publish at once")


def _run_remove(options: Namespace) -> int:
    from pratique.repository import service

    return _after(options, service.remove(options.repository, options.paths))


def _run_publish(options: Namespace) -> int:
    from pratique.repository import service

    _say_report(service.publish(options.repository))
    return ExitCode.CLEAN


def _configure_bump(parser: ArgumentParser) -> None:
    add_repository(parser)
    parser.add_argument(
        "--within",
        type=float,
        metavar="DAYS",
        help="sign bins that expire within so many days; those in the last third of their life "
        "by default",
    )


def _run_bump(options: Namespace) -> int:
    from pratique.repository import service

    within = service.LAST_THIRD if options.within is None else _timedelta(options.within)
    _say_report(service.bump(options.repository, within=within))
    return ExitCode.CLEAN


def _configure_prune(parser: ArgumentParser) -> None:
    add_repository(parser)
    parser.add_argument(
        "--keep",
        type=float,
        default=7.0,
        metavar="DAYS",
        help="keep what a snapshot of the last so many days names; 7 by default",
    )


def _run_prune(options: Namespace) -> int:
    from pratique.repository.pruning import prune as run

    done = run(options.repository, datetime.now(UTC), _timedelta(options.keep))
    _say(f"removed {done.metadata:,} metadata files and {done.artifacts:,} artifacts\n")
    return ExitCode.CLEAN


def _configure_verify(parser: ArgumentParser) -> None:
    add_repository(parser)
    parser.add_argument(
        "--metadata-only", action="store_true", help="do not read the artifacts themselves"
    )
    add_format(parser)


def _run_verify(options: Namespace) -> int:
    from pratique.repository.inspection import verify as run
    from pratique.repository.service import now_utc

    done = run(options.repository, now_utc(), content=not options.metadata_only)
    if options.format == "json":
        _say(indented_json(done).decode())
    else:
        for flaw in done.flaws:
            _say(f"{flaw.where}: {flaw.what.rstrip('.')}\n")
        read = "read" if done.content else "listed"
        _say(
            f"{done.roots} roots, {done.bins:,} bins, {done.artifacts:,} artifacts {read}; "
            f"{len(done.flaws)} flaws\n"
        )
    return ExitCode.FINDINGS if done.flaws else ExitCode.CLEAN


def _configure_status(parser: ArgumentParser) -> None:
    add_repository(parser)
    add_format(parser)


def _run_status(options: Namespace) -> int:
    from pratique.repository.inspection import status as run
    from pratique.repository.service import now_utc

    found = run(options.repository, now_utc())
    if options.format == "json":
        _say(indented_json(found).decode())
        return ExitCode.CLEAN
    for role in found.roles:
        mark = "  EXPIRED" if role.expired else ""
        _say(f"{role.role:<10} version {role.version:<6} until {role.expires}{mark}\n")
        keys = ", ".join(key[:12] for key in role.keys)
        _say(f"{'':<10} {role.threshold} of {len(role.keys)}: {keys}\n")
    _say(f"{'bins':<10} {found.bins}\n{'staged':<10} {found.staged}\n")
    if found.waiting >= 0:
        keys = ", ".join(key[:12] for key in found.may_sign) or "none"
        _say(f"{'ceremony':<10} lacks {found.waiting} signatures; may sign: {keys}\n")
    for name, here in found.online_keys.items():
        _say(f"{'online key':<10} {name}{'' if here else '  ABSENT'}\n")
    return ExitCode.CLEAN


add = Command(
    description="Take artifacts in. Readers see them after 'repository publish'.",
    configure=_configure_add,
    run=with_tuf(_run_add),
)
remove = Command(
    description="Take artifacts off the list. Readers see it after 'repository publish'; the "
    "files stay until 'repository prune'.",
    configure=_configure_remove,
    run=with_tuf(_run_remove),
)
publish = Command(
    description="Publish what was added, removed or signed, in one step for readers.",
    configure=add_repository,
    run=with_tuf(_run_publish),
)
bump = Command(
    description="Sign anew what expires soon: a job to run several times a day.",
    configure=_configure_bump,
    run=with_tuf(_run_bump),
)
prune = Command(
    description="Remove superseded metadata and the files of removed artifacts.",
    configure=_configure_prune,
    run=with_tuf(_run_prune),
)
verify = Command(
    description="Check every signature, version, expiry, bin and artifact of a repository.",
    configure=_configure_verify,
    run=with_tuf(_run_verify),
)
status = Command(
    description="Say how a repository stands: versions, expiries, keys, what is staged and what "
    "waits for signatures.",
    configure=_configure_status,
    run=with_tuf(_run_status),
)


def _timedelta(days: float) -> timedelta:
    if not 0 <= days <= 36500:
        raise UsageError(f"{days} days are out of range.")
    return timedelta(days=days)


def _after(options: Namespace, done: Added) -> int:
    from pratique.repository import service

    for refused in done.refused:
        sys.stderr.write(f"{refused.path}: not taken: {refused.reason}\n")
    _say(f"{done.staged:,} staged, {done.unchanged:,} unchanged, {len(done.refused):,} refused\n")
    if options.publish:
        _say_report(service.publish(options.repository))
    return ExitCode.INCOMPLETE if done.refused else ExitCode.CLEAN


def _say_report(report: Report) -> None:
    _say(
        f"published: {report.changes:,} artifacts changed in {report.bins:,} bins; root "
        f"{report.root}, snapshot {report.snapshot}, timestamp {report.timestamp}\n"
    )
    if report.waiting:
        _say(f"the pending ceremony lacks {report.waiting} signatures\n")


def _say(text: str) -> None:
    sys.stdout.write(text)
