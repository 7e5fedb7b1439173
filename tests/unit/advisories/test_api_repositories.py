"""Questions about git repositories: the ecosystem ``GIT`` with tags, and commits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CURL = "https://github.com/curl/curl.git"
BEGIN, MIDDLE, END, OTHER = (letter * 40 for letter in "abcd")


def git(repo: str, *events: dict[str, str]) -> dict[str, Any]:
    return {"type": "GIT", "repo": repo, "events": list(events)}


@pytest.fixture
def client(serve: Callable[..., Any], record: Callable[..., dict[str, Any]]) -> Any:
    def bare(identifier: str, *ranges: dict[str, Any], versions: list[str] | None = None) -> Any:
        made = record(identifier, ranges=list(ranges), versions=versions or [])
        del made["affected"][0]["package"]
        return made

    return serve(
        bare(
            "CVE-2026-1",
            git(CURL, {"introduced": BEGIN}, {"fixed": END}),
            versions=["curl-8_4_0", "curl-8_5_0", "curl-8_6_0-rc1"],
        ),
        bare("CVE-2026-2", git("git://github.com/Curl/curl/", {"introduced": "0"}, {"fixed": END})),
        bare("CVE-2026-3", git("https://example.test/Lib", {"introduced": MIDDLE})),
        bare("CVE-2026-4", git(CURL, {"introduced": "0"}), versions=["curl-8_5_0"])
        | {"withdrawn": "2026-01-03T00:00:00Z"},
        record(
            "OSV-2026-5",
            "OSS-Fuzz",
            "gamma",
            ranges=[
                git("https://example.test/gamma", {"introduced": BEGIN}),
                git("https://example.test/delta", {"introduced": MIDDLE}),
            ],
            versions=["1.0"],
        ),
    )


def ask(client: Any, question: dict[str, Any]) -> tuple[list[str], bool]:
    response = client.post("/v1/query", json=question)
    assert response.status_code == 200, response.text
    found = [each["id"] for each in response.json().get("vulns", [])]
    return found, "pratique-incomplete" in response.headers


def tag(version: str, name: str = CURL) -> dict[str, Any]:
    return {"version": version, "package": {"name": name, "ecosystem": "GIT"}}


@pytest.mark.parametrize(
    "name",
    [
        CURL,
        "github.com/curl/curl",
        "http://GitHub.com/curl/curl/",
        "git@github.com:curl/curl.git",
        "ssh://git@github.com/curl/curl",
    ],
)
def test_repository_is_known_by_every_form_of_its_address(client: Any, name: str) -> None:
    assert ask(client, tag("curl-8_5_0", name)) == (["CVE-2026-1"], True)


@pytest.mark.parametrize(
    ("version", "found"),
    [
        ("curl-8_5_0", ["CVE-2026-1"]),
        ("8.5.0", ["CVE-2026-1"]),  # OSV.dev's own test asks so
        ("v8.5.0", ["CVE-2026-1"]),
        ("8.6.0-rc1", ["CVE-2026-1"]),
        ("8.6.0", []),
        ("8.5", []),
        ("5.0", []),
    ],
)
def test_tags_of_one_version_are_one(client: Any, version: str, found: list[str]) -> None:
    assert ask(client, tag(version))[0] == found


def test_records_without_versions_are_unknown_to_a_tag(client: Any) -> None:
    assert ask(client, tag("8.6.0")) == ([], True), "CVE-2026-2 lists none"
    assert ask(client, tag("2.0", "https://example.test/gamma")) == ([], False)
    assert ask(client, tag("1.0", "https://example.test/gamma")) == (["OSV-2026-5"], False)
    # As with OSV.dev, the versions are those of the first repository.
    assert ask(client, tag("1.0", "https://example.test/delta")) == ([], True)


def test_repository_without_a_version(client: Any) -> None:
    found, _ = ask(client, {"package": {"name": CURL, "ecosystem": "GIT"}})
    assert found == ["CVE-2026-1", "CVE-2026-2"], "withdrawn ones are left out"
    assert ask(client, tag("1", "https://example.test/lib")) == ([], False), "case tells apart"
    assert ask(client, tag("1", "https://example.test/Lib")) == ([], True)


@pytest.mark.parametrize(
    ("purl", "found"),
    [
        ("pkg:github/curl/curl@8.5.0", ["CVE-2026-1"]),
        ("pkg:git/github.com/curl/curl@curl-8_4_0", ["CVE-2026-1"]),
        (f"pkg:git/github.com/curl/curl@{BEGIN}", ["CVE-2026-1", "OSV-2026-5"]),
        ("pkg:gitlab/curl/curl@8.5.0", []),
    ],
)
def test_package_urls_of_repositories(client: Any, purl: str, found: list[str]) -> None:
    assert ask(client, {"package": {"purl": purl}})[0] == found


@pytest.mark.parametrize(
    ("commit", "found", "incomplete"),
    [
        # It begins one record of curl; another of curl may affect it or not.
        (BEGIN, ["CVE-2026-1", "OSV-2026-5"], True),
        (MIDDLE, ["CVE-2026-3", "OSV-2026-5"], False),
        (END, [], False),
        (OTHER, [], True),
    ],
)
def test_commits(client: Any, commit: str, found: list[str], incomplete: bool) -> None:
    assert ask(client, {"commit": commit}) == (found, incomplete)


def test_batch_of_repositories_and_commits(client: Any) -> None:
    answer = client.post("/v1/querybatch", json={"queries": [tag("8.5.0"), {"commit": MIDDLE}]})
    results = [[one["id"] for one in each["vulns"]] for each in answer.json()["results"]]
    assert results == [["CVE-2026-1"], ["CVE-2026-3", "OSV-2026-5"]]
