"""The record's own REST: the command line's answers, in pages, as described."""

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

from pratique.surfaces.cli import main
from pratique.surfaces.record.openapi import PREFIX, description
from pratique.surfaces.record.questions import QUESTIONS

GIVEN: dict[str, dict[str, str]] = {
    "affected": {"subject": "pkg:npm/beta@1.0.0"},
    "why": {"purl": "pkg:npm/beta@1.0.0", "product": "shop"},
    "known": {"noun": "pkg:npm/beta@1.0.0"},
    "bad": {},
    "patch": {"purl": "pkg:npm/beta@1.0.0"},
    "dependents": {"purl": "pkg:npm/beta@1.0.0", "depth": "3"},
    "dependencies": {"purl": "pkg:npm/alpha@1.0.0"},
    "diff": {"product": "shop", "before": "1.0", "after": "2.0"},
    "history": {"purl": "pkg:npm/gamma"},
    "top": {"limit": "2"},
    "products": {},
    "latest": {"product": "shop"},
}


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_an_answer_is_what_the_command_prints(
    client: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    client.send(
        "POST",
        f"{PREFIX}/certify",
        json={"verdict": "bad", "noun": "pkg:npm/beta@1.0.0", "justification": "stole"},
    )
    answer = client.get(f"{PREFIX}/{name}", **GIVEN[name])
    assert answer.status_code == 200, answer.text
    question = QUESTIONS[name]
    words = [*question.always]
    positional = []
    for one in question.parameters:
        if one.name in GIVEN[name]:
            text = GIVEN[name][one.name]
            (positional if one.positional else words).append(
                text if one.positional else f"--{one.name}={text}"
            )
    command = "products" if name == "latest" else name
    capsys.readouterr()
    url = f"sqlite:///{tmp_path / 'record.sqlite'}"
    main([command, *words, "--format", "json", "--store", url, *positional])
    printed = json.loads(capsys.readouterr().out)
    assert answer.json() == printed
    assert printed[question.items], name


@pytest.mark.usefixtures("shop")
def test_pages_hold_all_items_once(client: Any, brought: Callable[..., None]) -> None:
    whole = client.get(f"{PREFIX}/top").json()["packages"]
    seen: list[Any] = []
    cursor = ""
    for _ in range(20):
        asked = {"page-size": "1"} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"{PREFIX}/top", **asked).json()
        seen += page["packages"]
        cursor = page.get("next", "")
        if not cursor:
            break
        # What comes in meanwhile is no part of this list.
        late = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": len(seen)}
        brought("default", late=json.dumps(late))
    assert seen == whole
    assert len(whole) == 3
    for wrong in ("x", "W10=", "WyJ3aHkiLDEsMSwiIl0="):
        assert client.get(f"{PREFIX}/top", cursor=wrong).status_code == 400
    assert client.get(f"{PREFIX}/top", **{"page-size": "0"}).status_code == 400


def test_what_is_no_parameter_is_refused(client: Any, tmp_path: Path) -> None:
    for name, values in (
        ("top", {"store": f"sqlite:///{tmp_path}/other.sqlite"}),
        ("top", {"tenant": "other"}),
        ("affected", {"subject": "pkg:npm/a", "advisories": "/"}),
        ("dependents", {"from": "/etc/passwd"}),
        ("why", {}),
        ("top", {"limit": "many"}),
        ("affected", {"subject": "--store=x", "current": "maybe"}),
        ("why", {"purl": "p" * 9000}),
        ("known", {"noun": "pkg:"}),
        ("diff", {"product": "a", "before": "1", "after": "2"}),
    ):
        answer = client.get(f"{PREFIX}/{name}", **values)
        assert answer.status_code == 400, (name, values, answer.text)
        assert answer.json()["message"]
    assert not list(tmp_path.glob("other*"))
    # What looks like an option is a value, and one of which nothing is known.
    answer = client.get(f"{PREFIX}/known", noun="--help").json()
    assert answer["question"] == "--help"
    assert answer["evidence"] == []


def test_certifying_is_idempotent_and_is_seen_by_graphql(client: Any) -> None:
    body = {"verdict": "bad", "noun": "pkg:npm/beta@1.0.0", "justification": "stole"}
    first = client.send("POST", f"{PREFIX}/certify", json=body).json()
    assert first["new"] is True
    assert first["verb"] == "CertifyBad"
    again = client.send("POST", f"{PREFIX}/certify", json=body).json()
    assert again == first | {"new": False}
    seen = client.ask("{CertifyBad(certifyBadSpec:{}){justification collector}}")["CertifyBad"]
    assert seen == [{"justification": "stole", "collector": "default"}]
    for wrong in ({}, body | {"verdict": "odd"}, body | {"noun": "?"}, body | {"more": 1}):
        assert client.send("POST", f"{PREFIX}/certify", json=wrong).status_code == 400


OPERATIONS = [
    (path, verb.upper(), mode)
    for path, verbs in description()["paths"].items()
    for verb in verbs
    for mode in GenerationMode
    if verb == "post" or mode is GenerationMode.POSITIVE
]
"""That unknown and unfit parameters are refused, a test above says."""


@pytest.fixture
def described(client: Any, shop: None) -> Any:
    return schemathesis.openapi.from_asgi(
        "/openapi.json", client.app, headers={"host": "localhost"}
    )


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_every_operation_keeps_to_its_description(
    described: Any, path: str, method: str, mode: GenerationMode
) -> None:
    """Valid and invalid requests, made up from the description."""

    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described[path][method].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        left_out = ["positive_data_acceptance", "unsupported_method", "ignored_auth"]
        case.call_and_validate(
            excluded_checks=[CHECKS.get_one(name) for name in left_out],
            headers={"host": "localhost"},
        )

    ask()
