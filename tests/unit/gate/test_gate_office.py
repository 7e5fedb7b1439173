"""Approvals, tokens, quarantine: in the folder of a gate, over HTTP, and on record."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.gate.access import told
from pratique.gate.approvals import Approvals, Wish, checked, four_eyes, within
from pratique.gate.desk import Here
from pratique.gate.inspect import Question, found, why
from pratique.gate.log import NAME, Log, entries
from pratique.gate.office import Books
from pratique.gate.tokens import Role, Tokens
from pratique.gate.verifying import Anchor, verify
from pratique.gate.waiting import ends
from pratique.model.decision import Circumstances
from pratique.model.errors import EvidenceError, UsageError
from pratique.model.facts import Facts, Known
from pratique.policy.service import LoadedPolicy, load

JSON = "application/vnd.pypi.simple.v1+json"
NOW = datetime.now(UTC)
SOON = NOW + timedelta(days=30)

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


@pytest.fixture(scope="module")
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


def wish(subject: str = "pkg:pypi/alpha@1.0", **more: Any) -> Wish:
    given = {"rule": "runs-code", "reason": "read", "owner": "payments", "expires": SOON}
    return Wish(subject=subject, **(given | more))


def versions(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return sorted(answer.json()["versions"])


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def basic(user: str, password: str) -> dict[str, str]:
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def token(gate: Any, user: str, *roles: Role, **more: Any) -> str:
    return str(Here(gate.data).create_token(user, roles or (Role.CLIENT,), **more)["token"])


def now_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look into the log at every request rather than once a second."""
    monkeypatch.setattr("pratique.gate.app.LOOK_SECONDS", -1.0)


def test_an_approval_beside_a_running_gate_takes_effect(
    waiting: Any, monkeypatch: pytest.MonkeyPatch
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


def test_approvals_outlive_a_restart_and_expire(waiting: Any) -> None:
    waiting.get("/pypi/simple/alpha/")
    Here(waiting.data).approve(wish("pkg:pypi/alpha", versions=">=1.1, <2"), "alice")
    assert versions(waiting.get("/pypi/simple/alpha/", Accept=JSON)) == ["0.9", "1.1"]
    books = Books()
    for entry in entries(waiting.data):
        books.see(entry)
    assert books.approvals.holding(NOW) == 1
    assert books.approvals.holding(SOON + timedelta(seconds=1)) == 0


def test_an_approval_of_a_digest_is_of_that_content(waiting: Any) -> None:
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
    gate: Any, upstream: Any, days_ago: Any
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


@pytest.mark.parametrize(
    "path",
    [
        *("/admin", "/admin/", "//admin/tokens", "/ADMIN/tokens", "/admin%2ftokens"),
        *("/%61dmin/tokens", "/healthz/../admin/tokens", "/admin/tokens/", "/admin/./tokens"),
        *("/admin;/tokens", "/admin/tokens?x=/healthz", "/metrics/../admin/tokens"),
    ],
)
def test_no_spelling_of_a_path_opens_an_admin_route(gate: Any, path: str) -> None:
    token(gate, "root", Role.ADMIN)
    for method in ("GET", "POST", "PUT", "HEAD", "OPTIONS"):

        async def ask(client: httpx.AsyncClient, method: str = method) -> None:
            answer = await client.request(method, path)
            assert answer.status_code in {401, 404, 405}
            assert "root" not in answer.text

        gate.run(ask)


def test_what_denies_only_an_administrator_sets_aside(waiting: Any, upstream: Any) -> None:
    from pratique.gate.lists import Lists

    waiting.lists = Lists.of(deny=["pkg:pypi/alpha@0.9"])
    waiting.get("/pypi/simple/alpha/")
    here = Here(waiting.data)
    denied = wish("pkg:pypi/alpha@0.9", rule="deny-listed")
    here.approve(denied, "alice")
    assert versions(waiting.get("/pypi/simple/alpha/", Accept=JSON)) == []
    here.approve(wish("pkg:pypi/alpha@0.9", rule="deny-listed", above=True), "alice")
    assert versions(waiting.get("/pypi/simple/alpha/", Accept=JSON)) == ["0.9"]


def test_four_eyes(waiting: Any) -> None:
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
def test_what_an_approval_must_be(change: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        checked(wish(**change), NOW)


def test_ranges() -> None:
    assert within("PyPI", "1.10", ">=1.9, <2")
    assert not within("PyPI", "2.0", ">=1.9, <2")
    assert within("npm", "1.0.0", "1.0.0")
    assert not within("npm", "not a version", ">=1")


def test_roles(waiting: Any) -> None:
    made = {role: token(waiting, f"the {role}", role, team="payments") for role in Role}

    async def ask(client: httpx.AsyncClient) -> None:
        assert (
            await client.get("/pypi/simple/alpha/", headers=bearer(made[Role.CLIENT]))
        ).is_success
        for path in ("approvals", "quarantine", "log", "why?package=alpha", "tokens", "other"):
            assert (await client.get(f"/admin/{path}")).status_code == 401
        seen = {
            role: [
                (await client.get(f"/admin/{path}", headers=bearer(text))).status_code
                for path in ("approvals", "why?package=alpha", "tokens")
            ]
            for role, text in made.items()
        }
        assert seen == {
            Role.CLIENT: [403, 403, 403],
            Role.TEAM: [200, 403, 403],
            Role.APPROVER: [200, 200, 403],
            Role.AUDITOR: [200, 200, 403],
            Role.ADMIN: [200, 200, 200],
        }
        body = msgspec.to_builtins(wish())
        for role, status in ((Role.AUDITOR, 403), (Role.TEAM, 403), (Role.APPROVER, 201)):
            answer = await client.post("/admin/approvals", json=body, headers=bearer(made[role]))
            assert answer.status_code == status, answer.text
        denied = body | {"above": True}
        answer = await client.post(
            "/admin/approvals", json=denied, headers=bearer(made[Role.APPROVER])
        )
        assert answer.status_code == 403
        answer = await client.get("/pypi/simple/alpha/", headers=bearer(made[Role.AUDITOR]))
        assert answer.status_code == 403
        got = await client.get("/pypi/simple/alpha/", headers={"Accept": JSON})
        assert versions(got) == ["0.9", "1.0"]
        for wrong in (b"", b"{", b'{"subject":1}', b"[" * 5000, b"x" * 100_000):
            answer = await client.post(
                "/admin/approvals", content=wrong, headers=bearer(made[Role.APPROVER])
            )
            assert answer.status_code in {400, 413}
            assert "error" in answer.json()
        order = {"user": "ci", "roles": ["client"]}
        answer = await client.post("/admin/tokens", json=order, headers=bearer(made[Role.ADMIN]))
        text, id_ = answer.json()["token"], answer.json()["id"]
        assert (await client.get("/pypi/simple/alpha/", headers=bearer(text))).is_success
        path = f"/admin/tokens/{id_}/revoke"
        assert (await client.post(path, headers=bearer(made[Role.ADMIN]))).is_success
        assert (await client.get("/pypi/simple/alpha/", headers=bearer(text))).status_code == 401

    waiting.run(ask)
    log = (waiting.data / NAME).read_text()
    secrets = [*made.values()]
    # The part after the id, whole: it is random and may hold "_" itself, so that a piece of it
    # could be one letter.
    assert not any(text in log or text.split("_", 2)[2] in log for text in secrets)
    assert not any(text in (waiting.data / "tokens.json").read_text() for text in secrets)
    assert (waiting.data / "tokens.json").stat().st_mode & 0o077 == 0


def test_every_client_sends_its_token_in_its_own_way(waiting: Any) -> None:
    waiting.more = {"require_token": True}
    text = token(waiting, "ci", team="payments", environment="production")

    async def ask(client: httpx.AsyncClient) -> None:
        path = "/pypi/files/alpha/alpha-0.9-py3-none-any.whl"
        answer = await client.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
        for headers in (
            bearer(text),
            basic("anything", text),
            basic(text, ""),
            basic(text, "x-oauth-basic"),
            {"Authorization": text},
        ):
            assert (await client.get(path, headers=headers)).status_code == 200
        for headers in (
            bearer("pratique_0000000000_nothing"),
            basic("a", "b"),
            {"Authorization": "Digest x"},
            {"Authorization": "Basic !!"},
            {"Authorization": "Basic /w=="},
        ):
            assert (await client.get(path, headers=headers)).status_code == 401
        assert (await client.get("/healthz")).status_code == 200

    waiting.run(ask)
    asked = Question.of({"team": "payments", "kind": "served"})
    served = list(found(waiting.data, asked))
    assert len(served) == 4
    assert served[0]["user"] == "ci"
    assert served[0]["environment"] == "production"
    assert not list(found(waiting.data, Question.of({"team": "other"})))
    assert list(found(waiting.data, Question.of({"client": "ci"})))


def test_wrong_tokens_are_slowed_down_and_others_are_not(waiting: Any) -> None:
    waiting.more = {"require_token": True}
    text = token(waiting, "ci")
    other = token(waiting, "other")
    guess = text[:-6] + "wrong1"

    async def ask(client: httpx.AsyncClient) -> None:
        path = "/pypi/simple/alpha/"
        got = [(await client.get(path, headers=bearer(guess))).status_code for _ in range(12)]
        assert got[:2] == [401, 401]
        assert got[-1] == 429
        answer = await client.get(path, headers=bearer(text))
        assert answer.status_code == 429  # also the right one: it could be the next guess
        assert answer.headers["retry-after"] == "60"
        assert (await client.get(path, headers=bearer(other))).status_code == 200

    waiting.run(ask)


def test_a_damaged_file_of_tokens_lets_nobody_in(waiting: Any) -> None:
    text = token(waiting, "root", Role.ADMIN)
    (waiting.data / "tokens.json").write_bytes(b"[{]")
    assert waiting.get("/admin/tokens", **bearer(text)).status_code == 401


def test_expired_tokens(tmp_path: Any) -> None:
    tokens = Tokens(tmp_path)
    made, text = tokens.create("ci", NOW, expires=SOON)
    assert tokens.find(text, NOW) == made
    assert tokens.find(text, SOON) is None
    assert tokens.find(text + "x", NOW) is None
    for user in ("", "a\nb", " a", "x" * 101):
        with pytest.raises(UsageError):
            tokens.create(user, NOW)
    with pytest.raises(UsageError, match="has passed"):
        tokens.create("ci", SOON, expires=NOW)


def test_a_rule_of_one_team_is_for_that_team(waiting: Any, upstream: Any) -> None:
    upstream.wheel("delta", "1.0")
    payments = token(waiting, "p", team="payments")
    web = token(waiting, "w", team="web")

    async def ask(client: httpx.AsyncClient) -> None:
        for _ in range(2):
            got = {
                who: versions(
                    await client.get("/pypi/simple/delta/", headers={"Accept": JSON} | headers)
                )
                for who, headers in (
                    ("payments", bearer(payments)),
                    ("web", bearer(web)),
                    ("nobody", {}),
                )
            }
            # Who does not say a team may be of that one.
            assert got == {"payments": [], "web": ["1.0"], "nobody": []}
        answer = await client.get(
            "/pypi/files/delta/delta-1.0-py3-none-any.whl", headers=bearer(payments)
        )
        assert answer.status_code == 403
        answer = await client.get(
            "/pypi/files/delta/delta-1.0-py3-none-any.whl", headers=bearer(web)
        )
        assert answer.status_code == 200

    waiting.run(ask)
    lines = why(waiting.data, "delta@1.0", Question.of({"team": "web"}))
    assert any("admitted" in line and "for web" in line for line in lines)
    assert not any("for payments" in line for line in lines)


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
    assert abs(until - (datetime.now(UTC) + timedelta(days=2))) < timedelta(minutes=2)
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


def test_two_write_one_chain(tmp_path: Any) -> None:
    seen: list[str] = []
    first = Log(tmp_path, NOW, lambda entry: seen.append(entry["kind"]))
    second = Log(tmp_path, NOW)
    for number in range(5):
        first.append(f"first{number}", NOW)
        second.append(f"second{number}", NOW)
    first.refresh(NOW)
    assert [entry["kind"] for entry in entries(tmp_path)] == seen
    assert seen[-2:] == ["first4", "second4"]
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{"n":11,"torn')
    first.append("after", NOW)
    assert [entry["kind"] for entry in entries(tmp_path)][-2:] == ["torn", "after"]
    (tmp_path / NAME).write_bytes(b"")
    assert first.intact == "the end of the log was taken away"
    with pytest.raises(EvidenceError, match="taken away"):
        first.append("late", NOW)
    first.close()
    second.close()


def test_the_anchor_knows_what_was_taken_away(tmp_path: Any) -> None:
    log = Log(tmp_path, NOW)
    for number in range(4):
        log.append("trial", NOW, number=number)
    log.close()
    report = verify(tmp_path)
    anchor = Anchor(report.entries, report.head)
    lines = (tmp_path / NAME).read_bytes().splitlines(keepends=True)
    (tmp_path / NAME).write_bytes(b"".join(lines[:2]))
    short = verify(tmp_path, anchor=anchor)
    assert not short.sound
    assert "2 were taken away" in "\n".join(short.lines)
    (tmp_path / NAME).unlink()
    log = Log(tmp_path, NOW)
    for number in range(9):
        log.append("other", NOW, number=number)
    log.close()
    anew = verify(tmp_path, anchor=anchor)
    assert "entry 4 has another digest" in "\n".join(anew.lines)


def test_times_of_questions() -> None:
    asked = Question.of({"since": "2026-11-01", "until": "2026-11-02T00:00:00+01:00"})
    assert asked.when({"at": "2026-11-01T12:00:00Z"})
    assert not asked.when({"at": "2026-11-01T23:30:00Z"})
    for wrong in ({"since": "yesterday"}, {"sinse": "2026-11-01"}):
        with pytest.raises(UsageError):
            Question.of(wrong)


@given(st.binary(max_size=300))
def test_any_header_tells_a_text(header: bytes) -> None:
    assert isinstance(told(header), str)


KINDS = ("approved", "revoked", "rejected", "requested", "index", "refused", "served", "stored")
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
TABLES = st.dictionaries(st.text(max_size=6), LEAVES, max_size=3)
VALUES = LEAVES | TABLES | st.lists(LEAVES | TABLES, max_size=3)
FIELDS = ("approval", "subject", "rule", "by", "ecosystem", "package", "held", "refused", "at")


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from([*FIELDS, "verdict"]), VALUES))
def test_an_entry_that_is_not_understood_lets_nothing_in(kind: str, more: dict[str, Any]) -> None:
    books = Books()
    books.see({**more, "kind": kind})
    assert books.approvals.every() == []
    books.waiting.pending(NOW)


def test_nothing_was_given() -> None:
    approvals = Approvals()
    approvals.see({"kind": "revoked", "approval": "a-1", "by": "x"})
    assert approvals.every() == []
