"""The index against a plain transcription of the schema's evaluation.

Source: OSV schema 1.7.5, *Evaluation*.  The transcription works on the JSON of
the records, sorts events with ``compare`` and walks them for every question;
it shares nothing with the index but the orderings and the names' rules.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from functools import cache, cmp_to_key, partial
from typing import Any

import msgspec
import pytest

from pratique.advisories import Index
from pratique.advisories.build import build
from pratique.advisories.inputs import Source
from pratique.model.advisory import Query
from pratique.model.ecosystems import normalise_name
from pratique.versions import Ordering, VersionError, ordering, semver_ordering

PAIRS = 200_000
INVENTED = 4_000
KIND = {"introduced": 0, "last_affected": 1, "fixed": 2, "limit": 3}
RENAMED = {"DHI": "Docker Hardened Images", "kubernetes": "Kubernetes"}


class UndecidableError(Exception):
    """The algorithm needs an order that there is not."""


# --- the schema's algorithm, function by function ---------------------------------------


def is_vulnerable(affected: dict[str, Any], version: str, ecosystem: str) -> bool | None:
    """``None``: not decidable for this version."""
    if included_in_versions(affected.get("versions") or [], version, ecosystem):
        return True
    ranges = affected.get("ranges") or []
    if isinstance(ranges, dict):  # dirty data: one range instead of a list
        ranges = [ranges]
    by_order: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for item in ranges:
        if item.get("type") != "GIT":
            by_order[order_of(item, ecosystem)].append(item)
    verdicts = {included_in_ranges(version, own, order) for order, own in by_order.items()}
    if True in verdicts:
        return True
    if not by_order and not affected.get("versions"):
        return None  # commits only, or nothing at all
    return None if None in verdicts else False


def order_of(item: dict[str, Any], ecosystem: str) -> Ordering | None:
    return semver_ordering() if item["type"] == "SEMVER" else ordering(ecosystem)


@cache
def compare(order: Ordering | None, left: str, right: str) -> int:
    if order is None:
        raise UndecidableError
    try:
        return order.compare(left, right)
    except VersionError:
        raise UndecidableError from None


def included_in_versions(versions: list[str], version: str, ecosystem: str) -> bool:
    return any(listed == version or equal(listed, version, ecosystem) for listed in versions)


def equal(left: str, right: str, ecosystem: str) -> bool:
    try:
        return compare(ordering(ecosystem), left, right) == 0
    except UndecidableError:
        return False


def included_in_ranges(
    version: str, ranges: list[dict[str, Any]], order: Ordering | None
) -> bool | None:
    readable, undecided = [], False
    for item in ranges:
        events = [pair for event in item["events"] for pair in event.items()]
        try:  # an event without order makes its range undecidable
            for kind, value in events:
                if (kind, value) != ("introduced", "0"):
                    compare(order, value, value)
        except UndecidableError:
            undecided = True
        else:
            readable.append(sorted(events, key=cmp_to_key(partial(compare_events, order))))
            undecided |= not events
    try:
        against = partial(compare, order, version)
        if any(included_in_range(against, events) for events in readable):
            return True
    except UndecidableError:
        # Where the version has no place, all places are tried: at, before and after each event.
        values = {value for events in readable for _, value in events if value != "0"}
        places = sorted(values, key=cmp_to_key(partial(compare, order)))
        answers = {
            any(included_in_range(partial(place_against, order, places, at), events)
                for events in readable)
            for at in range(2 * len(places) + 1)
        }  # fmt: skip
        if answers == {True}:
            return True
        undecided |= answers != {False}
    return None if undecided else False


def place_against(order: Ordering, places: list[str], at: int, value: str) -> int:
    """Compare an imagined version with an event: even numbers lie between the places."""
    first = next(i for i, place in enumerate(places) if compare(order, place, value) == 0)
    last = max(i for i, place in enumerate(places) if compare(order, place, value) == 0)
    return -1 if at < 2 * first + 1 else 1 if at > 2 * last + 1 else 0


def compare_events(order: Ordering, left: tuple[str, str], right: tuple[str, str]) -> int:
    zero = ("introduced", "0")
    if zero in (left, right):
        return (left != zero) - (right != zero)
    return compare(order, left[1], right[1]) or KIND[left[0]] - KIND[right[0]]


def included_in_range(against: Callable[[str], int], events: list[tuple[str, str]]) -> bool:
    """``BeforeLimits`` and the loop over sorted events; ``against`` compares the version asked."""
    limits = [value for kind, value in events if kind == "limit"]
    if limits and not any(against(limit) < 0 for limit in limits):
        return False
    vulnerable = False
    for kind, value in events:
        if kind == "introduced" and (value == "0" or against(value) >= 0):
            vulnerable = True
        elif (kind == "fixed" and against(value) >= 0) or (
            kind == "last_affected" and against(value) > 0
        ):
            vulnerable = False
    return vulnerable


# --- records and questions -----------------------------------------------------------------


def invented(draw: random.Random) -> list[dict[str, Any]]:
    """Records with every kind of event, in any order and with ties; the corpus has no limits."""
    records = []
    for number in range(INVENTED):
        ecosystem = draw.choice(["npm", "PyPI", "Maven", "Debian:12", "Debian:13", "RubyGems"])
        ranges = []
        for _ in range(draw.randint(1, 3)):
            events = [{draw.choice(list(KIND)): f"{draw.randint(1, 6)}.{draw.randint(0, 1)}"}
                      for _ in range(draw.randint(0, 5))]  # fmt: skip
            events.insert(
                draw.randint(0, len(events)),
                {"introduced": draw.choice(["0", "1.0", f"{draw.randint(1, 6)}.1"])},
            )
            ranges.append({"type": draw.choice(["ECOSYSTEM", "SEMVER"]), "events": events})
        if ranges[0]["type"] == "SEMVER":  # SemVer has three numbers
            for item in ranges:
                if item["type"] == "SEMVER":
                    item["events"] = [{k: v if v == "0" else f"{v}.0" for k, v in e.items()}
                                      for e in item["events"]]  # fmt: skip
        if draw.random() < 0.2:
            ranges.insert(0, {"type": "GIT", "repo": "https://example.test/r",
                              "events": [{"introduced": "0"}, {"fixed": f"{number:040x}"}]})  # fmt: skip
        records.append(
            {
                "id": f"TEST-2026-{number}",
                "modified": "2026-01-01T00:00:00Z",
                "affected": [
                    {
                        "package": {"ecosystem": ecosystem, "name": f"invented-{number % 997}"},
                        "ranges": ranges,
                        "versions": [f"{draw.randint(0, 7)}.{draw.randint(0, 2)}"]
                        * draw.randint(0, 1),
                    }
                ],
            }
        )
    return records


def in_force(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The latest of each id, all of them where they are equally late; not the withdrawn."""
    latest: dict[str, str] = {}
    for record in records:
        latest[record["id"]] = max(latest.get(record["id"], ""), record["modified"])
    return [
        record
        for record in records
        if record["modified"] == latest[record["id"]] and not record.get("withdrawn")
    ]


def mutated(draw: random.Random, version: str) -> str:
    choice = draw.randrange(6)
    if choice == 0:
        return version + draw.choice([".1", ".0", "-rc1", "rc1", "+b", "-1", "~x", "_p1", ".el8"])
    if choice == 1:
        return draw.choice(["v", "1:", "0", "="]) + version
    digits = [place for place, letter in enumerate(version) if letter.isdigit()]
    if not digits:
        return version + "1"
    place = draw.choice(digits)
    if choice == 2:
        return version[:place] + version[place + 1 :] or "0"
    return version[:place] + str(draw.randint(0, 19)) + version[place + 1 :]


@pytest.fixture(scope="module")
def everything(corpus) -> list[dict[str, Any]]:
    records = [record for part in corpus.values() for record in part]
    return records + invented(random.Random(7))


@pytest.fixture(scope="module")
def index(everything, tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("differential")
    lines = b"\n".join(map(msgspec.json.encode, everything))
    (folder / "all.ndjson").write_bytes(lines)
    build(folder / "data", [Source(path=str(folder / "all.ndjson"))])
    return Index.open(folder / "data")


@pytest.mark.parametrize(
    "pairs_asked", [PAIRS // 5, pytest.param(PAIRS, marks=pytest.mark.nightly)]
)
def test_index_equals_evaluation__schema_1_7_5(everything, index: Index, pairs_asked: int) -> None:
    packages: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    pools: dict[tuple[str, str], list[str]] = defaultdict(list)
    pairs = []
    git_first = set()
    for record in in_force(everything):
        for affected in record.get("affected") or []:
            package = affected.get("package")
            if not package:
                continue
            ecosystem = RENAMED.get(package["ecosystem"], package["ecosystem"])
            key = (ecosystem, normalise_name(ecosystem, package["name"]))
            packages[key].append((record["id"], affected))
            ranges = affected.get("ranges") or []
            ranges = [ranges] if isinstance(ranges, dict) else ranges
            if ranges and ranges[0]["type"] == "GIT" and len({r["type"] for r in ranges}) > 1:
                git_first.add(key)
            pools[key] += (affected.get("versions") or [])[:200]
            pools[key] += [v for r in ranges if r["type"] != "GIT"
                           for e in r["events"] for v in e.values()]  # fmt: skip
    draw = random.Random(20260121)
    # The reference is linear in what a package has: those with hundreds of entries are few.
    keys = [key for key in sorted(packages) if len(packages[key]) <= 12]
    weights = [len(packages[key]) for key in keys]
    limited = sum("limit" in str(packages[key]) for key in keys)
    for key in draw.choices(keys, weights, k=pairs_asked):
        version = draw.choice(pools[key] or ["1.0"])
        if draw.random() < 0.5:
            version = mutated(draw, version)
        pairs.append((key, version))
    asked = [Query(ecosystem=key[0], name=key[1], version=version) for key, version in pairs]
    answers = index.match(asked)
    wrong, hits, unsure, git = [], 0, 0, 0
    known: dict[tuple[tuple[str, str], str], tuple[set[str], bool]] = {}
    for (key, version), answer in zip(pairs, answers, strict=True):
        expected = known.get((key, version))
        if expected is None:
            verdicts = [(i, is_vulnerable(a, version, key[0])) for i, a in packages[key]]
            expected = (
                {identifier for identifier, verdict in verdicts if verdict},
                any(verdict is None for _, verdict in verdicts),
            )
            known[key, version] = expected
        found = {one.id for match in answer.matches for one in match.advisories}
        hits += bool(found)
        unsure += answer.unknown is not None
        git += key in git_first
        if found != expected[0]:
            wrong.append((key, version, found ^ expected[0]))
        elif answer.unknown is not None and not expected[1]:
            wrong.append((key, version, answer.unknown.reason))
        elif expected[1] and not found and answer.unknown is None:
            wrong.append((key, version, "should be unknown"))
    assert not wrong, (len(wrong), wrong[:10])
    part = PAIRS // pairs_asked
    assert hits > pairs_asked // 4
    assert unsure > 1_000 // part
    assert git > 3_000 // part
    assert limited > 500
