"""Looking into a gate's data from outside, while it runs or not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.gate.logindex import GIVEN
from pratique.gate.lognames import spellings
from pratique.gate.logquery import candidates, found
from pratique.model.ecosystems import ecosystem_of, normalise_name
from pratique.model.errors import InputError, UsageError
from pratique.model.purl import Package
from pratique.policy.waivers import covers

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Question", "found", "moment", "names", "why"]

_TOLD = frozenset({"index", "reserved", "alarm"})
_FILES = frozenset({"refused", "stored", "served"})


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries of the log are wanted; what is empty is not asked for."""

    kind: str = ""
    package: str = ""
    client: str = ""
    """A part of the client's name, or its user."""

    team: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of(cls, given: dict[str, str]) -> Question:
        """A question from texts.

        Raises:
            UsageError: A time is none, or there is a word that means nothing here.
        """
        fields: dict[str, Any] = {}
        for key, text in given.items():
            if key not in cls.__struct_fields__:
                raise UsageError(
                    f"{key[:40]!r} is nothing that the log can be asked for.",
                    remedy=f"Ask for {', '.join(cls.__struct_fields__)}.",
                )
            fields[key] = moment(text, key) if key in {"since", "until"} and text else text
        return cls(**{key: value for key, value in fields.items() if value})

    def meets(self, entry: dict[str, Any]) -> bool:
        """Whether an entry is one of those wanted."""
        if self.kind and entry["kind"] != self.kind:
            return False
        if self.team and entry.get("team", "") != self.team:
            return False
        if self.client and not _is_client(entry, self.client):
            return False
        if self.package and self.package not in names(entry):
            return False
        return self.when(entry)

    def when(self, entry: dict[str, Any]) -> bool:
        """Whether an entry is of the time that is asked for."""
        if self.since is None and self.until is None:
            return True
        at = msgspec.convert(entry["at"], datetime)
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def moment(text: str, what: str) -> datetime:
    """An instant, or the beginning of a day in UTC.

    Raises:
        UsageError: It is neither.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{what} {text[:40]!r} is not a time.",
            remedy="Write 2026-11-01 or 2026-11-01T12:00:00Z.",
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def names(entry: dict[str, Any]) -> set[str]:
    """What an entry's package may be called."""
    given = entry.get("approval")
    told = given.get("subject", "") if isinstance(given, dict) else entry.get("subject", "")
    found = {str(entry.get("package", ""))}
    return found | spellings(str(told)) if told else found


def why(
    data: Path, package: str, asked: Question | None = None, *, whole: bool = False
) -> list[str]:
    """What was decided last on a package or one version of it; empty where nothing was.

    Args:
        data: Folder of the gate.
        package: ``name``, ``name@version`` or a package URL.
        asked: Only what this client or team met with, in this time; what was decided
            for everybody counts for each of them.
        whole: Read all of the log and check its chain, past the index.

    Raises:
        EvidenceError: The log is not as it was written.
        InputError: There is no log.
    """
    question = asked or Question()
    kind, name, version = _asked(package)
    kind = {"cargo": "crates.io", "golang": "Go"}.get(kind, kind)
    last: dict[str, dict[str, Any]] = {}
    files: dict[str, dict[str, Any]] = {}
    given: dict[str, str] = {}
    for entry in candidates(data, kind, name, question, whole=whole):
        if not question.when(entry) or not _concerns(entry, question):
            continue
        if entry["kind"] in GIVEN:
            _note(given, entry, kind, name, version)
        if entry["kind"] in _FILES and _is_of(entry, kind, name, version):
            _later(files, str(entry["subject"]), entry)
        where = entry.get("ecosystem", "")
        if kind and where.lower() != kind.lower():
            continue
        if entry["kind"] in _TOLD and _same(where, name, entry.get("package")):
            key = f"{entry['kind']} {where} {entry.get('part', '')} {entry.get('team', '')}"
            _later(last, key, entry)
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
    for subject, entry in files.items():
        found = Package.parse(subject).version
        if f" {found}: " not in told:
            lines.append(f"{subject}: {_file_line(entry)}")
    return lines + list(given.values())


def _later(kept: dict[str, dict[str, Any]], key: str, entry: dict[str, Any]) -> None:
    """Keep the later of two entries where the first one stood."""
    if key not in kept or kept[key]["n"] < entry["n"]:
        kept[key] = entry


def _concerns(entry: dict[str, Any], asked: Question) -> bool:
    """Whether an entry may be of who is asked about."""
    if asked.team and entry.get("team", "") not in {"", asked.team}:
        return False
    if not asked.client or "client" not in entry:
        return True
    return _is_client(entry, asked.client)


def _is_client(entry: dict[str, Any], wanted: str) -> bool:
    return wanted in str(entry.get("client", "")) or wanted == entry.get("user", "")


def _note(given: dict[str, str], entry: dict[str, Any], kind: str, name: str, version: str) -> None:
    """Note an approval, or that one was taken back or not given."""
    body = entry.get("approval")
    subject = str(body["subject"] if isinstance(body, dict) else entry.get("subject", ""))
    try:
        package = Package.parse(subject)
    except InputError:
        return
    ecosystem = ecosystem_of(package)
    full = package.full_name.replace("/", ":") if package.type == "maven" else package.full_name
    if (kind and kind.lower() != ecosystem.lower()) or not _same(ecosystem, name, full):
        return
    if (
        version
        and package.version
        and not covers(subject, f"{subject.rpartition('@')[0]}@{version}")
    ):
        return
    when = entry["at"][:19]
    if isinstance(body, dict):
        given[str(body["id"])] = (
            f"{subject} {body.get('versions', '')}".strip()
            + f": approved on {when} by {body['approver']} until {str(body['expires'])[:19]}, rule "
            f"{body['rule']}, {body['owner']} answers for it: {body['reason']} ({body['id']})"
        )
    elif entry["kind"] == "revoked":
        told = given.get(str(body), subject)
        given[str(body)] = f"{told}; taken back on {when} by {entry['by']}: {entry['reason']}"
    else:
        given[f"{subject} {entry['rule']}"] = (
            f"{subject}: approval of rule {entry['rule']} rejected on {when} by {entry['by']}: "
            f"{entry['reason']}"
        )


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
    if entry.get("team") or entry.get("environment"):
        where = " ".join(filter(None, (entry.get("team", ""), entry.get("environment", ""))))
        basis += f" for {where}"
    held, notes = entry.get("held") or {}, entry.get("notes") or {}

    def until(key: str) -> str:
        end = (held.get(key) or {}).get("until")
        return f"; until {end[:16].replace('T', ' ')} UTC" if end else ""

    if not version:
        lines = [f"{name}: {len(entry['admitted'])} versions admitted {basis}"]
        lines += [f"{name} {key}: {text}{until(key)}" for key, text in entry["refused"].items()]
        return lines + [f"{name} {key}: admitted: {text}" for key, text in notes.items()]
    lines = [
        f"{name} {key}: {text}{until(key)} ({basis})"
        for key, text in entry["refused"].items()
        if key.partition(" ")[0] == version
    ]
    if version in entry["admitted"]:
        more = f": {notes[version]}" if version in notes else ""
        lines.append(f"{name} {version}: admitted {basis}{more}")
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
