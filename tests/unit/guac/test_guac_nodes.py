"""Nouns, claims and bills as GUAC shows them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.store.nouns import Noun, NounKind
from pratique.surfaces.guac import nouns
from pratique.surfaces.guac.errors import NotFoundError, RequestError
from pratique.surfaces.guac.ids import read_id, write_id

TREE = (
    "fragment T on Package {id type namespaces{id namespace names{id name versions"
    "{id purl version qualifiers{key value} subpath}}}}"
)
PACKAGES = (
    "mutation($p:[IDorPkgInput!]!){ingestPackages(pkgs:$p)"
    "{packageTypeID packageNamespaceID packageNameID packageVersionID}}"
)


def package(name: str, version: str = "1", **more: Any) -> dict[str, Any]:
    return {"packageInput": {"type": "npm", "name": name, "version": version, **more}}


def origin(**more: Any) -> dict[str, Any]:
    return {"origin": "o", "collector": "c", "documentRef": "d", **more}


def test_a_node_of_each_level_holds_only_the_way_to_it(client: Any) -> None:
    (ids,) = client.ask(PACKAGES, p=[package("b", namespace="@a")])["ingestPackages"]
    depth = {"packageTypeID": 0, "packageNamespaceID": 1, "packageNameID": 2, "packageVersionID": 3}
    for name, levels in depth.items():
        node = client.ask("query($n:ID!){node(node:$n){...T}}" + TREE, n=ids[name])["node"]
        found = 0
        level: Any = node["namespaces"]
        for below in ("names", "versions", ""):
            if not level:
                break
            found += 1
            level = level[0][below] if below else []
        assert found == levels, name


def test_null_asks_for_nothing_and_the_empty_text_for_the_empty_text(client: Any) -> None:
    client.ask(
        PACKAGES,
        p=[
            package("a", ""),
            package("a", "1"),
            package("a", "1", qualifiers=[{"key": "arch", "value": "x"}]),
            package("a", "1", subpath="lib"),
        ],
    )

    def versions(spec: str) -> int:
        found = client.ask(f"{{packages(pkgSpec:{{{spec}}}){{...T}}}}" + TREE)["packages"]
        return sum(
            len(name["versions"]) for one in found for s in one["namespaces"] for name in s["names"]
        )

    assert versions("") == 4
    assert versions('name:"a"') == 4
    assert versions('name:"a", version:null') == 4
    assert versions('name:"a", version:""') == 1
    assert versions('type:"npm", namespace:"", name:"a", version:"1"') == 3
    assert versions('name:"a", version:"1", matchOnlyEmptyQualifiers:true') == 2
    assert versions('name:"a", qualifiers:[{key:"arch", value:"x"}]') == 1
    assert versions('name:"a", qualifiers:[{key:"arch", value:"y"}]') == 0
    assert versions('name:"a", version:"1", qualifiers:[], subpath:"lib"') == 1
    assert versions('namespace:"@none"') == 0


def test_an_image_has_its_repository_as_namespace(client: Any) -> None:
    image = {
        "type": "oci",
        "namespace": "registry.example.test/team",
        "name": "app",
        "version": "sha256:" + "a" * 64,
    }
    client.ask(PACKAGES, p=[{"packageInput": image}])
    (found,) = client.ask(
        '{packages(pkgSpec:{type:"oci",namespace:"registry.example.test/team",name:"app"}){...T}}'
        + TREE
    )["packages"]
    assert found["namespaces"][0]["namespace"] == "registry.example.test/team"
    (version,) = found["namespaces"][0]["names"][0]["versions"]
    assert version["qualifiers"] == []
    assert "repository_url=registry.example.test" in version["purl"]


@given(
    type=st.sampled_from(["git", "hg", "odd+type"]),
    space=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
    name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
    at=st.sampled_from(["", "tag", "commit"]),
    text=st.sampled_from(["v1.0", "20230101", "refs/heads/x", "abc def@1", "a" * 40, "main"]),
)
@settings(max_examples=200, deadline=None)
def test_a_source_comes_back_as_it_was_given(
    type: str, space: str, name: str, at: str, text: str
) -> None:
    given = {"type": type, "namespace": space, "name": name} | ({at: text} if at else {})
    node = nouns.node_of(nouns.source_noun(given))
    (shown,) = node["namespaces"]
    assert node["type"] == type
    assert shown["namespace"] == space
    assert shown["names"][0]["name"] == name
    assert (shown["names"][0]["tag"] or "") == (text if at == "tag" else "")
    assert (shown["names"][0]["commit"] or "") == (text if at == "commit" else "")


@pytest.mark.parametrize(
    ("type", "id", "text"),
    [
        ("CVE", "CVE-2026-0001", "cve-2026-0001"),
        ("ghsa", "GHSA-aaaa-bbbb-cccc", "ghsa-aaaa-bbbb-cccc"),
        ("osv", "GHSA-aaaa-bbbb-cccc", "osv/ghsa-aaaa-bbbb-cccc"),
        ("osv", "GO-2026-1", "go-2026-1"),
        ("osv", "a/b", "osv/a/b"),
        ("novuln", "", "novuln"),
    ],
)
def test_a_vulnerability_has_a_type_and_an_id(type: str, id: str, text: str) -> None:
    noun = nouns.vulnerability_noun(type, id)
    assert noun.text == text
    assert nouns.vulnerability_parts(noun) == (type.lower(), id.lower())


def test_a_vulnerability_needs_an_id() -> None:
    with pytest.raises(RequestError):
        nouns.vulnerability_noun("osv", "")


@given(st.text(max_size=60))
def test_any_text_is_an_id_or_is_not_found(text: str) -> None:
    try:
        id = read_id(text)
    except NotFoundError:
        return
    assert write_id(id.kind, id.key) or id.kind


def test_what_was_written_is_one_whatever_is_repeated(client: Any) -> None:
    bad = {"justification": "j", "knownSince": "2026-01-01T00:00:00Z", **origin()}
    query = (
        "mutation($p:[IDorPkgInput!]!,$c:[CertifyBadInputSpec!]!){ingestCertifyBads("
        "subjects:{packages:$p},pkgMatchType:{pkg:SPECIFIC_VERSION},certifyBads:$c)}"
    )
    first = client.ask(query, p=[package("b"), package("a"), package("b")], c=[bad] * 3)
    ids = first["ingestCertifyBads"]
    assert ids[0] == ids[2] != ids[1]
    again = client.ask(query, p=[package("a"), package("b")], c=[bad] * 2)["ingestCertifyBads"]
    assert again == [ids[1], ids[0]]
    assert len(client.ask("{CertifyBad(certifyBadSpec:{}){id}}")["CertifyBad"]) == 2
    assert client.ask(query, p=[], c=[])["ingestCertifyBads"] == []
    assert "uneven lists" in client.told(query, p=[package("a")], c=[])


def test_since_asks_for_that_moment_or_later(client: Any) -> None:
    mutation = (
        "mutation($p:IDorPkgInput!,$c:CertifyBadInputSpec!){ingestCertifyBad(subject:{package:$p},"
        "pkgMatchType:{pkg:ALL_VERSIONS},certifyBad:$c)}"
    )
    for day in ("01", "02"):
        since = f"2026-01-{day}T00:00:00+01:00"
        client.ask(
            mutation, p=package("a"), c={"justification": day, "knownSince": since, **origin()}
        )
    query = "query($t:Time){CertifyBad(certifyBadSpec:{knownSince:$t}){justification knownSince}}"
    found = client.ask(query, t="2026-01-01T23:00:00Z")["CertifyBad"]
    assert found == [{"justification": "02", "knownSince": "2026-01-01T23:00:00Z"}]
    assert len(client.ask(query, t="2025-12-31T23:00:00.0Z")["CertifyBad"]) == 2
    assert "no time" in client.told(query, t="yesterday")
    name = client.ask("{CertifyBad(certifyBadSpec:{}){subject{...T}}}" + TREE)["CertifyBad"][0]
    assert name["subject"]["namespaces"][0]["names"][0]["versions"] == []


def test_pages_go_on_after_the_last_one_whatever_came_in(client: Any) -> None:
    client.ask(PACKAGES, p=[package(f"p{number}") for number in range(25)])
    seen: list[str] = []
    after = None
    query = (
        "query($a:ID){packagesList(pkgSpec:{},after:$a,first:7){totalCount edges{cursor "
        "node{namespaces{names{name}}}} pageInfo{hasNextPage startCursor endCursor}}}"
    )
    while True:
        page = client.ask(query, a=after)["packagesList"]
        rows = page["edges"]
        seen += [row["node"]["namespaces"][0]["names"][0]["name"] for row in rows]
        assert page["pageInfo"]["startCursor"] == rows[0]["cursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
        client.ask(PACKAGES, p=[package(f"late{len(seen)}")])
    assert {f"p{number}" for number in range(25)} <= set(seen)
    assert len(seen) == len(set(seen))
    assert client.told(query.replace("first:7", "first:-1"))
    assert client.told(query, a="nonsense")
    only = client.ask('{packagesList(pkgSpec:{name:"p3"},first:5){totalCount edges{cursor}}}')
    assert only["packagesList"]["totalCount"] == 1


@pytest.mark.usefixtures("shop")
def test_ingested_documents_are_seen(client: Any) -> None:
    bills = client.ask(
        "{HasSBOM(hasSBOMSpec:{}){id uri algorithm digest subject{__typename ...T} "
        "includedSoftware{__typename ...on Package{type}} includedDependencies{id "
        "package{...T} dependencyPackage{...T} dependencyType}}}" + TREE
    )["HasSBOM"]
    assert len(bills) == 2
    for one in bills:
        name = one["subject"]["namespaces"][0]["names"][0]
        assert name["name"] == "shop"
        assert one["algorithm"] == "sha256"
        ends = [
            tuple(
                edge[end]["namespaces"][0]["names"][0]["name"]
                for end in ("package", "dependencyPackage")
            )
            for edge in one["includedDependencies"]
        ]
        assert ends == [("shop", "alpha"), ("alpha", "beta")]
        for edge in one["includedDependencies"]:
            node = client.ask(
                "query($n:ID!){node(node:$n){__typename ...on IsDependency{id}}}", n=edge["id"]
            )
            assert node["node"] == {"__typename": "IsDependency", "id": edge["id"]}
    scans = client.ask(
        '{CertifyVuln(certifyVulnSpec:{vulnerability:{vulnerabilityID:"CVE-2026-0001"}})'
        "{package{...T} vulnerability{type} metadata{scannerUri timeScanned origin}}}" + TREE
    )["CertifyVuln"]
    assert [scan["vulnerability"]["type"] for scan in scans] == ["cve"]
    assert scans[0]["metadata"]["timeScanned"] == "2026-01-03T00:00:00Z"
    assert scans[0]["metadata"]["origin"].endswith("scan.json")
    first = client.ask(
        '{IsDependencyList(isDependencySpec:{package:{name:"alpha"}},first:1){totalCount '
        "edges{cursor} pageInfo{hasNextPage endCursor}}}"
    )["IsDependencyList"]
    assert first["totalCount"] == 2
    assert first["pageInfo"]["hasNextPage"]
    second = client.ask(
        'query($a:ID){IsDependencyList(isDependencySpec:{package:{name:"alpha"}},after:$a,first:5)'
        "{edges{cursor}}}",
        a=first["pageInfo"]["endCursor"],
    )["IsDependencyList"]
    assert len(second["edges"]) == 1
    legal = client.ask(
        '{CertifyLegal(certifyLegalSpec:{subject:{package:{name:"beta"}}})'
        "{declaredLicense declaredLicenses{id name}}}"
    )["CertifyLegal"]
    assert legal[0]["declaredLicense"] == "MIT"
    near = client.ask(
        "query($n:ID!){neighbors(node:$n,usingOnly:[LICENSE_CERTIFY_LEGAL]){__typename}}",
        n=legal[0]["declaredLicenses"][0]["id"],
    )["neighbors"]
    assert {one["__typename"] for one in near} == {"CertifyLegal"}
    assert len(near) == 3


@pytest.mark.usefixtures("shop")
def test_a_path_from_a_product_to_a_vulnerability(client: Any) -> None:
    (top,) = client.ask('{packages(pkgSpec:{type:"generic",name:"shop"}){...T}}' + TREE)["packages"]
    start = min(top["namespaces"][0]["names"][0]["versions"], key=lambda one: str(one["version"]))[
        "id"
    ]
    (type,) = client.ask(
        '{vulnerabilities(vulnSpec:{vulnerabilityID:"cve-2026-0001"}){vulnerabilityIDs{id}}}'
    )["vulnerabilities"]
    end = type["vulnerabilityIDs"][0]["id"]
    query = (
        "query($s:ID!,$t:ID!,$m:Int!,$e:[Edge!]!){path(subject:$s,target:$t,maxPathLength:$m,"
        "usingOnly:$e){__typename}}"
    )
    edges = [
        "PACKAGE_IS_DEPENDENCY",
        "IS_DEPENDENCY_PACKAGE",
        "PACKAGE_CERTIFY_VULN",
        "CERTIFY_VULN_VULNERABILITY",
    ]
    found = client.ask(query, s=start, t=end, m=10, e=edges)["path"]
    assert [one["__typename"] for one in found] == [
        *("Package", "IsDependency", "Package", "IsDependency", "Package"),
        *("CertifyVuln", "Vulnerability"),
    ]
    assert "No path" in client.told(query, s=start, t=end, m=3, e=edges)
    assert "No path" in client.told(query, s=start, t=end, m=10, e=["PACKAGE_HAS_SBOM"])


def test_what_is_deleted_is_gone_and_may_come_again(client: Any) -> None:
    (ids,) = client.ask(PACKAGES, p=[package("a")])["ingestPackages"]
    bill = {
        "uri": "urn:x",
        "algorithm": "SHA256",
        "digest": "AB",
        "downloadLocation": "",
        "knownSince": "2026-01-01T00:00:00Z",
        **origin(),
    }
    includes = {
        "packages": [ids["packageVersionID"]],
        "artifacts": [],
        "dependencies": [],
        "occurrences": [],
    }
    brings = (
        "mutation($p:IDorPkgInput!,$h:HasSBOMInputSpec!,$i:HasSBOMIncludesInputSpec!)"
        "{ingestHasSBOM(subject:{package:$p},hasSBOM:$h,includes:$i)}"
    )
    id = client.ask(brings, p=package("a"), h=bill, i=includes)["ingestHasSBOM"]
    lists = '{HasSBOM(hasSBOMSpec:{digest:"aB",algorithm:"sha256"}){id digest}}'
    assert client.ask(lists)["HasSBOM"] == [{"id": id, "digest": "ab"}]
    delete = "mutation($n:ID!){delete(node:$n)}"
    assert client.ask(delete, n=id)["delete"] is True
    assert client.ask(lists)["HasSBOM"] == []
    assert client.told(delete, n=id) == "there is no node of that id"
    assert client.ask(brings, p=package("a"), h=bill, i=includes)["ingestHasSBOM"] == id
    assert len(client.ask(lists)["HasSBOM"]) == 1
    assert "can be deleted" in client.told(
        delete,
        n=client.ask(
            "mutation($p:IDorPkgInput!,$c:CertifyBadInputSpec!){ingestCertifyBad(subject:"
            "{package:$p},pkgMatchType:{pkg:ALL_VERSIONS},certifyBad:$c)}",
            p=package("a"),
            c={"justification": "j", "knownSince": "2026-01-01T00:00:00Z", **origin()},
        )["ingestCertifyBad"],
    )
    scan = (
        "mutation($p:IDorPkgInput!,$v:IDorVulnerabilityInput!,$s:ScanMetadataInput!)"
        "{ingestCertifyVuln(pkg:$p,vulnerability:$v,certifyVuln:$s)}"
    )
    metadata = {
        "timeScanned": "2026-01-01T00:00:00Z",
        "dbUri": "",
        "dbVersion": "",
        "scannerUri": "",
        "scannerVersion": "",
        **origin(),
    }
    vulnerability = {"vulnerabilityInput": {"type": "novuln", "vulnerabilityID": ""}}
    given_id = client.ask(scan, p=package("a"), v=vulnerability, s=metadata)["ingestCertifyVuln"]
    assert client.ask(delete, n=given_id)["delete"] is True
    assert client.ask("{CertifyVuln(certifyVulnSpec:{}){id}}")["CertifyVuln"] == []
    again = client.ask(scan, p=package("a"), v=vulnerability, s=metadata)["ingestCertifyVuln"]
    assert again == given_id
    assert len(client.ask("{CertifyVuln(certifyVulnSpec:{}){id}}")["CertifyVuln"]) == 1


def test_a_bare_name_is_a_package_of_guac() -> None:
    noun = Noun(NounKind.PRODUCT, "pay/roll v1")
    node = nouns.node_of(noun)
    assert node["type"] == "guac"
    assert node["namespaces"][0]["names"][0]["name"] == "pay/roll v1"
    assert json.dumps({key: value for key, value in node.items() if key != "_noun"})
