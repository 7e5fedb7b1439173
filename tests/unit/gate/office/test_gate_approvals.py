"""Approvals and quarantine: in the folder of a gate, over HTTP, and on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from pratique.gate.approvals import checked, four_eyes, within
from pratique.gate.desk import Here
from pratique.gate.inspect import why
from pratique.gate.log import entries
from pratique.gate.office import Books
from pratique.gate.verifying import verify
from pratique.gate.waiting import ends
from pratique.model.decision import Circumstances
from pratique.model.errors import UsageError
from pratique.model.facts import Facts, Known
from pratique.policy.service import LoadedPolicy, load

JSON = "application/vnd.pypi.simple.v1+json"


NOW = datetime.now(UTC)


SOON = NOW + timedelta(days=30)


def versions(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return sorted(answer.json()["versions"])


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def now_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look into the log at every request rather than once a second."""
    monkeypatch.setattr("pratique.gate.app.LOOK_SECONDS", -1.0)


def test_an_approval_beside_a_running_gate_takes_effect(
    wish: Any, waiting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_looks(monkeypatch)

    async def ask(client: httpx.AsyncClient) -> None:
        page = "/pypi/simple/alpha/"
        assert versions(await client.get(page, headers={"Accept": JSON})) == ["0.9"]
        answer = await client.get("/pypi/files/alpha/alpha-1.0.tar.gz")
        assert answer.status_code == 403
        assert "waits for an approval of rule runs-code" in answer.text
        here = Here(waiting.data)
        listed = here.approvals()["waiting"]
        assert {one["subject"] for one in listed} == {"pkg:pypi/alpha@1.0", "pkg:pypi/alpha@1.1"}
        made = here.approve(wish(), "alice")
        assert versions(await client.get(page, headers={"Accept": JSON})) == ["0.9", "1.0"]
        assert (await client.get("/pypi/files/alpha/alpha-1.0.tar.gz")).content == b"one"
        assert [one["subject"] for one in here.approvals()["waiting"]] == ["pkg:pypi/alpha@1.1"]
        assert "set aside by a-" in "\n".join(why(waiting.data, "alpha@1.0"))
        here.revoke(made["id"], "bob", "the script changed")
        assert versions(await client.get(page, headers={"Accept": JSON})) == ["0.9"]
        assert (await client.get("/pypi/files/alpha/alpha-1.0.tar.gz")).status_code == 403
        told = "\n".join(why(waiting.data, "alpha@1.0"))
        assert "approved on" in told
        assert "taken back on" in told

    waiting.run(ask)
    assert verify(waiting.data).sound
    assert {"approved", "revoked"} <= set(waiting.kinds())


def test_approvals_outlive_a_restart_and_expire(wish: Any, waiting: Any) -> None:
    waiting.get("/pypi/simple/alpha/")
    Here(waiting.data).approve(wish("pkg:pypi/alpha", versions=">=1.1, <2"), "alice")
    assert versions(waiting.get("/pypi/simple/alpha/", Accept=JSON)) == ["0.9", "1.1"]
    books = Books()
    for entry in entries(waiting.data):
        books.see(entry)
    assert books.approvals.holding(NOW) == 1
    assert books.approvals.holding(SOON + timedelta(seconds=1)) == 0


def test_an_approval_of_a_digest_is_of_that_content(wish: Any, waiting: Any) -> None:
    import hashlib

    here = Here(waiting.data)
    waiting.get("/pypi/simple/alpha/")
    wrong = wish("pkg:pypi/alpha", digests=("sha256:" + "0" * 64,))
    here.approve(wrong, "alice")
    assert versions(waiting.get("/pypi/simple/alpha/", Accept=JSON)) == ["0.9"]
    digest = "sha256:" + hashlib.sha256(b"two").hexdigest()
    here.approve(wish("pkg:pypi/alpha", digests=(digest,)), "alice")
    assert versions(waiting.get("/pypi/simple/alpha/", Accept=JSON)) == ["0.9", "1.1"]


def test_a_file_that_is_added_later_was_not_approved(
    wish: Any, gate: Any, upstream: Any, days_ago: Any
) -> None:
    files = [
        {"filename": "alpha-1.0.tar.gz", "body": b"one", "upload-time": days_ago(9)},
        {"filename": "alpha-1.0.zip", "body": b"two", "upload-time": days_ago(0.01)},
    ]
    upstream.pypi("alpha", *files)
    gate.get("/pypi/simple/alpha/")
    here = Here(gate.data)
    for rule in ("runs-code", "new-release"):
        here.approve(wish("pkg:pypi/alpha@1.0", rule=rule), "alice")
    answer = gate.get("/pypi/simple/alpha/", Accept=JSON)
    assert [one["filename"] for one in answer.json()["files"]] == ["alpha-1.0.tar.gz"]


def test_what_denies_only_an_administrator_sets_aside(
    wish: Any, waiting: Any, upstream: Any
) -> None:
    from pratique.gate.lists import Lists

    waiting.lists = Lists.of(deny=["pkg:pypi/alpha@0.9"])
    waiting.get("/pypi/simple/alpha/")
    here = Here(waiting.data)
    denied = wish("pkg:pypi/alpha@0.9", rule="deny-listed")
    here.approve(denied, "alice")
    assert versions(waiting.get("/pypi/simple/alpha/", Accept=JSON)) == []
    here.approve(wish("pkg:pypi/alpha@0.9", rule="deny-listed", above=True), "alice")
    assert versions(waiting.get("/pypi/simple/alpha/", Accept=JSON)) == ["0.9"]


def test_four_eyes(wish: Any, token: Any, waiting: Any) -> None:
    dev = token(waiting, "dev")
    waiting.get("/pypi/simple/alpha/", **bearer(dev))
    listed = Here(waiting.data).approvals()["waiting"]
    assert listed
    assert all(list(one["requesters"]) == ["dev"] for one in listed)
    with pytest.raises(UsageError, match="asked for it"):
        Here(waiting.data).approve(wish(), "Dev")
    with pytest.raises(UsageError, match="same"):
        Here(waiting.data).approve(wish(), "Payments")
    four_eyes("alice", "payments", ["dev"])
    with pytest.raises(UsageError, match="by name"):
        four_eyes(" ", "payments", [])


def test_a_rejected_version_leaves_the_queue(waiting: Any) -> None:
    waiting.get("/pypi/simple/alpha/")
    here = Here(waiting.data)
    with pytest.raises(UsageError, match="nothing of"):
        here.reject("pkg:pypi/beta", "runs-code", "alice", "no")
    here.reject("pkg:pypi/alpha@1.0", "runs-code", "alice", "it mines coins")
    assert [one["subject"] for one in here.approvals()["waiting"]] == ["pkg:pypi/alpha@1.1"]
    assert "rejected on" in "\n".join(why(waiting.data, "alpha"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"subject": "pkg:pypi/*"}, "covers every package"),
        ({"subject": "alpha"}, "subject"),
        ({"subject": "pkg:generic/alpha"}, "no packages of type"),
        ({"rule": "a b"}, "not the id"),
        ({"reason": "a\nb"}, "reason"),
        ({"owner": ""}, "owner"),
        ({"expires": NOW - timedelta(days=1)}, "has passed"),
        ({"expires": NOW + timedelta(days=4000)}, "days away"),
        ({"digests": ("sha1:ab",)}, "digest"),
        ({"versions": ">=1"}, "needs no range"),
        ({"subject": "pkg:pypi/alpha", "versions": "about 1"}, "no range"),
        ({"subject": "pkg:npm/alpha", "versions": ">=one"}, "no version"),
    ],
)
def test_what_an_approval_must_be(wish: Any, change: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        checked(wish(**change), NOW)


def test_ranges() -> None:
    assert within("PyPI", "1.10", ">=1.9, <2")
    assert not within("PyPI", "2.0", ">=1.9, <2")
    assert within("npm", "1.0.0", "1.0.0")
    assert not within("npm", "not a version", ">=1")


def test_quarantine_says_until_when(gate: Any, upstream: Any, days_ago: Any) -> None:
    upstream.pypi(
        "beta",
        {
            "filename": "beta-1.0-py3-none-any.whl",
            "body": b"beta",
            "upload-time": days_ago(1),
        },
    )
    gate.get("/pypi/simple/beta/")
    (one,) = Here(gate.data).quarantine()
    until = datetime.fromisoformat(one["until"])
    assert abs(until - (datetime.now(UTC) + timedelta(days=2))) < timedelta(hours=1)
    assert list(one["rules"]) == ["new-release"]
    assert "until " in "\n".join(why(gate.data, "beta@1.0"))
    answer = gate.get("/pypi/files/beta/beta-1.0-py3-none-any.whl")
    assert "It comes in by itself on" in answer.text


def test_a_security_fix_comes_in_at_once_and_why_says_so(
    gate: Any, upstream: Any, days_ago: Any
) -> None:
    files = [
        {"filename": f"alpha-{version}-py3-none-any.whl", "body": version.encode(), **more}
        for version, more in (("1.0", {}), ("1.1", {"upload-time": days_ago(1)}))
    ]
    upstream.pypi("alpha", *files)
    assert "1.1" in versions(gate.get("/pypi/simple/alpha/", Accept=JSON))
    told = "\n".join(why(gate.data, "alpha@1.1"))
    assert "a security fix, which is not held back: quarantine by new-release" in told


def test_ends(policy: LoadedPolicy) -> None:
    facts = Facts(subject="pkg:pypi/a@1", age_days=Known(1.0))
    where = Circumstances()
    found_ = ends(frozenset({"new-release"}), facts, policy.program, where, NOW)
    assert found_ is not None
    assert abs(found_ - (NOW + timedelta(days=2))) < timedelta(seconds=10)
    always = load(
        b"id: a\nrules:\n  - {id: b, when: age_days >= 0.0, effect: quarantine, reason: no}\n", "a"
    )
    assert ends(frozenset({"b"}), facts, always.program, where, NOW) is None
