"""Waivers from ``osv-scanner.toml``, the ignore file of OSV-Scanner 2.

Its entries name neither owner nor approver, and often no expiry: they set
nothing aside until somebody adopts the file and says so.
Source: the configuration page of OSV-Scanner's documentation (``IgnoredVulns``,
``PackageOverrides``).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.text import decode, parse_toml
from pratique.model.ecosystems import package_of
from pratique.model.errors import InputError
from pratique.policy.documents import MAX_BYTES
from pratique.policy.errors import Defect, PolicyError
from pratique.policy.waiver_documents import expiry, waiver_id
from pratique.policy.waivers import IncompleteWaiver, Place, Waiver, Waivers, check_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ENTRIES = 5_000
"""Entries of one file that are read."""


class Adoption(msgspec.Struct, frozen=True, kw_only=True):
    """What an organisation adds where it adopts such a file."""

    owner: str = ""
    approver: str = ""
    subject: str = ""
    """Package URL or pattern for the ignored advisories, which name no package."""


def read_osv_scanner(data: bytes, path: str, adoption: Adoption | None = None) -> Waivers:
    """Read the file.

    Args:
        data: TOML.
        path: For the messages.
        adoption: What it lacks; an entry that still lacks something is incomplete.

    Raises:
        PolicyError: It is too large or not TOML.
    """
    if len(data) > MAX_BYTES:
        message = f"is {len(data):,} bytes, over the limit of {MAX_BYTES:,}"
        raise PolicyError([Defect(path, 1, 1, message)])
    try:
        text = decode(data)
        table = parse_toml(text)
    except InputError as error:
        raise PolicyError([Defect(path, 1, 1, error.message)]) from None
    adoption = adoption or Adoption()
    reader = _Reader(path, text, adoption)
    for entry in reader.entries(table, "IgnoredVulns"):
        reader.ignored(entry)
    for entry in reader.entries(table, "PackageOverrides"):
        reader.override(entry)
    for name in sorted(set(table) - {"IgnoredVulns", "PackageOverrides"}):
        reader.note("", f"{str(name)[:80]!r} is not about waivers and is not read")
    return Waivers(
        waivers=tuple(reader.waivers.values()),
        incomplete=tuple(reader.incomplete),
        places=reader.places,
        notes=tuple(reader.notes),
    )


class _Reader:
    """Collects what the entries of one file become."""

    def __init__(self, path: str, text: str, adoption: Adoption) -> None:
        self.path = path
        self.lines = text.split("\n")
        self.adoption = adoption
        self.waivers: dict[str, Waiver] = {}
        self.incomplete: list[IncompleteWaiver] = []
        self.places: dict[str, Place] = {}
        self.notes: list[str] = []

    def entries(self, table: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
        """The tables of an array, those that are none noted."""
        given = table.get(name, [])
        if not isinstance(given, list):
            self.note(name, f"{name} is not an array of tables")
            return
        for entry in given[:MAX_ENTRIES]:
            if isinstance(entry, dict):
                yield entry
            else:
                self.note(name, f"an entry of {name} is not a table")
        if len(given) > MAX_ENTRIES:
            self.note(name, f"{name} has over {MAX_ENTRIES:,} entries; the rest is not read")

    def ignored(self, entry: dict[str, Any]) -> None:
        """An advisory that is ignored, wherever it is met."""
        rule = _text(entry.get("id"))
        self._add(self.adoption.subject, rule, entry, entry.get("ignoreUntil"), needle=rule)

    def override(self, entry: dict[str, Any]) -> None:
        """What is ignored of a package."""
        name, version = _text(entry.get("name")), _text(entry.get("version"))
        ecosystem = _text(entry.get("ecosystem"))
        package = package_of(ecosystem, name, version) if ecosystem and name else None
        subject = str(package) if package else ""
        license = entry.get("license")
        if isinstance(license, dict) and license.get("override"):
            self.note(name, f"a licence is stated for {name[:80]!r}, which waives nothing")
        ignored = entry.get("ignore") is True
        for table in ("vulnerability", "license"):
            part = entry.get(table)
            ignored = ignored or (isinstance(part, dict) and part.get("ignore") is True)
        if ignored:
            # It says what to be silent about, but neither a rule nor an advisory.
            self._add(subject, "", entry, entry.get("effectiveUntil"), needle=name)

    def note(self, needle: str, message: str) -> None:
        """Something that is no waiver."""
        self.notes.append(f"{self.path}:{self._line(needle)}: {message}")

    def _line(self, needle: str) -> int:
        return next((n for n, text in enumerate(self.lines, 1) if needle and needle in text), 1)

    def _add(
        self, subject: str, rule: str, entry: dict[str, Any], until: object, *, needle: str
    ) -> None:
        reason = " ".join(_text(entry.get("reason")).split())[:1000]
        expires = _expiry(until)
        place = Place(self.path, self._line(needle))
        given = {
            "subject": "" if check_pattern(subject) else subject,
            "rule": rule,
            "owner": self.adoption.owner,
            "reason": reason,
            "expires": expires,
            "approver": self.adoption.approver,
        }
        missing = tuple(name for name, value in given.items() if not value)
        if missing or expires is None:
            self.incomplete.append(
                IncompleteWaiver(
                    subject=subject,
                    rule=rule,
                    missing=missing,
                    reason=reason,
                    expires=expires,
                    place=place,
                )
            )
            return
        id = waiver_id(subject, rule, reason, expires.isoformat())
        self.waivers[id] = Waiver(
            id=id,
            subject=subject,
            rule=rule,
            owner=self.adoption.owner,
            reason=reason,
            expires=expires,
            approver=self.adoption.approver,
        )
        self.places[id] = place


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _expiry(value: object) -> datetime | None:
    """TOML has dates and instants of its own; people also write them as text."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    if isinstance(value, date):
        try:
            return datetime(value.year, value.month, value.day, tzinfo=UTC) + timedelta(days=1)
        except OverflowError:
            return None
    return expiry(value) if isinstance(value, str) else None
