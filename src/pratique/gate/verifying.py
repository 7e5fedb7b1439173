"""Checking a gate's log and store against what was written, from outside."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from pratique.gate.log import FIRST, entries
from pratique.gate.models import Pin
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

_pins = msgspec.json.Decoder(dict[str, Pin])
_BLOCK = 1024 * 1024


class Report(msgspec.Struct):
    """What a verification found."""

    lines: list[str]
    sound: bool
    entries: int
    head: str


class Anchor(msgspec.Struct, frozen=True):
    """What the end of a log was at some time, noted elsewhere."""

    entries: int
    head: str


def read_anchor(path: Path) -> Anchor | None:
    """The anchor in a file; ``None`` where there is no file yet.

    Raises:
        InputError: It is no anchor.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Anchor)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"{path}: is no anchor: {error}.") from None


def verify(data: Path, head: str = "", anchor: Anchor | None = None) -> Report:
    """Check the log against its chain, and every kept file against its digest.

    Args:
        data: Folder of the gate.
        head: A digest noted earlier, which must be one of an entry.
        anchor: Number and digest of an entry, noted earlier.

    Raises:
        EvidenceError: The log is not as it was written; where it is not.
        InputError: There is no log.
    """
    wrong: list[str] = []
    number, last, seen = 0, FIRST, not head
    stored: set[str] = set()
    gone: set[str] = set()
    for entry in entries(data):
        number, last = entry["n"], entry["hash"]
        seen = seen or last == head
        if anchor is not None and number == anchor.entries and last != anchor.head:
            wrong.append(
                f"log: entry {number} has another digest than the anchor has: everything up to "
                "it may have been written anew"
            )
        if entry["kind"] == "stored":
            stored.add(entry["sha256"])
            gone.discard(entry["sha256"])
        elif entry["kind"] == "evicted":
            gone.add(entry["sha256"])
    if not seen:
        wrong.append(f"log: no entry has the digest {head[:80]}; its end was taken away")
    if anchor is not None and number < anchor.entries:
        wrong.append(
            f"log: ends with entry {number}, and the anchor knows {anchor.entries}: "
            f"{anchor.entries - number} were taken away"
        )
    lines = [f"log: {number} entries, unbroken; the last is {last}", *wrong]
    bad, kept, left = _store(data, stored, gone)
    lines += bad
    sound = not wrong and not bad
    lines.append(f"store: {kept} files are kept{', each as it was stored' if sound else ''}")
    if left:
        lines.append(f"store: {left} files went to make room; their digests are still pinned")
    return Report(lines, sound, number, last)


def _store(data: Path, stored: set[str], gone: set[str]) -> tuple[list[str], int, int]:
    """What is wrong with what is kept, how much is, and how much went to make room."""
    bad: list[str] = []
    every = frozenset(stored)
    kept = left = 0
    for path in sorted((data / "pins").rglob("*.json")):
        try:
            pins = _pins.decode(path.read_bytes())
        except (OSError, msgspec.DecodeError) as error:
            bad.append(f"{path}: cannot be read: {error}")
            continue
        for name, pin in pins.items():
            stored.discard(pin.sha256)
            place = _place(data, pin.sha256)
            if pin.sha256 in gone and not place.exists():
                left += 1
                continue
            kept += 1
            if wrong := _wrong(place, pin.sha256):
                bad.append(f"{name}: {wrong}")
            if pin.sha256 not in every:
                bad.append(f"{name}: is kept, and the log does not say that it was stored")
    # Killed between the entry and the pin, it has its content and was given to nobody.
    bad += [
        f"{digest}: the log says that it was stored: {wrong}"
        for digest in sorted(stored - gone)
        if (wrong := _wrong(_place(data, digest), digest))
    ]
    return bad, kept, left


def _place(data: Path, digest: str) -> Path:
    return data / "blobs" / digest[:2] / digest


def _wrong(path: Path, wanted: str) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        return f"its content is missing ({error.strerror})"
    return "" if digest.hexdigest() == wanted else "its content was changed"
