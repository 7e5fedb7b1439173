"""What the commands of ``pratique attest`` share: keys, subjects, files in, statement out."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.model.errors import InputError, LimitError, UsageError
from pratique.provenance.signing import PASSPHRASE_VARIABLE, SigningKey, read_signing_key
from pratique.report.writing import write_whole

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable

    from pratique.formats.intoto import ResourceDescriptor
    from pratique.provenance.sigstore_signing import SigstoreSigner

    Signer = SigningKey | SigstoreSigner

MAX_PREDICATE_BYTES = 64 * 1024 * 1024
"""Largest predicate that is signed; what is larger our own verifier would not read."""

MAX_PASSPHRASE_BYTES = 4096
"""Longest file of a passphrase."""

_DIGEST = re.compile(r"(sha256|sha384|sha512|gitCommit):([0-9a-fA-F]{40,128})\Z")
_LENGTHS = {"sha256": (64,), "sha384": (96,), "sha512": (128,), "gitCommit": (40, 64)}


def add_passphrase(parser: ArgumentParser) -> None:
    """Add the option for the passphrase of a key file."""
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help="file whose first line is the key's passphrase, or the token's PIN (default: "
        f"{PASSPHRASE_VARIABLE})",
    )


def add_signing(parser: ArgumentParser) -> None:
    """Add the options of everything that does nothing but sign."""
    add_signer(parser, "--key")
    add_output(parser)


def add_signer(parser: ArgumentParser, *names: str, required: bool = True) -> None:
    """Add who signs: a key of a file or in hardware, or a Sigstore identity.

    Args:
        parser: Gets them.
        names: Further names of ``--signing-key``.
        required: Whether one of the two must be given.
    """
    who = parser.add_mutually_exclusive_group(required=required)
    add_key(who, *names)
    who.add_argument(
        "--sigstore",
        action="store_true",
        help="sign with an identity instead of a key, by the services of a Sigstore instance",
    )
    add_passphrase(parser)
    add_identity(parser)
    parser.set_defaults(form=None)


def add_key(parser: Any, *names: str, required: bool = False) -> None:
    """Add the private key that signs to a parser or a group of options."""
    given = {"required": True} if required else {}
    parser.add_argument(
        "--signing-key",
        "-K",
        *names,
        type=key_place,
        metavar="KEY",
        dest="signing_key",
        help="private key that signs: a file (PEM), or a key in hardware: "
        "pkcs11:token=LABEL;object=LABEL?module-path=FILE",
        **given,
    )


def signs(options: Namespace) -> bool:
    """Whether the options of :func:`add_signer` say who signs."""
    return bool(options.signing_key or options.sigstore)


def add_identity(parser: ArgumentParser) -> None:
    """Add the options of signing with a Sigstore identity."""
    parser.add_argument(
        "--trust-config",
        default="",
        metavar="FILE",
        help="ClientTrustConfig of the Sigstore instance, or instance:NAME of one that 'pratique "
        "trust' keeps (default: the public instance)",
    )
    parser.add_argument(
        "--identity-token-file",
        type=Path,
        metavar="FILE",
        help="file with the identity token (default: SIGSTORE_ID_TOKEN, or what the surroundings "
        "of the job give)",
    )
    parser.add_argument(
        "--browser", action="store_true", help="ask in a browser who signs, by OpenID Connect"
    )
    parser.add_argument(
        "--oidc-client-id",
        default="sigstore",
        metavar="NAME",
        help="audience of the identity token (default: %(default)s)",
    )


def key_place(text: str) -> Path | str:
    """Where a key is: the URI of one in hardware as it is, anything else as a path."""
    return text if text.startswith("pkcs11:") else Path(text)


def add_output(parser: ArgumentParser) -> None:
    """Add where and how the result is written."""
    parser.add_argument(
        "--output",
        "-o",
        required=True,
        metavar="FILE",
        help="where the attestation is written; - is standard output",
    )
    parser.add_argument(
        "--form",
        choices=("dsse", "bundle"),
        help="DSSE envelope, or Sigstore bundle 0.3 (default: bundle for *.sigstore.json, *.bundle "
        "and *.sigstore, else dsse)",
    )


def add_subjects(parser: ArgumentParser) -> None:
    """Add what is attested."""
    parser.add_argument(
        "subject",
        nargs="+",
        metavar="SUBJECT",
        help="a file, or a digest: sha256:HEX, sha512:HEX, gitCommit:HEX; under a package URL: "
        "pkg:type/name@version=FILE-OR-DIGEST",
    )


def passphrase(options: Namespace) -> bytes | None:
    """The passphrase of the key, from a file or the environment; None where there is none.

    Raises:
        UsageError: The file cannot be read, or is empty.
    """
    if options.passphrase_file is None:
        found = os.environb.get(PASSPHRASE_VARIABLE.encode())
        return found or None
    try:
        with options.passphrase_file.open("rb") as file:
            line = file.read(MAX_PASSPHRASE_BYTES).split(b"\n", 1)[0].rstrip(b"\r")
    except OSError as error:
        raise UsageError(f"{options.passphrase_file} cannot be read: {error.strerror}.") from None
    if not line:
        raise UsageError(f"{options.passphrase_file} holds no passphrase.")
    return bytes(line)


def signing_key(options: Namespace) -> Signer:
    """What signs, of the options of :func:`add_signing`: a key, or a Sigstore identity.

    Raises:
        InputError: The key or the configuration cannot be read.
        UsageError: The passphrase is missing or wrong, a library is absent, or options contradict.
        EvidenceError: The token or the configuration cannot be used.
    """
    if getattr(options, "sigstore", False):
        return _identity(options)
    return key_of(options)


def key_of(options: Namespace) -> SigningKey:
    """The key of ``--signing-key``; raises as :func:`signing_key`."""
    place = str(options.signing_key)
    if place.startswith("pkcs11:"):
        from pratique.provenance.hsm import open_key

        return open_key(place, passphrase(options))
    return read_signing_key(options.signing_key, passphrase(options))


def _identity(options: Namespace) -> SigstoreSigner:
    if options.form == "dsse" or getattr(options, "enveloped", False):
        raise UsageError(
            "a signature of a Sigstore identity needs its certificate and log entry beside it.",
            remedy="Leave out --form dsse and --enveloped, or sign with a key.",
        )
    if options.browser and options.identity_token_file:
        raise UsageError("--browser and --identity-token-file contradict each other.")
    from pratique.provenance.sigstore_signing import SigstoreSigner, config_of

    return SigstoreSigner(
        config_of(options.trust_config),
        token_file=options.identity_token_file,
        browser=options.browser,
        client=options.oidc_client_id,
    )


def secret_files(options: Namespace) -> list[Path]:
    """Files of secrets, which no record of a folder may have."""
    named = (options.signing_key, options.passphrase_file, options.identity_token_file)
    return [path for path in named if isinstance(path, Path)]


def subjects(given: Iterable[str]) -> tuple[ResourceDescriptor, ...]:
    """Descriptors of files and digests, each with at least one strong digest.

    Raises:
        UsageError: One is neither a file nor a digest.
        InputError: A file cannot be read.
    """
    from pratique.formats.intoto import ResourceDescriptor
    from pratique.provenance.subject import subject_of

    found = []
    for text in given:
        purl, one = _named(text)
        path = Path(one)
        if path.is_file():
            subject = subject_of(path)
            name = subject.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            found.append(ResourceDescriptor(name=purl or name, digest=subject.digests))
            continue
        digest = _DIGEST.match(one)
        if digest is None or len(digest[2]) not in _LENGTHS[digest[1]]:
            raise UsageError(
                f"{one[:120]!r} is neither a file nor a digest.",
                remedy="Name a file, or write sha256: and 64 hexadecimal digits.",
            )
        found.append(ResourceDescriptor(name=purl or one, digest={digest[1]: digest[2].lower()}))
    return tuple(found)


def _named(text: str) -> tuple[str, str]:
    """Package URL and file or digest of ``pkg:…=…``; no package URL for anything else."""
    purl, equals, rest = text.rpartition("=")
    return (purl, rest) if equals and purl.startswith("pkg:") else ("", text)


def read_json(path: Path) -> Any:
    """JSON value of a file.

    Raises:
        InputError: It cannot be read, is not JSON, or is too large.
    """
    from pratique.formats.dsse.wire import decode_json

    return decode_json(read_bytes(path), Any, str(path))


def read_bytes(path: Path) -> bytes:
    """Bytes of a file.

    Raises:
        InputError: It cannot be read.
        LimitError: It is over ``MAX_PREDICATE_BYTES``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_PREDICATE_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_PREDICATE_BYTES:
        raise LimitError(f"{path} is over the limit of {MAX_PREDICATE_BYTES:,} bytes.")
    return data


def signed(
    options: Namespace,
    key: Signer,
    subject: tuple[ResourceDescriptor, ...],
    predicate: tuple[str, dict[str, Any]],
) -> bytes:
    """A signed statement in the form that is asked for."""
    from pratique.formats.dsse.write import write_envelope
    from pratique.formats.intoto.write import write_statement
    from pratique.formats.sigstore.write import write_bundle

    statement = write_statement(subject, *predicate)
    if not isinstance(key, SigningKey):
        return key.bundle(statement)
    envelope = key.envelope(statement)
    bundled = options.form == "bundle" or (
        options.form is None and options.output.endswith((".sigstore.json", ".sigstore", ".bundle"))
    )
    return write_bundle(envelope, key.id) if bundled else write_envelope(envelope)


def write_output(output: str, data: bytes) -> None:
    """Write a file as a whole or not at all; ``-`` is standard output.

    Raises:
        InputError: It cannot be written.
    """
    if output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    try:
        write_whole(data, Path(output))
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}.") from None
