"""The file that learned expectations are kept in.

It is locked while it is read and written, so that two runs do not undo each
other's learning; a file that cannot be read is an error, never a first use.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.dsse.wire import decode_json
from pratique.model.attestation import Grade
from pratique.model.errors import InputError
from pratique.provenance.attest_options import write_output
from pratique.provenance.learned import SCHEMA, Known, Learned, facts_of, judged
from pratique.provenance.statements import instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from pratique.provenance.request import Answer

MAX_FILE_BYTES = 64 * 1024 * 1024
"""Largest file: some hundred thousand packages."""


def checked(
    answer: Answer, path: Path, package: str, now: datetime, *, relearn: bool = False
) -> tuple[Answer, str]:
    """An answer by what is known of its package, which is learned on first use.

    Args:
        answer: About a version of the package.
        path: The file; made where there is none.
        package: Name of the package, without its version.
        now: In UTC.
        relearn: Whether what is known is forgotten first.

    Returns:
        The answer, with alarms where something changed, and what was done, in a line;
        empty where the package was known.

    Raises:
        InputError: The file cannot be read or written.
    """
    with _locked(path):
        learned = read_learned(path)
        known = None if relearn else learned.packages.get(package)
        if known is not None:
            return judged(answer, known), ""
        facts = facts_of(answer)
        if answer.grade is not Grade.VERIFIED or not facts:
            return answer, f"{package}: nothing was verified, so nothing is learned"
        packages = learned.packages | {package: Known(learned=instant(now), facts=facts)}
        data = msgspec.json.encode(Learned(packages=dict(sorted(packages.items()))))
        write_output(str(path), msgspec.json.format(data, indent=1) + b"\n")
    count = f"{len(facts)} fact{'s' if len(facts) > 1 else ''}"
    return answer, f"{package}: learned on first use ({count} in {path})"


def read_learned(path: Path) -> Learned:
    """What a file has; nothing where there is none.

    Raises:
        InputError: It cannot be read, or is no such file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return Learned()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_FILE_BYTES:
        raise InputError(f"{path} is over the limit of {MAX_FILE_BYTES:,} bytes.")
    found = decode_json(data, Learned, str(path))
    if found.schema != SCHEMA:
        raise InputError(f"{path} is of the version {found.schema[:80]!r}, not {SCHEMA}.")
    return found


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise InputError(f"{lock} cannot be written: {error.strerror}.") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
