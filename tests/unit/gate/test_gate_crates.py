"""The sparse index through the gate (The Cargo Book, *Index Format*)."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import pytest

from pratique.gate.crates import place, read, template
from pratique.gate.errors import BrokenError
from pratique.gate.fetch import Page
from pratique.gate.lists import Lists


def put(upstream: Any, name: str, *versions: dict[str, Any], dl: str = "") -> None:
    lines = []
    for given in versions:
        fields = dict(given)
        body = fields.pop("body", f"{name} {fields['vers']}".encode())
        digest = hashlib.sha256(body).hexdigest()
        lines.append(
            json.dumps(
                {
                    "name": name,
                    "deps": [],
                    "cksum": digest,
                    "features": {},
                    "yanked": False,
                    **fields,
                }
            )
        )
        upstream.put(f"/dl/{name}/{fields['vers']}/download", body)
    upstream.put(f"/crates/{place(name)}", "\n".join(lines).encode(), "text/plain")
    config = json.dumps({"dl": dl or f"{upstream.url}/dl"})
    upstream.put("/crates/config.json", config.encode(), "application/json")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a", "1/a"),
        ("ab", "2/ab"),
        ("abc", "3/a/abc"),
        ("Alpha", "al/ph/alpha"),
        ("a-b_c", "a-/b_/a-b_c"),
    ],
)
def test_places__index_files(name: str, path: str) -> None:
    assert place(name) == path


def test_templates__index_configuration() -> None:
    page = Page(
        url="http://a.test/",
        body=b'{"dl": "http://b.test/{lowerprefix}/{crate}-{version}.crate?{sha256-checksum}"}',
    )
    line = json.dumps({"name": "Alpha", "vers": "1.0.0", "cksum": "ab" * 32}).encode()
    project = read(Page(url="", body=line), "alpha", template(page))
    assert project.releases[0].files[0].url == f"http://b.test/al/ph/Alpha-1.0.0.crate?{'ab' * 32}"
    with pytest.raises(BrokenError):
        template(Page(url="", body=b"[]"))


def test_versions_disappear(gate, upstream, days_ago) -> None:
    gate.lists = Lists.of(deny=["pkg:cargo/delta@1.1.0"])
    put(
        upstream,
        "delta",
        {"vers": "1.0.0"},
        {"vers": "1.1.0"},
        {"vers": "1.2.0", "pubtime": days_ago(1)},
        {"vers": "1.3.0", "yanked": True},
    )
    text = gate.get("/crates/de/lt/delta").text
    assert [json.loads(line)["vers"] for line in text.splitlines()] == ["1.0.0"]
    assert gate.get("/crates/config.json").json() == {"dl": "http://gate.test/crates/dl"}
    assert gate.get("/crates/dl/delta/1.0.0/download").content == b"delta 1.0.0"
    refused = gate.get("/crates/dl/delta/1.1.0/download")
    assert refused.status_code == 403
    assert "pkg:cargo/delta@1.1.0" in refused.text


def test_the_store_outlives_upstream_and_its_changes(gate, upstream) -> None:
    put(upstream, "delta", {"vers": "1.0.0", "body": b"first"})
    assert gate.get("/crates/dl/delta/1.0.0/download").content == b"first"
    put(upstream, "delta", {"vers": "1.0.0", "body": b"other"})
    line = json.loads(gate.get("/crates/de/lt/delta").text)
    assert line["cksum"] == hashlib.sha256(b"first").hexdigest()
    upstream.away = True
    assert gate.get("/crates/dl/delta/1.0.0/download").content == b"first"


@pytest.mark.parametrize(
    "path", ["de/lt/alpha", "delta", "de/lt/..%2fdelta", "DE/LT/DELTA", "dl/a/b"]
)
def test_other_places(gate, upstream, path: str) -> None:
    assert gate.get(f"/crates/{path}").status_code == 404
    assert upstream.asked == []


def test_reserved(gate, upstream) -> None:
    gate.lists = Lists.of(reserved=["acme-*"])
    assert gate.get("/crates/ac/me/acme_pay").status_code == 403
    assert upstream.asked == []


def test_damaged_lines_give_no_error() -> None:
    line = json.dumps(
        {
            "name": "delta",
            "vers": "1.0.0",
            "cksum": "ab" * 32,
            "yanked": False,
            "pubtime": "2026-01-01T00:00:00Z",
        }
    ).encode()
    chance = random.Random(8)
    for _ in range(3000):
        changed = bytearray(line)
        for _ in range(chance.randint(1, 5)):
            changed[chance.randrange(len(changed))] = chance.choice(b'\x00"{}[]\n:\xff9')
        project = read(Page(url="", body=bytes(changed)), "delta", "http://a.test/{crate}")
        assert len(project.releases) <= 1
