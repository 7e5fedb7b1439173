"""Who is let in: by token, by the name this machine is asked for, and never through a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.model.errors import UsageError
from pratique.surfaces.record.access import read_tokens


def test_a_token_that_is_taken_back_is_refused_at_once(
    with_token: Callable[..., Any], tmp_path: Path
) -> None:
    client = with_token("mine")
    assert client.get("/api/v1/record/top").status_code == 200
    file = tmp_path / "tokens.jsonl"
    assert oct(file.stat().st_mode)[-3:] == "600"
    assert "pratique_" not in file.read_text()
    file.write_text("# none\n")
    assert client.get("/api/v1/record/top").status_code == 401
    file.write_text("{broken")
    assert client.get("/api/v1/record/top").status_code == 401
    with pytest.raises(UsageError, match="line 1"):
        read_tokens(file)


def test_without_tokens_only_this_machines_names_are_answered(client: Any) -> None:
    for host, status in {
        "localhost": 200,
        "localhost:8080": 200,
        "127.0.0.1:1": 200,
        "[::1]:8080": 200,
        "evil.example.test": 403,
        "127.0.0.1.example.test": 403,
        "": 403,
    }.items():
        answer = client.send("GET", "/api/v1/record/top", headers={"host": host})
        assert answer.status_code == status, host


def test_a_page_elsewhere_cannot_write_through_a_browser(client: Any) -> None:
    """Without a preflight a browser sends but plain forms and text."""
    body = '{"query":"mutation{ingestBuilder(builder:{builderInput:{uri:\\"x\\"}})}"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = client.send("POST", "/query", content=body, headers={"content-type": kind})
        assert answer.status_code == 415
    assert client.ask("{builders(builderSpec:{}){uri}}")["builders"] == []
