"""GUAC's REST paths against its own OpenAPI description."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from pratique.ingest.models import Options
from pratique.ingest.service import ingest
from pratique.store.engine import open_store
from pratique.surfaces.record.access import Access
from pratique.surfaces.record.app import application

ARCHIVE = "sbom/guac-graphql/guac-api.tar.xz"
PATHS = (
    "/healthz",
    "/analysis/dependencies",
    "/v0/package/{purl}",
    "/v0/package/{purl}/vulns",
    "/v0/package/{purl}/dependencies",
    "/v0/artifact/{digest}/vulns",
    "/v0/artifact/{digest}/dependencies",
)
DIGEST = "sha256:" + "b" * 64


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("rest")
    parts = [("alpha", "a"), ("beta", "b"), ("gamma", "c")]
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "shop",
                "version": "1",
                "purl": "pkg:generic/shop@1",
                "bom-ref": "shop",
            }
        },
        "components": [
            {
                "type": "library",
                "name": name,
                "version": "1.0",
                "purl": f"pkg:npm/{name}@1.0?arch=x",
                "bom-ref": name,
                "hashes": [{"alg": "SHA-256", "content": digit * 64}],
            }
            for name, digit in parts
        ],
        "dependencies": [
            {"ref": "shop", "dependsOn": ["alpha"]},
            {"ref": "alpha", "dependsOn": ["beta"]},
            {"ref": "beta", "dependsOn": ["gamma"]},
        ],
    }
    scans = [
        {
            "_type": "https://in-toto.io/Statement/v1",
            "predicateType": "https://in-toto.io/attestation/vulns/v0.1",
            "subject": [{"uri": f"pkg:npm/{name}@1.0?arch=x", "digest": {}}],
            "predicate": {
                "scanner": {"uri": "example.test/scanner", "result": found},
                "metadata": {"scanFinishedOn": "2026-01-03T00:00:00Z"},
            },
        }
        for name, found in (("gamma", [{"id": "GHSA-aaaa-bbbb-cccc"}]), ("alpha", []))
    ]
    (folder / "in").mkdir()
    for number, text in enumerate([bill, *scans]):
        (folder / "in" / f"{number}.json").write_text(json.dumps(text))
    with open_store(f"sqlite:///{folder / 'record.sqlite'}") as store:
        assert ingest(store, [str(folder / "in")], Options()).refused == 0
        yield application(store, Access(None))


@pytest.fixture(scope="module")
def theirs(app: Any, vector_folder: Callable[[str], Path]) -> Any:
    path = next(vector_folder(ARCHIVE).rglob("openapi.yaml"))
    schema = schemathesis.openapi.from_dict(yaml.safe_load(path.read_text()))
    schema.app = app
    return schema


def call(theirs: Any, app: Any, path: str, values: dict[str, str], **query: str) -> Any:
    encoded = {key: quote(text, safe="") for key, text in values.items()}
    case = theirs[path]["GET"].Case(path_parameters=encoded, query=query)
    answer = case.call(app=app, headers={"host": "localhost"})
    case.validate_response(answer)
    return answer


def test_the_paths_are_those_of_the_description(theirs: Any) -> None:
    assert tuple(sorted(theirs.raw_schema["paths"])) == tuple(sorted(PATHS))


def test_health(theirs: Any, app: Any) -> None:
    assert isinstance(call(theirs, app, "/healthz", {}).json(), str)


@pytest.mark.parametrize(
    ("purl", "found"),
    [
        ("pkg:npm/beta", ["pkg:npm/beta@1.0?arch=x"]),
        ("pkg:npm/beta@1.0", ["pkg:npm/beta@1.0?arch=x"]),
        ("pkg:npm/beta@1.0?arch=x", ["pkg:npm/beta@1.0?arch=x"]),
        ("pkg:npm/beta@2.0", None),
        ("pkg:npm/beta?arch=y", None),
        ("pkg:npm/none", None),
        ("no purl", None),
    ],
)
def test_packages(theirs: Any, app: Any, purl: str, found: list[str] | None) -> None:
    answer = call(theirs, app, "/v0/package/{purl}", {"purl": purl})
    if found is None:
        assert answer.status_code == 400
        assert answer.json()["Message"]
        return
    assert answer.json() == {"PaginationInfo": {"TotalCount": len(found)}, "PurlList": found}


def test_dependencies_are_direct_and_indirect(theirs: Any, app: Any) -> None:
    path = "/v0/package/{purl}/dependencies"
    answer = call(theirs, app, path, {"purl": "pkg:generic/shop@1"}).json()
    every = [f"pkg:npm/{name}@1.0?arch=x" for name in ("alpha", "beta", "gamma")]
    assert answer["PurlList"] == every
    first = call(theirs, app, path, {"purl": "pkg:generic/shop@1"}, PageSize="2").json()
    assert first["PurlList"] == every[:2]
    assert first["PaginationInfo"]["TotalCount"] == 3
    cursor = first["PaginationInfo"]["NextCursor"]
    rest = call(
        theirs, app, path, {"purl": "pkg:generic/shop@1"}, PageSize="2", Cursor=cursor
    ).json()
    assert rest == {"PaginationInfo": {"TotalCount": 3}, "PurlList": every[2:]}


def test_vulnerabilities(theirs: Any, app: Any) -> None:
    path = "/v0/package/{purl}/vulns"
    # Scanned, and nothing found: an empty list; nothing known at all is an error.
    assert call(theirs, app, path, {"purl": "pkg:npm/alpha@1.0"}).json() == []
    given = {"purl": "pkg:generic/shop@1"}
    assert call(theirs, app, path, given).json() == []
    (one,) = call(theirs, app, path, given, includeDependencies="true").json()
    assert one["package"] == "pkg:npm/gamma@1.0?arch=x"
    assert one["vulnerability"] == {"type": "ghsa", "vulnerabilityIDs": ["ghsa-aaaa-bbbb-cccc"]}
    assert one["metadata"]["scannerUri"] == "example.test/scanner"
    wrong = call(theirs, app, path, given, includeDependencies="perhaps")
    assert wrong.status_code == 400


def test_artifacts(theirs: Any, app: Any) -> None:
    path = "/v0/artifact/{digest}/dependencies"
    found = call(theirs, app, path, {"digest": DIGEST}).json()
    assert found["PurlList"] == ["pkg:npm/gamma@1.0?arch=x"]
    digest = "sha256:" + "c" * 64
    (one,) = call(theirs, app, "/v0/artifact/{digest}/vulns", {"digest": digest}).json()
    assert one["package"] == "pkg:npm/gamma@1.0?arch=x"
    for wrong in ("sha256:" + "d" * 64, "nothing", "sha256:zz"):
        assert call(theirs, app, path, {"digest": wrong}).status_code == 400


def test_the_most_needed_come_first(theirs: Any, app: Any) -> None:
    rows = call(theirs, app, "/analysis/dependencies", {}, sort="frequency").json()
    counts = [row["DependentCount"] for row in rows]
    assert counts == sorted(counts, reverse=True)
    assert {row["Name"] for row in rows} >= {"pkg:npm/beta", "pkg:npm/gamma"}
    assert call(theirs, app, "/analysis/dependencies", {}, sort="scorecard").json() == []


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        *((path, GenerationMode.POSITIVE) for path in PATHS),
        # Any text is a package URL or a digest as far as the description goes.
        ("/analysis/dependencies", GenerationMode.NEGATIVE),
        ("/v0/package/{purl}/vulns", GenerationMode.NEGATIVE),
    ],
)
def test_made_up_requests_are_answered_as_described(
    theirs: Any, app: Any, path: str, mode: GenerationMode
) -> None:
    operation = theirs[path]["GET"]

    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        answer = case.call(app=app, headers={"host": "localhost"})
        names = ("positive_data_acceptance", "negative_data_rejection", "unsupported_method")
        case.validate_response(answer, excluded_checks=[CHECKS.get_one(name) for name in names])

    ask()
