"""The OSV API in process: questions, pages, limits and errors as OSV.dev's."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories import api
from pratique.advisories.questions import FIRST_PAGE, MAX_QUERIES
from pratique.surfaces.api import limits
from pratique.surfaces.api.app import application

ZERO = {"introduced": "0"}
COMMIT = "a" * 40
Record = Callable[..., dict[str, Any]]
Serve = Callable[..., Any]


@pytest.fixture
def records(record: Record) -> list[dict[str, Any]]:
    return [
        record(
            "PYSEC-2026-1",
            "PyPI",
            "alpha",
            ZERO,
            {"fixed": "1.5"},
            aliases=["CVE-2026-1"],
            summary="Alpha is weak",
            details="It *really* is.",
            references=[{"type": "WEB", "url": "https://example.test/alpha"}],
            credits=[{"name": "A. Finder", "type": "FINDER"}],
            database_specific={"cwe_ids": ["CWE-79"]},
        ),
        record("GHSA-aaaa-aaaa-aaaa", "PyPI", "alpha", {"introduced": "1.2"}, {"fixed": "2.0"}),
        record("RUSTSEC-2026-1", "crates.io", "alpha", ZERO, type="SEMVER"),
        record("PYSEC-2026-9", "PyPI", "alpha", ZERO, withdrawn="2026-01-03T00:00:00Z"),
        record("DSA-1-1", "Debian:12", "beta", ZERO, {"fixed": "1.0-2"}),
        record(
            "OSV-2026-1",
            "OSS-Fuzz",
            "gamma",
            ranges=[
                {
                    "type": "GIT",
                    "repo": "https://example.test/gamma",
                    "events": [{"introduced": COMMIT}, {"fixed": "b" * 40}],
                }
            ],
            versions=["1.0"],
        ),
    ]


@pytest.fixture
def client(serve: Serve, records: list[dict[str, Any]]) -> Any:
    return serve(*records)


def ask(client: Any, question: Any) -> Any:
    response = client.post("/v1/query", json=question)
    assert response.status_code == 200, response.text
    return response.json()


def ids(answer: dict[str, Any]) -> list[str]:
    return [each["id"] for each in answer.get("vulns", [])]


def package(name: str = "alpha", ecosystem: str = "PyPI") -> dict[str, str]:
    return {"name": name, "ecosystem": ecosystem}


def test_whole_records_of_a_version_without_withdrawn_ones(client: Any) -> None:
    answer = ask(client, {"version": "1.3", "package": package()})
    assert ids(answer) == ["GHSA-aaaa-aaaa-aaaa", "PYSEC-2026-1"]
    assert answer["vulns"][1] == {
        "schema_version": "1.7.5",
        "id": "PYSEC-2026-1",
        "modified": "2026-01-02T03:04:05Z",
        "aliases": ["CVE-2026-1"],
        "summary": "Alpha is weak",
        "details": "It *really* is.",
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": "alpha", "purl": "pkg:pypi/alpha"},
                "ranges": [{"type": "ECOSYSTEM", "events": [ZERO, {"fixed": "1.5"}]}],
            }
        ],
        "references": [{"type": "WEB", "url": "https://example.test/alpha"}],
        "credits": [{"name": "A. Finder", "type": "FINDER"}],
        "database_specific": {"cwe_ids": ["CWE-79"]},
    }
    assert ask(client, {"version": "2.0", "package": package()}) == {}


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({"package": package()}, ["GHSA-aaaa-aaaa-aaaa", "PYSEC-2026-1"]),
        ({"version": "1.0", "package": {"name": "alpha"}}, ["PYSEC-2026-1", "RUSTSEC-2026-1"]),
        ({"version": "1.3", "package": package("Alpha")}, ["GHSA-aaaa-aaaa-aaaa", "PYSEC-2026-1"]),
        ({"version": "1.0-1", "package": package("beta", "Debian:12")}, ["DSA-1-1"]),
        ({"version": "1.0-1", "package": package("beta", "Debian")}, ["DSA-1-1"]),
        ({"version": "1.0-1", "package": package("beta", "Debian:11")}, []),
        ({"package": {"purl": "pkg:pypi/alpha@1.0"}}, ["PYSEC-2026-1"]),
        ({"version": "1.0", "package": {"purl": "pkg:pypi/alpha"}}, ["PYSEC-2026-1"]),
        (
            {"package": {"purl": "pkg:deb/debian/beta@1.0-1?arch=amd64&distro=debian-12"}},
            ["DSA-1-1"],
        ),
        ({"package": {"purl": "pkg:deb/debian/beta@1.0-2?distro=debian-12"}}, []),
        (
            {"package": {"purl": "pkg:deb/debian/libbeta@9?upstream=beta%401.0-1&distro=bookworm"}},
            ["DSA-1-1"],
        ),
        ({"package": {"purl": "pkg:unheardof/alpha@1.0"}}, []),
        ({"commit": COMMIT}, ["OSV-2026-1"]),
        ({"commit": COMMIT.upper(), "package": {}}, ["OSV-2026-1"]),
        ({"commit": "b" * 40}, []),
        ({"commit": "abcd"}, []),
        ({"commit": "", "version": "1.0", "package": package()}, ["PYSEC-2026-1"]),
        ({"version": "1.0", "package": package() | {"purl": ""}}, ["PYSEC-2026-1"]),
        ({"version": "1.0", "package": package(), "page_token": FIRST_PAGE}, ["PYSEC-2026-1"]),
        ({"version": "1.0", "package": package(), "unheard": [1]}, ["PYSEC-2026-1"]),
    ],
)
def test_every_kind_of_question(client: Any, question: Any, found: list[str]) -> None:
    answer = ask(client, question)
    assert ids(answer) == found
    batch = client.post("/v1/querybatch", json={"queries": [question]}).json()
    assert batch["results"][0] == (
        {"vulns": [{"id": one["id"], "modified": one["modified"]} for one in answer["vulns"]]}
        if found
        else {}
    )


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({}, "invalid query"),
        ({"version": "1"}, "invalid query"),
        ({"package": {}}, "invalid query"),
        ({"package": {"name": "alpha"}}, "invalid query"),
        ({"version": "1", "package": {"ecosystem": "PyPI"}}, "invalid query"),
        ({"version": "1", "package": package(ecosystem="Pypi")}, "invalid ecosystem"),
        ({"commit": "xyz"}, "invalid hash"),
        ({"commit": "abc"}, "invalid hash"),
        ({"commit": ""}, "invalid hash"),
        ({"commit": COMMIT, "version": "1"}, "commit and version specified in one query"),
        (
            {"version": "1", "package": {"purl": "pkg:pypi/alpha@1"}},
            "version specified in params and PURL query",
        ),
        ({"package": {"purl": "pkg:pypi/a", "name": "a"}}, "name specified in a PURL query"),
        (
            {"package": {"purl": "pkg:pypi/a", "ecosystem": "PyPI"}},
            "ecosystem specified in a PURL query",
        ),
        ({"version": "1", "package": package(), "page_token": "!"}, "invalid cursor"),
        ({"version": "1", "package": package("a" * 2000)}, "invalid query"),
    ],
)
def test_errors_are_worded_as_osv_dev_words_them(client: Any, question: Any, message: str) -> None:
    response = client.post("/v1/query", json=question)
    assert (response.status_code, response.json()) == (400, {"code": 3, "message": message})
    good = {"version": "1", "package": package()}
    response = client.post("/v1/querybatch", json={"queries": [good, question]})
    assert response.status_code == 400
    assert response.json() == {
        "code": 3,
        "message": f"error in query at index 1: rpc error: code = InvalidArgument desc = {message}",
    }


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b'{"version": 1}', b"\xff\xfe", b"[" * 100_000,
     b'{"package": "alpha"}', b'{"package": {"purl": "npm/x"}}'],
)  # fmt: skip
def test_bodies_that_are_no_question(client: Any, body: bytes) -> None:
    for path in ("/v1/query", "/v1/querybatch", "/v1/determineversion",
                 "/-/npm/v1/security/advisories/bulk"):  # fmt: skip
        response = client.post(path, content=body)
        assert response.status_code in {200, 400, 501}
        if path == "/v1/query":
            assert response.status_code == 400
            assert response.json()["code"] == 3


def test_batch_keeps_the_order_and_refuses_too_many(client: Any) -> None:
    good = {"version": "1.0", "package": package()}
    none = {"version": "1.0", "package": package("none")}
    answer = client.post("/v1/querybatch", json={"queries": [none, good, good, none]}).json()
    one = ["PYSEC-2026-1"]
    assert [ids(each) for each in answer["results"]] == [[], one, one, []]
    full = client.post("/v1/querybatch", json={"queries": [good] * MAX_QUERIES})
    assert len(full.json()["results"]) == MAX_QUERIES
    response = client.post("/v1/querybatch", json={"queries": [good] * (MAX_QUERIES + 1)})
    assert (response.status_code, response.json()["message"]) == (400, "too many queries")
    assert client.post("/v1/querybatch", json={"queries": []}).json() == {"results": []}


def test_pages_end_with_a_token_and_never_are_one(
    serve: Serve, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve(*(record(f"A-{n:04}", "npm", "many", ZERO) for n in range(25)))
    monkeypatch.setattr(api, "PAGE", 10)
    monkeypatch.setattr(api, "BATCH_PAGE", 7)
    question = {"version": "1.0.0", "package": package("many", "npm")}
    for path, sizes in (("/v1/query", [10, 10, 5]), ("/v1/querybatch", [7, 7, 7, 4])):
        pages, token = [], ""
        while not pages or token:
            asked = question | ({"page_token": token} if token else {})
            body = asked if path == "/v1/query" else {"queries": [asked]}
            answer = client.post(path, json=body).json()
            answer = answer if path == "/v1/query" else answer["results"][0]
            pages.append(ids(answer))
            token = answer.get("next_page_token", "")
        assert list(map(len, pages)) == sizes
        assert [each for page in pages for each in page] == [f"A-{n:04}" for n in range(25)]
    monkeypatch.setattr(api, "PAGE_BYTES", 1)
    assert len(ids(ask(client, question))) == 1, "at least one, however large it is"


def test_page_token_outlives_its_record(
    serve: Serve, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "PAGE", 2)
    question = {"version": "1.0.0", "package": package("many", "npm")}
    before = serve(*(record(f"A-{n}", "npm", "many", ZERO) for n in range(4)))
    token = ask(before, question)["next_page_token"]
    after = serve(*(record(f"A-{n}", "npm", "many", ZERO) for n in (0, 2, 3)))
    assert ids(ask(after, question | {"page_token": token})) == ["A-2", "A-3"]


def test_defaults_are_those_of_osv_dev() -> None:
    assert (api.PAGE, api.BATCH_PAGE, MAX_QUERIES) == (3000, 1000, 1000)


def test_record_by_id(client: Any) -> None:
    assert client.get("/v1/vulns/PYSEC-2026-1").json()["details"] == "It *really* is."
    withdrawn = client.get("/v1/vulns/PYSEC-2026-9").json()
    assert withdrawn["withdrawn"] == "2026-01-03T00:00:00Z"
    response = client.get("/v1/vulns/CVE-2026-1")
    assert response.status_code == 404
    assert response.json() == {
        "code": 5,
        "message": "Vulnerability not found, but the following aliases were: PYSEC-2026-1",
    }
    response = client.get("/v1/vulns/CVE-0")
    assert response.json() == {"code": 5, "message": "Vulnerability not found"}
    response = client.get("/v1/vulns/" + "A" * 101)
    assert (response.status_code, response.json()["message"]) == (400, "ID is too long")


def test_header_says_where_more_may_be_true(client: Any) -> None:
    """Unknown is not clean, also to clients that know no such word."""
    certain = {"version": "3", "package": package()}
    unordered = {"version": "!", "package": package()}
    nothing_known = {"version": "1", "package": package("x", "Hex")}
    response = client.post("/v1/querybatch", json={"queries": [certain, unordered, nothing_known]})
    assert response.json() == {"results": [{}, {}, {}]}
    assert response.headers[api.INCOMPLETE] == "2"
    response = client.post("/v1/query", json=certain)
    assert api.INCOMPLETE not in response.headers


def test_dirty_records_come_out_valid(serve: Serve, record: Record) -> None:
    dirty = record("GHSA-dddd-dddd-dddd", "npm", "dirty", ZERO, {"fixed": "2.0.0"}, type="SEMVER")
    dirty["affected"][0]["ranges"].append({"type": "SEMVER", "events": [{}]})
    dirty["affected"][0]["ranges"].append({"type": "GIT", "events": [{"introduced": "0"}]})
    dirty["affected"].append("nonsense")
    dirty |= {"severity": [{"type": "CVSS_V3", "score": "9"}], "references": [{"url": 1}],
              "unheard": 1, "credits": [1, {"name": "B", "type": "x"}], "schema_version": "one",
              "details": 7}  # fmt: skip
    found = serve(dirty).get("/v1/vulns/GHSA-dddd-dddd-dddd").json()
    assert found == {
        "schema_version": "1.7.5",
        "id": "GHSA-dddd-dddd-dddd",
        "modified": "2026-01-02T03:04:05Z",
        "affected": [
            {
                "package": {"ecosystem": "npm", "name": "dirty", "purl": "pkg:npm/dirty"},
                "ranges": [{"type": "SEMVER", "events": [ZERO, {"fixed": "2.0.0"}]}],
            }
        ],
        "credits": [{"name": "B"}],
    }


def test_records_of_one_id_and_time_are_one_answer(serve: Serve, record: Record) -> None:
    client = serve(record("A-1", "npm", "one", ZERO), record("A-1", "npm", "two", ZERO))
    affected = client.get("/v1/vulns/A-1").json()["affected"]
    assert [each["package"]["name"] for each in affected] == ["one", "two"]


def test_import_findings_by_source(serve: Serve, record: Record) -> None:
    bad = record("A-1", "npm", "alpha", ZERO)
    bad["affected"][0]["ranges"] = {"type": "SEMVER", "events": [ZERO]}
    client = serve(bad, record("A-2", "npm", "beta", ZERO), record("A-3", "Nowhere", "x", ZERO))
    found = client.get("/v1experimental/importfindings/invented").json()["invalid_records"]
    assert client.get("/v1/importfindings/invented").json()["invalid_records"] == found
    assert {(each["bug_id"], *each["findings"]) for each in found} == {
        ("A-1", "IMPORT_FINDING_TYPE_INVALID_RANGE"),
        ("A-3", "IMPORT_FINDING_TYPE_INVALID_PACKAGE"),
    }
    assert all(each["source"] == "invented" for each in found)
    response = client.get("/v1experimental/importfindings/other")
    assert (response.status_code, response.json()["code"]) == (404, 5)


def test_other_paths_and_methods(client: Any) -> None:
    assert client.get("/v1/query").status_code == 405
    assert client.get("/v1/query").json()["code"] == 12
    assert client.get("/v2/nothing").json() == {"code": 5, "message": "Not Found"}
    health = client.get("/healthz").json()
    assert (health["status"], health["records"]) == ("ok", 6)
    assert client.get("/openapi.json").json()["openapi"] == "3.1.0"


def test_body_limits(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    question = {"version": "1.0", "package": package()}
    packed = gzip.compress(json.dumps(question).encode())
    headers = {"content-encoding": "gzip"}
    answer = client.post("/v1/query", content=packed, headers=headers)
    assert ids(answer.json()) == ["PYSEC-2026-1"]
    for content, encoding, status in (
        (packed[:-9], "gzip", 400),
        (b"no gzip", "gzip", 400),
        (b"{}", "br", 415),
        (gzip.compress(b" " * (limits.MAX_BODY_BYTES + 1)), "gzip", 413),
        (b" " * (limits.MAX_BODY_BYTES + 1), "identity", 413),
    ):
        response = client.post("/v1/query", content=content, headers={"content-encoding": encoding})
        assert response.status_code == status
        assert response.json()["code"] == 3
    monkeypatch.setattr(limits, "MAX_REQUESTS", 0)
    response = client.post("/v1/query", json=question)
    assert (response.status_code, response.json()["code"]) == (503, 14)


def test_batches_that_take_too_long_are_ended(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "BATCH_SECONDS", -1.0)
    queries = [{"version": "1.0", "package": package()}] * 200
    response = client.post("/v1/querybatch", json={"queries": queries})
    assert (response.status_code, response.json()["code"]) == (504, 4)


def test_damage_met_while_serving_is_an_error(serve: Serve, record: Record) -> None:
    client = serve(*(record(f"A-{n}", "npm", f"p{n}", ZERO, details="d" * n) for n in range(50)))
    path = next((client.root / "generations").iterdir()) / "documents.dat"
    path.write_bytes(bytes(path.stat().st_size))
    response = client.get("/v1/vulns/A-7")
    assert (response.status_code, response.json()["code"]) == (500, 13)
    assert "damaged" in response.json()["message"]


def test_starter_serves_records_made_from_facts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caller: Any
) -> None:
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path))
    client = caller(application())
    answer = ask(client, {"version": "2.10", "package": package("jinja2")})
    assert "PYSEC-2019-217" in ids(answer)
    assert all(each["affected"] for each in answer["vulns"])
    response = client.get("/v1experimental/importfindings/pypa%2Fadvisory-database")
    assert (response.status_code, response.json()["code"]) == (404, 5)
