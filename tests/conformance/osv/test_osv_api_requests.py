"""OSV.dev's own API requests, and every shared record as the API gives it.

Source: google/osv.dev 7e6c18987919, tools/apitester; OSV schema 1.7.5.
"""

from __future__ import annotations

import asyncio
import json
import lzma
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import msgspec
import pytest

from pratique.advisories.build import build
from pratique.advisories.documents import from_originals
from pratique.advisories.inputs import Source, read_items
from pratique.advisories.served import open_served
from pratique.surfaces.api.app import application

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
UNKNOWN_TO_THE_SCHEMA = "id"
"""Kubernetes' and Drupal's ids and the like that the schema's list of prefixes has not."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    patch = pytest.MonkeyPatch()
    patch.setenv("PRATIQUE_DATA", str(tmp_path_factory.mktemp("data")))
    yield application()
    patch.undo()


@pytest.fixture(scope="module")
def schema(vector_folder: Callable[[str], Path]) -> dict[str, Any]:
    path = vector_folder("osv/osv-schema.tar.xz") / "osv-schema" / "schema.json"
    return dict(json.loads(path.read_text()))


async def send(app: Any, requests: list[dict[str, Any]]) -> list[httpx.Response]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://served") as client:
        return [
            await client.request(each["method"], each["path"], json=each["body"])
            for each in requests
        ]


def test_recorded_requests_of_osv_dev(app: Any, vector: Callable[[str], Path]) -> None:
    """Status and shape of each; no recorded answers are given."""
    requests = json.loads(vector("osv/osv-api-requests.json").read_text())["requests"]
    assert len(requests) == 29
    responses = asyncio.run(send(app, requests))
    found = 0
    for request, response in zip(requests, responses, strict=True):
        assert response.status_code == 200, (request, response.text)
        answer = response.json()
        if request["path"] == "/v1/query":
            assert set(answer) <= {"vulns", "next_page_token"}
            assert all(
                set(each) > {"id", "modified", "affected"} for each in answer.get("vulns", ())
            )
            continue
        assert set(answer) == {"results"}
        assert len(answer["results"]) == len(request["body"]["queries"])
        for result in answer["results"]:
            assert set(result) <= {"vulns", "next_page_token"}
            found += len(result.get("vulns", ()))
            for each in result.get("vulns", ()):
                assert set(each) == {"id", "modified"}
                assert datetime.fromisoformat(each["modified"]).tzinfo is not None
    assert found > 300


def test_batch_and_single_question_agree(app: Any, vector: Callable[[str], Path]) -> None:
    requests = json.loads(vector("osv/osv-api-requests.json").read_text())["requests"]
    unique = {
        json.dumps(query): query
        for request in requests
        for query in request["body"].get("queries", ())
        if query.get("version")
    }
    queries = list(unique.values())[:1000]
    singles = [{"method": "POST", "path": "/v1/query", "body": query} for query in queries[:200]]
    batch = {"method": "POST", "path": "/v1/querybatch", "body": {"queries": queries}}
    *answers, together = asyncio.run(send(app, [*singles, batch]))
    for single, result in zip(answers, together.json()["results"], strict=False):
        whole = [(each["id"], each["modified"]) for each in single.json().get("vulns", ())]
        assert whole == [(each["id"], each["modified"]) for each in result.get("vulns", ())]


def invalid(schema: dict[str, Any], records: Any) -> Counter[str]:
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    found: Counter[str] = Counter()
    for record in records:
        for error in validator.iter_errors(record):
            place = "/".join(str(part) for part in error.instance_path if isinstance(part, str))
            found[place] += 1
    return found


def given(path: Path, step: int) -> Any:
    for place, item in enumerate(read_items(path)):
        if place % step == 0:
            original = msgspec.json.decode(item.data)
            yield from_originals([original], tuple(original.get("aliases") or ()), WHEN)


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("osv/ghsa-records.ndjson.xz", 1),
        ("osv/mal-records.ndjson.xz", 10),
        ("osv/osv-records.ndjson.xz", 20),
        pytest.param("osv/osv-records.ndjson.xz", 1, marks=pytest.mark.nightly),
        pytest.param("osv/mal-records.ndjson.xz", 1, marks=pytest.mark.nightly),
    ],
)
def test_what_is_given_out_is_valid(
    schema: dict[str, Any], vector: Callable[[str], Path], name: str, step: int
) -> None:
    """Of the shared records 2,823 are not; ids that the schema does not list are kept as they are."""
    found = invalid(schema, given(vector(name), step))
    assert not set(found) - {UNKNOWN_TO_THE_SCHEMA}, found.most_common(10)


def times(record: dict[str, Any]) -> list[datetime]:
    return [datetime.fromisoformat(record[name]) for name in ("modified", "published")]


def test_whole_records_survive_the_index(
    tmp_path: Path, vector: Callable[[str], Path], schema: dict[str, Any]
) -> None:
    path = tmp_path / "ghsa.ndjson"
    path.write_bytes(lzma.decompress(vector("osv/ghsa-records.ndjson.xz").read_bytes()))
    build(tmp_path / "data", [Source(path=str(path), name="ghsa")])
    index = open_served(tmp_path / "data")
    kept = {}
    for number in range(index.manifest.records):
        record = msgspec.json.decode(index.document(number))
        kept[record["id"]] = record
    texts = 0
    for item in read_items(path):
        original = msgspec.json.decode(item.data)
        record = kept[original["id"]]
        assert times(record) == times(original)
        urls = {each["url"] for each in original["references"] if "://" in each["url"]}
        assert len(record.get("references", ())) >= len(urls)
        for field in ("summary", "details", "database_specific", "credits"):
            if original.get(field):
                assert record[field] == original[field]
                texts += field == "details"
    assert texts > 600
    index.close()
