"""Packuments and tarballs through the gate."""

from __future__ import annotations

import base64
import hashlib
import json
import random

import pytest

from pratique.gate.errors import BrokenError
from pratique.gate.fetch import Page
from pratique.gate.lists import Lists
from pratique.gate.npm import move_tags, read

SHORT = "application/vnd.npm.install-v1+json"


def test_versions_disappear_and_tags_move(gate, upstream, days_ago) -> None:
    upstream.npm(
        "delta",
        {"1.0.0": {}, "1.1.0": {}, "2.0.0-rc.1": {}, "2.0.0": {}},
        {"latest": "2.0.0", "next": "2.0.0-rc.1", "old": "1.0.0"},
        {"2.0.0": days_ago(1)},
    )
    answer = gate.get("/npm/delta", Accept=SHORT)
    assert answer.headers["content-type"] == SHORT
    document = answer.json()
    assert list(document["versions"]) == ["1.0.0", "1.1.0", "2.0.0-rc.1"]
    assert document["dist-tags"] == {"latest": "1.1.0", "next": "2.0.0-rc.1", "old": "1.0.0"}
    assert document["versions"]["1.1.0"]["dist"]["tarball"] == (
        "http://gate.test/npm/delta/-/delta-1.1.0.tgz"
    )
    assert "time" not in document
    full = gate.get("/npm/delta").json()
    assert "2.0.0" not in full["time"]


@pytest.mark.parametrize("path", ["@acme-free/beta", "@acme-free%2fbeta", "@acme-free%2Fbeta"])
def test_scoped_packages(gate, upstream, path: str) -> None:
    upstream.npm("@acme-free/beta", {"1.0.0": {}, "1.1.0": {}}, {"latest": "1.1.0"})
    document = gate.get(f"/npm/{path}", Accept=SHORT).json()
    assert list(document["versions"]) == ["1.1.0"]
    tarball = document["versions"]["1.1.0"]["dist"]["tarball"]
    assert gate.get(tarball).content == b"@acme-free/beta 1.1.0"
    refused = gate.get("/npm/@acme-free/beta/-/beta-1.0.0.tgz")
    assert refused.status_code == 403
    assert "pkg:npm/%40acme-free/beta@1.0.0" in refused.json()["error"]


def test_install_scripts_are_said(gate, upstream) -> None:
    upstream.npm(
        "delta",
        {"1.0.0": {"scripts": {"postinstall": "node x"}}, "1.1.0": {"scripts": {"test": "x"}}},
        {"latest": "1.0.0"},
    )
    versions = gate.get("/npm/delta", Accept=SHORT).json()["versions"]
    assert versions["1.0.0"]["hasInstallScript"] is True
    assert "hasInstallScript" not in versions["1.1.0"]
    assert "scripts" not in versions["1.0.0"]


def test_reserved_scope(gate, upstream) -> None:
    gate.lists = Lists.of(reserved=["npm:@acme"])
    upstream.npm("@acme/pay", {"99.0.0": {}}, {"latest": "99.0.0"})
    answer = gate.get("/npm/@acme%2fpay", Accept=SHORT)
    assert answer.status_code == 403
    assert "reserved" in answer.json()["error"]
    assert upstream.asked == []


def test_deny_list(gate, upstream) -> None:
    gate.lists = Lists.of(deny=["pkg:npm/delta@1.1.*"])
    upstream.npm("delta", {"1.0.0": {}, "1.1.0": {}}, {"latest": "1.1.0"})
    assert gate.get("/npm/delta").json()["dist-tags"] == {"latest": "1.0.0"}


def test_another_packages_packument(gate, upstream) -> None:
    upstream.npm("delta", {"1.0.0": {}}, {"latest": "1.0.0"})
    upstream.answers["/npm/epsilon"] = upstream.answers["/npm/delta"]
    assert gate.get("/npm/epsilon").status_code == 502


def test_sha512_is_verified(gate, upstream) -> None:
    upstream.npm("delta", {"1.0.0": {"body": b"good"}}, {"latest": "1.0.0"})
    upstream.put("/npm/delta/-/delta-1.0.0.tgz", b"evil")
    answer = gate.get("/npm/delta/-/delta-1.0.0.tgz")
    assert answer.status_code == 502
    assert b"evil" not in answer.content


def test_what_is_kept_counts_in_the_packument(gate, upstream) -> None:
    upstream.npm("delta", {"1.0.0": {"body": b"first"}}, {"latest": "1.0.0"})
    assert gate.get("/npm/delta/-/delta-1.0.0.tgz").content == b"first"
    upstream.npm("delta", {"1.0.0": {"body": b"other"}}, {"latest": "1.0.0"})
    import shutil

    shutil.rmtree(gate.data / "indexes")
    dist = gate.get("/npm/delta").json()["versions"]["1.0.0"]["dist"]
    wanted = base64.b64encode(hashlib.sha512(b"first").digest()).decode()
    assert dist["integrity"] == f"sha512-{wanted}"
    assert gate.get("/npm/delta/-/delta-1.0.0.tgz").content == b"first"


@pytest.mark.parametrize(
    ("tags", "left", "expected"),
    [
        ({"latest": "3.0.0"}, ["1.0.0", "2.0.0", "2.5.0-rc.1"], {"latest": "2.0.0"}),
        ({"latest": "1.0.0"}, ["2.0.0"], {"latest": "2.0.0"}),
        ({"latest": "1.5.0"}, ["1.0.0", "2.0.0"], {"latest": "1.0.0"}),
        ({"latest": "1.0.0"}, ["1.0.0-rc.1"], {"latest": "1.0.0-rc.1"}),
        ({"next": "2.0.0-rc.2"}, ["2.0.0-rc.1"], {"next": "2.0.0-rc.1"}),
        ({"old": "1.0.0"}, ["2.0.0"], {}),
        ({"latest": "1.10.0"}, ["1.9.0", "1.2.0"], {"latest": "1.9.0"}),
        ({"latest": "1.0.0"}, [], {}),
        ("nonsense", ["1.0.0"], {}),
        ({"latest": 3}, ["1.0.0"], {}),
    ],
)
def test_tags(tags: object, left: list[str], expected: dict[str, str]) -> None:
    assert move_tags(tags, left) == expected


def test_damaged_packuments_give_no_other_error() -> None:
    page = json.dumps(
        {
            "name": "delta",
            "versions": {
                "1.0.0": {
                    "version": "1.0.0",
                    "license": {"type": "MIT"},
                    "scripts": {"install": "x"},
                    "dist": {
                        "tarball": "http://a.test/delta-1.0.0.tgz",
                        "integrity": "sha512-AAAA",
                        "shasum": "00",
                    },
                }
            },
            "time": {"1.0.0": "2026-01-01T00:00:00Z"},
        }
    ).encode()
    chance = random.Random(8)
    for _ in range(3000):
        changed = bytearray(page)
        for _ in range(chance.randint(1, 6)):
            changed[chance.randrange(len(changed))] = chance.choice(b'\x00"{}[]<>&=#/\\:\xff9')
        try:
            project = read(
                Page(url="http://a.test/", type="application/json", body=bytes(changed)), "delta"
            )
        except BrokenError:
            continue
        assert project.name == "delta"
