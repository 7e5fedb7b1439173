"""Every GIT range of the shared corpus, asked for by repository, tag and commit."""

from __future__ import annotations

import lzma
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pratique.advisories import Index
from pratique.advisories.commits import Checkout
from pratique.advisories.snapshot import open_root
from pratique.formats.osv import OsvRecord, read_record
from pratique.formats.osv.records import Affected
from pratique.model.advisory import Answer, Query

RECORDS = 5_701
"""Records of the corpus with a GIT range; osv-scanner gives up at the first one of an entry."""


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return open_root(tmp_path_factory.mktemp("starter"))


@pytest.fixture
def entries(vector: Callable[[str], Path]) -> list[tuple[OsvRecord, Affected]]:
    def read() -> Iterator[tuple[OsvRecord, Affected]]:
        with lzma.open(vector("osv/osv-records.ndjson.xz")) as lines:
            for line in lines:
                if b'"GIT"' not in line:
                    continue
                record, _ = read_record(line)
                for affected in record.affected:
                    if any(item.type == "GIT" for item in affected.ranges):
                        yield record, affected

    found = list(read())
    assert len({record.id for record, _ in found}) == RECORDS
    return [pair for pair in found if pair[0].withdrawn is None]


def names(answer: Answer) -> set[str]:
    return {one.id for match in answer.matches for one in match.advisories}


def first_repository(affected: Affected) -> str:
    return next(item.repo for item in affected.ranges if item.type == "GIT")


def test_listed_versions_are_tags_of_the_repository(
    starter: Index, entries: list[tuple[OsvRecord, Affected]]
) -> None:
    asked = [
        (record.id, Query(ecosystem="GIT", name=first_repository(affected), version=version))
        for record, affected in entries
        for version in affected.versions[:: max(1, len(affected.versions) // 3)]
    ]
    assert len(asked) > 5_000
    answers = starter.match([query for _, query in asked])
    lost = [
        (identifier, query)
        for (identifier, query), answer in zip(asked, answers, strict=True)
        if identifier not in names(answer)
    ]
    assert lost == []


def test_commits_that_begin_or_end_a_range(
    starter: Index, entries: list[tuple[OsvRecord, Affected]]
) -> None:
    seen = {"introduced": 0, "fixed": 0, "last_affected": 0}
    for record, affected in entries[::9]:
        for item in affected.ranges:
            for event in item.events if item.type == "GIT" else ():
                if event.value == "0":
                    continue
                seen[event.kind] += 1
                known = starter.match_commit(Checkout(item.repo, event.value))
                assert known.repositories
                others = [e for e in item.events if e.value == event.value]
                if event.kind == "fixed":
                    told = record.id in names(known.answer)
                    assert not told or len(others) > 1 or len(affected.ranges) > 1
                elif all(e.kind != "fixed" for e in others):
                    assert record.id in names(known.answer), (record.id, event)
    assert min(seen["introduced"], seen["fixed"]) > 400
    assert seen["last_affected"] == 0, "the corpus has none"


def test_commit_between_is_unknown_for_every_record_of_its_repository(starter: Index) -> None:
    known = starter.match_commit(Checkout("https://github.com/harfbuzz/harfbuzz", "ab" * 20))
    assert known.answer.unknown is not None
    assert "only the commit is known, not its history" in known.answer.unknown.reason
    assert "and 1" in known.answer.unknown.reason, "more than a hundred"


def test_starter_says_that_it_has_a_part_of_all_repositories_only(starter: Index) -> None:
    assert "GIT" in starter.ecosystems
    assert "GIT" in starter.partial
