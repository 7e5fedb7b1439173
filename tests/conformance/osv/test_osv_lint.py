"""Every violation of the schema is a finding, in the shared records and in mutated ones."""

from __future__ import annotations

import copy
import io
import json
import lzma
import random
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from pratique.advisories.linting import lint_record
from pratique.advisories.served import open_served
from pratique.surfaces.cli import main

TYPES = frozenset(
    {"DELETED", "INVALID_JSON", "INVALID_PACKAGE", "INVALID_PURL", "INVALID_VERSION",
     "INVALID_COMMIT", "INVALID_RANGE", "INVALID_RECORD", "INVALID_ALIASES", "INVALID_UPSTREAM",
     "INVALID_RELATED", "BAD_ALIASED_CVE"}
)  # fmt: skip


@pytest.fixture(scope="session")
def validator(vector: Callable[[str], Path]) -> Any:
    data = lzma.decompress(vector("osv/osv-schema.tar.xz").read_bytes())
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        file = archive.extractfile("osv-schema/schema.json")
        assert file is not None
        return jsonschema_rs.Draft202012Validator(json.load(file), validate_formats=True)


def path_of(error: Any) -> str:
    parts = [f"[{each}]" if isinstance(each, int) else f".{each}" for each in error.instance_path]
    return "".join(parts).lstrip(".")


def uncovered(record: dict[str, Any], validator: Any) -> list[str]:
    """Violations at whose place, or above or below it, lint has nothing to say."""
    errors = list(validator.iter_errors(record))
    if not errors:
        return []
    paths = [path for _, _, path, _ in lint_record(record)]
    types = {type_ for type_, _, _, _ in lint_record(record)}
    assert types <= TYPES
    missing = []
    for error in errors:
        path = path_of(error)
        if not any(each.startswith(path) or path.startswith(each) for each in paths):
            missing.append(f"{path}: {error.message[:200]}")
    return missing


def test_every_violation_of_the_shared_records_is_found(corpus, trimmed, validator) -> None:
    failing = 0
    for record in [r for part in corpus.values() for r in part] + trimmed:
        failing += not validator.is_valid(record)
        assert uncovered(record, validator) == [], record["id"]
    # 2,823 as the corpus is described, and five with an address that is none.
    assert failing == 2_828


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, item in items:
        found += places(item, (*path, key))
    return found


JUNK = (None, 1, True, "", "x", [], {}, [None], ["a", 1], {"a": 1}, "2026-01-01", "CVSS:3.1/AV:N",
        "ftp://a b", "0", "A" * 40, [[]], [{}])  # fmt: skip


def test_every_violation_of_mutated_records_is_found(corpus, trimmed, validator) -> None:
    draw = random.Random(2026)
    pool = corpus["ghsa-records"] + corpus["mal-records"][:300] + corpus["osv-records"][::40]
    valid = [record for record in pool + trimmed if validator.is_valid(record)]
    broken = 0
    for _ in range(4000):
        record = copy.deepcopy(draw.choice(valid))
        record.pop("details", None)
        for _ in range(draw.choice((1, 1, 2))):
            *above, last = draw.choice(places(record))
            holder = record
            try:
                for key in above:
                    holder = holder[key]
                action = draw.random()
                if action < 0.2:
                    del holder[last]
                elif action < 0.3 and isinstance(holder, dict):
                    holder[draw.choice(("extra", "severity", "credits", "repo", "purl"))] = (
                        draw.choice(JUNK)
                    )
                else:
                    holder[last] = copy.deepcopy(draw.choice(JUNK))
            except (KeyError, IndexError, TypeError):
                continue
        broken += not validator.is_valid(record)
        assert uncovered(record, validator) == [], json.dumps(record)[:3000]
    assert broken > 1500


def test_valid_records_of_the_corpus_break_no_rule_of_the_schema(corpus, validator) -> None:
    """Findings of the kind ``schema`` are made for what the schema refuses, and nothing else."""
    for record in corpus["ghsa-records"] + corpus["mal-records"][:500] + corpus["osv-records"]:
        strict = [each for each in lint_record(record) if each[1] == "schema"]
        if strict:
            assert not validator.is_valid(record), (record["id"], strict)


def test_what_is_emitted_is_valid(corpus, tmp_path: Path, validator) -> None:
    """Of every kind of defect of the corpus, and layered over by changes."""
    from datetime import UTC, datetime

    from pratique.advisories.build import build
    from pratique.advisories.delta import Change, apply_delta
    from pratique.advisories.inputs import Source

    records = corpus["osv-records"][::9] + corpus["ghsa-records"]
    path = tmp_path / "records.ndjson"
    path.write_bytes(b"\n".join(map(msgspec.json.encode, records[::2])))
    build(tmp_path / "data", [Source(path=str(path), name="S")])
    changes = [Change(record, "S") for record in records[1::2]]
    apply_delta(tmp_path / "data", changes, now=datetime.now(UTC), accept_shrinking=True)
    index = open_served(tmp_path / "data")
    ids = {record["id"] for record in records}
    for identifier in ids:
        number = index.number(identifier)
        assert number is not None
        made = msgspec.json.decode(index.document(number))
        errors = [each.message for each in validator.iter_errors(made)]
        # An id of no known database stays what it is: another would be another record.
        errors = [e for e in errors if "x_" not in e]
        assert errors == [], identifier
    assert len(index.manifest.layers) == 1


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = {
        "id": "x_1",
        "modified": "2026-01-01T00:00:00Z",
        "affected": [{"package": {"ecosystem": "npm", "name": "a"}, "versions": ["1"]}],
    }
    (tmp_path / "a.json").write_text(json.dumps(good))
    assert main(["advisories", "lint", str(tmp_path)]) == 0
    assert "1 records, 0 with findings" in capsys.readouterr().out
    (tmp_path / "b.json").write_bytes(b'{"id": "\xff"}')
    (tmp_path / "c.json").write_text(
        json.dumps(good | {"affected": [], "x": 1, "aliases": ["x_1"]})
    )
    assert main(["advisories", "lint", "--format", "json", str(tmp_path)]) == 1
    made = json.loads(capsys.readouterr().out)
    assert (made["records"], made["faulty"]) == (3, 2)
    assert {(f["where"], f["type"], f["path"]) for f in made["findings"]} == {
        ("b.json", "INVALID_JSON", ""),
        ("c.json", "INVALID_RECORD", "affected"),
        ("c.json", "INVALID_RECORD", "x"),
        ("c.json", "INVALID_ALIASES", "aliases"),
        ("c.json", "INVALID_RECORD", "id"),
    }
    assert main(["advisories", "lint", str(tmp_path / "absent")]) == 2
    assert "no such file or folder" in capsys.readouterr().err
