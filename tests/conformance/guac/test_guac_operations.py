"""GUAC's GraphQL interface: its SDL, and every operation that its clients send."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    build_schema,
    introspection_from_schema,
    parse,
    print_ast,
    type_from_ast,
    validate,
)
from graphql.utilities import separate_operations

from pratique.store.engine import Store, open_store
from pratique.surfaces.guac.schema import schema
from pratique.surfaces.guac.service import respond

ARCHIVE = "sbom/guac-graphql/guac-api.tar.xz"
TENANT = "acme"


@pytest.fixture(scope="module")
def api(vector_folder: Callable[[str], Path]) -> Path:
    return next(vector_folder(ARCHIVE).rglob("schema.graphql")).parent


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path_factory.mktemp('guac') / 'record.sqlite'}") as opened:
        yield opened


def ask(store: Store, query: str, variables: dict[str, Any] | None = None) -> Any:
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    answer = json.loads(respond(store, TENANT, body, may_write=True))
    assert "errors" not in answer, (query[:200], answer["errors"])
    return answer["data"]


def plain(value: Any) -> Any:
    """An introspection without descriptions, and in no order."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items() if key != "description"}
    if isinstance(value, list):
        parts = [plain(part) for part in value]
        return sorted(parts, key=lambda part: json.dumps(part, sort_keys=True))
    return value


def test_introspection_equals_guacs(api: Path) -> None:
    # The SDL only extends the root types; GUAC's generator makes them.
    text = "type Query\ntype Mutation\n" + (api / "schema.graphql").read_text()
    theirs = build_schema(text, assume_valid=True, assume_valid_sdl=True)
    assert plain(introspection_from_schema(schema())) == plain(introspection_from_schema(theirs))
    assert len(schema().query_type.fields) == 59
    assert len(schema().mutation_type.fields) == 47


def test_introspection_over_the_wire(api: Path, store: Store) -> None:
    from graphql import get_introspection_query

    query = get_introspection_query(descriptions=False)
    answer = ask(store, query)
    names = {one["name"] for one in answer["__schema"]["types"]}
    assert {"HasSBOM", "Edge", "Time"} <= names


def operations(api: Path) -> list[tuple[str, str]]:
    text = "\n".join(path.read_text() for path in sorted((api / "operations").glob("*.graphql")))
    parts = separate_operations(parse(text))
    return [(name, print_ast(document)) for name, document in parts.items()]


class Samples:
    """Values of the types of variables, made of what is in the record."""

    def __init__(self, ids: dict[str, str]) -> None:
        self.ids = ids

    def value(self, type: Any, name: str, number: int = 0) -> Any:
        if isinstance(type, GraphQLNonNull):
            return self.value(type.of_type, name, number)
        if isinstance(type, GraphQLList):
            if name in {"usingOnly", "qualifiers"}:
                return []
            if getattr(type.of_type, "of_type", None) == ID:
                found = self.ids.get(
                    {"artifacts": "artifact", "packages": "package"}.get(name, name)
                )
                return [found] if found else []
            return [self.value(type.of_type, name, one) for one in (1, 2)]
        if isinstance(type, GraphQLEnumType):
            return min(type.values)
        if isinstance(type, GraphQLInputObjectType):
            return self.object(type, number)
        if name in self.ids:
            return self.ids[name]
        texts = {"type": "npm", "algorithm": "sha256", "digest": f"{number:x}" * 64}
        scalars: dict[str, Any] = {
            "Int": 5,
            "Float": 7.5,
            "Boolean": False,
            "ID": self.ids["package"],
            "Time": f"2026-01-0{number + 1}T00:00:00Z",
            "String": texts.get(name, f"{name}{number}"),
        }
        return scalars[type.name]

    def object(self, type: GraphQLInputObjectType, number: int) -> dict[str, Any]:
        if type.name.endswith("Spec") and "InputSpec" not in type.name:
            return {}  # a filter that asks for nothing
        chosen = {
            name: field
            for name, field in type.fields.items()
            if not (type.name.startswith("IDor") and not name.endswith("Input"))
            and name not in {"inline", "tag"}
        }
        return {name: self.value(field.type, name, number) for name, field in chosen.items()}


ID = schema().type_map["ID"]


@pytest.fixture(scope="module")
def samples(store: Store) -> Samples:
    package = ask(
        store,
        'mutation {ingestPackage(pkg:{packageInput:{type:"npm",name:"alpha",version:"1"}})'
        "{packageVersionID packageNameID}}",
    )["ingestPackage"]
    artifact = ask(
        store,
        'mutation {ingestArtifact(artifact:{artifactInput:{algorithm:"sha256",digest:"'
        + "f" * 64
        + '"}})}',
    )["ingestArtifact"]
    ids = {
        "package": package["packageVersionID"],
        "artifact": artifact,
        "subject": package["packageNameID"],
        "target": package["packageVersionID"],
        "node": package["packageVersionID"],
        "nodes": package["packageVersionID"],
        "pkgIDs": package["packageVersionID"],
        "searchText": "alpha",
    }
    return Samples(ids)


@pytest.fixture(scope="module")
def answers(api: Path, store: Store, samples: Samples) -> dict[str, Any]:
    """What is answered to every operation; the mutations have brought their batches."""
    every, found = operations(api), {}
    # What queries ask for is brought first; a cursor is none before there is a page.
    every.sort(key=lambda row: (row[0] == "Delete", "\nmutation " not in f"\n{row[1]}"))
    for name, text in every:
        parts = parse(text).definitions
        operation = next(one for one in parts if isinstance(one, OperationDefinitionNode))
        variables = {
            one.variable.name.value: samples.value(
                type_from_ast(schema(), one.type), one.variable.name.value
            )
            for one in operation.variable_definitions
            if one.variable.name.value not in {"after", "nodeID"}
        }
        if name == "Delete":
            bills = ask(store, "{HasSBOM(hasSBOMSpec:{}){id}}")["HasSBOM"]
            variables["nodeID"] = bills[0]["id"]
        found[name] = ask(store, text, variables)
    return found


def test_every_operation_of_guacs_clients_executes(answers: dict[str, Any]) -> None:
    assert len(answers) == 128
    for name, answer in answers.items():
        assert answer, name
        for field, value in answer.items():
            assert value not in (None, []), (name, field)
            if isinstance(value, dict) and "totalCount" in value:
                assert len(value["edges"]) == min(value["totalCount"], 5)
                assert value["totalCount"] > 0, name


@pytest.mark.usefixtures("answers")
def test_what_was_written_comes_back_as_it_was(store: Store) -> None:
    """Every field of every claim, of the batches that the operations brought."""
    for kind, query in {
        "CertifyBad": "CertifyBad(certifyBadSpec:{}) {justification knownSince origin}",
        "HasMetadata": "HasMetadata(hasMetadataSpec:{}) {key value timestamp justification origin}",
        "PointOfContact": "PointOfContact(pointOfContactSpec:{}) {email info since origin}",
    }.items():
        rows = ask(store, f"{{{query}}}")[kind]
        by_number = [row for row in rows if row["origin"] == "origin1"]
        assert by_number, kind
        for row in by_number:
            for field, value in row.items():
                if field in {"knownSince", "timestamp", "since"}:
                    assert value == "2026-01-02T00:00:00Z"
                else:
                    assert value == f"{field}1", (kind, field)
    scan = ask(
        store, '{CertifyVuln(certifyVulnSpec:{dbUri:"dbUri1"}){metadata{dbVersion scannerUri}}}'
    )
    assert [row["metadata"] for row in scan["CertifyVuln"]] == [
        {"dbVersion": "dbVersion1", "scannerUri": "scannerUri1"}
    ]
    built = ask(
        store,
        '{HasSLSA(hasSLSASpec:{buildType:"buildType1"}){slsa{startedOn finishedOn '
        "slsaPredicate{key value} builtFrom{digest} builtBy{uri}}}}",
    )["HasSLSA"]
    assert built
    for row in built:
        assert row["slsa"]["slsaPredicate"][0] == {"key": "key1", "value": "value1"}
        assert row["slsa"]["startedOn"] == "2026-01-02T00:00:00Z"
        assert row["slsa"]["builtFrom"]
    legal = ask(
        store,
        '{CertifyLegal(certifyLegalSpec:{declaredLicense:"declaredLicense1"})'
        "{declaredLicenses{name listVersion inline} attribution}}",
    )["CertifyLegal"]
    assert legal[0]["declaredLicenses"][0]["listVersion"].startswith("listVersion")
    assert legal[0]["declaredLicenses"][0]["inline"] is None


def examples(api: Path) -> Iterator[tuple[str, str, str]]:
    for path in sorted((api / "examples").glob("*.gql")):
        for name, document in separate_operations(parse(path.read_text())).items():
            yield path.name, name, print_ast(document)


@pytest.mark.nightly
def test_the_example_documents_execute(api: Path, store: Store) -> None:
    """GUAC's examples: those that its own SDL finds invalid (they are older) are so here."""
    text = "type Query\ntype Mutation\n" + (api / "schema.graphql").read_text()
    theirs = build_schema(text, assume_valid=True, assume_valid_sdl=True)
    valid, refused = 0, []
    for file, name, text in examples(api):
        body = json.dumps({"query": text, "variables": {}}).encode()
        answer = json.loads(respond(store, TENANT, body, may_write=True))
        messages = [error["message"] for error in answer.get("errors", ())]
        if errors := validate(theirs, parse(text)):
            assert messages[: len(errors)] == [error.message for error in errors][:20], name
            continue
        valid += 1
        refused += [(file, name, message) for message in messages]
    assert valid > 100
    known = re.compile(
        r"no node of that id|is not given|uneven lists|is no cursor|must specify|No path found|needs a scoreValue"
    )
    assert [row for row in refused if not known.search(row[2])] == []
