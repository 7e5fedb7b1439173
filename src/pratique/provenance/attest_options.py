"""What the commands of ``pratique attest`` share: keys, subjects, files in, statement out."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.model.errors import InputError, LimitError, UsageError
from pratique.provenance.signing import PASSPHRASE_VARIABLE, SigningKey, read_signing_key

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable

    from pratique.formats.intoto import ResourceDescriptor

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
        help=f"file whose first line is the key's passphrase; else {PASSPHRASE_VARIABLE} is used",
    )


def add_signing(parser: ArgumentParser) -> None:
    """Add the options of everything that signs."""
    parser.add_argument(
        "--signing-key", "-K", "--key", type=Path, required=True, metavar="FILE",
        dest="signing_key", help="private key (PEM) that signs",
    )  # fmt: skip
    add_passphrase(parser)
    add_output(parser)


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


def signing_key(options: Namespace) -> SigningKey:
    """The key that signs; raises as :func:`~pratique.provenance.signing.read_signing_key`."""
    return read_signing_key(options.signing_key, passphrase(options))


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
    key: SigningKey,
    subject: tuple[ResourceDescriptor, ...],
    predicate: tuple[str, dict[str, Any]],
) -> bytes:
    """A signed statement in the form that is asked for."""
    from pratique.formats.dsse.write import write_envelope
    from pratique.formats.intoto.write import write_statement
    from pratique.formats.sigstore.write import write_bundle

    envelope = key.envelope(write_statement(subject, *predicate))
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
    path = Path(output)
    place: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
        place = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        place.chmod(0o644)
        place.replace(path)
    except OSError as error:
        if place is not None:
            place.unlink(missing_ok=True)
        raise InputError(f"{output} cannot be written: {error.strerror}.") from None


def now() -> datetime:
    """The present in UTC, or what ``SOURCE_DATE_EPOCH`` says.

    Raises:
        UsageError: The variable is not a number of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"SOURCE_DATE_EPOCH={epoch!r} is not a number of seconds.",
            remedy="Set it to seconds since 1970, or unset it.",
        ) from None
