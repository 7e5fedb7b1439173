"""A gate with a policy of approvals, and what is wished of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pratique.gate.approvals import Wish
from pratique.gate.desk import Here
from pratique.gate.tokens import Role
from pratique.policy.service import LoadedPolicy, load

SOON = datetime.now(UTC) + timedelta(days=30)


POLICY = b"""
id: office
rules:
  - id: deny-listed
    when: deny_listed
    effect: deny
    reason: "{purl} is on the deny list"
  - id: runs-code
    when: install_scripts
    effect: require-approval
    on_unknown: ignore
    reason: "{purl} runs code"
  - id: new-release
    when: age_days < 3.0 && !(known.security_fix && security_fix)
    effect: quarantine
    on_unknown: warn
    reason: "was published {age_days} days ago"
  - id: payments-only
    when: "package_name == 'delta'"
    effect: deny
    reason: "{purl} is another team's"
    scopes: {team: [payments]}
"""


@pytest.fixture(scope="package")
def policy() -> LoadedPolicy:
    return load(POLICY, "office.yaml")


@pytest.fixture
def waiting(gate: Any, upstream: Any) -> Any:
    """A gate at which two versions of alpha wait, and one is new."""
    upstream.pypi(
        "alpha",
        {"filename": "alpha-1.0.tar.gz", "body": b"one"},
        {"filename": "alpha-1.1.tar.gz", "body": b"two"},
        {"filename": "alpha-0.9-py3-none-any.whl", "body": b"zero"},
    )
    return gate


@pytest.fixture
def wish() -> Callable[..., Wish]:
    """Makes what somebody asks for: alpha 1.0, for thirty days, unless told otherwise."""

    def call(subject: str = "pkg:pypi/alpha@1.0", **more: Any) -> Wish:
        given = {"rule": "runs-code", "reason": "read", "owner": "payments", "expires": SOON}
        return Wish(subject=subject, **(given | more))

    return call


@pytest.fixture
def token() -> Callable[..., str]:
    """Makes a token of a gate's."""

    def call(gate: Any, user: str, *roles: Role, **more: Any) -> str:
        return str(Here(gate.data).create_token(user, roles or (Role.CLIENT,), **more)["token"])

    return call
