"""Processes that are killed or told to stop, migrations, and the commands as users have them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from pratique.store import outbox
from pratique.store.engine import open_store
from pratique.store.watching import events as listed
from pratique.surfaces.cli import main
from pratique.watch.configuration import load
from pratique.watch.sending import router, send_due
from pratique.watch.service import rematch

EDGES = {"": ["pkg:npm/alpha@1.0.0", "pkg:npm/beta@1.0.0"]}
FEW, MANY = 3, 20


@pytest.fixture(autouse=True, scope="module")
def compiled(tmp_path_factory):
    """Children find the program compiled, so that they start in a third of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.mktemp("compiled")))
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        subprocess.run([sys.executable, "-m", "pratique", "rematch", "--store", "sqlite:////dev/null/none"],
                       capture_output=True)  # fmt: skip
        yield


@pytest.fixture
def place(fresh_url, take, make_sbom, advisories, monkeypatch):
    """A record on SQLite with one product, held once; gives its URL."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    url = fresh_url("sqlite")
    with open_store(url) as store:
        take(store, make_sbom("pkg:npm/shop@1.0", EDGES), product="shop", version="1.0",
             environment="prod", owner="payments")  # fmt: skip
        rematch(store, "default", advisories.terms())
    return url


def begun(*words: str) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    return subprocess.Popen(
        [sys.executable, "-m", "pratique", *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("kills", [FEW, pytest.param(MANY, marks=pytest.mark.nightly)])
def test_a_killed_run_loses_no_event_and_tells_each(
    place, advisories, advise, hook, tmp_path, kills
):
    """Killed at random moments, then run to its end: every event once, each told at least once."""
    path = tmp_path / "notify.yaml"
    path.write_text(
        f'channels: {{hook: {{type: webhook, url: "{hook.url}"}}, log: {{type: file, '
        "path: out.jsonl}}\nroutes: [{to: hook}, {to: log}]"
    )
    words = ("rematch", "--store", place, "--advisories", str(advisories.root), "--notify",
             str(path))  # fmt: skip
    draw = random.Random(11)
    killed = 0
    for number in range(kills):
        advisories.change(*(advise(f"EX-{number}-{n}", "beta") for n in range(3)))
        hook.arrived.clear()
        if number == 1:  # this one does not end before it is killed, however slow the killing is
            hook.open.clear()
        process = begun(*words)
        # Most kills fall into the run and the sending, which come after a start of a second.
        if number % 2:
            assert hook.arrived.wait(120)
            time.sleep(draw.random() * 0.05)
        else:
            time.sleep(draw.uniform(0.6, 1.6))
        process.send_signal(signal.SIGKILL)
        killed += process.wait(60) == -signal.SIGKILL
        hook.open.set()
        process.stderr.close()
    assert killed
    with open_store(place) as store:
        terms = advisories.terms()
        found = load(path, "default")
        rematch(store, "default", terms, route=router(found, terms.now))
        from datetime import UTC, datetime, timedelta

        late = datetime.now(UTC) + timedelta(days=1)
        assert send_due(store, "default", found, late).errors == ()
        kept = [json.loads(body) for body in listed(store, "default")]
        assert {one.state for one in outbox.standing(store, "default")} == {outbox.SENT}
    assert sorted(one["vulnerability"] for one in kept) == sorted(
        f"EX-{number}-{n}" for number in range(kills) for n in range(3)
    )
    ids = {one["id"] for one in kept}
    assert len(ids) == len(kept)
    written = Counter(
        json.loads(line)["id"] for line in (tmp_path / "out.jsonl").read_text().splitlines()
    )
    assert written == Counter(ids)  # the file knows what it has
    keys: dict[str, str] = {}
    for value in hook.bodies:
        for event in value["events"]:
            assert keys.setdefault(event["id"], value["key"]) == value["key"]
    assert keys.keys() == ids  # at least once, and again under the same key alone


def test_watch_sees_what_comes_in_and_stops_when_told(place, advisories, advise, hook, tmp_path):
    path = tmp_path / "notify.yaml"
    path.write_text(
        f'channels: {{hook: {{type: webhook, url: "{hook.url}"}}}}\nroutes: [{{to: hook}}]'
    )
    process = begun("watch", "--interval", "0.1", "--store", place, "--advisories",
                    str(advisories.root), "--notify", str(path))  # fmt: skip
    try:
        advisories.change(advise("EX-1", "beta"))
        assert hook.arrived.wait(60)
        assert hook.bodies[0]["events"][0]["vulnerability"] == "EX-1"
        hook.arrived.clear()
        advisories.change(advise("EX-2", "alpha"))
        assert hook.arrived.wait(60)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert said.decode().endswith("pratique watch: stopped\n")


def test_migrations_keep_the_record_and_begin_anew(store, take, make_sbom, advisories, advise):
    """Down and up again on a populated store: the record stays, what was watched begins anew."""
    from pratique.store import migrate
    from pratique.store.record import open_record
    from pratique.watch.routes import Channel, Configuration, Route

    found = Configuration(
        channels={"log": Channel(name="log", type="file", path="unused")},
        routes=(Route(to="log"),),
    )
    take(store, make_sbom("pkg:npm/shop@1.0", EDGES), product="shop", version="1.0")
    rematch(store, "default", advisories.terms())
    advisories.change(advise("EX-1", "beta"))
    terms = advisories.terms()
    assert len(rematch(store, "default", terms, route=router(found, terms.now)).events) == 1
    with open_record(store, "default") as record:
        before = record.shipments(), record.packages()
    migrate.downgrade(store, "0003")
    migrate.ensure(store)
    with open_record(store, "default") as record:
        assert (record.shipments(), record.packages()) == before
    assert rematch(store, "default", advisories.terms()).first
    advisories.change(advise("EX-2", "beta"))
    assert len(rematch(store, "default", advisories.terms()).events) == 1


@pytest.fixture
def run(place, advisories, capsys, monkeypatch):
    monkeypatch.setenv("PRATIQUE_STORE", place)

    def go(*words: str) -> tuple[int, str, str]:
        more = ["--advisories", str(advisories.root)] if words[0] == "rematch" else []
        code = main([*words, *more])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return go


def test_the_commands(run, advisories, advise, hook, tmp_path, monkeypatch):
    path = tmp_path / "notify.yaml"
    path.write_text(
        f'channels: {{hook: {{type: webhook, url: "{hook.url}"}}}}\nroutes: [{{to: hook}}]'
    )
    assert run("rematch", "--since-last")[:2][0] == 0
    advisories.change(advise("EX-1", "beta", fixed="1.1.0"))
    hook.answers = [(403, {})]
    code, out, _ = run("rematch", "--notify", str(path), "--format", "json")
    value = json.loads(out)
    assert (code, value["schema"], len(value["events"])) == (4, "pratique/rematch/1", 1)
    assert value["sent"]["failed"] == 1
    code, out, _ = run("notify", "status", "--notify", str(path))
    assert code == 4
    assert "hook     failed  1" in out
    monkeypatch.setenv("PRATIQUE_NOTIFY", str(path))
    code, out, _ = run("notify", "retry")
    assert (code, out.splitlines()) == (
        0, ["1 to be tried again.", "1 message sent, of 1 changes."],
    )  # fmt: skip
    code, out, _ = run("notify", "test", "--format", "json")
    assert (code, json.loads(out)["channels"]) == (0, [{"channel": "hook", "error": ""}])
    assert hook.bodies[-1]["events"][0]["product"] == "a trial"
    assert run("notify", "test", "--channel", "absent")[0] == 2

    assert "new   critical  EX-1" in run("events", "list")[1]
    for words, count in (
        (("--team", "payments"), 1), (("--team", "research"), 0), (("--product", "s*"), 1),
        (("--kind", "gone"), 0), (("--kind", "new"), 1), (("--since", "2020-01-01"), 1),
        (("--since", "2099-01-01"), 0), (("--tenant", "other"), 0),
    ):  # fmt: skip
        rows = run("events", "list", *words, "--format", "jsonl")[1].splitlines()
        assert len(rows) == count, words
    assert len(json.loads(run("events", "list", "-f", "json")[1])["events"]) == 1
    assert run("events", "list", "--kind", "odd")[0] == 2
    assert run("events", "list", "--since", "yesterday")[0] == 2


def test_wrong_use_is_one_line(run, tmp_path):
    for words in (
        ("rematch", "--since-last", "--tenant", "nobody"),
        ("rematch", "--since-last", "--whole"),
        ("rematch", "--notify", str(tmp_path / "absent.yaml")),
        ("watch", "--interval", "0"),
        ("notify", "retry"),
        ("notify", "test"),
    ):
        code, out, err = run(*words)
        assert (code, out) == (2, ""), words
        assert err.startswith("pratique: ")
        assert len(err.splitlines()) == 1


def test_a_damaged_state_is_said(run, place):
    import sqlite3

    with sqlite3.connect(place.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE watch_state SET body = x'00'")
    connection.close()
    code, _, err = run("rematch")
    assert code == 3
    assert "state of 'rematch' is damaged" in err
