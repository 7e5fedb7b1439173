"""The Go module proxy protocol through the gate (Go Modules Reference, *GOPROXY protocol*)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pratique.gate.fetch import Page
from pratique.gate.golang import escaped, is_checksum_path, is_name, is_version, listed, unescaped
from pratique.gate.gomod import said
from pratique.gate.lists import Lists

NAME = "example.test/Delta"
PATH = "/go/example.test/!delta"


def put(upstream: Any, versions: dict[str, str], *, also: dict[str, str] | None = None) -> None:
    upstream.put(f"{PATH}/@v/list", "\n".join(versions).encode(), "text/plain")
    for version, time in (versions | (also or {})).items():
        info = json.dumps({"Version": version, "Time": time}).encode()
        upstream.put(f"{PATH}/@v/{version}.info", info, "application/json")
        upstream.put(f"{PATH}/@v/{version}.mod", f"module {NAME}\n".encode())
        upstream.put(f"{PATH}/@v/{version}.zip", version.encode())


def test_versions_disappear(gate, upstream, days_ago) -> None:
    gate.lists = Lists.of(deny=["pkg:golang/example.test/Delta@v1.1.*"])
    put(upstream, {"v1.0.0": days_ago(90), "v1.1.0": days_ago(80), "v1.2.0": days_ago(1)})
    assert gate.get(f"{PATH}/@v/list").text == "v1.0.0\n"
    assert gate.get(f"{PATH}/@latest").json()["Version"] == "v1.0.0"
    for version, rule in (("v1.1.0", "deny-listed"), ("v1.2.0", "new-release")):
        for ending in ("info", "mod", "zip"):
            answer = gate.get(f"{PATH}/@v/{version}.{ending}")
            assert answer.status_code == 403
            assert rule in answer.text
    assert gate.get(f"{PATH}/@v/v1.0.0.zip").content == b"v1.0.0"


def test_pseudo_versions(gate, upstream, days_ago) -> None:
    old, new = "v0.0.0-20260101000000-abcdefabcdef", "v0.0.0-20261101000000-abcdefabcdef"
    put(upstream, {}, also={old: days_ago(90), new: days_ago(1)})
    latest = json.dumps({"Version": new, "Time": days_ago(1)}).encode()
    upstream.put(f"{PATH}/@latest", latest, "application/json")
    assert gate.get(f"{PATH}/@latest").status_code == 403
    assert gate.get(f"{PATH}/@v/{new}.zip").status_code == 403
    assert gate.get(f"{PATH}/@v/{old}.zip").content == old.encode()
    upstream.away = True
    assert gate.get(f"{PATH}/@v/{old}.zip").content == old.encode()


def test_the_store_outlives_upstream(gate, upstream, days_ago) -> None:
    put(upstream, {"v1.0.0": days_ago(90)})
    for ending in ("info", "mod", "zip"):
        assert gate.get(f"{PATH}/@v/v1.0.0.{ending}").status_code == 200
    upstream.put(f"{PATH}/@v/v1.0.0.zip", b"other")
    upstream.away = True
    assert gate.get(f"{PATH}/@v/list").text == "v1.0.0\n"
    assert gate.get(f"{PATH}/@v/v1.0.0.zip").content == b"v1.0.0"


def test_the_checksum_database_is_passed_on(gate, upstream) -> None:
    upstream.put("/go/sumdb/sum.test/lookup/example.test/!delta@v1.0.0", b"1\n", "text/plain")
    answer = gate.get("/go/sumdb/sum.test/lookup/example.test/!delta@v1.0.0")
    assert answer.content == b"1\n"


@pytest.mark.parametrize(
    "path",
    [
        "go/example.test/Delta/@v/list",
        "go/example.test/a/@v/..%2flist.zip",
        "go/example.test/a/@v/v1.0.0.exe",
        "go/example.test/a/@v/master.info",
        "go/%2e%2e%2fa/@v/list",
        "go/localhost/@v/list",
        "go/sumdb/a.test/..%2fb",
        "go/sumdb/a.test/lookup/..%2f..%2fb",
        "go/sumdb/a.test/other",
    ],
)
def test_other_paths(gate, upstream, path: str) -> None:
    assert gate.get(f"/{path}").status_code == 404
    assert upstream.asked == []


def test_reserved(gate, upstream) -> None:
    gate.lists = Lists.of(reserved=["acme.test/*"])
    assert gate.get("/go/acme.test/pay/@v/list").status_code == 403
    assert upstream.asked == []


def test_escapes__module_paths() -> None:
    assert escaped("example.test/Alpha/v2") == "example.test/!alpha/v2"
    assert unescaped("example.test/!alpha/v2") == "example.test/Alpha/v2"
    assert unescaped("example.test/Alpha") == ""
    assert unescaped("example.test/!1") == ""
    assert is_name("example.test/Alpha")
    assert not is_name("alpha")
    assert is_version("v2.0.0+incompatible")
    assert not is_version("1.0.0")
    assert is_checksum_path("sum.test/tile/8/0/x001/067")
    page = Page(url="", body=b"v1.10.0\nv1.9.0\nnonsense\n\xff\nv1.9.0 2026-01-01T00:00:00Z\n")
    assert listed(page) == ["v1.9.0", "v1.10.0"]


def test_retracted_and_deprecated__retract_directive(gate, upstream) -> None:
    for version in ("v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0"):
        upstream.module("example.test/delta", version)
    mod = (
        "// Deprecated: use another\nmodule example.test/delta\n\nretract v1.0.0 // wrong\n"
        "retract (\n\t[v1.1.5, v1.2.9] // worse\n\tnonsense nonsense nonsense\n)\n"
    )
    upstream.put("/go/example.test/delta/@v/v1.3.0.mod", mod.encode(), "text/plain")
    answer = gate.get("/go/example.test/delta/@v/list")
    assert answer.text.split() == ["v1.1.0", "v1.3.0"]
    assert gate.get("/go/example.test/delta/@v/v1.2.0.zip").status_code == 403
    found = said(mod)
    assert found.deprecated
    assert found.retracted == (("v1.0.0", "v1.0.0"), ("v1.1.5", "v1.2.9"))
    assert not said("module example.test/delta\n// Deprecated: not of the module\n").deprecated
    assert said("retract (\x00[") == said("")
