"""``pratique attest vsa``: verify, and sign what came of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.model.command import Command
from pratique.model.errors import ExitCode, InputError, UsageError
from pratique.provenance.attest_options import (
    add_output,
    add_signer,
    signed,
    signing_key,
    write_output,
)
from pratique.provenance.cli import configure_verification, request_of
from pratique.sources.clock import now

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.formats.intoto import ResourceDescriptor
    from pratique.provenance.request import Answer, Request


def _configure(parser: ArgumentParser) -> None:
    configure_verification(parser)
    add_signer(parser)
    add_output(parser)
    parser.add_argument(
        "--verifier-id", required=True, metavar="URI", help="who verifies: verifier.id"
    )
    parser.add_argument(
        "--resource-uri",
        required=True,
        metavar="URI",
        help="what the artifact is known by: pkg:generic/alpha@1.2.3, or where it is fetched from",
    )
    parser.add_argument(
        "--policy-uri", required=True, metavar="URI", help="where the policy can be read"
    )
    parser.add_argument(
        "--policy-file", type=Path, metavar="FILE", help="the policy, whose digest is stated"
    )
    from pratique.provenance.subject_cli import add_asking

    add_asking(parser)
    parser.add_argument(
        "--components",
        action="store_true",
        help="sum up the components of a bill of materials, as those of a lockfile",
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--dependency",
        action="append",
        type=Path,
        metavar="FILE",
        help="a dependency, verified with the evidence beside it; its level is counted; repeatable",
    )
    group.add_argument(
        "--no-dependencies", action="store_true", help="state that there are no dependencies"
    )


def _run(options: Namespace) -> int:
    from pratique.formats.intoto import ResourceDescriptor
    from pratique.provenance.service import verify_file
    from pratique.provenance.subject import Subject
    from pratique.provenance.summarise import Occasion, summary

    _check(options)
    key = signing_key(options)
    request = request_of(options)
    if _is_list(options):
        return _sum_up_list(options, request, key)
    found = verify_file(options.file, options.bundle, request)
    occasion = Occasion(
        verifier=options.verifier_id,
        resource=options.resource_uri,
        policy=_policy(options),
        at=now(),
        dependencies=_dependencies(options, request),
    )
    predicate = summary(found, occasion)
    subject = Subject(found.artifact, found.digests)
    descriptor = ResourceDescriptor(name=subject.name, digest=subject.digests)
    write_output(options.output, signed(options, key, (descriptor,), predicate))
    if options.output != "-":
        result = predicate[1]["verificationResult"]
        stated = ", ".join(predicate[1]["verifiedLevels"])
        sys.stderr.write(f"{options.output}: {result} ({stated})\n")
    if found.reason:
        sys.stderr.write(f"note: {found.reason}. {found.next_action}\n")
    return ExitCode(found.exit_code)


def _is_list(options: Namespace) -> bool:
    from pratique.provenance.subjects import SubjectKind, kind_of_subject

    kind = kind_of_subject(
        str(options.file), components_too=options.components, bundled=bool(options.bundle)
    )
    if kind in {SubjectKind.PACKAGE, SubjectKind.REVISION}:
        raise UsageError(
            f"{options.file} is no file that can be summed up.",
            remedy="Name a file, an image layout or a lockfile.",
        )
    return kind is SubjectKind.LIST


def _sum_up_list(options: Namespace, request: Request, key: Any) -> int:
    """Sum up a lockfile and its components, by summaries of our own key where there are some."""
    import msgspec

    from pratique.formats.intoto import ResourceDescriptor
    from pratique.provenance.summarise import Occasion
    from pratique.provenance.summary_rows import summarised_list
    from pratique.provenance.vsa import SummaryExpectations

    if options.dependency or options.no_dependencies:
        raise UsageError("a lockfile's dependencies are its components.")
    if request.key is None and hasattr(key, "public"):
        request = msgspec.structs.replace(
            request,
            key=key.public,
            summary=SummaryExpectations(verifier=options.verifier_id),
        )
    occasion = Occasion(
        verifier=options.verifier_id,
        resource=options.resource_uri,
        policy=_policy(options),
        at=now(),
    )
    found, predicate = summarised_list(options, request, occasion, key)
    descriptor = ResourceDescriptor(name=options.file.name, digest=found.digests)
    write_output(options.output, signed(options, key, (descriptor,), predicate))
    if options.output != "-":
        value = predicate[1]
        counted = ", ".join(f"{n} at {level}" for level, n in value["dependencyLevels"].items())
        sys.stderr.write(f"{options.output}: {value['verificationResult']} ({counted})\n")
    return ExitCode.FINDINGS if predicate[1]["verificationResult"] == "FAILED" else ExitCode.CLEAN


def _check(options: Namespace) -> None:
    for option in ("verifier_id", "resource_uri", "policy_uri"):
        if ":" not in getattr(options, option):
            name = option.replace("_", "-")
            raise UsageError(f"--{name} is no URI: {getattr(options, option)[:80]!r}.")


def _policy(options: Namespace) -> ResourceDescriptor:
    from pratique.formats.intoto import ResourceDescriptor
    from pratique.provenance.subject import subject_of

    digest = subject_of(options.policy_file).digests if options.policy_file else None
    return ResourceDescriptor(uri=options.policy_uri, digest=digest)


def _dependencies(options: Namespace, request: Request) -> tuple[Answer, ...] | None:
    """Answers about the dependencies, each by the evidence beside it and the same keys."""
    import msgspec

    from pratique.provenance.expectations import Expectations
    from pratique.provenance.service import verify_file
    from pratique.provenance.vsa import SummaryExpectations

    if options.no_dependencies:
        return ()
    if not options.dependency:
        return None
    # source and revision are the artifact's own; who may sign is the same for all
    alike = msgspec.structs.replace(
        request,
        expected=Expectations(),
        summary=SummaryExpectations(verifier=request.summary.verifier),
        require="",
    )
    for path in options.dependency:
        if not path.exists():
            raise InputError(f"there is no {path}.")
    return tuple(verify_file(path, None, alike) for path in options.dependency)


vsa = Command(
    description="Verify a file as 'pratique verify' does, and sign a verification summary (VSA) "
    "that lists every attestation it rests on.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique attest vsa alpha.tar.gz --source github.com/example/alpha --require L3 \\
      -K key.pem -o alpha.tar.gz.vsa.json --verifier-id https://verifier.example.test \\
      --resource-uri pkg:generic/alpha@1.2.3 --policy-uri https://policy.example.test
  pratique verify alpha.tar.gz --key key.pub --verifier https://verifier.example.test \\
      --resource pkg:generic/alpha@1.2.3 --require L3

exit codes: 0 PASSED, 1 FAILED (a summary is written for both), 3 neither: nothing is written
""",
)
