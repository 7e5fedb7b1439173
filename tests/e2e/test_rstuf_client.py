"""RSTUF's own command line (``rstuf``, from PyPI) against ``pratique repository serve``.

It is found by ``PRATIQUE_RSTUF`` or on the path.  Its ceremony asks a person on a terminal;
here a pseudo-terminal answers.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

DOWN, ENTER = "\x1b[B", "\r"
PASSPHRASE = "correct horse"
NARROW = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07")


@pytest.fixture(scope="module")
def rstuf() -> str:
    found = os.environ.get("PRATIQUE_RSTUF") or shutil.which("rstuf")
    if not found:
        pytest.skip("RSTUF's command line is not here (PRATIQUE_RSTUF or 'rstuf' on the path)")
    return found


class Server:
    """``pratique repository serve`` as a process of its own."""

    def __init__(self, folder: Path, port: int, *keys: Path) -> None:
        self.folder = folder
        self.port = port
        self.url = f"http://127.0.0.1:{self.port}"
        words = [sys.executable, "-m", "pratique", "repository", "serve", str(folder)]
        for key in keys:
            words += ["--online-key", str(key)]
        self.log = folder.parent / "serve.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*words, "--port", str(self.port)], stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=10):
                    break
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.1)
        self.token = (folder / "token").read_text().strip()
        self.headers = f"Authorization: Bearer {self.token}"

    def ask(self, path: str, body: object = None) -> dict:
        request = urllib.request.Request(
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(60)


def type_in(master: int, keys: str) -> None:
    """Type keys one after the other, as a person does."""
    for key in re.findall(r"\x1b\[B|[^\x1b]+", keys):
        os.write(master, key.encode())
        time.sleep(0.1)


def converse(words: list[str], answers: list[tuple[str, str]], cwd: Path) -> str:
    """Run a program on a pseudo-terminal: wait for each text, then type what goes with it."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200", "LINES": "60"}
    process = subprocess.Popen(
        words, stdin=slave, stdout=slave, stderr=slave, cwd=cwd, env=environment,
        start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    shown, seen, last, heard = "", 0, "", time.monotonic()
    waiting = list(answers)
    until = time.monotonic() + 240
    while time.monotonic() < until:
        ready, _, _ = select.select([master], [], [], 0.5)
        if ready:
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            heard = time.monotonic()
            if b"\x1b[6n" in data:  # it asks where the cursor is
                os.write(master, b"\x1b[1;1R")
            shown += NARROW.sub("", data.decode("utf-8", "replace"))
            continue
        if process.poll() is not None:
            break
        # Quiet for a while: it listens now.  A menu drops what came before it did, and
        # whatever it takes it shows; so what nothing followed is typed again.
        if waiting and waiting[0][0] in shown[seen:]:
            text, last = waiting.pop(0)
            seen = shown.index(text, seen) + len(text)
            type_in(master, last)
        elif last and time.monotonic() - heard > 20:
            type_in(master, last)
            heard = time.monotonic()
    if process.poll() is None and time.monotonic() >= until:
        os.killpg(process.pid, signal.SIGKILL)
    code = process.wait(60)
    os.close(master)
    assert code == 0, shown[-3000:]
    waiting = [one for one in waiting if one[1] or one[0] not in shown[seen:]]
    assert not waiting, f"never asked for {waiting[0][0]!r}:\n{shown[-3000:]}"
    return shown


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from pratique.repository.keys import create_key

    folder = tmp_path_factory.mktemp("keys")
    for name in ("alice", "bob", "carol"):
        create_key(folder / f"{name}.pem", PASSPHRASE.encode())
    for name in ("online", "online2"):
        create_key(folder / f"{name}.pem")
    return folder


def add_key(keys: Path, name: str, pick: str = DOWN + ENTER) -> list[tuple[str, str]]:
    return [
        ("Select a key type", pick),
        ("PUBLIC", f"{keys / name}.pem.pub{ENTER}"),
        ("Please enter key name", f"{name}{ENTER}"),
    ]


def sign_with(keys: Path, name: str, pick: str) -> list[tuple[str, str]]:
    return [
        ("Select a key for signing", pick),
        ("Key PEM File", DOWN + ENTER),
        ("encrypted private key", f"{keys / name}.pem{ENTER}"),
        ("to encrypted private key", PASSPHRASE + ENTER),
        (f"Signed metadata with key '{name}'", ""),
    ]


def online_key(keys: Path, name: str) -> list[tuple[str, str]]:
    return [
        ("Select Online Key type", DOWN * 4 + ENTER),
        ("PUBLIC", f"{keys / name}.pem.pub{ENTER}"),
        ("Please enter key name", f"{name}{ENTER}"),
    ]


CEREMONY = [
    ("days until expiry for 'timestamp'", ENTER),
    ("days until expiry for 'snapshot'", ENTER),
    ("days until expiry for 'targets'", ENTER),
    ("Bins (online key only)", ENTER),
    ("days until expiry for 'bins'", ENTER),
    ("number of delegated hash bins", "4" + ENTER),
    ("days until expiry for 'root'", ENTER),
    ("'root' threshold", "2" + ENTER),
]


def ended(server: Server, shown: str) -> dict:
    """The task that a command names, once it has ended."""
    id = re.findall(r"[0-9a-f]{32}", shown)[-1]
    until = time.monotonic() + 120
    while time.monotonic() < until:
        data = server.ask(f"/api/v1/task/?task_id={id}")["data"]
        if data["state"] not in {"PENDING", "RUNNING"}:
            return data
        time.sleep(0.1)
    raise AssertionError(data)


def run(rstuf: str, cwd: Path, *words: str) -> str:
    done = subprocess.run(
        [rstuf, *words], cwd=cwd, capture_output=True, text=True, timeout=60,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def listed(server: Server, work: Path) -> dict[str, int]:
    """Artifacts that python-tuf's client finds, as a reader would."""
    from tuf.ngclient import Updater

    folder = work / "trusted"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with urllib.request.urlopen(f"{server.url}/metadata/1.root.json", timeout=60) as answer:
        root = answer.read()
    updater = Updater(str(folder), f"{server.url}/metadata/", bootstrap=root)
    updater.refresh()
    found = {}
    for name in ("one.tar.gz", "packages/two.tar.gz"):
        info = updater.get_targetinfo(name)
        if info is not None:
            assert "blake2b-256" in info.hashes
            found[name] = info.length
    return found


def test_ceremony_artifacts_update_and_signatures(
    rstuf: str, keys: Path, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    server = Server(tmp_path / "repo", free_port(), keys / "online.pem")
    try:
        admin = [rstuf, "admin", "--api-server", server.url, "--headers", server.headers]
        shown = converse(
            [*admin, "ceremony"],
            [
                *CEREMONY,
                *add_key(keys, "alice"),
                ("1 key missing", ENTER),
                *add_key(keys, "bob"),
                ("Threshold 2 is met", ENTER),
                *online_key(keys, "online"),
                *sign_with(keys, "alice", ENTER),
                *sign_with(keys, "bob", DOWN + ENTER),
            ],
            tmp_path,
        )
        assert "Bootstrap completed" in shown
        assert server.ask("/api/v1/bootstrap/")["data"] == {"bootstrap": True, "state": "finished"}
        _artifacts(rstuf, server, tmp_path)
        _update(admin, server, keys, tmp_path)
    finally:
        server.stop()
    # What was set up stands without the service, by our own commands.
    from pratique.surfaces.cli import main

    assert main(["repository", "verify", str(tmp_path / "repo")]) == 0


def _artifacts(rstuf: str, server: Server, work: Path) -> None:
    """Add two artifacts, ask for the task, take one away."""
    api = ("--api-server", server.url, "--headers", server.headers)
    (work / "one.tar.gz").write_bytes(b"one")
    (work / "two.tar.gz").write_bytes(b"two two")
    shown = run(rstuf, work, "artifact", "add", "one.tar.gz", *api)
    assert "Artifact Addition status: ACCEPTED" in shown
    result = ended(server, shown)
    assert (result["state"], result["result"]["status"]) == ("SUCCESS", True)
    shown = run(rstuf, work, "artifact", "add", "two.tar.gz", "--path", "packages", *api)
    ended(server, shown)
    id = re.findall(r"[0-9a-f]{32}", shown)[-1]
    told = run(rstuf, work, "task", "info", id, "--all", *api)
    assert "Task status: SUCCESS" in told
    assert "packages/two.tar.gz" in told
    assert listed(server, work) == {"one.tar.gz": 3, "packages/two.tar.gz": 7}
    shown = run(rstuf, work, "artifact", "delete", "one.tar.gz", *api)
    assert ended(server, shown)["result"]["details"]["deleted_artifacts"] == ["one.tar.gz"]
    assert listed(server, work) == {"packages/two.tar.gz": 7}


def _update(admin: list[str], server: Server, keys: Path, work: Path) -> None:
    """A third root key: the new root signed by one person first, by another later."""
    with urllib.request.urlopen(f"{server.url}/metadata/1.root.json", timeout=60) as answer:
        (work / "current.root.json").write_bytes(answer.read())
    shown = converse(
        # --metadata-url needs a tuf before 7, which 1.0.0b1 does not ask pip for.
        [*admin, "metadata", "update", "--in", "current.root.json"],
        [
            ("change the expiry date", "n" + ENTER),
            ("change the threshold", "n" + ENTER),
            ("Threshold 2 is met", DOWN + ENTER),
            *add_key(keys, "carol"),
            ("Threshold 2 is met", ENTER),
            ("change the online key", "n" + ENTER),
            *sign_with(keys, "alice", ENTER),
            ("Select a key for signing or continue", ENTER),
        ],
        work,
    )
    assert "Root metadata update completed" in shown
    waiting = server.ask("/api/v1/metadata/sign/")["data"]["metadata"]
    assert (waiting["root"]["signed"]["version"], waiting["trusted_root"]["signed"]["version"]) == (
        2,
        1,
    )
    shown = converse(
        [*admin, "metadata", "sign"],
        [
            ("Select a role to sign", ENTER),
            ("Select key for signing", ENTER),
            ("Key PEM File", DOWN + ENTER),
            ("encrypted private key", f"{keys / 'bob'}.pem{ENTER}"),
            ("to encrypted private key", PASSPHRASE + ENTER),
        ],
        work,
    )
    assert "Metadata Signed and sent to the API" in shown
    assert server.ask("/api/v1/metadata/sign/")["data"] is None
    with urllib.request.urlopen(f"{server.url}/metadata/2.root.json", timeout=60) as answer:
        assert len(json.load(answer)["signed"]["roles"]["root"]["keyids"]) == 3
    assert listed(server, work) == {"packages/two.tar.gz": 7}


def test_a_ceremony_with_delegations(
    rstuf: str, keys: Path, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    """Instead of hash bins, a role for paths that the online key signs."""
    server = Server(tmp_path / "repo", free_port(), keys / "online.pem")
    try:
        admin = [rstuf, "admin", "--api-server", server.url, "--headers", server.headers]
        shown = converse(
            [*admin, "ceremony"],
            [
                *CEREMONY[:3],
                ("Bins (online key only)", DOWN + ENTER),
                ("delegated target role name", "releases" + ENTER),
                ("days until expiry for 'releases'", ENTER),
                ("Please enter path", "*" + ENTER),
                ("add new path", ENTER),
                ("Add Keys", ENTER),
                ("add new delegation", ENTER),
                *CEREMONY[6:],
                *add_key(keys, "alice"),
                ("1 key missing", ENTER),
                *add_key(keys, "bob"),
                ("Threshold 2 is met", ENTER),
                *online_key(keys, "online"),
                *sign_with(keys, "alice", ENTER),
                *sign_with(keys, "bob", DOWN + ENTER),
            ],
            tmp_path,
        )
        assert "Bootstrap completed" in shown
        (tmp_path / "one.tar.gz").write_bytes(b"one")
        api = ("--api-server", server.url, "--headers", server.headers)
        shown = run(rstuf, tmp_path, "artifact", "add", "one.tar.gz", *api)
        assert ended(server, shown)["result"]["details"]["target_roles"] == ["releases"]
        assert listed(server, tmp_path) == {"one.tar.gz": 3}
    finally:
        server.stop()
