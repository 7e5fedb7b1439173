"""SLSA provenance 0.1, 0.2 and 1 say the same of one build; predicates become typed values."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from pratique.formats.intoto import read_statement
from pratique.formats.intoto.predicates import PREDICATES, NpmPublish, typed_predicate
from pratique.formats.slsa import PROVENANCE_TYPES, provenance_of, summary_of
from pratique.model.errors import InputError, UnsupportedError

SOURCE = {"uri": "git+https://example.test/alpha@refs/heads/main", "digest": {"sha1": "00" * 20}}
TIMES = {"buildStartedOn": "2025-06-01T12:00:00Z", "buildFinishedOn": "2025-06-01T12:01:00Z"}

V01 = {
    "builder": {"id": "https://builder.example.test"},
    "recipe": {
        "type": "https://type.example.test",
        "definedInMaterial": 0,
        "entryPoint": "build.yml",
        "arguments": {"level": "high"},
        "environment": {"machine": "large"},
    },
    "metadata": {"buildInvocationId": "42-1", **TIMES},
    "materials": [SOURCE],
}
V02 = {
    "builder": {"id": "https://builder.example.test"},
    "buildType": "https://type.example.test",
    "invocation": {
        "configSource": {**SOURCE, "entryPoint": "build.yml"},
        "parameters": {"level": "high"},
        "environment": {"machine": "large"},
    },
    "metadata": {"buildInvocationId": "42-1", **TIMES},
    "materials": [SOURCE],
}
V1 = {
    "buildDefinition": {
        "buildType": "https://type.example.test",
        "externalParameters": {"level": "high"},
        "internalParameters": {"machine": "large"},
        "resolvedDependencies": [SOURCE],
    },
    "runDetails": {
        "builder": {"id": "https://builder.example.test"},
        "metadata": {
            "invocationId": "42-1",
            "startedOn": TIMES["buildStartedOn"],
            "finishedOn": TIMES["buildFinishedOn"],
        },
    },
}


def statement(type: str, predicate: object):
    return read_statement(
        json.dumps(
            {
                "_type": "https://in-toto.io/Statement/v0.1",
                "subject": [{"name": "a", "digest": {"sha256": "00" * 32}}],
                "predicateType": type,
                "predicate": predicate,
            }
        ).encode()
    )


def test_the_three_versions_are_one() -> None:
    found = [
        provenance_of(statement(type, predicate))
        for type, predicate in zip(PROVENANCE_TYPES, (V01, V02, V1), strict=True)
    ]
    assert [one.version for one in found] == ["0.1", "0.2", "1"]
    for one in found:
        assert one.builder == "https://builder.example.test"
        assert one.build_type == "https://type.example.test"
        assert one.external_parameters == {"level": "high"}
        assert one.internal_parameters == {"machine": "large"}
        assert one.dependencies[0].uri == SOURCE["uri"]
        assert (one.invocation, one.started[:4], one.finished[-3:]) == ("42-1", "2025", "00Z")
    for one in found[:2]:
        assert one.config_source
        assert one.config_source.uri == SOURCE["uri"]
        assert one.entry_point == "build.yml"


@pytest.mark.parametrize("at", [None, "0", 7, -1, "x"])
def test_the_place_of_a_recipe(at: object) -> None:
    recipe = {**V01["recipe"], "definedInMaterial": at}
    found = provenance_of(statement("https://slsa.dev/provenance/v0.1", V01 | {"recipe": recipe}))
    assert (found.config_source is not None) == (at == "0")


def test_what_is_no_provenance() -> None:
    with pytest.raises(UnsupportedError):
        provenance_of(statement("https://slsa.dev/provenance/v7", V1))
    for predicate in (None, {}, {"builder": 1}, {"builder": {}, "materials": "x"}):
        for type in PROVENANCE_TYPES:
            if type.endswith("0.1") and predicate == {"builder": {}}:
                continue
            with pytest.raises(InputError):
                provenance_of(statement(type, predicate))


def test_predicates_become_typed() -> None:
    release = typed_predicate(
        statement("https://in-toto.io/attestation/release/v0.1", {"purl": "pkg:generic/a@1"})
    )
    assert release == PREDICATES["https://in-toto.io/attestation/release/v0.1"](
        purl="pkg:generic/a@1"
    )
    publish = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
    given = {"name": "a", "version": "1"}
    assert typed_predicate(statement(publish, given)) == NpmPublish("a", "1")
    with pytest.raises(InputError):
        typed_predicate(statement(publish, {"name": "a"}))
    assert typed_predicate(statement("https://example.test/v1", {})) is None


def test_examples_of_the_specification(vector_folder: Callable[[str], Path]) -> None:
    """Each whole statement of in-toto's pages is read; fragments are none."""
    folder = vector_folder("provenance/provenance.tar.xz") / "in-toto-attestation/examples"
    read = typed = 0
    for path in sorted(folder.glob("*.json")):
        document = msgspec.json.decode(path.read_bytes())
        if not isinstance(document, dict) or "_type" not in document:
            continue
        try:
            found = read_statement(path.read_bytes())
        except InputError:
            assert "predicateType" not in document or not document.get("subject"), path.name
            continue
        read += 1
        if found.predicate_type in PROVENANCE_TYPES:
            typed += provenance_of(found) is not None
        elif "verification_summary/v1" in found.predicate_type:
            typed += summary_of(found) is not None
        elif found.predicate:
            typed += typed_predicate(found) is not None
    assert read >= 10
    assert typed >= 6
