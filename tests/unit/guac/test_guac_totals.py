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
    assert counted == ["CertifyVuln"] * 3


def test_a_list_with_a_filter_is_counted_once_for_each_state(client: Any, monkeypatch: Any) -> None:
    counted: list[str] = []
    real = queries._rows

    def reading(nodes: Any, kind: str, spec: Any, after: str | None) -> Any:
        if after is None:
            counted.append(kind)
        return real(nodes, kind, spec, after)

    for number in range(5):
        scanned(client, f"part{number}")
    scanned(client, "beta")
    monkeypatch.setattr(queries, "_rows", reading)
    about = {"vulnerability": {"type": "cve"}}
    first = client.ask(PAGE, s=about)["CertifyVulnList"]
    assert first["totalCount"] == 6
    looked = len(counted)
    second = client.ask(PAGE, s=about, a=first["pageInfo"]["endCursor"])["CertifyVulnList"]
    assert (second["totalCount"], len(counted)) == (6, looked)
    # The order of members is not another filter; another value is.
    one = {"package": {"name": "beta", "type": "npm"}}
    assert client.ask(PAGE, s=one)["CertifyVulnList"]["totalCount"] == 1
    other = {"package": {"type": "npm", "name": "absent"}}
    assert client.ask(PAGE, s=other)["CertifyVulnList"]["totalCount"] == 0
    # What comes in between two pages is counted at the second.
    last = scanned(client, "gamma")
    third = client.ask(PAGE, s=about, a=second["pageInfo"]["endCursor"])["CertifyVulnList"]
    assert third["totalCount"] == 7
    client.ask("mutation($n:ID!){delete(node:$n)}", n=last)
    assert client.ask(PAGE, s=about)["CertifyVulnList"]["totalCount"] == 6
    found = 'query($a:ID){findSoftwareList(searchText:"part",after:$a,first:2){totalCount edges{cursor}}}'
    page = client.ask(found)["findSoftwareList"]
    assert page["totalCount"] == 5
    scanned(client, "part9")
    after = page["edges"][-1]["cursor"]
    assert client.ask(found, a=after)["findSoftwareList"]["totalCount"] == 6


def test_one_tenants_count_is_not_anothers(with_token: Any) -> None:
    mine, theirs = with_token("mine", writes=True), with_token("theirs", writes=True)
    about = {"vulnerability": {"type": "cve"}}
    for number in range(4):
        scanned(theirs, f"part{number}")
    scanned(mine, "alone")
    for client, count in ((theirs, 4), (mine, 1), (theirs, 4)):
        assert client.ask(PAGE, s=about)["CertifyVulnList"]["totalCount"] == count
