"""Every shared record is read, and what is wrong with it is named."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from pratique.formats.osv import DefectKind, read_record
from pratique.formats.osv.severity import rate
from pratique.model.errors import InputError
from pratique.model.severity import Severity


def test_every_record_is_read(corpus, trimmed) -> None:
    counts = {name: len(records) for name, records in corpus.items()}
    assert counts == {"osv-records": 35_431, "ghsa-records": 664, "mal-records": 5_000}
    assert len(trimmed) == 10
    found: Counter[DefectKind] = Counter()
    for record in [r for part in corpus.values() for r in part] + trimmed:
        read, defects = read_record(record)
        assert read.id == record["id"]
        assert len(read.affected) == len(record.get("affected") or [])
        aliases = [alias.strip() for alias in record.get("aliases") or []]
        assert read.aliases == tuple(dict.fromkeys(a for a in aliases if a != read.id))
        found.update(defect.kind for defect in defects)
    # The numbers of the corpus' description, for what it counts.
    assert found[DefectKind.RANGES_NOT_LIST] == 5_243
    assert found[DefectKind.INTRODUCED_EQUALS_FIXED] == 310
    assert found[DefectKind.EMPTY_EVENTS] == 7
    assert found[DefectKind.UNKNOWN_ECOSYSTEM] == 985
    assert DefectKind.NO_PACKAGE not in found, "the 293 entries without one have a repository"
    assert found[DefectKind.FIXED_AND_LAST_AFFECTED] == 1
    assert DefectKind.MISSING_ID not in found


def test_nothing_is_lost(corpus) -> None:
    """All events and versions of the records come out, but for those reported as defects."""
    for record in corpus["osv-records"] + corpus["ghsa-records"]:
        read, defects = read_record(record)
        lost = {d.kind for d in defects} & {
            DefectKind.BAD_COMMIT, DefectKind.EMPTY_EVENTS, DefectKind.BAD_EVENT,
            DefectKind.REPEATED_VERSION,
        }  # fmt: skip
        if lost:
            continue
        for given, entry in zip(record.get("affected") or [], read.affected, strict=True):
            ranges = given.get("ranges") or []
            ranges = [ranges] if isinstance(ranges, dict) else ranges
            events = [(k, v) for r in ranges for e in r["events"] for k, v in e.items()]
            assert [(e.kind, e.value) for r in entry.ranges for e in r.events] == events
            assert list(entry.versions) == (given.get("versions") or [])


def test_defects_cover_the_schema(corpus, vector_folder: Callable[[str], Path]) -> None:
    """A record that the JSON Schema 1.7.5 refuses has a defect, and GitHub's, which it takes, have none."""
    root = vector_folder("osv/osv-schema.tar.xz")
    schema = json.loads(next(root.rglob("schema.json")).read_text())
    validator = jsonschema_rs.validator_for(schema)
    refused = missed = 0
    for record in corpus["osv-records"]:
        if not validator.is_valid(record):
            refused += 1
            if not read_record(record)[1]:
                missed += 1
    assert refused == 2_823
    assert missed == 0
    for record in corpus["ghsa-records"]:
        kinds = {d.kind for d in read_record(record)[1]}
        assert kinds <= {
            DefectKind.INTRODUCED_EQUALS_FIXED,
            DefectKind.FIXED_VERSION_LISTED,
            DefectKind.BAD_REFERENCE,  # a page that is not on the web
        }


def test_every_vector_is_scored(corpus) -> None:
    """CVSS vectors of records and of packages all give a score; the word is the fallback."""
    rated = 0
    for record in (r for part in corpus.values() for r in part):
        read, _ = read_record(record)
        for severity in (read.severity, *(entry.severity for entry in read.affected)):
            if severity:
                rating = rate(severity)
                assert rating.score is not None, (read.id, severity)
                assert rating.severity is not Severity.UNKNOWN
                rated += 1
    assert rated > 10_000


@pytest.mark.parametrize("seed", range(4))
def test_mutated_records_are_survived(corpus, seed: int) -> None:
    draw = random.Random(seed)
    records = draw.sample(corpus["osv-records"], 400)
    for record in records:
        data = bytearray(msgspec.json.encode(record))
        for _ in range(draw.randint(1, 8)):
            at = draw.randrange(len(data))
            if draw.random() < 0.5:
                data[at] = draw.randrange(256)
            else:
                del data[at : at + draw.randint(1, 20)]
        with suppress(InputError):
            read_record(bytes(data))


def test_values_of_any_kind_are_survived(corpus) -> None:
    """Any value of a record may be replaced by any other kind of value."""
    draw = random.Random(5)
    odd = [
        None,
        True,
        3,
        -1.5,
        "",
        "x",
        [],
        {},
        [[]],
        [None],
        {"a": 1},
        ["x"],
        [{}],
        "\u2028",
        1e308,
    ]

    def spoil(value: object) -> object:
        if draw.random() < 0.05:
            return draw.choice(odd)
        if isinstance(value, dict):
            return {key: spoil(item) for key, item in value.items()}
        if isinstance(value, list):
            return [spoil(item) for item in value]
        return value

    for record in draw.sample(corpus["osv-records"], 3_000):
        spoilt = spoil(record)
        if isinstance(spoilt, dict):
            read, _ = read_record(spoilt)
            assert isinstance(read.id, str)
            rate(read.severity, read.rating)
