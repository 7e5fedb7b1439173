"""Signed notes and the checkpoints of transparency logs (C2SP signed-note, tlog-checkpoint)."""

from __future__ import annotations

import binascii

import msgspec

from pratique.formats.dsse.wire import base64_bytes
from pratique.model.errors import InputError, LimitError

MAX_NOTE_SIGNATURES = 64
"""Most signature lines of a note; a log and its witnesses need a dozen."""


class NoteSignature(msgspec.Struct, frozen=True):
    """One signature line: ``— name base64(key hint ‖ signature)``."""

    name: str
    hint: bytes
    signature: bytes


class Checkpoint(msgspec.Struct, frozen=True):
    """Size and root hash of a log, as signed."""

    origin: str
    size: int
    root_hash: bytes
    text: bytes
    """What is signed: everything before the empty line, with its last line feed."""

    signatures: tuple[NoteSignature, ...]


def read_checkpoint(note: str) -> Checkpoint:
    """Checkpoint of a signed note.

    Raises:
        LimitError: It has over ``MAX_NOTE_SIGNATURES`` signatures.
        InputError: It lacks its origin, size, root hash or signatures.
    """
    text, separator, signed = note.rpartition("\n\n")
    if not separator:
        raise InputError("checkpoint has no signatures")
    lines = text.split("\n")
    if len(lines) < 3 or not lines[0].strip():
        raise InputError("checkpoint lacks an origin, a size or a root hash")
    if not (lines[1].isascii() and lines[1].isdigit() and len(lines[1]) < 20):
        raise InputError("checkpoint has no size")
    root = base64_bytes(lines[2], "root hash of the checkpoint")
    if len(root) != 32:
        raise InputError("checkpoint has a root hash that is no SHA-256")
    rows = [line for line in signed.split("\n") if line]
    if len(rows) > MAX_NOTE_SIGNATURES:
        raise LimitError(f"checkpoint has over {MAX_NOTE_SIGNATURES} signatures")
    signatures = tuple(_signature(line) for line in rows)
    if not signatures:
        raise InputError("checkpoint has no signatures")
    return Checkpoint(lines[0], int(lines[1]), root, f"{text}\n".encode(), signatures)


def _signature(line: str) -> NoteSignature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\u2014" or not parts[1]:
        raise InputError("checkpoint has a line that is no signature")
    try:
        data = binascii.a2b_base64(parts[2].encode("ascii"), strict_mode=True)
    except (ValueError, UnicodeEncodeError):
        raise InputError("checkpoint has a signature that is not base64") from None
    if len(data) <= 4:
        raise InputError("checkpoint has a signature that is too short")
    return NoteSignature(parts[1], data[:4], data[4:])
