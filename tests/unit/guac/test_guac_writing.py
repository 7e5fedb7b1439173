"""What is written over the interface: by which name, once, and only what is there."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from graphql import parse, type_from_ast
from sqlalchemy import func, select

from pratique.store import tables
from pratique.store.engine import Store, open_store
from pratique.store.withdrawing import withdraw_claim
from pratique.surfaces.guac.errors import RequestError
from pratique.surfaces.guac.ids import read_id
from pratique.surfaces.guac.schema import schema
from pratique.surfaces.guac.service import respond
from pratique.surfaces.guac.variables import Variables

ORIGIN = {"origin": "o", "collector": "c", "documentRef": "d"}
SAID = {"dependencyType": "DIRECT", "justification": "j", **ORIGIN}
PACKAGES = "mutation($p:[IDorPkgInput!]!){ingestPackages(pkgs:$p){packageVersionID packageNameID}}"
DEPENDENCY = (
    "mutation($a:IDorPkgInput!,$b:IDorPkgInput!,$d:IsDependencyInputSpec!)"
    "{ingestDependency(pkg:$a,depPkg:$b,dependency:$d)}"
)
BILL = (
    "mutation($p:IDorPkgInput!,$h:HasSBOMInputSpec!,$i:HasSBOMIncludesInputSpec!)"
    "{ingestHasSBOM(subject:{package:$p},hasSBOM:$h,includes:$i)}"
)
HEAD = {
    "uri": "urn:x",
    "algorithm": "sha256",
    "digest": "ab",
    "downloadLocation": "",
    "knownSince": "2026-01-01T00:00:00Z",
    **ORIGIN,
}


def package(name: str, **more: Any) -> dict[str, Any]:
    return {"packageInput": {"type": "npm", "name": name, "version": "1"}, **more}


def call(store: Store, query: str, **variables: Any) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    return json.loads(respond(store, "default", body, may_write=True))


def ask(store: Store, query: str, **variables: Any) -> Any:
    answer = call(store, query, **variables)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def counts(store: Store) -> dict[str, int]:
    with store.reading() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables.metadata.sorted_tables
        }


def collected(store: Store) -> list[str]:
    """What a client does with a document; two of them overlap."""
    made = []
    for names in (["a", "b", "c"], ["b", "c", "d"]):
        rows = ask(store, PACKAGES, p=[package(name) for name in names])["ingestPackages"]
        ids = [row["packageVersionID"] for row in rows]
        edges = [
            ask(
                store,
                DEPENDENCY,
                a=package(names[n], packageVersionID=ids[n]),
                b=package(names[n + 1], packageVersionID=ids[n + 1]),
                d=SAID,
            )["ingestDependency"]
            for n in range(2)
        ]
        includes = {"packages": ids, "artifacts": [], "dependencies": edges, "occurrences": []}
        made.append(ask(store, BILL, p=package(names[0]), h=HEAD, i=includes)["ingestHasSBOM"])
    return made


def test_the_same_again_adds_no_row_in_this_process_or_another(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'r.sqlite'}"
    with open_store(url) as store:
        bills = collected(store)
        before = counts(store)
        assert collected(store) == bills
        assert counts(store) == before
    with open_store(url) as store:
        assert collected(store) == bills
        assert counts(store) == before
        with store.reading() as connection:
            raw = connection.execute(select(tables.blob.c.digest)).scalars().all()
            kept = connection.execute(select(tables.document.c.digest)).scalars().all()
    assert set(kept) <= set(raw)


def test_an_id_goes_before_a_description(store: Store) -> None:
    (a, b) = ask(store, PACKAGES, p=[package("a"), package("b")])["ingestPackages"]
    said = ask(
        store,
        DEPENDENCY,
        a=package("other", packageVersionID=a["packageVersionID"]),
        b={"packageVersionID": b["packageVersionID"]},
        d=SAID,
    )["ingestDependency"]
    query = "query($n:ID!){node(node:$n){...on IsDependency{package{namespaces{names{name}}}}}}"
    found = ask(store, query, n=said)["node"]["package"]
    assert found["namespaces"][0]["names"][0]["name"] == "a"


def test_an_id_of_another_type_is_none(store: Store) -> None:
    query = "mutation($b:IDorBuilderInput){ingestBuilder(builder:$b)}"
    builder = ask(store, query, b={"builderInput": {"uri": "x"}})["ingestBuilder"]
    (row,) = ask(store, PACKAGES, p=[package("a")])["ingestPackages"]
    for id in (builder, row["packageNameID"]):
        answer = call(store, DEPENDENCY, a={"packageVersionID": id}, b=package("b"), d=SAID)
        assert answer["errors"][0]["message"] == "there is no node of that id"
    described = package("c", packageVersionID=builder)
    assert ask(store, DEPENDENCY, a=described, b=package("b"), d=SAID)["ingestDependency"]


def test_what_another_process_took_back_cannot_be_included(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'r.sqlite'}"
    with open_store(url) as store, open_store(url) as elsewhere:
        kept, gone = (
            ask(store, DEPENDENCY, a=package("a"), b=package(name), d=SAID)["ingestDependency"]
            for name in ("b", "c")
        )
        assert withdraw_claim(elsewhere, "default", read_id(gone).key)
        for edges, told in (([kept], None), ([kept, gone], "is not in the record")):
            includes = {
                "packages": [],
                "artifacts": [],
                "dependencies": edges,
                "occurrences": [],
            }
            answer = call(store, BILL, p=package("a"), h=HEAD, i=includes)
            assert ("errors" in answer) is (told is not None)
            assert told is None or answer["errors"][0]["message"].endswith(told)
        # Said anew, it is there again, under the same id.
        again = ask(store, DEPENDENCY, a=package("a"), b=package("c"), d=SAID)
        assert again["ingestDependency"] == gone


INPUTS = (
    "[IDorPkgInput!]!", "IDorSourceInput!", "[IsDependencyInputSpec!]", "ScorecardInputSpec!",
    "SLSAInputSpec", "HasSBOMIncludesInputSpec!", "PackageOrSourceInputs!", "MatchFlags!",
    "VulnerabilityMetadataInputSpec!", "PkgSpec!", "CertifyScorecardSpec!", "[ID!]!", "Int",
)  # fmt: skip

PLAIN: tuple[Any, ...] = (
    *(None, "", "x", 0, 3, -1, 2**31, 1.5, 2.0, True, [], {}, ["x"], [None]),
    *("SPECIFIC_VERSION", "DIRECT", "CVSSv3", "2026-01-01T00:00:00Z"),
)


def test_both_ways_of_reading_variables_agree() -> None:
    """What is read in one step has the values, and is refused where, the slow way has it."""
    chance = random.Random(3)

    def value(type: Any, depth: int = 0) -> Any:
        if chance.random() < 0.06:
            return chance.choice(PLAIN)
        text = str(type).rstrip("!")
        if text.startswith("["):
            inner = type.of_type if str(type).endswith("!") else type
            return [value(inner.of_type, depth + 1) for _ in range(chance.randrange(3))]
        named = schema().type_map[text]
        if hasattr(named, "fields"):
            given = {
                name: value(field.type, depth + 1)
                for name, field in named.fields.items()
                if str(field.type).endswith("!") or chance.random() < 0.6
            }
            if chance.random() < 0.03:
                given["another"] = 1
            return given
        if hasattr(named, "values"):
            return chance.choice(list(named.values))
        return {"Int": 4, "Float": chance.choice([4, 4.5]), "Boolean": True}.get(text, "text")

    agreed = {True: 0, False: 0}
    for number in range(2_000):
        type = INPUTS[number % len(INPUTS)]
        document = parse(f"query($class:{type},$b:Int=3){{node(node:$class){{__typename}}}}")
        variables = Variables(schema(), document.definitions[0])
        declared = document.definitions[0].variable_definitions[0].type
        given = {"class": value(type_from_ast(schema(), declared)), "unused": 1}
        raw = msgspec.Raw(json.dumps(given).encode())
        slow, quick = told(variables._one_by_one, raw), told(variables.read, raw)
        assert repr(sorted_keys(quick)) == repr(sorted_keys(slow))
        agreed[isinstance(slow, dict)] += 1
    assert min(agreed.values()) > 200


def told(read: Callable[[msgspec.Raw], Any], raw: msgspec.Raw) -> Any:
    """The values, or the message of the error."""
    try:
        return read(raw)
    except RequestError as error:
        return error.message


def sorted_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [sorted_keys(one) for one in value] if isinstance(value, list) else value


def test_variables_that_are_no_object_are_told(store: Store) -> None:
    for text in (
        b'{"query":"{__typename}","variables":[]}',
        b'{"query":"{__typename}","variables":3}',
    ):
        answer = json.loads(respond(store, "default", text, may_write=False))
        assert "no GraphQL request" in answer["errors"][0]["message"]
