"""Looking into a gate's data from outside, while it runs or not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.gate.log import FIRST, entries
from pratique.gate.models import Pin
from pratique.model.ecosystems import ecosystem_of, normalise_name
from pratique.model.errors import InputError
from pratique.model.purl import Package

if TYPE_CHECKING:
    from pathlib import Path

_pins = msgspec.json.Decoder(dict[str, Pin])
_TOLD = frozenset({"index", "reserved", "alarm"})
_FILES = frozenset({"refused", "stored", "served"})
_BLOCK = 1024 * 1024


class Report(msgspec.Struct):
    """What a verification found."""

    lines: list[str]
    sound: bool


def verify(data: Path, head: str = "") -> Report:
    """Check the log against its chain, and every kept file against its digest.

    Args:
        data: Folder of the gate.
        head: A digest noted earlier, which must be one of an entry.

    Raises:
        EvidenceError: The log is not as it was written.
        InputError: There is no log.
    """
    number, last, seen = 0, FIRST, not head
    stored: set[str] = set()
    gone: set[str] = set()
    for entry in entries(data):
        number, last = entry["n"], entry["hash"]
        seen = seen or last == head
        if entry["kind"] == "stored":
            stored.add(entry["sha256"])
            gone.discard(entry["sha256"])
        elif entry["kind"] == "evicted":
            gone.add(entry["sha256"])
    lines = [f"log: {number} entries, unbroken; the last is {last}"]
    sound = seen
    if not seen:
        lines.append(f"log: no entry has the digest {head[:80]}; its end was taken away")
    every = frozenset(stored)
    pinned = left = 0
    for path in sorted((data / "pins").rglob("*.json")):
        try:
            pins = _pins.decode(path.read_bytes())
        except (OSError, msgspec.DecodeError) as error:
            lines.append(f"{path}: cannot be read: {error}")
            sound = False
            continue
        for name, pin in pins.items():
            pinned += 1
            place = _place(data, pin.sha256)
            if pin.sha256 in gone and not place.exists():
                left += 1
                stored.discard(pin.sha256)
                continue
            wrong = _wrong(place, pin.sha256)
            if wrong:
                lines.append(f"{name}: {wrong}")
                sound = False
            recorded = pin.sha256 in every
            if not recorded:
                lines.append(f"{name}: is kept, and the log does not say that it was stored")
                sound = False
            stored.discard(pin.sha256)
    for digest in sorted(stored - gone):
        # Killed between the entry and the pin, it has its content and was given to nobody.
        if wrong := _wrong(_place(data, digest), digest):
            lines.append(f"{digest}: the log says that it was stored: {wrong}")
            sound = False
    kept = pinned - left
    lines.append(f"store: {kept} files are kept{', each as it was stored' if sound else ''}")
    if left:
        lines.append(f"store: {left} files went to make room; their digests are still pinned")
    return Report(lines, sound)


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


def why(data: Path, package: str) -> list[str]:
    """What was decided last on a package or one version of it; empty where nothing was.

    Args:
        data: Folder of the gate.
        package: ``name``, ``name@version`` or a package URL.
    """
    kind, name, version = _asked(package)
    kind = {"cargo": "crates.io", "golang": "Go"}.get(kind, kind)
    last: dict[str, dict[str, Any]] = {}
    asked: dict[str, dict[str, Any]] = {}
    for entry in entries(data):
        if entry["kind"] in _FILES and _is_of(entry, kind, name, version):
            asked[str(entry["subject"])] = entry
        where = entry.get("ecosystem", "")
        if kind and where.lower() != kind.lower():
            continue
        if entry["kind"] in _TOLD and _same(where, name, entry.get("package")):
            last[f"{entry['kind']} {where}"] = entry
    lines = []
    for entry in last.values():
        when = entry["at"][:19]
        if entry["kind"] == "reserved":
            lines.append(
                f"{entry['package']}: reserved for internal packages; not asked for outside"
            )
        elif entry["kind"] == "alarm":
            lines.append(f"{when} alarm: {entry['what']}: {entry.get('file', '')}")
        else:
            lines += _versions(entry, when, version)
    # Versions that no index was asked for: Maven's, and Go's between two tags.
    told = "\n".join(lines)
    for subject, entry in asked.items():
        found = Package.parse(subject).version
        if f" {found}: " not in told:
            lines.append(f"{subject}: {_file_line(entry)}")
    return lines


def _is_of(entry: dict[str, Any], kind: str, name: str, version: str) -> bool:
    """Whether an entry about a file is of the package asked for."""
    try:
        package = Package.parse(str(entry.get("subject", "")))
    except InputError:
        return False
    ecosystem = ecosystem_of(package) or package.type
    full = package.full_name.replace("/", ":") if package.type == "maven" else package.full_name
    right = not kind or kind.lower() == ecosystem.lower()
    return right and _same(ecosystem, name, full) and version in {"", package.version}


def _file_line(entry: dict[str, Any]) -> str:
    when = entry["at"][:19]
    if entry["kind"] == "refused":
        return f"refused on {when}: {entry['why']}"
    return f"admitted; {entry['kind']} on {when}"


def _same(ecosystem: str, asked: str, name: Any) -> bool:
    return normalise_name(ecosystem, asked) == normalise_name(ecosystem, str(name))


def _versions(entry: dict[str, Any], when: str, version: str) -> list[str]:
    name = f"{entry['ecosystem']} {entry['package']}"
    basis = f"by policy {entry['policy']} on {when}"
    if not version:
        lines = [f"{name}: {len(entry['admitted'])} versions admitted {basis}"]
        return lines + [f"{name} {key}: {text}" for key, text in entry["refused"].items()]
    lines = [
        f"{name} {key}: {text} ({basis})"
        for key, text in entry["refused"].items()
        if key.partition(" ")[0] == version
    ]
    if version in entry["admitted"]:
        lines.append(f"{name} {version}: admitted {basis}")
    return lines or [f"{name} {version}: the index does not list it ({when})"]


def _asked(text: str) -> tuple[str, str, str]:
    """Ecosystem's package URL type, name, version."""
    if text.startswith("pkg:"):
        try:
            package = Package.parse(text)
        except InputError:
            return "", text, ""
        # OSV, and so the log, have a colon in Maven's names.
        full = package.full_name.replace("/", ":") if package.type == "maven" else package.full_name
        return package.type, full, package.version
    name, at, version = text[1:].rpartition("@")
    return ("", text[0] + name, version) if at else ("", text, "")
