"""Who is told of what: real servers on loopback, what is sent twice, what is secret."""

from __future__ import annotations

import base64
import email
import email.policy
import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from pratique.store import outbox
from pratique.store.engine import open_store
from pratique.watch.configuration import load
from pratique.watch.errors import ConfigurationError
from pratique.watch.sending import BACKOFF_MINUTES, router, send_due
from pratique.watch.service import rematch

EDGES = {"": ["pkg:npm/alpha@1.0.0", "pkg:npm/beta@1.0.0"]}


@pytest.fixture
def store(fresh_url):
    with open_store(fresh_url("sqlite")) as opened:
        yield opened


@pytest.fixture
def shop(store, take, make_sbom, advisories):
    for product, owner in (("shop", "payments"), ("desk", "research")):
        take(store, make_sbom(f"pkg:npm/{product}@1.0", EDGES), product=product, version="1.0",
             environment="prod", owner=owner)  # fmt: skip
    rematch(store, "default", advisories.terms())
    return store


@pytest.fixture
def configure(tmp_path):
    def make(text: str, tenant: str = "default"):
        path = tmp_path / "notify.yaml"
        path.write_text(text)
        return load(path, tenant)

    return make


def run(store, advisories, configuration, now=None):
    terms = advisories.terms(now)
    return rematch(store, "default", terms, route=router(configuration, terms.now))


def send(store, advisories, configuration, now=None):
    return send_due(store, "default", configuration, now or advisories.moment, pause=lambda _: None)


def test_a_webhook_is_signed_and_told_once(shop, advisories, advise, configure, hook, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", "s3cret")
    found = configure(f"""
channels:
  hook: {{type: webhook, url: "{hook.url}", secret: {{env: HOOK_SECRET}}}}
routes:
  - {{to: hook, teams: [payments]}}
  - {{to: hook, products: ["sh*"]}}
""")
    advisories.change(advise("EX-1", "beta", fixed="1.1.0"))
    run(shop, advisories, found)
    sent = send(shop, advisories, found)
    assert (sent.messages, sent.events, sent.errors) == (1, 1, ())
    [(_, headers, body)] = hook.requests
    signed = headers["x-pratique-timestamp"].encode() + b"." + body
    expected = hmac.new(b"s3cret", signed, sha256).hexdigest()
    assert headers["x-pratique-signature"] == f"sha256={expected}"
    value = json.loads(body)
    assert value["schema"] == "pratique/notification/1"
    [event] = value["events"]
    assert (event["product"], event["tenant"]) == ("shop", "default")
    assert event["headline"] == "[critical] EX-1 in shop 1.0 (prod): new finding"
    assert event["advice"][0] == "Upgrade beta to 1.1.0: pratique fix --record"
    assert "pratique triage set EX-1 -p shop" in event["advice"][1]
    assert headers["idempotency-key"] == value["key"]
    assert b"desk" not in body
    # Neither a second sending nor a second run tells it again.
    run(shop, advisories, found)
    assert send(shop, advisories, found).messages == 0
    assert len(hook.requests) == 1


def test_what_fails_is_tried_again_with_the_same_key(shop, advisories, advise, configure, hook):
    found = configure(
        f'channels: {{hook: {{type: webhook, url: "{hook.url}"}}}}\n'
        "routes: [{to: hook, teams: [payments]}]"
    )
    advisories.change(advise("EX-1", "beta"))
    run(shop, advisories, found)
    hook.answers = [(503, {})] * 3
    sent = send(shop, advisories, found)
    assert (sent.messages, sent.waiting, len(hook.requests)) == (0, 1, 3)
    assert sent.errors == ("hook: 127.0.0.1 answered with status 503.",)
    assert send(shop, advisories, found).waiting == 0  # not due yet
    later = advisories.moment + timedelta(minutes=BACKOFF_MINUTES[0])
    assert send(shop, advisories, found, later).messages == 1
    assert len({headers["idempotency-key"] for _, headers, _ in hook.requests}) == 1
    assert len({body for _, _, body in hook.requests}) == 1


def test_what_never_works_has_failed_and_can_be_retried(shop, advisories, advise, configure, hook):
    found = configure(
        f'channels: {{hook: {{type: webhook, url: "{hook.url}"}}}}\n'
        "routes: [{to: hook, teams: [payments]}]"
    )
    advisories.change(advise("EX-1", "beta"))
    run(shop, advisories, found)
    now = advisories.moment
    hook.answers = [(500, {})] * 100
    for _ in range(len(BACKOFF_MINUTES) + 1):
        sent = send(shop, advisories, found, now)
        now += timedelta(days=1)
    assert sent.failed == 1
    [standing] = outbox.standing(shop, "default")
    assert (standing.state, standing.count) == (outbox.FAILED, 1)
    hook.answers = []
    assert outbox.retry(shop, "default", now) == 1
    assert send(shop, advisories, found, now).messages == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_leads_to_another_host(
    shop, advisories, advise, configure, hook, other_hook, status
):
    found = configure(
        f'channels: {{hook: {{type: webhook, url: "{hook.url}"}}}}\nroutes: [{{to: hook}}]'
    )
    advisories.change(advise("EX-1", "beta"))
    run(shop, advisories, found)
    hook.answers = [(status, {"Location": other_hook.url})] * 2
    sent = send(shop, advisories, found)
    assert (sent.messages, sent.failed) == (0, 2)
    assert other_hook.requests == []
    hook.answers = [(308, {"Location": "/moved"})] * 1
    outbox.retry(shop, "default", advisories.moment)
    assert send(shop, advisories, found).messages == 2
    assert "/moved" in [path for path, _, _ in hook.requests]


def test_mail_is_encrypted_plain_and_html(
    shop, advisories, advise, configure, mailbox, certificate, tmp_path, monkeypatch
):
    (tmp_path / "password").write_text("pass word\n")
    monkeypatch.setenv("MAIL_USER", "pratique")
    found = configure(f"""
channels:
  mail:
    type: email
    host: 127.0.0.1
    port: {mailbox.port}
    ca: {certificate[0]}
    from: pratique@example.test
    to: [payments@example.test, oncall@example.test]
    user: {{env: MAIL_USER}}
    password: {{file: password}}
routes: [{{to: mail, teams: [payments]}}]
""")
    advisories.change(advise("EX-1", "beta", summary="<script>alert(1)</script>\r\nBcc: x@y.z"))
    run(shop, advisories, found)
    assert send(shop, advisories, found).errors == ()
    [(sender, recipients, data, secure)] = mailbox.messages
    assert secure
    assert "pratique@example.test" in sender
    assert len(recipients) == 2
    assert base64.b64decode(mailbox.logins[0]) == b"\0pratique\0pass word"
    mail = email.message_from_bytes(data, policy=email.policy.default)
    assert mail["Subject"] == "Pratique: [critical] EX-1 in shop 1.0 (prod): new finding"
    assert mail["Bcc"] is None
    assert mail["Message-ID"].endswith("@example.test>")
    text = mail.get_body(("plain",)).get_content()
    assert "where    shop > pkg:npm/beta@1.0.0" in text
    shown = mail.get_body(("html",)).get_content()
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown


def test_a_mail_server_without_encryption_gets_nothing(
    shop, advisories, advise, configure, plain_mailbox
):
    found = configure(f"""
channels:
  mail: {{type: email, host: 127.0.0.1, port: {plain_mailbox.port}, from: a@example.test,
    to: b@example.test}}
routes: [{{to: mail}}]
""")
    advisories.change(advise("EX-1", "beta"))
    run(shop, advisories, found)
    sent = send(shop, advisories, found)
    assert sent.failed == 2
    assert sent.errors == ("mail: 127.0.0.1 does not offer what is needed: starttls.",)
    assert plain_mailbox.messages == []


def test_a_certificate_that_nobody_trusts_is_refused(shop, advisories, advise, configure, mailbox):
    found = configure(f"""
channels:
  mail: {{type: email, host: 127.0.0.1, port: {mailbox.port}, from: a@example.test,
    to: b@example.test}}
routes: [{{to: mail}}]
""")
    advisories.change(advise("EX-1", "beta"))
    run(shop, advisories, found)
    assert send(shop, advisories, found).errors == (
        "mail: the certificate of 127.0.0.1 is not trusted.",
    )
    assert mailbox.messages == []


def test_slack_takes_text_and_its_address_is_secret(
    shop, advisories, advise, configure, hook, monkeypatch
):
    monkeypatch.setenv("SLACK_URL", hook.url + "/T0/SECRETPART")
    found = configure("""
channels:
  chat: {type: slack, url: {env: SLACK_URL}}
routes: [{to: chat, teams: [payments]}]
""")
    advisories.change(advise("EX-1", "beta", summary="<!channel> & friends"))
    run(shop, advisories, found)
    hook.answers = [(404, {})]
    sent = send(shop, advisories, found)
    assert sent.failed == 1
    assert "SECRETPART" not in str(sent)
    assert "SECRETPART" not in str(outbox.standing(shop, "default"))
    outbox.retry(shop, "default", advisories.moment)
    assert send(shop, advisories, found).messages == 1
    text = hook.bodies[-1]["text"]
    assert "&lt;!channel&gt; &amp; friends" in text
    assert "<!channel>" not in text


def test_a_file_has_each_event_once_even_after_a_torn_line(
    shop, advisories, advise, configure, tmp_path
):
    found = configure("channels: {log: {type: file, path: out.jsonl}}\nroutes: [{to: log}]")
    advisories.change(advise("EX-1", "beta"))
    run(shop, advisories, found)
    path = tmp_path / "out.jsonl"
    # As if a sender had been killed: the first is written, the second half, none is settled.
    rows = outbox.due(shop, "default", advisories.moment)
    for one in rows:
        outbox.claim(shop, [one], f"key{one.id}")
    whole = rows[0].event + "\n"
    path.write_text(whole + rows[1].event[:40])
    assert send(shop, advisories, found).messages == 2
    ids = [json.loads(line)["id"] for line in path.read_text().splitlines()]
    assert len(ids) == len(set(ids)) == 2


def test_a_digest_waits_and_comes_as_one(shop, advisories, advise, configure, hook):
    found = configure(
        f'channels: {{hook: {{type: webhook, url: "{hook.url}"}}}}\n'
        "routes: [{to: hook, digest: 1d}]"
    )
    advisories.change(advise("EX-1", "beta"))
    run(shop, advisories, found)
    advisories.change(advise("EX-2", "alpha"))
    run(shop, advisories, found)
    assert send(shop, advisories, found).messages == 0
    midnight = datetime(2026, 6, 2, tzinfo=UTC)
    assert send(shop, advisories, found, midnight - timedelta(seconds=1)).messages == 0
    sent = send(shop, advisories, found, midnight)
    assert (sent.messages, sent.events) == (1, 4)
    assert hook.bodies[0]["digest"] is True


def test_many_at_once_come_as_one_message(shop, advisories, advise, configure, hook):
    found = configure(
        f'channels: {{hook: {{type: webhook, url: "{hook.url}"}}}}\nroutes: [{{to: hook}}]'
    )
    advisories.change(*(advise(f"EX-{n}", "beta") for n in range(6)))
    run(shop, advisories, found)
    sent = send(shop, advisories, found)
    assert (sent.messages, sent.events) == (1, 12)


def test_routes_choose_by_team_severity_kind_and_judgement(
    shop, advisories, advise, configure, tmp_path, judge
):
    found = configure("""
channels:
  a: {type: file, path: a.jsonl}
  b: {type: file, path: b.jsonl}
  c: {type: file, path: c.jsonl}
routes:
  - {to: a, teams: [payments], severity: high}
  - {to: b, kinds: [malicious]}
  - {to: c, settled: true, products: [desk]}
""")

    def told(name: str) -> list[tuple[str, str]]:
        path = tmp_path / f"{name}.jsonl"
        rows = path.read_text().splitlines() if path.exists() else []
        return sorted((v["product"], v["vulnerability"]) for v in map(json.loads, rows))

    for product in ("shop", "desk"):
        judge(shop, product, "EX-3", "not_affected", advisories.moment)
    low = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"
    advisories.change(
        advise("EX-1", "beta"),
        advise("EX-2", "beta", vector=low),
        advise("EX-3", "beta"),
        advise("MAL-1", "alpha"),
    )
    run(shop, advisories, found)
    send(shop, advisories, found)
    assert told("a") == [("shop", "EX-1"), ("shop", "MAL-1")]
    assert told("b") == [("desk", "MAL-1"), ("shop", "MAL-1")]
    assert told("c") == [("desk", name) for name in ("EX-1", "EX-2", "EX-3", "MAL-1")]


def test_tenants_are_told_nothing_of_each_other(
    shop, take, make_sbom, advisories, advise, configure, hook
):
    found = configure(
        f'channels: {{hook: {{type: webhook, url: "{hook.url}"}}}}\nroutes: [{{to: hook}}]'
    )
    take(shop, make_sbom("pkg:npm/vault@1.0", EDGES), tenant="other", product="vault")
    rematch(shop, "other", advisories.terms())
    advisories.change(advise("EX-1", "beta"))
    terms = advisories.terms()
    rematch(shop, "other", terms, route=router(found, terms.now))
    assert send(shop, advisories, found).messages == 0
    assert outbox.standing(shop, "default") == []
    assert outbox.retry(shop, "default", terms.now) == 0
    sent = send_due(shop, "other", found, terms.now)
    assert (sent.messages, hook.bodies[0]["tenant"]) == (1, "other")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is to be a mapping"),
        ("channels: {a: {type: file, path: x}}", "routes is to be a list"),
        ("channels: {a: {type: pigeon}}\nroutes: [{to: a}]", "needs a type of webhook"),
        ("channels: {a: {type: file, path: x}}\nroutes: [{to: b}]", "'b', which is no channel"),
        ("channels: {a: {type: file, path: x}}\nroutes: [{to: a, kinds: [odd]}]", "'odd'"),
        ("channels: {a: {type: file, path: x}}\nroutes: [{to: a, severity: bad}]", "severity"),
        ("channels: {a: {type: file, path: x}}\nroutes: [{to: a, digest: 1w}]", "digest"),
        ("channels: {a: {type: file, path: x, mode: y}}\nroutes: [{to: a}]", "'mode'"),
        ("channels: {a: {type: slack, url: 'https://example.test/x'}}\nroutes: [{to: a}]",
         "is a secret"),
        ("channels: {a: {type: webhook, url: 'https://h.example.test', secret: abc}}\n"
         "routes: [{to: a}]", "is a secret"),
        ("channels: {a: {type: webhook, url: 'http://h.example.test'}}\nroutes: [{to: a}]",
         "https://"),
        ("channels: {a: {type: webhook, url: 'file:///etc/passwd'}}\nroutes: [{to: a}]",
         "https://"),
        ("channels: {a: {type: email, host: h.example.test, security: none, from: a@b.test, "
         "to: c@d.test}}\nroutes: [{to: a}]", "only this machine"),
        ('channels: {a: {type: email, host: h, from: "a@b.test", to: "c@d.test\\nBcc: e@f.test"}}'
         "\nroutes: [{to: a}]", "no address of mail"),
        ("tenant: other\nchannels: {a: {type: file, path: x}}\nroutes: [{to: a}]", "is for 'other'"),
        ("channels: !!python/object {}", "tags"),
        ("channels: &a {b: *a}", "alias"),
        ("channels: [", "YAML"),
    ],
)  # fmt: skip
def test_a_configuration_that_is_wrong_says_where(configure, text, message):
    with pytest.raises(ConfigurationError, match=r"notify\.yaml") as caught:
        configure(text)
    assert message in caught.value.message
    assert "abc" not in caught.value.message


def test_a_secret_that_is_absent_stops_that_channel_alone(
    shop, advisories, advise, configure, hook, tmp_path
):
    found = configure(f"""
channels:
  hook: {{type: webhook, url: "{hook.url}", secret: {{file: absent}}}}
  log: {{type: file, path: out.jsonl}}
routes: [{{to: hook}}, {{to: log}}]
""")
    advisories.change(advise("EX-1", "beta"))
    run(shop, advisories, found)
    sent = send(shop, advisories, found)
    assert sent.messages == 2
    assert "secret cannot be read" in sent.errors[0]
    assert hook.requests == []
    assert len(Path(tmp_path / "out.jsonl").read_text().splitlines()) == 2


def test_mutated_configurations_are_refused_or_read(tmp_path):
    """Any bytes give a configuration or one clear line; by a seed."""
    import random

    good = (
        b"channels:\n  a: {type: email, host: h.example.test, from: a@b.test, to: [c@d.test],\n"
        b"    user: {env: U}, password: {file: p}}\n  b: {type: file, path: x}\n"
        b"routes:\n  - {to: a, digest: 1d, severity: high, kinds: [new]}\n  - {to: b}\n"
    )
    draw = random.Random(5)
    path = tmp_path / "notify.yaml"
    refused = 0
    for _ in range(600):
        data = bytearray(good)
        for _ in range(draw.randint(1, 6)):
            at = draw.randrange(len(data))
            what = draw.randrange(3)
            if what == 0:
                data[at] = draw.randrange(256)
            elif what == 1:
                del data[at : at + draw.randint(1, 20)]
            else:
                data[at:at] = draw.choice([b"\0", b"[", b"{", b"- ", b": ", b"\xff", b"&a ", b"*a"])
        path.write_bytes(data)
        try:
            load(path, "default")
        except ConfigurationError as error:
            refused += 1
            assert len(str(error).splitlines()) == 1  # noqa: PT017 - any number is refused
    assert 100 < refused < 600
