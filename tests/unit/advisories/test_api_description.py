"""The OpenAPI description is what is served, and what is served keeps to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from pratique.advisories.build import build
from pratique.advisories.inputs import Source
from pratique.advisories.libraries import Libraries
from pratique.surfaces.api.app import application
from pratique.surfaces.api.openapi import description, text

ZERO = {"introduced": "0"}
KNOWN = {
    "/v1/vulns/{id}": ("id", "A-1"),
    "/v1experimental/importfindings/{source}": ("source", "invented"),
    "/v1/importfindings/{source}": ("source", "invented"),
    "/{name}": ("name", "alpha"),
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("described")
    records = [
        {
            "id": f"A-{n}",
            "modified": "2026-01-02T03:04:05Z",
            "summary": "Weak",
            "affected": [
                {
                    "package": {"ecosystem": ecosystem, "name": "alpha"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [ZERO, {"fixed": "3.0.0"}]}],
                    "wrong": n,
                }
            ],
            "references": "none",
        }
        for n, ecosystem in enumerate(("npm", "PyPI", "crates.io", "Debian:12"))
    ]
    (folder / "records.ndjson").write_text("\n".join(map(json.dumps, records)))
    build(folder / "data", [Source(path=str(folder / "records.ndjson"), name="invented")])
    library = folder / "libraries" / "libz@1"
    library.mkdir(parents=True)
    (library / "a.c").write_text("a")
    return application(folder / "data", Libraries.of(folder / "libraries"))


@pytest.fixture(scope="module")
def schema(app: Any) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", app)


OPERATIONS = [
    (path, verb.upper(), mode)
    for path, verbs in description()["paths"].items()
    for verb in verbs
    for mode in GenerationMode
    if verb == "post" or mode is GenerationMode.POSITIVE
]
"""No path can be put wrongly: its parameters are any text."""


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_every_operation_keeps_to_its_description(
    schema: Any, path: str, method: str, mode: GenerationMode
) -> None:
    """Valid and invalid requests, made up from the description.

    That a valid one is answered with 200 is not asked: which fields of a
    question go together is told in words only.
    """

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(excluded_checks=[CHECKS.get_one("positive_data_acceptance")])

    ask()


def test_known_things_are_answered_as_described(schema: Any) -> None:
    for path, (parameter, value) in KNOWN.items():
        case = schema[path]["GET"].Case(path_parameters={parameter: value})
        assert case.call_and_validate().status_code == 200
    package = {"name": "alpha", "ecosystem": "npm"}
    for path, body in {
        "/v1/query": {"version": "1.0.0", "package": package},
        "/v1/querybatch": {"queries": [{"version": "1.0.0", "package": package}]},
        "/-/npm/v1/security/advisories/bulk": {"alpha": ["1.0.0"]},
    }.items():
        case = schema[path]["POST"].Case(body=body, media_type="application/json")
        response = case.call_and_validate()
        assert "A-0" in response.text


def test_description_is_served_as_it_is_checked_in(
    app: Any, caller: Callable[..., Any], repository: Path
) -> None:
    """Write it anew with ``pratique serve --openapi > docs/schemas/osv-api.openapi.json``."""
    kept = (repository / "docs" / "schemas" / "osv-api.openapi.json").read_text()
    assert kept == text()
    assert caller(app).get("/openapi.json").json() == description()
