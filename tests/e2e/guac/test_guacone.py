"""GUAC's own client against our server: it collects files and asks its questions.

The binary is looked for on PATH and in ``PRATIQUE_GUACONE``; build it from GUAC's
repository (``go build ./cmd/guacone``).  The answers that GUAC's end-to-end test
expects of its corpus are those of the shared vectors; cases that need data from
elsewhere are not asked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ARCHIVE = "sbom/guac-graphql/guac-api.tar.xz"
CORPUS = "sbom/sbom-vectors.tar.xz"


@pytest.fixture(scope="module")
def guacone() -> str:
    found = os.environ.get("PRATIQUE_GUACONE") or shutil.which("guacone")
    if not found or not Path(found).is_file():
        pytest.skip("guacone is not installed (PATH, or PRATIQUE_GUACONE)")
    return found


class Server:
    """Our server on a port of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(timeout=120, verify=False)
        self.store = f"sqlite:///{folder / 'record.sqlite'}"
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pratique", "record", "serve", "--allow-ingest"),
                *("--port", str(self.port), "--store", self.store),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 120
        while True:
            try:
                if self.http.get(f"{self.url}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < end, "the server does not start"
            time.sleep(0.1)

    def ask(self, query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        answer = self.http.post(f"{self.url}/query", json=body).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def stop(self) -> None:
        self.http.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def run(guacone: str, server: Server, *words: str) -> str:
    done = subprocess.run(
        [guacone, *words, "--gql-addr", f"{server.url}/query"],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def collect(guacone: str, server: Server, folder: Path) -> str:
    told = run(guacone, server, "collect", "files", str(folder))
    assert '"level":"error"' not in told, [x for x in told.splitlines() if '"error"' in x][:5]
    return told


@pytest.fixture
def server(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Server]:
    started = Server(tmp_path, free_port())
    yield started
    started.stop()


def small_bill(folder: Path) -> None:
    """A bill with two levels, a scan that found something, and one that did not."""
    components = [
        {
            "type": "library",
            "name": name,
            "version": "1.0.0",
            "purl": f"pkg:npm/{name}@1.0.0",
            "bom-ref": name,
            "hashes": [{"alg": "SHA-256", "content": digit * 64}],
            "licenses": [{"license": {"id": "MIT"}}],
        }
        for name, digit in (("alpha", "a"), ("beta", "b"), ("gamma", "c"))
    ]
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "version": 1,
        "metadata": {
            "timestamp": "2026-01-02T03:04:05Z",
            "component": {
                "type": "application",
                "name": "shop",
                "version": "2.0.0",
                "purl": "pkg:generic/shop@2.0.0",
                "bom-ref": "shop",
            },
        },
        "components": components,
        "dependencies": [
            {"ref": "shop", "dependsOn": ["alpha"]},
            {"ref": "alpha", "dependsOn": ["beta"]},
            {"ref": "beta", "dependsOn": ["gamma"]},
        ],
    }
    (folder / "shop.cdx.json").write_text(json.dumps(bill))
    found = {"npm/gamma@1.0.0": [{"id": "GHSA-aaaa-bbbb-cccc"}]}
    for name in ("npm/gamma@1.0.0", "npm/beta@1.0.0", "npm/alpha@1.0.0", "generic/shop@2.0.0"):
        statement = {
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": "https://in-toto.io/attestation/vulns/v0.1",
            "subject": [{"name": "", "uri": f"pkg:{name}"}],
            "predicate": {
                "scanner": {
                    "uri": "example.test/scanner",
                    "version": "1",
                    "db": {"uri": "", "version": ""},
                    "result": found.get(name, []),
                },
                "metadata": {
                    "scanStartedOn": "2026-01-03T00:00:00Z",
                    "scanFinishedOn": "2026-01-03T00:00:00Z",
                },
            },
        }
        (folder / f"{name.replace('/', '-')}.vulns.json").write_text(json.dumps(statement))


def test_guacone_collects_and_asks(guacone: str, server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    small_bill(folder)
    collect(guacone, server, folder)
    bills = server.ask("{HasSBOM(hasSBOMSpec:{}){uri includedDependencies{id}}}")["HasSBOM"]
    assert [len(bill["includedDependencies"]) >= 3 for bill in bills] == [True]
    scans = server.ask(
        "{CertifyVuln(certifyVulnSpec:{}){vulnerability{type vulnerabilityIDs{vulnerabilityID}}}}"
    )["CertifyVuln"]
    assert sorted(scan["vulnerability"]["type"] for scan in scans) == ["novuln"] * 3 + ["osv"]

    known = run(guacone, server, "query", "known", "package", "pkg:npm/alpha@1.0.0")
    assert "occurrence" in known
    assert "a" * 64 in known
    assert "Declared License: MIT" in known
    vulnerable = run(guacone, server, "query", "vuln", "purl", "pkg:generic/shop@2.0.0")
    assert "ghsa-aaaa-bbbb-cccc" in vulnerable
    run(guacone, server, "certify", "package", "stole credentials", "pkg:npm/gamma@1.0.0")
    bad = run(guacone, server, "query", "bad")
    assert "stole credentials" in bad
    patch = run(
        guacone, server, "query", "patch", "--start-purl", "pkg:npm/gamma@1.0.0",
        "--search-depth", "10",
    )  # fmt: skip
    levels = patch.split("FRONTIER LEVEL")
    assert "pkg:npm/gamma@1.0.0" in levels[1]
    assert "pkg:npm/beta@1.0.0" in levels[2]
    assert "pkg:npm/alpha@1.0.0" in levels[3]
    assert "pkg:generic/shop@2.0.0" in levels[4]


def test_what_guacone_brought_answers_our_own_questions(
    guacone: str, server: Server, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    small_bill(folder)
    collect(guacone, server, folder)
    answer = httpx.get(
        f"{server.url}/api/v1/record/affected",
        params={"subject": "pkg:npm/gamma@1.0.0"},
        timeout=60,
    ).json()
    assert [hit["product"] for hit in answer["hits"]] == ["shop"]
    again = collect(guacone, server, folder)
    assert "completed ingesting 5 documents of 5" in again
    assert len(server.ask("{HasSBOM(hasSBOMSpec:{}){id}}")["HasSBOM"]) == 1


# GUAC's end-to-end test


@pytest.fixture(scope="module")
def corpus_server(
    guacone: str,
    vector_folder: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
    free_port: Callable[[], int],
) -> Iterator[Server]:
    folder = vector_folder(CORPUS) / "sbom-vectors" / "guac-data" / "docs"
    if not folder.is_dir():
        folder = next(vector_folder(CORPUS).rglob("guac-data/docs"))
    started = Server(tmp_path_factory.mktemp("corpus"), free_port())
    try:
        told = collect(guacone, started, folder)
        assert "completed ingesting" in told
        yield started
    finally:
        started.stop()


def cases(vector_folder: Callable[[str], Path]) -> tuple[Path, list[dict[str, Any]]]:
    root = vector_folder(ARCHIVE)
    path = next(root.rglob("cases.json"))
    listed = json.loads(path.read_text())["cases"]
    return path.parent, [case for case in listed if "outside_data" not in case]


def selected(document: str, operation: str) -> str:
    """An operation with the fragments that it uses: an unused one is an error (5.5.1.4)."""
    from graphql import parse, print_ast
    from graphql.utilities import separate_operations

    return print_ast(separate_operations(parse(document))[operation])


def normal(value: Any, filter: str) -> Any:
    """A value as a case's filter makes it, and with every list sorted."""
    dropped = set(re.findall(r"del\(\.\. \| \.(\w+)\?\)", filter))
    if isinstance(value, dict):
        return {key: normal(part, filter) for key, part in value.items() if key not in dropped}
    if isinstance(value, list):
        parts = [normal(part, filter) for part in value]
        return sorted(parts, key=lambda part: json.dumps(part, sort_keys=True))
    return value


def looked_up(server: Server, document: str, where: str) -> str:
    name, _, path = where.partition(": .")
    value = server.ask(selected(document, name))
    for step in re.findall(r"\w+", path):
        value = value[int(step)] if step.isdecimal() else value[step]
    return value


@pytest.mark.nightly
@pytest.mark.timeout(1200)
def test_expectations_of_guacs_own_end_to_end_test(
    corpus_server: Server, vector_folder: Callable[[str], Path]
) -> None:
    folder, listed = cases(vector_folder)
    assert len(listed) >= 9
    document = (folder / "queries.gql").read_text()
    wrong = []
    for case in listed:
        expected = json.loads((folder / Path(case["expected"]).name).read_text())
        filter = case["normalise_jq"]
        if case["operation"] is None:
            ids = {
                key: looked_up(corpus_server, document, where)
                for key, where in case["ids_from"].items()
            }
            answer: Any = shortest(corpus_server, document, ids["start"], ids["target"])
        else:
            variables = {
                key: looked_up(corpus_server, document, where)
                for key, where in case.get("variables_from", {}).items()
            }
            answer = corpus_server.ask(selected(document, case["operation"]), **variables)
        if normal(answer, filter) != normal(expected, filter):
            wrong.append(case["operation"] or case["kind"])
    assert wrong == []


def shortest(server: Server, document: str, start: str, target: str) -> list[Any]:
    """The way between two nodes, over ``neighbors`` alone."""
    beside, node = selected(document, "GetNeighbors"), selected(document, "Node")

    def own(one: dict[str, Any]) -> str:
        if one["__typename"] != "Package" or not one["namespaces"]:
            return str(one["id"])
        space = one["namespaces"][0]
        name = (space["names"] or [None])[0]
        if name is None:
            return str(space["id"])
        return str((name["versions"] or [name])[0]["id"])

    came: dict[str, str] = {start: ""}
    queue = deque([start])
    while target not in came:
        here = queue.popleft()
        for one in server.ask(beside, nodeId=here)["neighbors"]:
            if len(one) > 1 and own(one) not in came:
                came[own(one)] = here
                queue.append(own(one))
    path = [target]
    while came[path[-1]]:
        path.append(came[path[-1]])
    return [server.ask(node, nodeId=id)["node"] for id in reversed(path)]
