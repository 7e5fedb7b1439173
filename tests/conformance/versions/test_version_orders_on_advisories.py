"""Published advisories: what they enumerate lies in their ranges, and their events have an order."""

from __future__ import annotations

import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from pratique.versions import Ordering, VersionError, ordering, semver_ordering

MISTAKEN = {
    # the record itself enumerates what its range ends before or does not reach
    "PYSEC-2021-114",
    "PYSEC-2023-177",
    "PYSEC-2023-61",
}
UNREADABLE = {"nightly.2026-03-10.0"}


def affected(path: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    with lzma.open(path) as lines:
        for line in lines:
            record = msgspec.json.decode(line)
            for one in record.get("affected") or []:
                yield record["id"], (one.get("package") or {}).get("ecosystem", ""), one


def ranges(one: dict[str, Any], kind: str) -> list[list[tuple[str, str]]]:
    given = one.get("ranges")
    return [
        [(event, text) for events in each["events"] for event, text in events.items()]
        for each in (given if isinstance(given, list) else [])
        if each["type"] == kind
    ]


def is_inside(rule: Ordering, version: str, events: list[tuple[str, str]]) -> bool:
    """OSV schema, "Evaluation"."""
    key = rule.key(version)
    inside = False
    for at, event in sorted(
        (rule.minimum if text == "0" else rule.key(text), event) for event, text in events
    ):
        if event == "introduced" and key >= at:
            inside = True
        elif (event == "fixed" and key >= at) or (event == "last_affected" and key > at):
            inside = False
    return inside


def outside(path: Path) -> tuple[int, list[str]]:
    """How many enumerated versions were looked at, and which lie in no range."""
    seen, found = 0, []
    for id, ecosystem, one in affected(path):
        rule = ordering(ecosystem)
        spans = ranges(one, "ECOSYSTEM")
        # one distribution's records enumerate the fixed version, not the affected ones
        if rule is None or not spans or id in MISTAKEN or id.startswith("CLEANSTART-"):
            continue
        for version in one.get("versions") or []:
            seen += 1
            if not any(is_inside(rule, version, events) for events in spans):
                found.append(f"{id} {version}")
    return seen, found


def test_enumerated_versions_lie_in_their_ranges__github(vector: Callable[[str], Path]) -> None:
    seen, found = outside(vector("osv/ghsa-records.ndjson.xz"))
    assert seen > 10_000
    assert found == []


def test_enumerated_versions_lie_in_their_ranges__all(vector: Callable[[str], Path]) -> None:
    seen, found = outside(vector("osv/osv-records.ndjson.xz"))
    assert seen > 100_000
    assert found == []


def test_every_event_has_an_order(vector: Callable[[str], Path]) -> None:
    refused = set()
    for _, ecosystem, one in affected(vector("osv/osv-records.ndjson.xz")):
        for kind, rule in (("SEMVER", semver_ordering()), ("ECOSYSTEM", ordering(ecosystem))):
            for events in ranges(one, kind) if rule else []:
                for _, text in events:
                    try:
                        rule.key(text)
                    except VersionError:
                        refused.add(text)
    assert refused == UNREADABLE
