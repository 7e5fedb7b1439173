"""GUAC's interface gives the same nodes, under the same ids, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from typing import Any

from pratique.surfaces.guac.service import respond

ORIGIN = {"origin": "o", "collector": "c", "documentRef": "d"}


def ask(store: object, query: str, **variables: Any) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    answer = json.loads(respond(store, "acme", body, may_write=True))
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def test_the_same_nodes_on_both(store: object) -> None:
    packages = [
        {"packageInput": {"type": "npm", "name": f"part{n}", "version": "1"}} for n in range(30)
    ]
    ids = [
        row["packageVersionID"]
        for row in ask(
            store,
            "mutation($p:[IDorPkgInput!]!){ingestPackages(pkgs:$p){packageVersionID}}",
            p=packages,
        )["ingestPackages"]
    ]
    # An id is a digest of what the node is, so that it is the same in every store.
    assert ids[0] == "nO0BET5c8K_DHSZBau0t1Jg"
    said = {"dependencyType": "DIRECT", "justification": "j", **ORIGIN}
    dependencies = ask(
        store,
        "mutation($a:[IDorPkgInput!]!,$b:[IDorPkgInput!]!,$d:[IsDependencyInputSpec!]!)"
        "{ingestDependencies(pkgs:$a,depPkgs:$b,dependencies:$d)}",
        a=[{"packageVersionID": one} for one in ids[:-1]],
        b=[{"packageVersionID": one} for one in ids[1:]],
        d=[said] * 29,
    )["ingestDependencies"]
    assert len(set(dependencies)) == 29
    bill = {
        "uri": "urn:x",
        "algorithm": "sha256",
        "digest": "ab",
        "downloadLocation": "",
        "knownSince": "2026-01-01T00:00:00Z",
        **ORIGIN,
    }
    brings = (
        "mutation($p:IDorPkgInput!,$h:HasSBOMInputSpec!,$i:HasSBOMIncludesInputSpec!)"
        "{ingestHasSBOM(subject:{package:$p},hasSBOM:$h,includes:$i)}"
    )
    includes = {"packages": ids, "artifacts": [], "dependencies": dependencies, "occurrences": []}
    id = ask(store, brings, p=packages[0], h=bill, i=includes)["ingestHasSBOM"]
    (found,) = ask(
        store,
        "{HasSBOM(hasSBOMSpec:{}){id includedSoftware{__typename} includedDependencies{id}}}",
    )["HasSBOM"]
    assert found["id"] == id
    assert len(found["includedSoftware"]) == 30
    assert sorted(one["id"] for one in found["includedDependencies"]) == sorted(dependencies)

    seen: list[str] = []
    after = None
    while True:
        page = ask(
            store,
            "query($a:ID){IsDependencyList(isDependencySpec:{},after:$a,first:10){totalCount "
            "edges{cursor} pageInfo{hasNextPage endCursor}}}",
            a=after,
        )["IsDependencyList"]
        assert page["totalCount"] == 29
        seen += [row["cursor"] for row in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert sorted(seen) == sorted(dependencies)

    path = ask(
        store,
        "query($s:ID!,$t:ID!){path(subject:$s,target:$t,maxPathLength:20,"
        "usingOnly:[PACKAGE_IS_DEPENDENCY,IS_DEPENDENCY_PACKAGE]){__typename}}",
        s=ids[0],
        t=ids[5],
    )["path"]
    assert len(path) == 11
    found = ask(store, '{packages(pkgSpec:{name:"part7"}){namespaces{names{name}}}}')["packages"]
    assert found == [{"namespaces": [{"names": [{"name": "part7"}]}]}]
    found = ask(store, '{findSoftware(searchText:"PART2"){__typename}}')["findSoftware"]
    assert found == [{"__typename": "Package"}] * 11
    assert ask(store, "mutation($n:ID!){delete(node:$n)}", n=id)["delete"] is True
    assert ask(store, "{HasSBOMList(hasSBOMSpec:{}){totalCount}}")["HasSBOMList"] == {
        "totalCount": 0
    }
    assert len(ask(store, "{IsDependency(isDependencySpec:{}){id}}")["IsDependency"]) == 29
