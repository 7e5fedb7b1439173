"""GUAC's REST paths and points of contact, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx

from pratique.ingest.models import Options
from pratique.ingest.service import ingest
from pratique.surfaces.cli import main
from pratique.surfaces.record.access import Access
from pratique.surfaces.record.app import application

DIGEST = "b" * 64
CONTACT = (
    "mutation($s:PackageSourceOrArtifactInput!,$m:MatchFlags!,$c:PointOfContactInputSpec!)"
    "{ingestPointOfContact(subject:$s,pkgMatchType:$m,pointOfContact:$c)}"
)
FIELDS = "{id email info since justification subject{__typename ...on Package{namespaces{names{name versions{version}}}}}}"


def documents(folder: Path) -> None:
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "shop",
                "version": "1",
                "purl": "pkg:generic/shop@1",
                "bom-ref": "shop",
            }
        },
        "components": [
            {
                "type": "library",
                "name": name,
                "version": "1.0",
                "purl": f"pkg:npm/{name}@1.0",
                "bom-ref": name,
                "hashes": [{"alg": "SHA-256", "content": digit * 64}],
            }
            for name, digit in (("alpha", "a"), ("beta", "b"))
        ],
        "dependencies": [
            {"ref": "shop", "dependsOn": ["alpha"]},
            {"ref": "alpha", "dependsOn": ["beta"]},
        ],
    }
    scan = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://in-toto.io/attestation/vulns/v0.1",
        "subject": [{"uri": "pkg:npm/beta@1.0"}],
        "predicate": {
            "scanner": {"uri": "example.test/scanner", "result": [{"id": "CVE-2026-1"}]},
            "metadata": {"scanFinishedOn": "2026-01-03T00:00:00Z"},
        },
    }
    folder.mkdir()
    (folder / "bill.json").write_text(json.dumps(bill))
    (folder / "scan.json").write_text(json.dumps(scan))


class Asked:
    """Asks the application without a network."""

    def __init__(self, store: Any) -> None:
        self.app = application(store, Access(None, writes=True))

    def send(self, method: str, url: str, **more: Any) -> httpx.Response:
        async def sent() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                return await http.request(method, url, **more)

        return asyncio.run(sent())

    def ask(self, query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        answer = self.send("POST", "/query", json=body).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


def test_the_seven_paths(store: Any, tmp_path: Path) -> None:
    documents(tmp_path / "in")
    assert ingest(store, [str(tmp_path / "in")], Options()).refused == 0
    asked = Asked(store)
    beta, alpha = "/v0/package/pkg%3Anpm%2Fbeta%401.0", "/v0/package/pkg%3Anpm%2Falpha%401.0"
    artifact = f"/v0/artifact/sha256%3A{DIGEST}"
    answers = {
        url: asked.send("GET", url)
        for url in (
            "/healthz",
            "/analysis/dependencies?sort=frequency",
            beta,
            f"{beta}/vulns",
            f"{alpha}/dependencies",
            f"{artifact}/vulns",
            f"{artifact}/dependencies",
        )
    }
    assert {url: one.status_code for url, one in answers.items()} == dict.fromkeys(answers, 200)
    frequent = answers["/analysis/dependencies?sort=frequency"].json()
    # What the described product itself needs is in no union of packages.
    assert [row["Name"] for row in frequent] == ["pkg:npm/beta"]
    assert [row["vulnerability"]["vulnerabilityIDs"] for row in answers[f"{beta}/vulns"].json()]
    assert "CVE-2026-1" in answers[f"{beta}/vulns"].text.upper()
    assert "pkg:npm/beta@1.0" in answers[f"{alpha}/dependencies"].text
    assert "CVE-2026-1" in answers[f"{artifact}/vulns"].text.upper()
    assert asked.send("GET", "/v0/package/pkg%3Anpm%2Fabsent%401").status_code == 400


def test_points_of_contact_by_command_and_by_wire_are_one(
    url: str, store: Any, capsys: Any
) -> None:
    asked = Asked(store)
    given = ["contact", "pkg:npm/alpha", "--email", "team@example.test", "--info", "room 7"]
    assert main([*given, "--store", url, "--by", "platform"]) == 0
    capsys.readouterr()
    said = {
        "email": "other@example.test",
        "info": "",
        "since": "2026-02-03T04:05:06Z",
        "justification": "they wrote it",
        "origin": "o",
        "collector": "c",
        "documentRef": "d",
    }
    subject = {"package": {"packageInput": {"type": "npm", "name": "alpha", "version": "1.0"}}}
    rows = {}
    for match in ("SPECIFIC_VERSION", "ALL_VERSIONS"):
        answer = asked.ask(CONTACT, s=subject, m={"pkg": match}, c=said)
        rows[match] = answer["ingestPointOfContact"]
    assert len(set(rows.values())) == 2
    query = f"query($s:PointOfContactSpec!){{PointOfContact(pointOfContactSpec:$s){FIELDS}}}"
    found = asked.ask(query, s={})["PointOfContact"]
    assert sorted(one["email"] for one in found) == [
        "other@example.test",
        "other@example.test",
        "team@example.test",
    ]
    mine = asked.ask(query, s={"email": "team@example.test"})["PointOfContact"]
    assert [(one["info"], one["subject"]["namespaces"][0]["names"][0]) for one in mine] == [
        ("room 7", {"name": "alpha", "versions": []})
    ]
    since = asked.ask(query, s={"since": "2026-02-03T04:05:07Z"})["PointOfContact"]
    assert [one["email"] for one in since] == ["team@example.test"]
    listed = (
        "query($a:ID){PointOfContactList(pointOfContactSpec:{},after:$a,first:2)"
        "{totalCount edges{cursor} pageInfo{hasNextPage endCursor}}}"
    )
    page = asked.ask(listed)["PointOfContactList"]
    rest = asked.ask(listed, a=page["pageInfo"]["endCursor"])["PointOfContactList"]
    assert (page["totalCount"], rest["totalCount"]) == (3, 3)
    assert sorted(row["cursor"] for row in page["edges"] + rest["edges"]) == sorted(
        one["id"] for one in found
    )
    assert main(["known", "pkg:npm/alpha", "--store", url, "--format", "json"]) == 0
    known = capsys.readouterr().out
    assert "team@example.test" in known
    assert "other@example.test" in known
