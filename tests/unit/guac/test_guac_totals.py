"""The length of a list, which is asked for with every page of it."""

from __future__ import annotations

from typing import Any

from pratique.surfaces.guac import queries

SCAN = (
    "mutation($p:IDorPkgInput!,$v:IDorVulnerabilityInput!,$s:ScanMetadataInput!)"
    "{ingestCertifyVuln(pkg:$p,vulnerability:$v,certifyVuln:$s)}"
)
PAGE = (
    "query($a:ID,$s:CertifyVulnSpec!){CertifyVulnList(certifyVulnSpec:$s,after:$a,first:2)"
    "{totalCount edges{cursor} pageInfo{hasNextPage endCursor}}}"
)


def scanned(client: Any, name: str) -> str:
    said = {
        "timeScanned": "2026-01-01T00:00:00Z",
        "dbUri": "",
        "dbVersion": "",
        "scannerUri": "",
        "scannerVersion": "",
        "origin": "o",
        "collector": "c",
        "documentRef": "d",
    }
    package = {"packageInput": {"type": "npm", "name": name, "version": "1"}}
    vulnerability = {"vulnerabilityInput": {"type": "cve", "vulnerabilityID": "cve-2026-1"}}
    answer = client.ask(SCAN, p=package, v=vulnerability, s=said)
    return str(answer["ingestCertifyVuln"])


def test_a_list_is_counted_once_for_each_state_of_the_record(client: Any, monkeypatch: Any) -> None:
    counted: list[str] = []
    real = queries._length

    def counting(nodes: Any, kind: str, spec: Any) -> int:
        counted.append(kind)
        return real(nodes, kind, spec)

    monkeypatch.setattr(queries, "_length", counting)
    ids = {scanned(client, f"part{number}") for number in range(5)}
    seen, after = [], None
    while True:
        page = client.ask(PAGE, a=after, s={})["CertifyVulnList"]
        assert page["totalCount"] == 5
        seen += [row["cursor"] for row in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert (len(seen), set(seen)) == (5, ids)
    assert counted == ["CertifyVuln"]
    last = scanned(client, "another")
    assert client.ask(PAGE, s={})["CertifyVulnList"]["totalCount"] == 6
    assert client.ask("mutation($n:ID!){delete(node:$n)}", n=last)["delete"] is True
    assert client.ask(PAGE, s={})["CertifyVulnList"]["totalCount"] == 5
    one = {"package": {"name": "part3"}}
    assert client.ask(PAGE, s=one)["CertifyVulnList"]["totalCount"] == 1
    assert counted == ["CertifyVuln"] * 3
