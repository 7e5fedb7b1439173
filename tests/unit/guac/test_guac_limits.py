"""Requests that are too much, broken or hostile; and the filter directive."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from pratique.surfaces.guac import coerce, documents, execute
from pratique.surfaces.guac.service import respond

NEST = "namespaces{names{versions{purl}}}"


def deep(levels: int) -> str:
    inner = "__typename"
    for _ in range(levels):
        inner = f"... on Package {{ namespaces {{ names {{ versions {{ qualifiers {{ key }} }} }} }} {inner} }}"
    return f"{{packages(pkgSpec:{{}}){{{inner}}}}}"


def test_documents_over_a_limit_are_refused(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    aliases = " ".join(f"a{n}:packages(pkgSpec:{{}}){{id}}" for n in range(200))
    assert "at once" in client.told(f"{{{aliases}}}")
    nested = " ".join(f"a{n}:type" for n in range(200))
    assert "aliases" in client.told(f"{{packages(pkgSpec:{{}}){{{nested}}}}}")
    assert "characters" in client.told("{" + " " * documents.MAX_TEXT + "}")
    assert client.told("{" + "packages(pkgSpec:{}){id} " * 20_000 + "}")
    monkeypatch.setattr(documents, "MAX_DEPTH", 3)
    assert "deep" in client.told(f'{{ packages(pkgSpec:{{type:"x"}}){{{NEST}}}}}')
    monkeypatch.undo()
    bomb = "{packages(pkgSpec:{}){...F0}}" + "".join(
        f"fragment F{n} on Package {{...F{n + 1} ...F{n + 1} ...F{n + 1} ...F{n + 1}}}"
        for n in range(20)
    )
    assert "selects over" in client.told(bomb + "fragment F20 on Package {id type}")
    circle = (
        "{packages(pkgSpec:{}){...A}} fragment A on Package {...B} fragment B on Package {...A}"
    )
    assert "itself" in client.told(circle)
    assert client.told("{" * 5_000)
    assert client.told("{packages(pkgSpec:" + "[" * 5_000)


def test_bulk_lists_and_answers_have_limits(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    query = "mutation($b:[IDorBuilderInput!]!){ingestBuilders(builders:$b)}"
    assert "$b has over 250,000 items" in client.told(query, b=[{}] * (coerce.MAX_ITEMS + 1))
    many = [{"builderInput": {"uri": f"u{n}"}} for n in range(20)]
    assert len(client.ask(query, b=many)["ingestBuilders"]) == 20
    lists = "{builders(builderSpec:{}){uri}}"
    monkeypatch.setattr(execute, "_EVERY", 5)
    monkeypatch.setattr(execute.Budget.__init__, "__defaults__", (45.0, 7))
    assert "too large" in client.told(lists)
    monkeypatch.setattr(execute.Budget.__init__, "__defaults__", (-1.0, 1000))
    assert "too long" in client.told(lists)


def test_a_body_over_the_limit_is_refused(client: Any) -> None:
    length = {"content-length": str(10**12), "content-type": "application/json"}
    assert client.send("POST", "/query", content=b"{}", headers=length).status_code == 413


def test_values_that_are_not_of_their_type_are_told_with_their_place(client: Any) -> None:
    query = "mutation($b:[IDorBuilderInput!]!){ingestBuilders(builders:$b)}"
    for value, told in (
        (None, "may not be null"),
        ("x", "not an object"),
        ([{"builderInput": {"uri": 1}}], "$b[0].builderInput.uri is not a text"),
        ([{}, {"builderInput": {}}], "$b[1].builderInput of type BuilderInputSpec lacks uri"),
        ([{"other": 1}], "no field 'other'"),
        ([None], "may not be null"),
    ):
        assert told in client.told(query, b=value)
    assert "is not given" in client.told(query)
    pages = "query($f:Int){packagesList(pkgSpec:{},first:$f){totalCount}}"
    for value in (2**31, 1.5, "1", True):
        assert "32 bits" in client.told(pages, f=value)
    assert client.ask(pages, f=None)["packagesList"] == {"totalCount": 0}
    assert client.ask(pages, f=3.0)["packagesList"] == {"totalCount": 0}
    single = "mutation($b:[IDorBuilderInput!]!){ingestBuilders(builders:$b)}"
    assert len(client.ask(single, b={"builderInput": {"uri": "one"}})["ingestBuilders"]) == 1


def test_bytes_of_any_kind_get_an_answer_in_graphqls_form(store: Any) -> None:
    random.seed(5)
    good = json.dumps(
        {
            "query": "query Q($s:PkgSpec!){packages(pkgSpec:$s){id ...F}} fragment F on Package"
            "{namespaces{names{name}}}",
            "variables": {"s": {"type": "npm", "qualifiers": [{"key": "a", "value": None}]}},
            "operationName": "Q",
        }
    ).encode()
    assert json.loads(respond(store, "t", good, may_write=False)) == {"data": {"packages": []}}
    for _ in range(400):
        data = bytearray(good)
        for _ in range(random.randint(1, 6)):
            place = random.randrange(len(data))
            if random.random() < 0.5:
                data[place] = random.randrange(256)
            else:
                del data[place : place + random.randint(1, 20)]
        answer = json.loads(respond(store, "t", bytes(data), may_write=False))
        assert "data" in answer
        for error in answer.get("errors", ()):
            assert error["message"]
    for data in (b"", b"[]", b"null", b"\xff", b'[{"query":"{__typename}"}]', b"[" * 100_000):
        answer = json.loads(respond(store, "t", data, may_write=False))
        assert "no GraphQL request" in answer["errors"][0]["message"]


def test_the_operation_is_chosen_by_its_name(client: Any) -> None:
    two = "query A{__typename} query B{packages(pkgSpec:{}){id}}"
    assert "several operations" in client.told(two)
    body = {"query": two, "operationName": "B"}
    assert client.send("POST", "/query", json=body).json() == {"data": {"packages": []}}
    body = {"query": two, "operationName": "C"}
    assert "no operation" in client.send("POST", "/query", json=body).json()["errors"][0]["message"]


def test_skip_include_alias_and_fragments(client: Any) -> None:
    client.ask('mutation{ingestPackage(pkg:{packageInput:{type:"npm",name:"a"}}){packageNameID}}')
    query = (
        "query($y:Boolean!,$n:Boolean!){a:packages(pkgSpec:{}){kind:type id @skip(if:$y) "
        "namespaces @include(if:$n){namespace} ...F @include(if:$y)} "
        "b:packages(pkgSpec:{}) @skip(if:true){id}} "
        "fragment F on Package{__typename namespaces{names{name}} namespaces{namespace}}"
    )
    assert client.ask(query, y=True, n=False) == {
        "a": [
            {
                "kind": "npm",
                "__typename": "Package",
                "namespaces": [{"names": [{"name": "a"}], "namespace": ""}],
            }
        ]
    }


def test_an_error_where_no_null_may_be_takes_all_of_the_answer(client: Any) -> None:
    answer = client.post('{builders(builderSpec:{}){id} node(node:"x"){__typename}}').json()
    assert answer["data"] is None
    assert answer["errors"] == [{"message": "there is no node of that id", "path": ["node"]}]
    answer = client.post(
        '{builders(builderSpec:{}){id} buildersList(builderSpec:{},after:"x"){totalCount}}'
    ).json()
    assert answer["data"] == {"builders": [], "buildersList": None}


def test_filter_keeps_what_has_the_value(client: Any) -> None:
    names = ["libaudit-common", "libaudit1", "zlib"]
    client.ask(
        "mutation($p:[IDorPkgInput!]!){ingestPackages(pkgs:$p){packageNameID}}",
        p=[{"packageInput": {"type": "deb", "namespace": "debian", "name": one}} for one in names],
    )

    def found(directive: str) -> list[str]:
        answer = client.ask(
            f"{{packages(pkgSpec:{{}}) {directive} {{type namespaces{{names{{name}}}}}}}}"
        )
        return sorted(
            name["name"]
            for one in answer["packages"]
            for space in one["namespaces"]
            for name in space["names"]
        )

    path = 'keyName:"namespaces[].names[].name"'
    assert found(f'@filter({path}, operation:CONTAINS, value:"AUDIT-")') == ["libaudit-common"]
    assert found(f'@filter({path}, operation:STARTSWITH, value:"libaudit")') == names[:2]
    assert found(f'@filter({path}, operation:STARTSWITH, value:"audit")') == []
    assert found('@filter(keyName:"type", value:"DEB")') == sorted(names)
    assert found("@filter") == sorted(names)
    assert found('@filter(keyName:"_noun", value:"deb")') == []
    assert found('@filter(keyName:"namespaces.names", value:"x")') == []
    deep = ".".join(["a"] * 50)
    assert "steps" in client.told(f'{{packages(pkgSpec:{{}}) @filter(keyName:"{deep}"){{id}}}}')
