"""``pratique sbom sign`` and ``pratique sbom verify``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.formats.json_writing import indented_json
from pratique.model.command import Command
from pratique.model.errors import ExitCode, InputError, UsageError
from pratique.model.options import add_format
from pratique.provenance.attest_options import (
    add_signing,
    read_bytes,
    signed,
    signing_key,
    subjects,
    write_output,
)
from pratique.provenance.options import add_trusted, check_identity, managed_key, trusted_root

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.provenance.request import Request
    from pratique.sboms.verifying import Checked


def _configure_sign(parser: ArgumentParser) -> None:
    parser.add_argument("document", type=Path, help="the bill of materials, in any form")
    parser.add_argument(
        "--artifact",
        "-a",
        action="append",
        default=[],
        metavar="FILE",
        help="what it is of: a file, or a digest as sha256:HEX; repeatable (default: the document "
        "is attested by its own digest)",
    )
    parser.add_argument(
        "--reference",
        action="store_true",
        help="state the digest of the document instead of the document itself; always so where "
        "it is no JSON",
    )
    parser.add_argument(
        "--enveloped",
        action="store_true",
        help="put the signature into the document (CycloneDX JSON from 1.4 on)",
    )
    add_signing(parser)


def _run_sign(options: Namespace) -> int:
    from pratique.formats.jsf import strict_json
    from pratique.provenance.signing import SigningKey
    from pratique.sboms import enveloped
    from pratique.sboms.signing import predicate_of

    if options.enveloped and (options.artifact or options.form or options.reference):
        raise UsageError(
            "--enveloped signs the document alone, in itself.",
            remedy="Leave out --artifact, --form and --reference, or --enveloped.",
        )
    data = read_bytes(options.document)
    key = signing_key(options)
    try:
        if options.enveloped:
            assert isinstance(key, SigningKey)  # identities were refused with --enveloped
            write_output(options.output, enveloped.sign(strict_json(data), key))
            return ExitCode.CLEAN
        predicate = predicate_of(data, options.document.name, reference=options.reference)
    except InputError as error:
        raise type(error)(f"{options.document} {error.message}", remedy=error.remedy) from None
    about = subjects(options.artifact or [str(options.document)])
    write_output(options.output, signed(options, key, about, predicate))
    if options.output != "-":
        names = ", ".join(str(one.name) for one in about[:3])
        sys.stderr.write(f"{options.output}: of {names}, signed by {key.id[:16]}…\n")
    return ExitCode.CLEAN


def _configure_verify(parser: ArgumentParser) -> None:
    parser.add_argument("document", type=Path, help="the bill of materials")
    parser.add_argument(
        "--artifact",
        "-a",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="file that it must be of; repeatable",
    )
    parser.add_argument(
        "--bundle",
        "-b",
        action="append",
        type=Path,
        metavar="FILE",
        help="attestations, instead of those beside document and artifacts; repeatable",
    )
    add_trusted(parser)
    add_format(parser)


def _run_verify(options: Namespace) -> int:
    from pratique.provenance.beside import find_evidence
    from pratique.provenance.kinds import SIGNATURES
    from pratique.provenance.subject import subject_of
    from pratique.sboms.verifying import verify as checked

    data = read_bytes(options.document)
    for path in options.artifact:
        if not path.is_file():
            raise UsageError(f"there is no file {path}.", remedy="Name a file with --artifact.")
    evidence = options.bundle
    if evidence is None:
        places = (options.document, *options.artifact)
        evidence = list(dict.fromkeys(one for path in places for one in find_evidence(path)))
        evidence = [one for one in evidence if one.suffix not in SIGNATURES]
    artifacts = [subject_of(path) for path in options.artifact]
    found = checked(data, str(options.document), artifacts, evidence, _request(options))
    sys.stdout.write(_drawn(found, options.format))
    return found.exit_code


def _request(options: Namespace) -> Request:
    from pratique.provenance.request import Request

    if options.issuer and not options.identity:
        raise UsageError(
            "--issuer says nothing without --identity.",
            remedy="Name both: an identity is only as good as who vouches for it.",
        )
    check_identity(options)
    return Request(
        root=trusted_root(options),
        key=managed_key(options),
        identity=options.identity,
        issuer=options.issuer,
    )


def _drawn(found: Checked, format: str) -> str:
    if format == "json":
        import msgspec

        data = msgspec.to_builtins(found) | {
            "grade": found.grade.value,
            "exit_code": int(found.exit_code),
        }
        return indented_json(data).decode()
    from pratique.provenance.table import render
    from pratique.report.text import printable

    parts = [f"bill of materials {printable(found.document)}\n  sha256:{found.sha256}\n\n"]
    parts += [render(one) for one in found.answers]
    return "".join(parts)


sign = Command(
    description="Sign a bill of materials: attest that it is of some artifacts, in a DSSE envelope "
    "or a Sigstore bundle, or put a signature into it.",
    configure=_configure_sign,
    run=_run_sign,
    epilogue="""\
examples:
  pratique sbom sign app.cdx.json -a app.tar.gz -K key.pem -o app.tar.gz.intoto.jsonl
  pratique sbom sign app.cdx.json -K key.pem --enveloped -o app.signed.cdx.json
""",
)
verify = Command(
    description="Verify a bill of materials: who signed it, that it is what was signed, and of "
    "which artifacts it is.",
    configure=_configure_verify,
    run=_run_verify,
    epilogue="""\
examples:
  pratique sbom verify app.cdx.json -a app.tar.gz --key key.pem.pub
  pratique sbom verify app.cdx.json -a app.tar.gz -b app.sigstore.json \\
      --identity dev@example.test --issuer https://accounts.example.test

exit codes: 0 verified, 1 something failed, 3 nothing that proves it
""",
)
