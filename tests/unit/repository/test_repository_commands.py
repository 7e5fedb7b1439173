"""The commands as the program runs them."""

from __future__ import annotations

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pratique.model.errors import UpstreamError, UsageError
from pratique.repository.errors import RepositoryError
from pratique.surfaces.cli.app import load


def run(name, *arguments):
    parser, command = load(f"repository {name}")
    return command(parser.parse_args([str(argument) for argument in arguments]))


@pytest.fixture
def repo(tmp_path):
    for name in ("alice", "bob", "carol"):
        (tmp_path / "pw").write_text("a passphrase\n")
        assert run("keygen", tmp_path / f"{name}.pem", "--passphrase-file", tmp_path / "pw") == 0
    keys = [f"--root-key={tmp_path / name}.pem.pub" for name in ("alice", "bob", "carol")]
    folder = tmp_path / "repo"
    assert run("init", folder, *keys, "--threshold", 2, "--bins", 4, "--days", "timestamp=2") == 0
    for name in ("alice", "bob"):
        key = tmp_path / f"{name}.pem"
        assert run("sign", folder, "--key", key, "--passphrase-file", tmp_path / "pw") == 0
    return folder


def test_from_ceremony_to_download(repo, tmp_path, capsys):
    source = tmp_path / "alpha-1.0.whl"
    source.write_bytes(b"alpha")
    assert run("add", repo, source, "--prefix", "packages/", "--publish") == 0
    assert "1 artifacts changed" in capsys.readouterr().out
    output = tmp_path / "out"
    code = run(
        "get", "packages/alpha-1.0.whl", "--url", repo / "public", "-o", output,
        "--metadata-dir", tmp_path / "md", "--root", repo / "public/metadata/1.root.json",
    )  # fmt: skip
    assert code == 0
    assert (output / "packages/alpha-1.0.whl").read_bytes() == b"alpha"
    capsys.readouterr()
    # the trust is kept: no root is needed any more
    url = repo / "public"
    assert run("refresh", "--url", url, "--metadata-dir", tmp_path / "md", "-f", "json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "root": 1, "timestamp": 2, "snapshot": 2, "targets": 1,
    }  # fmt: skip


def test_over_http(repo, tmp_path):
    source = tmp_path / "alpha-1.0.whl"
    source.write_bytes(b"alpha")
    run("add", repo, source, "--publish")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(repo / "public")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        where = f"http://127.0.0.1:{server.server_port}"
        common = ["--url", where, "--metadata-dir", tmp_path / "md"]
        root = repo / "public/metadata/1.root.json"
        assert run("get", "alpha-1.0.whl", *common, "--root", root, "-o", tmp_path / "o") == 0
        assert (tmp_path / "o/alpha-1.0.whl").read_bytes() == b"alpha"
        with pytest.raises(RepositoryError, match="not listed"):
            run("get", "beta-1.0.whl", *common)
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(UpstreamError):
        run("refresh", *common)


def test_status_and_verify(repo, capsys):
    capsys.readouterr()
    assert run("status", repo) == 0
    text = capsys.readouterr().out
    assert "2 of 3" in text
    assert "timestamp  version 1" in text
    assert run("verify", repo, "-f", "json") == 0
    assert json.loads(capsys.readouterr().out)["bins"] == 4
    (repo / "public/metadata/1.bin-0.json").unlink()
    assert run("verify", repo) == 1
    assert "bin-0" in capsys.readouterr().out


def test_refused_artifacts_make_the_result_incomplete(repo, tmp_path, capsys):
    with pytest.raises(UsageError, match="absent"):
        run("add", repo, tmp_path / "absent")
    folder = tmp_path / "artifacts"
    folder.mkdir()
    (folder / "alpha-1.0.whl").write_bytes(b"alpha")
    (folder / "beta-1.0.whl").symlink_to(tmp_path / "absent")
    assert run("add", repo, folder) == 3
    assert "beta-1.0.whl: not taken" in capsys.readouterr().err
    assert run("remove", repo, "ghost") == 3


def test_remove_bump_prune_and_rotate(repo, tmp_path, capsys):
    source = tmp_path / "alpha-1.0.whl"
    source.write_bytes(b"alpha")
    run("add", repo, source, "--publish")
    assert run("remove", repo, "alpha-1.0.whl", "--publish") == 0
    assert run("bump", repo, "--within", 365) == 0
    assert run("prune", repo, "--keep", 0) == 0
    assert not list((repo / "public/targets").iterdir())
    assert run("rotate", repo, "--threshold", 1) == 0
    assert "lacks 2 signatures" in capsys.readouterr().out
    assert run("status", repo) == 0
    assert "may sign" in capsys.readouterr().out
    assert run("rotate", repo, "--abandon") == 0
    assert run("verify", repo) == 0


def test_wrong_usage_is_told(repo, tmp_path, monkeypatch):
    with pytest.raises(UsageError):
        run("refresh")
    with pytest.raises(UsageError):
        run("refresh", "--url", "ftp://host.test/")
    with pytest.raises(UsageError):
        run("bump", repo, "--within", -1)
    with pytest.raises(UsageError):
        run("prune", repo, "--keep", "nan")
    keys = ["--root-key", tmp_path / "alice.pem.pub", "--threshold", 1]
    for days in ("timestamp", "timestamp=x", "timestamp=99999999"):
        with pytest.raises(UsageError):
            run("init", tmp_path / "other", *keys, "--days", days)
    for days in ("timestamp=0", "ghost=3"):
        with pytest.raises(RepositoryError):
            run("init", tmp_path / "other", *keys, "--days", days)
    with pytest.raises(RepositoryError, match="not empty"):
        run("init", repo, *keys)
    with pytest.raises(UsageError, match="passphrase"):
        run("sign", repo, "--key", tmp_path / "alice.pem")
