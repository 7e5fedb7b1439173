"""Records of attacks (``MAL-``): where they match, what clears them, what they outrank."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories import Index
from pratique.advisories.build import build
from pratique.advisories.inputs import Source
from pratique.model.advisory import Answer, Query
from pratique.model.severity import Severity

Record = Callable[..., dict[str, Any]]
CRITICAL = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}]


def ask(index: Index, version: str, name: str = "alpha", ecosystem: str = "npm") -> Answer:
    (answer,) = index.match([Query(ecosystem=ecosystem, name=name, version=version)])
    return answer


@pytest.mark.parametrize(
    ("version", "hit"),
    [("1.0.0", False), ("1.0.1", True), ("1.0.2", False), ("2.0.0", True), ("2.0.9", True),
     ("2.1.0", False), ("1.0.1-x", False), ("3.0.0", False)],
)  # fmt: skip
def test_only_what_is_listed_or_in_a_range(
    make_index: Callable[..., Index], record: Record, version: str, hit: bool
) -> None:
    events = ({"introduced": "2.0.0"}, {"fixed": "2.1.0"})
    index = make_index(
        record("MAL-2026-1", "npm", "alpha", *events, versions=["1.0.1"], type="SEMVER")
    )
    answer = ask(index, version)
    assert [match.advisories[0].id for match in answer.matches] == ["MAL-2026-1"] * hit
    assert answer.unknown is None


def test_another_package_of_like_name_is_not_touched(
    make_index: Callable[..., Index], record: Record
) -> None:
    index = make_index(record("MAL-2026-1", "npm", "alpha", {"introduced": "0"}, type="SEMVER"))
    for ecosystem, name in (("npm", "@scope/alpha"), ("npm", "Alpha"), ("npm", "alph")):
        assert ask(index, "1.0.0", name, ecosystem) == Answer()


def test_without_versions_and_ranges_nothing_is_matched_and_nothing_is_clean(
    make_index: Callable[..., Index], record: Record
) -> None:
    answer = ask(make_index(record("MAL-2026-1", "npm", "alpha")), "1.0.0")
    assert answer.matches == ()
    assert answer.unknown is not None


def test_withdrawn_clears_at_once(
    tmp_path: Path, source: Callable[..., Path], record: Record
) -> None:
    attack = record("MAL-2026-1", "npm", "alpha", {"introduced": "0"}, type="SEMVER")
    others = [record(f"GHSA-{n}", "npm", f"other{n}", {"introduced": "0"}) for n in range(20)]
    moment = datetime(2026, 2, 1, tzinfo=UTC)
    build(tmp_path / "a", [Source(path=str(source(attack, *others)))], now=moment)
    assert ask(Index.open(tmp_path / "a"), "1.0.0").matches
    cleared = attack | {"withdrawn": "2026-01-03T00:00:00Z", "modified": "2026-01-03T00:00:00Z"}
    later = datetime(2026, 2, 2, tzinfo=UTC)
    # Also where the record before is still among what is read: the later one holds.
    sources = [Source(path=str(source(attack, *others))), Source(path=str(source(cleared)))]
    build(tmp_path / "a", sources, now=later)
    index = Index.open(tmp_path / "a")
    assert ask(index, "1.0.0") == Answer()
    told = index.advisory("MAL-2026-1")
    assert told is not None
    assert told.withdrawn is not None, "explain still shows it"


def test_outranks_whatever_else_is_known(make_index: Callable[..., Index], record: Record) -> None:
    zero = {"introduced": "0"}
    index = make_index(
        record("GHSA-1", "npm", "alpha", zero, severity=CRITICAL),
        record("MAL-2026-1", "npm", "alpha", zero),
        record("GHSA-2", "npm", "alpha", zero, severity=CRITICAL, aliases=["MAL-2026-2"]),
        record("MAL-2026-2", "npm", "alpha", zero),
    )
    matches = ask(index, "1.0.0").matches
    assert [match.advisories[0].id for match in matches] == ["MAL-2026-2", "MAL-2026-1", "GHSA-1"]
    assert matches[0].advisories[0].severity is Severity.MALICIOUS
    assert [one.id for one in matches[0].advisories] == ["MAL-2026-2", "GHSA-2"]
