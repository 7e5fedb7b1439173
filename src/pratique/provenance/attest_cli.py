"""``pratique attest``: state things about artifacts, and sign them with a key file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.model.command import Command
from pratique.model.errors import ExitCode, InputError, UsageError
from pratique.provenance.attest_build import build
from pratique.provenance.attest_options import (
    add_key,
    add_passphrase,
    add_signing,
    add_subjects,
    passphrase,
    read_bytes,
    read_json,
    signed,
    signing_key,
    subjects,
    write_output,
)
from pratique.provenance.signing import KINDS, PASSPHRASE_VARIABLE
from pratique.provenance.summary_cli import vsa

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["build", "file", "keygen", "model", "public_key", "sbom", "scan", "test", "vex", "vsa"]


def _configure_keygen(parser: ArgumentParser) -> None:
    parser.add_argument("output", type=Path, help="private key file; the public one gets .pub")
    parser.add_argument("--kind", choices=KINDS, default=KINDS[0], help="default: %(default)s")
    add_passphrase(parser)
    parser.add_argument(
        "--no-passphrase",
        action="store_true",
        help="write the private key unencrypted, readable for its owner alone",
    )


def _run_keygen(options: Namespace) -> int:
    from pratique.provenance.signing import generate

    secret = None if options.no_passphrase else passphrase(options)
    if secret is None and not options.no_passphrase:
        raise UsageError(
            "there is no passphrase to encrypt the key with.",
            remedy=f"Set {PASSPHRASE_VARIABLE}, or give --passphrase-file or --no-passphrase.",
        )
    key = generate(options.kind)
    public = options.output.with_name(options.output.name + ".pub")
    _create(options.output, key.private_pem(secret), 0o600)
    try:
        _create(public, key.public_pem(), 0o644)
    except InputError:
        options.output.unlink()
        raise
    sys.stdout.write(f"{options.output} and {public}\nkey id {key.id}\n")
    return ExitCode.CLEAN


def _create(path: Path, data: bytes, mode: int) -> None:
    """Write a file that is not there yet: a key is never overwritten."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from None


def _attest(options: Namespace, predicate: tuple[str, dict[str, Any]]) -> int:
    """Sign a predicate for the subjects that were named, and write it."""
    key = signing_key(options)
    write_output(options.output, signed(options, key, subjects(options.subject), predicate))
    return ExitCode.CLEAN


def _configure_file(parser: ArgumentParser) -> None:
    add_subjects(parser)
    add_signing(parser)
    parser.add_argument(
        "--predicate", type=Path, required=True, metavar="FILE", help="what is stated, in JSON"
    )
    parser.add_argument(
        "--type",
        required=True,
        metavar="TYPE",
        help="predicate type: a URI, or provenance, vsa, test-result, vulns, link, scai, release, "
        "reference, svr, cyclonedx, spdx, openvex, scorecard",
    )


def _run_file(options: Namespace) -> int:
    from pratique.provenance.statements import check_predicate, predicate_type

    kind = predicate_type(options.type)
    try:
        value = check_predicate(kind, read_json(options.predicate))
    except InputError as error:
        raise InputError(f"{options.predicate}: {error.message}") from None
    return _attest(options, (kind, value))


def _configure_sbom(parser: ArgumentParser) -> None:
    add_subjects(parser)
    add_signing(parser)
    parser.add_argument(
        "--sbom", type=Path, required=True, metavar="FILE", help="CycloneDX or SPDX in JSON"
    )


def _run_sbom(options: Namespace) -> int:
    from pratique.provenance.statements import sbom as stated

    try:
        return _attest(options, stated(read_json(options.sbom)))
    except InputError as error:
        raise type(error)(f"{options.sbom}: {error.message}") from None


def _configure_vex(parser: ArgumentParser) -> None:
    add_subjects(parser)
    add_signing(parser)
    parser.add_argument("--vex", type=Path, required=True, metavar="FILE", help="OpenVEX document")


def _run_vex(options: Namespace) -> int:
    from pratique.formats.openvex.read import read
    from pratique.provenance.statements import SHORT_TYPES

    read(read_bytes(options.vex), str(options.vex))
    return _attest(options, (SHORT_TYPES["openvex"], read_json(options.vex)))


def _configure_test(parser: ArgumentParser) -> None:
    add_subjects(parser)
    add_signing(parser)
    for name, what in (("passed", "passed"), ("warned", "gave warnings"), ("failed", "failed")):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="TEST",
            help=f"name of a test that {what}; repeatable",
        )
    parser.add_argument(
        "--junit", type=Path, metavar="FILE", help="take the tests from a report in JUnit's XML"
    )
    parser.add_argument(
        "--configuration",
        action="append",
        default=[],
        metavar="FILE",
        help="file that configured the tests; repeatable",
    )
    parser.add_argument("--url", default="", help="where the run can be seen")


def _run_test(options: Namespace) -> int:
    from pratique.provenance.junit import read_junit
    from pratique.provenance.statements import result_of_tests

    passed, failed = list(options.passed), list(options.failed)
    if options.junit:
        try:
            report = read_junit(read_bytes(options.junit))
        except InputError as error:
            raise type(error)(f"{options.junit}: {error.message}") from None
        passed += report.passed
        failed += report.failed
    predicate = result_of_tests(
        passed=passed,
        warned=options.warned,
        failed=failed,
        configuration=subjects(options.configuration),
        url=options.url,
    )
    return _attest(options, predicate)


def _configure_scan(parser: ArgumentParser) -> None:
    add_subjects(parser)
    add_signing(parser)
    parser.add_argument(
        "--bill",
        type=Path,
        required=True,
        metavar="FILE",
        help="bill of health: what 'pratique check --format json' printed",
    )


def _run_scan(options: Namespace) -> int:
    from pratique.formats.dsse.wire import decode_json
    from pratique.model.bill import BillOfHealth
    from pratique.provenance.statements import scan_result

    try:
        predicate = scan_result(
            decode_json(read_bytes(options.bill), BillOfHealth, "bill of health")
        )
    except InputError as error:
        raise type(error)(f"{options.bill}: {error.message}") from None
    return _attest(options, predicate)


def _configure_model(parser: ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="folder of the model")
    add_signing(parser)


def _run_model(options: Namespace) -> int:
    import hashlib

    from pratique.formats.intoto.write import write_statement
    from pratique.formats.sigstore.write import write_bundle
    from pratique.provenance.model_folder import model_statement
    from pratique.provenance.signing import SigningKey

    if options.form == "dsse":
        raise UsageError("signatures of models are Sigstore bundles.", remedy="Leave out --form.")
    if not options.folder.is_dir():
        raise UsageError(f"{options.folder} is no folder.", remedy="Name the model's folder.")
    key = signing_key(options)
    subject, predicate = model_statement(options.folder, [Path(options.output)])
    statement = write_statement(subject, *predicate)
    if isinstance(key, SigningKey):
        # the library finds the key by the digest of its PEM
        hint = hashlib.sha256(key.public_pem()).hexdigest()
        data = write_bundle(key.envelope(statement), hint)
    else:
        data = key.bundle(statement)
    write_output(options.output, data)
    return ExitCode.CLEAN


model = Command(
    description="Sign an AI model: every file of its folder, as OpenSSF Model Signing v1.0.",
    configure=_configure_model,
    run=_run_model,
    epilogue="""\
examples:
  pratique attest model alpha-7b/ -K key.pem -o alpha-7b/model.sig
  pratique verify alpha-7b/ --key key.pem.pub
""",
)


def _configure_public_key(parser: ArgumentParser) -> None:
    add_key(parser, "--key", required=True)
    add_passphrase(parser)


def _run_public_key(options: Namespace) -> int:
    from pratique.provenance.attest_options import key_of

    sys.stdout.write(key_of(options).public_pem().decode())
    return ExitCode.CLEAN


public_key = Command(
    description="Print the public key of a key file or of a key in hardware, as 'pratique verify "
    "--key' takes it.",
    configure=_configure_public_key,
    run=_run_public_key,
)

keygen = Command(
    description="Make a key pair for signing: ed25519 or ECDSA on P-256, the private key in PEM, "
    "encrypted with a passphrase.",
    configure=_configure_keygen,
    run=_run_keygen,
    epilogue="""\
examples:
  pratique attest keygen key.pem --passphrase-file passphrase.txt
  pratique attest keygen key.pem --kind ecdsa-p256 --no-passphrase
""",
)

file = Command(
    description="Attest any predicate about files or digests. Predicates of known types are "
    "checked before they are signed.",
    configure=_configure_file,
    run=_run_file,
    epilogue="""\
examples:
  pratique attest file alpha.bin -K key.pem -o alpha.bin.intoto.jsonl \\
      --predicate release.json --type release
""",
)

sbom = Command(
    description="Attest that a bill of materials, CycloneDX or SPDX in JSON, is of some files.",
    configure=_configure_sbom,
    run=_run_sbom,
)

vex = Command(
    description="Attest an OpenVEX document about files or digests.",
    configure=_configure_vex,
    run=_run_vex,
)

test = Command(
    description="Attest what came of tests: PASSED, WARNED or FAILED.",
    configure=_configure_test,
    run=_run_test,
    epilogue="""\
examples:
  pratique attest test gitCommit:0123… -K key.pem -o tests.intoto.jsonl --junit report.xml
""",
)

scan = Command(
    description="Attest what a check found, as the result of a scan for vulnerabilities. A bill "
    "of health that is not complete is refused.",
    configure=_configure_scan,
    run=_run_scan,
)
