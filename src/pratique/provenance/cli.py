"""``pratique verify``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pratique.model.command import Command
from pratique.model.errors import InputError, UsageError
from pratique.model.options import add_color, add_format
from pratique.provenance.options import (
    add_trusted,
    check_identity,
    managed_key,
    trusted_registry_keys,
    trusted_root,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from pratique.formats.ssh import AllowedSigner
    from pratique.provenance.request import Answer, Request
    from pratique.provenance.trust_origin import Origin

MAX_SIGNERS_BYTES = 64 * 1024 * 1024
"""Largest file of allowed signers, or of OpenPGP certificates, that is read."""

T = TypeVar("T")


def configure_verification(parser: ArgumentParser) -> None:
    """Add the artifact, and the options that say what is trusted and expected."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="SUBJECT",
        help="a file; a package (pkg:pypi/…, pkg:npm/…); the folder of an OCI image layout; a "
        "lockfile; a revision (git:REF, git:PATH@REF, the folder of a checkout)",
    )
    parser.add_argument(
        "--bundle",
        "-b",
        action="append",
        type=Path,
        metavar="FILE",
        help="evidence about the artifact, instead of what is found beside it; repeatable",
    )
    parser.add_argument(
        "--provenance-path",
        "--attestations-path",
        action="append",
        type=Path,
        dest="bundle",
        metavar="F",
        help="slsa-verifier's names of --bundle",
    )
    add_trusted(parser)
    parser.add_argument(
        "--source",
        "--source-uri",
        default="",
        metavar="URI",
        help="repository that it must be from: github.com/owner/name",
    )
    parser.add_argument("--source-branch", metavar="NAME", help="branch that it must be from")
    parser.add_argument("--source-tag", metavar="NAME", help="tag that it must be from")
    parser.add_argument(
        "--source-versioned-tag",
        metavar="VERSION",
        help="version of the tag; v13 takes v13.0.30 too",
    )
    parser.add_argument(
        "--build-workflow-input",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="input that the build must have been started with by hand; repeatable",
    )
    parser.add_argument(
        "--builder",
        "--builder-id",
        metavar="ID",
        help="builder that must have built it, with or without @version",
    )
    parser.add_argument(
        "--package-name", default="", metavar="NAME", help="name that npm attestations must be of"
    )
    parser.add_argument(
        "--package-version", default="", metavar="V", help="version that they must be of"
    )
    parser.add_argument(
        "--allowed-signers",
        type=Path,
        metavar="FILE",
        help="OpenSSH's allowed_signers file: whose SSH keys may sign",
    )
    parser.add_argument(
        "--keyring",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="OpenPGP certificates that may sign, armored or binary; repeatable",
    )
    parser.add_argument(
        "--ssh-namespace",
        default="file",
        metavar="NAME",
        help="what SSH signatures must be for (default: %(default)s)",
    )
    parser.add_argument(
        "--verifier", default="", metavar="URI", help="who must have issued verification summaries"
    )
    parser.add_argument(
        "--resource", default="", metavar="URI", help="what verification summaries must be of"
    )
    parser.add_argument(
        "--require",
        default="",
        metavar="LEVEL",
        help="level that must be shown: SLSA_BUILD_LEVEL_3, or L3 for short",
    )


def _configure(parser: ArgumentParser) -> None:
    from pratique.provenance.subject_cli import add_subject

    configure_verification(parser)
    add_subject(parser)
    parser.add_argument(
        "--package",
        metavar="NAME",
        help="name of the package, whose builder, source and signer are learned on first use and "
        "must stay the same: pkg:generic/alpha",
    )
    parser.add_argument(
        "--expectations",
        type=Path,
        metavar="FILE",
        help="where learned expectations are kept (default: in the data folder)",
    )
    parser.add_argument(
        "--relearn", action="store_true", help="forget what was learned of the package, and learn"
    )
    add_format(parser)
    add_color(parser)


def _run(options: Namespace) -> int:
    from pratique.provenance import subject_cli
    from pratique.provenance.subjects import SubjectKind, kind_of_subject

    kind = kind_of_subject(
        str(options.file), components_too=options.components, bundled=bool(options.bundle)
    )
    if not options.package and kind is SubjectKind.PACKAGE:
        options.package = subject_cli.package_name(str(options.file), options)
    learns = options.expectations or (options.relearn and not options.record)
    if (learns or (options.record and kind is not SubjectKind.LIST)) and not options.package:
        raise UsageError("what is learned is of a package.", remedy="Name it with --package.")
    subject_cli.check_folder(options.summaries)
    request = subject_cli.asked(request_of(options), options)
    if kind is SubjectKind.LIST:
        drawn, code = subject_cli.run_list(options, request)
        sys.stdout.write(drawn)
        return code
    found = subject_cli.run_one(kind, options, request)
    if options.record:
        (found,) = subject_cli.by_record([(options.package, found)], options)
    elif options.package:
        found = _by_package(found, options)
    subject_cli.printed(options, found, _drawn(found, options, request.root.origin))
    return found.exit_code


def _by_package(found: Answer, options: Namespace) -> Answer:
    from datetime import UTC, datetime

    from pratique.provenance.learned_file import checked

    path = options.expectations
    if path is None:
        from pratique.store.location import data_folder

        path = data_folder() / "expectations.json"
    found, said = checked(found, path, options.package, datetime.now(UTC), relearn=options.relearn)
    if said:
        sys.stderr.write(f"{said}\n")
    return found


def request_of(options: Namespace) -> Request:
    """What is trusted and expected, of the options of :func:`configure_verification`.

    Raises:
        UsageError: Options contradict each other.
        InputError: A key or a trusted root cannot be read.
    """
    from pratique.provenance.expectations import Expectations
    from pratique.provenance.request import Request
    from pratique.provenance.subject_cli import check_places
    from pratique.provenance.vsa import SummaryExpectations

    check_places(options)
    check_identity(options)
    return Request(
        root=trusted_root(options),
        registry_keys=trusted_registry_keys(options),
        key=managed_key(options),
        identity=options.identity,
        issuer=options.issuer,
        allowed_signers=_signers(options.allowed_signers) if options.allowed_signers else (),
        keyring=tuple(one for path in options.keyring for one in _keyring(path)),
        ssh_namespace=options.ssh_namespace,
        expected=Expectations(
            source=options.source,
            branch=options.source_branch,
            tag=options.source_tag,
            versioned_tag=options.source_versioned_tag,
            inputs=_inputs(options.build_workflow_input),
            builder=options.builder,
        ),
        summary=SummaryExpectations(verifier=options.verifier, resource=options.resource),
        package=(options.package_name, options.package_version),
        require=_level(options.require),
    )


def _level(text: str) -> str:
    """``L3`` and ``3`` are build levels; anything else is the name of a result."""
    short = text.upper().removeprefix("L")
    if short.isascii() and short.isdigit():
        return f"SLSA_BUILD_LEVEL_{int(short)}"
    if text and not text.replace("_", "").isalnum():
        raise UsageError(f"{text!r} is no level.", remedy="Write it as SLSA_BUILD_LEVEL_3, or L3.")
    return text


def _inputs(given: list[str]) -> dict[str, str]:
    found = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise UsageError(f"{one!r} is no input.", remedy="Write it as NAME=VALUE.")
        found[name] = value
    return found


def _signers(path: Path) -> tuple[AllowedSigner, ...]:
    from pratique.formats.ssh import read_allowed_signers

    return _read_by(path, read_allowed_signers)


def _keyring(path: Path) -> tuple[Any, ...]:
    from pratique.provenance.openpgp import certificates

    return _read_by(path, certificates)


def _read_by(path: Path, read: Callable[[bytes], tuple[T, ...]]) -> tuple[T, ...]:
    """Read a file of signers; its errors name it."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SIGNERS_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_SIGNERS_BYTES:
        raise InputError(f"{path} is over the limit of {MAX_SIGNERS_BYTES:,} bytes.")
    try:
        return read(data)
    except InputError as error:
        raise type(error)(f"{path}: {error.message}.") from None


def _drawn(found: Answer, options: Namespace, origin: Origin | None) -> str:
    from datetime import UTC, datetime

    if options.format == "json":
        import msgspec

        data = msgspec.to_builtins(found) | {"exit_code": int(found.exit_code)}
        if origin is not None:
            data["trust_root"] = origin.value(datetime.now(UTC))
        return msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"
    import shutil

    from pratique.provenance.table import is_coloured, render

    coloured = is_coloured(options.color)
    drawn = render(found, color=coloured, width=shutil.get_terminal_size((100, 24)).columns)
    return drawn + (origin.line(datetime.now(UTC)) if origin else "")


verify = Command(
    description="Verify whatever evidence there is about a file, a package, an image, the "
    "components of a lockfile or a Git revision: who signed it, what built it, from which source, "
    "and how far that is proven. Registries are asked for evidence about packages alone; all of it "
    "is verified here, by pinned keys.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique verify alpha-1.0.tar.gz                          what is found beside it
  pratique verify alpha-1.0.tar.gz --source github.com/example/alpha --require L3
  pratique verify alpha.bin -b alpha.sigstore.json --identity dev@example.test \\
      --issuer https://accounts.example.test
  pratique verify image-layout/ --source github.com/example/alpha
  pratique verify pkg:pypi/alpha@1.0 --record               learn how it is made, and watch it
  pratique verify uv.lock --record                          a row for each component
  pratique verify git:v1.0 --source github.com/example/alpha --require L3

exit codes: 0 verified as required, 1 something failed, 3 nothing that proves it
""",
)
