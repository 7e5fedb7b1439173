"""``pratique trust status``: which roots and registry keys are trusted, and how old they are."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pratique.model.command import Command
from pratique.model.errors import EvidenceError, ExitCode, UsageError
from pratique.model.options import add_format
from pratique.provenance.trust_store import PUBLIC

if TYPE_CHECKING:
    from argparse import Namespace

    from pratique.provenance.trust import TrustRoot
    from pratique.provenance.trust_store import Accepted

MAX_LINE = 400
"""Longest line about registry keys that is shown; their paths are some dozen characters."""


def printable_lines(text: str) -> str:
    """Lines for a terminal, whatever names a repository has."""
    from pratique.report.text import printable

    return "".join(f"{printable(line, MAX_LINE)}\n" for line in text.splitlines())


def registry_of(found: Accepted | None) -> dict[str, Any]:
    """What is kept of a package registry's keys; nothing where the repository lists none."""
    from pratique.provenance.trust_registry_keys import described

    if found is None or (found.registry_keys is None and not found.registry_problem):
        return {}
    keys = found.registry_keys
    row: dict[str, Any] = {"problem": found.registry_problem}
    if keys is not None:
        row |= {
            "path": keys.path,
            "role": keys.role,
            "version": keys.version,
            "verified": keys.verified,
            "sha256": keys.sha256,
            "keys": described(keys),
        }
    return {"registry_keys": row}


def _run_status(options: Namespace) -> int:
    from pratique.provenance.trust_exchange import verified_again
    from pratique.provenance.trust_store import current_registry_keys, current_root, instances

    now = datetime.now(UTC)
    rows, code = [], ExitCode.CLEAN
    for name in [PUBLIC, *instances()]:
        try:
            kept = verified_again(name)
            root = current_root(name)
        except (EvidenceError, UsageError) as error:
            rows.append({"instance": name, "problem": error.message, "remedy": error.remedy})
            code = ExitCode.INCOMPLETE
            continue
        keys = registry_of(kept)
        if name == PUBLIC and not current_registry_keys():
            keys = _built_in_keys(keys)
        rows.append(row_of(root.origin) | _services(root) | {"stale": _stale(root, now)} | keys)
        if keys.get("registry_keys", {}).get("problem"):
            code = ExitCode.INCOMPLETE
    if options.format == "json":
        say_json({"schema": "pratique/trust-status/1", "instances": rows, "exit_code": int(code)})
    else:
        sys.stdout.write("".join(_drawn(row, now) for row in rows))
    return code


def _built_in_keys(kept: dict[str, Any]) -> dict[str, Any]:
    """The keys in the package, which count where no update brought newer ones."""
    from pratique.provenance.npm import pinned_keys
    from pratique.provenance.trust_registry_keys import rows_of
    from pratique.provenance.trust_store import SHIPPED_REGISTRY_KEYS

    problem = kept.get("registry_keys", {}).get("problem", "")
    row = {"problem": problem, "version": SHIPPED_REGISTRY_KEYS, "keys": rows_of(pinned_keys())}
    return {"registry_keys": row}


def row_of(origin: Any) -> dict[str, Any]:
    """Where a root is from, as JSON has it."""
    return {
        "instance": origin.instance,
        "how": origin.how,
        "place": origin.place,
        "as_of": origin.as_of,
        "root_version": origin.root_version,
        "targets_version": origin.targets_version,
        "expires": origin.expires,
        "described": origin.described(datetime.now(UTC)),
    }


def _services(root: TrustRoot) -> dict[str, Any]:
    return {
        "certificate_authorities": len(root.authorities),
        "logs": len(root.logs),
        "certificate_logs": len(root.certificate_logs),
        "timestamp_authorities": len(root.timestamp_authorities),
    }


def _stale(root: TrustRoot, now: datetime) -> bool:
    return bool(root.origin and root.origin.expires and root.origin.expires < now)


def _drawn(row: dict[str, Any], now: datetime) -> str:
    if "problem" in row:
        return f"✗ {row['instance']}\n  cause  {row['problem']}\n  next   {row['remedy']}\n"
    lines = [f"✓ {row['described']}"]
    if row["place"]:
        lines.append(f"  from        {row['place']}")
    lines.append(
        f"  services    {row['certificate_authorities']} certificate authorities, "
        f"{row['logs']} logs, {row['certificate_logs']} certificate logs, "
        f"{row['timestamp_authorities']} timestamp authorities"
    )
    lines += _drawn_keys(row.get("registry_keys", {}), now)
    if row["stale"]:
        days = (now - row["expires"]).days
        which = "" if row["instance"] == PUBLIC else f" --instance {row['instance']}"
        lines.append(f"  freshness   ran out {days:,} days ago; a newer root may exist")
        lines.append(f"  next        pratique trust update{which}")
    else:
        lines.append(f"  freshness   until {row['expires']:%Y-%m-%d %H:%M} UTC")
    return "\n".join(lines) + "\n"


def _drawn_keys(row: dict[str, Any], now: datetime) -> list[str]:
    """Registry keys with their validity."""
    lines = []
    if "keys" in row:
        where = f" of {row['path']}" if "path" in row else ""
        lines.append(f"  npm keys    version {row['version']}{where}")
    for one in row.get("keys", ()):
        start, end = one["start"], one["end"]
        until = f"until {end:%Y-%m-%d}" if end else "with no end"
        ended = ", ended" if end and end < now else ""
        lines.append(
            f"              {one['usage']} {one['key_id']} from {start:%Y-%m-%d} {until}{ended}"
        )
    if row.get("problem"):
        lines.append(f"  npm keys    not renewed: {row['problem']}")
    return printable_lines("\n".join(lines)).splitlines() if lines else []


def say_json(value: object) -> int:
    """Print a value as JSON; the answer is the exit code of success."""
    import msgspec

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
    return ExitCode.CLEAN


status = Command(
    description="Say which trusted roots are here, where they are from, and how old they are; all "
    "stored metadata are verified again.",
    configure=add_format,
    run=_run_status,
)
