"""``pratique verify`` of packages, revisions and lockfiles: their options, and what is printed."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from pratique.provenance.locked import Ways
    from pratique.provenance.request import Answer, Request
    from pratique.provenance.subjects import SubjectKind

MAX_JOBS = 64
"""Most requests at a time that may be asked for."""


def add_asking(parser: ArgumentParser) -> None:
    """Add where evidence about packages is looked for."""
    parser.add_argument(
        "--evidence",
        type=Path,
        metavar="DIR",
        help="folder to look for evidence in, instead of asking the registry",
    )
    parser.add_argument(
        "--summaries",
        type=Path,
        metavar="DIR",
        help="folder of verification summaries of earlier runs, used again where their signer is "
        "known (--key, or --identity and --issuer)",
    )
    parser.add_argument(
        "--registry",
        action="append",
        default=[],
        metavar="NAME=URL",
        help="registry to ask instead of the one that the package manager is configured with: "
        "pypi, npm; repeatable",
    )
    parser.add_argument(
        "--offline", action="store_true", help="ask nobody: use what registries answered before"
    )
    parser.add_argument(
        "--cache", type=Path, metavar="FOLDER", help="where registries' answers are remembered"
    )
    parser.add_argument(
        "--jobs", "-j", type=int, default=8, metavar="N", help="requests at a time (default: 8)"
    )


def add_subject(parser: ArgumentParser) -> None:
    """Add the options of ``verify`` alone."""
    add_asking(parser)
    parser.add_argument(
        "--components",
        action="store_true",
        help="verify the components of a bill of materials, as those of a lockfile",
    )
    parser.add_argument(
        "--print-provenance",
        action="store_true",
        help="print the provenance that was verified, one statement a line; the table goes to "
        "standard error",
    )
    parser.add_argument(
        "--tuf",
        type=Path,
        metavar="DIR",
        help="metadata of a TUF repository that the file is a target of",
    )
    parser.add_argument(
        "--tuf-root", type=Path, metavar="FILE", help="a root of that repository that is trusted"
    )
    parser.add_argument(
        "--tuf-target", default="", metavar="PATH", help="path of the target (default: the name)"
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="keep what is learned of packages in the record, instead of in a file",
    )
    parser.add_argument(
        "--store", default="", metavar="URL", help="the record (default: PRATIQUE_STORE, or a file)"
    )
    parser.add_argument(
        "--tenant", default="default", metavar="NAME", help="whose record (default: default)"
    )


def check_folder(folder: Path | None) -> None:
    """Refuse a folder of evidence or summaries that was named and is not there.

    Raises:
        UsageError: It is none.
    """
    if folder is not None and not folder.is_dir():
        raise UsageError(f"there is no folder {folder}.", remedy="Name one of evidence.")


def check_places(options: Namespace) -> None:
    """Refuse evidence that was named and is not there: another answer would be of less than asked.

    Raises:
        UsageError: It says which.
    """
    check_folder(options.evidence)
    for file in options.bundle or ():
        if file.is_dir() or not file.exists():
            raise UsageError(f"there is no file {file}.", remedy="Name one of evidence.")
        if not os.access(file, os.R_OK):
            raise UsageError(f"{file} may not be read.", remedy="Look at its permissions.")


def asked(request: Request, options: Namespace) -> Request:
    """A request with what the options of :func:`add_subject` say.

    Raises:
        UsageError: They contradict each other.
    """
    import msgspec

    if options.bundle and not options.file.exists():
        raise UsageError(
            "--bundle is evidence about a file.",
            remedy="Put it in a folder, and name that with --evidence.",
        )
    if (options.tuf_root or options.tuf_target) and not options.tuf:
        raise UsageError("a TUF root says nothing without metadata.", remedy="Name it with --tuf.")
    if options.record and options.expectations:
        raise UsageError("expectations are in the record, or in a file.", remedy="Choose one.")
    if not 1 <= options.jobs <= MAX_JOBS:
        raise UsageError(f"--jobs {options.jobs} is none.", remedy=f"Give 1 to {MAX_JOBS}.")
    return msgspec.structs.replace(
        request,
        tuf_metadata=options.tuf,
        tuf_root=options.tuf_root,
        tuf_target=options.tuf_target,
    )


def package_name(purl: str, options: Namespace) -> str | None:
    """Name that a package URL is learned under, where anything is to be learned of it."""
    from pratique.model.purl import Package
    from pratique.provenance.learned_record import name_of

    learns = options.record or options.expectations or options.relearn
    return name_of(Package.parse(purl)) if learns else None


def run_one(kind: SubjectKind, options: Namespace, request: Request) -> Answer:
    """Verify what is one subject: a package, a revision, a file or an image layout."""
    from pratique.provenance.service import verify_file
    from pratique.provenance.subjects import SubjectKind

    if kind is SubjectKind.PACKAGE:
        return _package(options, request)
    if kind is SubjectKind.REVISION:
        return _revision(options, request)
    return verify_file(options.file, options.bundle, request)


def printed(options: Namespace, found: Answer, drawn: str) -> None:
    """Print the answer, or with ``--print-provenance`` the provenance, and the answer beside it.

    Raises:
        UsageError: The subject's evidence is not at hand.
    """
    if not options.print_provenance:
        sys.stdout.write(drawn)
        return
    from pratique.provenance.verified_statements import verified_provenance

    if not options.file.exists():
        raise UsageError(
            "provenance is printed of files and image layouts alone.",
            remedy="Fetch the file and its evidence first.",
        )
    sys.stderr.write(drawn)
    for one in verified_provenance(options.file, options.bundle, found):
        sys.stdout.write(one.decode() + "\n")


def _package(options: Namespace, request: Request) -> Answer:
    """Verify a package URL."""
    from pratique.provenance.subjects import verify_purl

    with ways(options, [str(options.file)]) as how:
        return verify_purl(str(options.file), request, how)


def _revision(options: Namespace, request: Request) -> Answer:
    """Verify a revision; a short level is one of the Source track."""
    import msgspec

    from pratique.provenance.git_revision import verify_revision

    if options.require.upper().removeprefix("L").isdecimal():
        level = request.require.replace("SLSA_BUILD_", "SLSA_SOURCE_")
        request = msgspec.structs.replace(request, require=level)
    return verify_revision(str(options.file), request)


def run_list(options: Namespace, request: Request) -> tuple[str, int]:
    """Verify a lockfile, and draw the answer."""
    from datetime import UTC, datetime
    from itertools import count

    from pratique.provenance.subjects import verify_list
    from pratique.report.progress import shown

    for name in ("source", "source_branch", "source_tag", "source_versioned_tag"):
        if getattr(options, name):
            raise UsageError(
                f"--{name.replace('_', '-')} is of one artifact, and a list has many.",
                remedy="Learn what each package is made from with --record.",
            )
    if options.print_provenance:
        raise UsageError("provenance is printed of files and image layouts alone.")
    with listed_ways(options) as how, shown("Verifying") as tell:
        done = count(1)
        found = verify_list(
            options.file,
            request,
            how,
            lambda answers: _remembered(answers, options),
            lambda one: tell(next(done), None, one.artifact) if tell else None,
        )
    origin, moment = request.root.origin, datetime.now(UTC)
    if options.format == "json":
        import msgspec

        value = msgspec.to_builtins(found) | {"exit_code": int(found.exit_code)}
        if origin is not None:
            value["trust_root"] = origin.value(moment)
        text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
        return text, int(found.exit_code)
    import shutil

    from pratique.provenance.rows_table import render_rows
    from pratique.provenance.table import is_coloured

    width = shutil.get_terminal_size((100, 24)).columns
    drawn = render_rows(found, color=is_coloured(options.color), width=width)
    return drawn + (origin.line(moment) if origin else ""), int(found.exit_code)


def listed_ways(options: Namespace) -> AbstractContextManager[Ways]:
    """Where evidence about the components of the file is looked for."""
    from pratique.provenance.locked import components, reading_of

    reading = reading_of(options.file)
    purls = [str(one.package) for one in components(reading)] if reading else []
    return ways(options, purls)


def _remembered(answers: Sequence[Answer], options: Namespace) -> tuple[Answer, ...]:
    if not options.record:
        return tuple(answers)
    from pratique.model.purl import Package
    from pratique.provenance.learned_record import name_of
    from pratique.provenance.locked import is_summarised

    # what a summary stands for was judged when it was signed
    fresh = [one for one in answers if not is_summarised(one)]
    names = [name_of(Package.parse(one.artifact)) for one in fresh]
    judged = {one.artifact: one for one in by_record(list(zip(names, fresh, strict=True)), options)}
    return tuple(judged.get(one.artifact, one) for one in answers)


def by_record(answers: Sequence[tuple[str, Answer]], options: Namespace) -> tuple[Answer, ...]:
    """Answers by what the record knows of their packages."""
    from datetime import UTC, datetime

    from pratique.provenance.learned_record import checked
    from pratique.store.engine import open_store

    with open_store(options.store) as store:
        found, said = checked(
            store, options.tenant, answers, datetime.now(UTC), relearn=options.relearn
        )
    if said:
        sys.stderr.write(f"{said}\n")
    return found


@contextmanager
def ways(options: Namespace, purls: Iterable[str]) -> Iterator[Ways]:
    """Where evidence is looked for, open for as long as it is used.

    Args:
        options: Of :func:`add_asking`.
        purls: Packages that may be asked about: only their registries are looked up.

    Raises:
        UsageError: A folder or a registry is none.
    """
    from pratique.provenance.asking import Registries
    from pratique.provenance.evidence_folder import EvidenceFolder
    from pratique.provenance.locked import Ways
    from pratique.sources.packages.client import RegistryClient

    folder = EvidenceFolder(options.evidence) if options.evidence else None
    earlier = EvidenceFolder(options.summaries) if options.summaries else None
    for one in (folder, earlier):
        for problem in one.problems if one else ():
            sys.stderr.write(f"{problem}\n")
    if folder is not None:
        yield Ways(folder=folder, summaries=earlier, jobs=options.jobs)
        return
    with RegistryClient(options.cache or _cache(), offline=options.offline) as client:
        upstreams = _upstreams(options.registry, tuple(purls))
        registries = Registries(client=client, upstreams=upstreams)
        yield Ways(registries=registries, summaries=earlier, jobs=options.jobs)


def _upstreams(given: list[str], purls: tuple[str, ...]) -> dict[str, Any]:
    from pratique.sources.packages.attested import TYPES
    from pratique.sources.packages.service import WORDS
    from pratique.sources.registries import Upstream, address, configured

    words = {WORDS[kind] for kind in TYPES}
    found = {}
    for one in given:
        word, equals, url = one.partition("=")
        if word not in words or not equals:
            raise UsageError(
                f"--registry {one[:80]!r} names no registry.",
                remedy=f"Write NAME=URL; NAME is {' or '.join(sorted(words))}.",
            )
        found[word] = Upstream(address(url, f"--registry {word}"), "--registry")
    for kind in sorted(TYPES):
        word = WORDS[kind]
        if word in found or not any(one.startswith(f"pkg:{kind}/") for one in purls):
            continue
        upstream = configured(word)
        if upstream is not None:
            found[word] = upstream
    return found


def _cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("pratique") / "registries"
