"""A tenant sees nothing of another: by query, id, path, count or the text of an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from pratique.surfaces.guac import mutations, rest, types
from pratique.surfaces.guac.schema import schema
from pratique.surfaces.record.questions import QUESTIONS

SECRET = "zebra"
"""A word that is in everything the other tenant has."""

ORIGIN = {"origin": SECRET, "collector": SECRET, "documentRef": SECRET}
WHEN = "2026-01-01T00:00:00Z"


PACKAGE = {"packageInput": {"type": "npm", "name": SECRET, "version": "1"}}
SOURCE = {"sourceInput": {"type": "git", "namespace": SECRET, "name": SECRET, "tag": SECRET}}
VULNERABILITY = {"vulnerabilityInput": {"type": SECRET, "vulnerabilityID": f"{SECRET}-1"}}


def claims() -> dict[str, dict[str, Any]]:
    """The arguments of every mutation that brings one claim, or a noun of one level."""
    package, source, vulnerability = PACKAGE, SOURCE, VULNERABILITY
    other = {"packageInput": {"type": "npm", "name": f"{SECRET}-two", "version": "1"}}
    artifact = {"artifactInput": {"algorithm": "sha256", "digest": "a" * 64}}
    artifact2 = {"artifactInput": {"algorithm": "sha256", "digest": "b" * 64}}
    builder = {"builderInput": {"uri": SECRET}}
    vulnerability2 = {"vulnerabilityInput": {"type": SECRET, "vulnerabilityID": f"{SECRET}-2"}}
    licence = {"licenseInput": {"name": SECRET, "listVersion": "1"}}
    why = {"justification": SECRET, **ORIGIN}
    return {
        "ingestArtifact": {"artifact": artifact},
        "ingestBuilder": {"builder": builder},
        "ingestLicense": {"license": licence},
        "ingestCertifyBad": {
            "subject": {"package": package},
            "pkgMatchType": {"pkg": "SPECIFIC_VERSION"},
            "certifyBad": {"knownSince": WHEN, **why},
        },
        "ingestCertifyGood": {
            "subject": {"source": source},
            "pkgMatchType": {"pkg": "ALL_VERSIONS"},
            "certifyGood": {"knownSince": WHEN, **why},
        },
        "ingestCertifyLegal": {
            "subject": {"package": package},
            "declaredLicenses": [licence],
            "discoveredLicenses": [],
            "certifyLegal": {
                "declaredLicense": SECRET,
                "discoveredLicense": "",
                "attribution": SECRET,
                "timeScanned": WHEN,
                **why,
            },
        },
        "ingestScorecard": {
            "source": source,
            "scorecard": {
                "checks": [{"check": SECRET, "score": 1}],
                "aggregateScore": 1.0,
                "timeScanned": WHEN,
                "scorecardVersion": SECRET,
                "scorecardCommit": SECRET,
                **ORIGIN,
            },
        },
        "ingestVEXStatement": {
            "subject": {"package": package},
            "vulnerability": vulnerability,
            "vexStatement": {
                "status": "AFFECTED",
                "vexJustification": "NOT_PROVIDED",
                "statement": SECRET,
                "statusNotes": SECRET,
                "knownSince": WHEN,
                **ORIGIN,
            },
        },
        "ingestCertifyVuln": {
            "pkg": package,
            "vulnerability": vulnerability,
            "certifyVuln": {
                "timeScanned": WHEN,
                "dbUri": SECRET,
                "dbVersion": "",
                "scannerUri": SECRET,
                "scannerVersion": "",
                **ORIGIN,
            },
        },
        "ingestPointOfContact": {
            "subject": {"artifact": artifact},
            "pkgMatchType": {"pkg": "ALL_VERSIONS"},
            "pointOfContact": {"email": SECRET, "info": SECRET, "since": WHEN, **why},
        },
        "ingestSLSA": {
            "subject": artifact,
            "builtFrom": [artifact2],
            "builtBy": builder,
            "slsa": {
                "buildType": SECRET,
                "slsaPredicate": [],
                "slsaVersion": "1",
                **ORIGIN,
            },
        },
        "ingestHasSourceAt": {
            "pkg": package,
            "pkgMatchType": {"pkg": "SPECIFIC_VERSION"},
            "source": source,
            "hasSourceAt": {"knownSince": WHEN, **why},
        },
        "ingestHashEqual": {"artifact": artifact, "otherArtifact": artifact2, "hashEqual": why},
        "ingestDependency": {
            "pkg": package,
            "depPkg": other,
            "dependency": {"dependencyType": "DIRECT", **why},
        },
        "ingestOccurrence": {
            "subject": {"package": package},
            "artifact": artifact,
            "occurrence": why,
        },
        "ingestHasMetadata": {
            "subject": {"package": package},
            "pkgMatchType": {"pkg": "SPECIFIC_VERSION"},
            "hasMetadata": {"key": SECRET, "value": SECRET, "timestamp": WHEN, **why},
        },
        "ingestPkgEqual": {"pkg": package, "otherPackage": other, "pkgEqual": why},
        "ingestVulnEqual": {
            "vulnerability": vulnerability,
            "otherVulnerability": vulnerability2,
            "vulnEqual": why,
        },
        "ingestVulnerabilityMetadata": {
            "vulnerability": vulnerability,
            "vulnerabilityMetadata": {
                "scoreType": "CVSSv3",
                "scoreValue": 9.0,
                "timestamp": WHEN,
                **ORIGIN,
            },
        },
    }


def everything(client: Any) -> dict[str, str]:
    """Write a node of every type, all with the secret word; their ids."""
    package, source, vulnerability = PACKAGE, SOURCE, VULNERABILITY
    ids: dict[str, str] = {}
    for name, values in claims().items():
        ids[name] = call(client, name, values)
    packages = call(client, "ingestPackage", {"pkg": package}, "{packageTypeID packageNamespaceID "
                    "packageNameID packageVersionID}")  # fmt: skip
    ids |= packages
    ids |= call(client, "ingestSource", {"source": source}, "{sourceTypeID sourceNamespaceID "
                "sourceNameID}")  # fmt: skip
    ids |= call(client, "ingestVulnerability", {"vuln": vulnerability}, "{vulnerabilityTypeID "
                "vulnerabilityNodeID}")  # fmt: skip
    ids["ingestHasSBOM"] = call(
        client,
        "ingestHasSBOM",
        {
            "subject": {"package": package},
            "hasSBOM": {
                "uri": SECRET,
                "algorithm": "sha256",
                "digest": "c" * 64,
                "downloadLocation": SECRET,
                "knownSince": WHEN,
                **ORIGIN,
            },
            "includes": {
                "packages": [packages["packageVersionID"]],
                "artifacts": [ids["ingestArtifact"]],
                "dependencies": [ids["ingestDependency"]],
                "occurrences": [ids["ingestOccurrence"]],
            },
        },
    )
    return ids


def call(client: Any, name: str, values: dict[str, Any], shown: str = "") -> Any:
    """A mutation with its arguments as variables."""
    field = schema().mutation_type.fields[name]
    heads = ", ".join(f"${key}: {field.args[key].type}" for key in values)
    given = ", ".join(f"{key}: ${key}" for key in values)
    return client.ask(f"mutation({heads}) {{{name}({given}){shown}}}", **values)[name]


@pytest.fixture
def tenants(
    with_token: Callable[..., Any], brought: Callable[..., None]
) -> tuple[Any, Any, dict[str, str]]:
    """A client that has nothing, one that has everything, and the ids of the second's nodes."""
    theirs = with_token("theirs", writes=True)
    mine = with_token("mine", writes=True)
    ids = everything(theirs)
    from_file = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": f"{SECRET}-shop",
                     "version": "1", "purl": f"pkg:generic/{SECRET}-shop@1", "bom-ref": "r"}},
        "components": [{"type": "library", "name": f"{SECRET}-lib", "version": "1",
                        "purl": f"pkg:npm/{SECRET}-lib@1", "bom-ref": "l"}],
        "dependencies": [{"ref": "r", "dependsOn": ["l"]}],
    }  # fmt: skip
    brought("theirs", bill=json.dumps(from_file))
    (edge,) = [
        one["id"]
        for bill in theirs.ask("{HasSBOM(hasSBOMSpec:{}){includedDependencies{id}}}")["HasSBOM"]
        for one in bill["includedDependencies"]
        if one["id"].startswith("d")
    ]
    return mine, theirs, ids | {"edge": edge}


def test_no_list_shows_or_counts_what_is_anothers(tenants: Any) -> None:
    mine, theirs, _ = tenants
    for one, many, kind, spec, _ in types.LISTS:
        argument, type = spec.split(":")
        query = f"query($s:{type}!){{{one}({argument}:$s){{__typename}}}}"
        assert mine.ask(query, s={})[one] == [], one
        assert theirs.ask(query, s={})[one] != [], one
        query = f"query($s:{type}!){{{many}({argument}:$s){{totalCount edges{{cursor}}}}}}"
        assert mine.ask(query, s={})[many] == {"totalCount": 0, "edges": []}, many
        assert theirs.ask(query, s={})[many]["totalCount"] > 0, kind


def test_an_id_of_anothers_reads_as_one_that_is_none(tenants: Any) -> None:
    mine, theirs, ids = tenants
    package = call(
        mine,
        "ingestPackage",
        {"pkg": {"packageInput": {"type": "deb", "name": "mine"}}},
        "{packageVersionID}",
    )["packageVersionID"]
    nothing = "there is no node of that id"
    queries = (
        "query($n:ID!){node(node:$n){__typename}}",
        "query($n:ID!){nodes(nodes:[$n]){__typename}}",
        "query($n:ID!){neighbors(node:$n,usingOnly:[]){__typename}}",
        "query($n:ID!){neighborsList(node:$n,usingOnly:[],first:5){totalCount}}",
    )
    for name, id in ids.items():
        assert theirs.ask(queries[0], n=id)["node"]["__typename"], name
        for query in queries:
            assert mine.told(query, n=id) == nothing, (name, query)
        for ends in ({"s": package, "t": id}, {"s": id, "t": package}):
            path = "query($s:ID!,$t:ID!){path(subject:$s,target:$t,maxPathLength:9,usingOnly:[])"
            assert mine.told(path + "{__typename}}", **ends) == nothing, name
        assert mine.told("mutation($n:ID!){delete(node:$n)}", n=id) == nothing, name
    for name in ("Legal", "Vuln"):
        query = f"query($n:[ID!]!){{BatchQueryPkgIDCertify{name}(pkgIDs:$n){{id}}}}"
        assert mine.ask(query, n=[ids["packageVersionID"]]) == {f"BatchQueryPkgIDCertify{name}": []}
    for name in ("Subject", "Dep"):
        query = f"query($n:[ID!]!){{BatchQuery{name}PkgDependency(pkgIDs:$n){{id}}}}"
        assert mine.ask(query, n=list(ids.values())) == {f"BatchQuery{name}PkgDependency": []}
    scan = "query($n:[ID!]!){queryPackagesListForScan(pkgIDs:$n){totalCount edges{cursor}}}"
    assert mine.ask(scan, n=list(ids.values()))["queryPackagesListForScan"]["totalCount"] == 0
    found = mine.ask("{findPackagesThatNeedScanning(queryType:LICENSE)}")
    assert found["findPackagesThatNeedScanning"] == [package]
    assert mine.ask(f'{{findSoftware(searchText:"{SECRET}"){{__typename}}}}') == {
        "findSoftware": []
    }
    found = mine.ask(f'{{findSoftwareList(searchText:"{SECRET}"){{totalCount}}}}')
    assert found["findSoftwareList"]["totalCount"] == 0


def test_an_id_of_anothers_cannot_be_written_about(tenants: Any) -> None:
    mine, _, ids = tenants
    refused = mine.told(
        "mutation($p:IDorPkgInput!,$q:IDorPkgInput!,$d:IsDependencyInputSpec!)"
        "{ingestDependency(pkg:$p,depPkg:$q,dependency:$d)}",
        p={"packageVersionID": ids["packageVersionID"]},
        q={"packageInput": {"type": "npm", "name": "x"}},
        d={"dependencyType": "DIRECT", "justification": "", **ORIGIN},
    )
    assert refused == "there is no node of that id"
    assert mine.told(
        "mutation($p:IDorPkgInput!,$h:HasSBOMInputSpec!,$i:HasSBOMIncludesInputSpec!)"
        "{ingestHasSBOM(subject:{package:$p},hasSBOM:$h,includes:$i)}",
        p={"packageInput": {"type": "npm", "name": "x"}},
        h={
            "uri": "",
            "algorithm": "",
            "digest": "",
            "downloadLocation": "",
            "knownSince": WHEN,
            **ORIGIN,
        },
        i={
            "packages": [],
            "artifacts": [],
            "dependencies": [ids["ingestDependency"]],
            "occurrences": [],
        },
    ).endswith("is not in the record")


ASKED = {
    "subject": f"pkg:npm/{SECRET}@1",
    "purl": f"pkg:npm/{SECRET}@1",
    "noun": f"pkg:npm/{SECRET}@1",
    "product": SECRET,
    "before": "1",
    "after": "1",
}


def test_no_rest_path_shows_what_is_anothers(tenants: Any) -> None:
    mine, theirs, _ = tenants
    urls = [
        *(
            f"/v0/package/pkg%3Anpm%2F{SECRET}%401{rest}"
            for rest in ("", "/vulns", "/dependencies")
        ),
        f"/v0/package/pkg%3Anpm%2F{SECRET}/vulns?includeDependencies=true",
        *(f"/v0/artifact/sha256%3A{'a' * 64}/{rest}" for rest in ("vulns", "dependencies")),
    ]
    for url in urls:
        assert theirs.get(url).status_code == 200, url
        answer = mine.get(url)
        assert answer.status_code == 400, url
        absent = mine.get(url.replace(SECRET, "absent").replace("a" * 64, "9" * 64))
        assert answer.text == absent.text
    for sort in ("frequency", "scorecard"):
        assert theirs.get(f"/analysis/dependencies?sort={sort}").json() != []
        assert mine.get(f"/analysis/dependencies?sort={sort}").json() == []


def test_no_question_shows_what_is_anothers(tenants: Any, tmp_path: Path) -> None:
    mine, theirs, _ = tenants
    for name, question in QUESTIONS.items():
        given = {one.name: ASKED[one.name] for one in question.parameters if one.required}
        answer = mine.get(f"/api/v1/record/{name}", **given)
        absent = mine.get(
            f"/api/v1/record/{name}",
            **{key: text.replace(SECRET, "absent") for key, text in given.items()},
        )
        assert answer.status_code == absent.status_code, name
        assert answer.text.replace(SECRET, "absent") == absent.text, name
        if answer.status_code == 200:
            assert answer.json()[question.items] == [], name
    seen = theirs.get("/api/v1/record/top").json()["packages"]
    assert any(SECRET in row["package"] for row in seen)


def test_only_a_token_lets_in_and_only_one_that_writes_writes(
    tenants: Any, with_token: Callable[..., Any], tmp_path: Path
) -> None:
    mine, _, _ = tenants
    reader = with_token("theirs")
    assert "mutations need" in reader.told(
        "mutation($b:IDorBuilderInput){ingestBuilder(builder:$b)}",
        b={"builderInput": {"uri": "x"}},
    )
    body = {"verdict": "bad", "noun": "pkg:npm/a@1", "justification": "j"}
    assert reader.send("POST", "/api/v1/record/certify", json=body).status_code == 403
    assert mine.send("POST", "/api/v1/record/certify", json=body).json()["new"] is True
    for header in ("", "Bearer", "Bearer wrong", "Basic x", "Bearer " + "y" * 9000):
        mine.headers = {"authorization": header} if header else {}
        for method, url in every_route(mine):
            answer = mine.send(method, url, json={} if method == "POST" else None)
            assert answer.status_code == 401, url
            assert SECRET not in answer.text


OPEN_TO_ALL = {"/", "/healthz", "/version", "/openapi.json"}

EXAMPLES: dict[str, list[str]] = {
    "/query": ["/query"],
    "/api/v1/record/certify": ["/api/v1/record/certify"],
    "/analysis/dependencies": [
        f"/analysis/dependencies?sort={sort}" for sort in ("frequency", "scorecard")
    ],
    "/v0/package/{purl:path}": [
        f"/v0/package/pkg%3Anpm%2F{SECRET}%401{rest}"
        for rest in ("", *(f"/{action}" for action in rest._ACTIONS))
    ],
    "/v0/artifact/{digest:path}": [
        f"/v0/artifact/sha256%3A{'a' * 64}/{action}" for action in rest._ACTIONS
    ],
}
"""Requests to each route that has no parameters of its own; a new route has to be added."""


def every_route(client: Any) -> list[tuple[str, str]]:
    """A request to each route of the application's own table, in all of its forms."""
    found = []
    for route in client.app._app.router.routes:
        if route.path in OPEN_TO_ALL:
            continue
        urls = EXAMPLES.get(route.path)
        if urls is None:
            name = route.path.removeprefix("/api/v1/record/")
            asked = {one.name: ASKED[one.name] for one in QUESTIONS[name].parameters
                     if one.required}  # fmt: skip
            urls = [f"{route.path}?{urlencode(asked)}"]
        found += [(method, url) for method in sorted(route.methods - {"HEAD"}) for url in urls]
    return found


def test_whatever_is_read_of_another_reads_as_what_never_was(tenants: Any) -> None:
    mine, theirs, _ = tenants
    told = 0
    for method, url in every_route(mine):
        if method != "GET":
            continue
        answer = mine.get(url)
        nothing = mine.get(url.replace(SECRET, "absent").replace("a" * 64, "9" * 64))
        assert answer.status_code == nothing.status_code, url
        plain = answer.text.replace(SECRET, "absent").replace("a" * 64, "9" * 64)
        assert plain == nothing.text, url
        told += SECRET in theirs.get(url).text
    assert told > 8  # the other has something to tell at most of them


def test_every_question_and_mutation_of_the_schema_is_tested_here() -> None:
    lists = {name for row in types.LISTS for name in row[:2]}
    by_id = {"node", "nodes", "neighbors", "neighborsList", "path"}
    batches = {
        *(f"BatchQueryPkgIDCertify{name}" for name in ("Legal", "Vuln")),
        *(f"BatchQuery{name}PkgDependency" for name in ("Subject", "Dep")),
    }
    searches = {
        *("queryPackagesListForScan", "findPackagesThatNeedScanning"),
        *("findSoftware", "findSoftwareList"),
    }
    assert set(schema().query_type.fields) == lists | by_id | batches | searches
    single = {one.one for one in mutations.INGESTS}
    single |= {name for name, (_, _, many) in mutations._NOUNS.items() if not many}
    levels = {"ingestPackage", "ingestSource", "ingestVulnerability"}
    assert single == set(claims()) | levels
    many = {one.many for one in mutations.INGESTS}
    many |= {name for name, (_, _, bulk) in mutations._NOUNS.items() if bulk}
    bills = {"ingestHasSBOM", "ingestHasSBOMs"}
    assert set(schema().mutation_type.fields) == single | many | bills | {"delete"}


def test_no_mutation_takes_the_id_of_anothers(tenants: Any) -> None:
    mine, _, ids = tenants
    named = {
        "packageInput": {"packageVersionID": ids["packageVersionID"]},
        "sourceInput": {"sourceNameID": ids["sourceNameID"]},
        "artifactInput": {"artifactID": ids["ingestArtifact"]},
        "builderInput": {"builderID": ids["ingestBuilder"]},
        "vulnerabilityInput": {"vulnerabilityNodeID": ids["vulnerabilityNodeID"]},
        "licenseInput": {"licenseID": ids["ingestLicense"]},
    }

    def by_id(value: Any) -> Any:
        if isinstance(value, dict):
            held = [key for key in value if key in named]
            return named[held[0]] if held else {key: by_id(part) for key, part in value.items()}
        return [by_id(one) for one in value] if isinstance(value, list) else value

    for name, values in claims().items():
        field = schema().mutation_type.fields[name]
        heads = ", ".join(f"${key}: {field.args[key].type}" for key in values)
        given = ", ".join(f"{key}: ${key}" for key in values)
        told = mine.told(f"mutation({heads}) {{{name}({given})}}", **by_id(values))
        assert told == "there is no node of that id", name
    for one, _, _, spec, _ in types.LISTS:
        argument, type = spec.split(":")
        found = mine.ask(f"query($s:{type}!){{{one}({argument}:$s){{__typename}}}}", s={})[one]
        assert found == [], one
