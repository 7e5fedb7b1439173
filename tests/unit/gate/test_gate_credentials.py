# mypy: disable-error-code="no-untyped-def"
"""Credentials and proxies of the package managers' own files: for one registry, and never shown."""

from __future__ import annotations

import base64
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest

from pratique.gate import credentials, proxies
from pratique.gate.credentials import Credentials, bare, basic
from pratique.gate.proxies import Proxies
from pratique.model.errors import UsageError

SECRET = "s3cret"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with nothing in it, and no variable that leads elsewhere."""
    place = tmp_path / "home"
    place.mkdir()
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.chdir(place)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("CARGO_HOME", "NETRC", "PIP_PROXY", "PIP_CONFIG_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    return place


def header(word: str, url: str) -> str:
    found = credentials.find(word, url)
    return found.header if found is not None else ""


def test_of_an_address() -> None:
    url = f"https://me%40x:{SECRET}@index.test:8443/simple"
    assert header("pypi", url) == basic("me@x", SECRET)
    assert bare(url) == "https://index.test:8443/simple"


def test_of_netrc(home: Path) -> None:
    (home / ".netrc").write_text(f"machine index.test login me password {SECRET}\n")
    (home / ".netrc").chmod(0o600)
    for word in ("pypi", "go", "npm"):
        assert header(word, "https://index.test/simple") == basic("me", SECRET)
    assert header("pypi", "https://other.test/simple") == ""
    (home / ".netrc").write_text("machine index.test login")
    assert header("pypi", "https://index.test/simple") == ""


def test_of_npmrc(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_HERE", SECRET)
    password = base64.b64encode(SECRET.encode()).decode()
    (home / ".npmrc").write_text(
        "; a comment\n//npm.test/deep/:_authToken=${TOKEN_HERE}\n"
        f"//second.test/:_auth={password}\n"
        f"//third.test/:username=me\n//third.test/:_password={password}\n"
        f"//fourth.test/other/:_authToken={SECRET}\n_authToken={SECRET}\n"
    )
    assert header("npm", "https://npm.test/deep/er") == f"Bearer {SECRET}"
    assert header("npm", "https://npm.test/") == ""
    assert header("npm", "https://second.test/x") == f"Basic {password}"
    assert header("npm", "https://third.test") == basic("me", SECRET)
    assert header("npm", "https://fourth.test/") == ""


def test_of_cargo(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".cargo").mkdir()
    (home / ".cargo/config.toml").write_text(
        '[registries.own]\nindex = "sparse+https://crates.test/index/"\n'
        '[registries.two]\nindex = "sparse+https://two.test/"\n'
    )
    (home / ".cargo/credentials.toml").write_text(
        f'[registry]\ntoken = "publish"\n[registries.own]\ntoken = "{SECRET}"\n'
    )
    monkeypatch.setenv("CARGO_REGISTRIES_TWO_TOKEN", "other")
    assert header("crates", "https://crates.test/index") == SECRET
    assert header("crates", "https://two.test") == "other"
    assert header("crates", "https://default.test") == ""
    (home / ".cargo/credentials.toml").write_text("[registries")
    assert header("crates", "https://crates.test/index") == ""


def test_of_mavens_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD_HERE", SECRET)
    (home / ".m2").mkdir()
    settings = home / ".m2/settings.xml"
    text = (
        "<settings xmlns='https://example.test/settings'>"
        "<mirrors><mirror><id>own</id><mirrorOf>*</mirrorOf><url>https://maven.test/all/</url>"
        "</mirror></mirrors><servers><server><id>own</id><username>me</username>"
        "<password>{password}</password></server></servers></settings>"
    )
    settings.write_text(text.replace("{password}", "${env.PASSWORD_HERE}"))
    assert header("maven", "https://maven.test/all") == basic("me", SECRET)
    assert header("maven", "https://maven.test/other") == ""
    settings.write_text(text.replace("{password}", "{encrypted=}"))
    assert header("maven", "https://maven.test/all") == ""


def test_for_one_scheme_host_port_and_path_only() -> None:
    found = credentials.find("pypi", f"https://me:{SECRET}@index.test/team/simple")
    assert found is not None
    assert SECRET not in repr(found)
    held = Credentials([found])
    assert held.header("https://index.test/team/simple/alpha/")
    for url in (
        "http://index.test/team/simple/alpha/",
        "https://index.test:8443/team/simple/alpha/",
        "https://index.test.evil.test/team/simple/alpha/",
        "https://other.test/team/simple/alpha/",
        "https://index.test/team/simpler/alpha/",
        "https://index.test/team/simple/../../else/",
        "https://index.test/team/simple/%2e%2e/%2e%2e/else/",
        "https://evil.test/?https://index.test/team/simple/",
        "https://index.test@evil.test/team/simple/",
    ):
        assert held.header(url) == {}, url


def test_sent_to_the_registry_and_nowhere_else(gate, upstream, loopback) -> None:
    """Not to the host of the files, not after a redirect, not into log or store."""
    other = loopback.Loopback()
    try:
        secret = credentials.find("pypi", f"http://me:{SECRET}@127.0.0.1:{upstream.port}/simple")
        gate.more = {"credentials": (secret,), "trusted": (other.url,)}
        other.put("/b.whl", b"beta")
        upstream.redirect("/simple/b.whl", f"{other.url}/b.whl")
        name = "beta-1.0-py3-none-any.whl"
        upstream.pypi("beta", {"filename": name, "body": b"beta", "url": "/simple/b.whl"})
        assert gate.get(f"/pypi/files/beta/{name}").content == b"beta"
        sent = {path: heads.get("authorization") for path, heads in upstream.heard}
        assert sent["/simple/beta/"] == sent["/simple/b.whl"] == basic("me", SECRET)
        assert [heads.get("authorization") for _, heads in other.heard] == [None]
        upstream.npm("delta", {"1.0.0": {}}, {"latest": "1.0.0"})
        gate.get("/npm/delta")
        assert "authorization" not in dict(upstream.heard)["/npm/delta"]
        needle = (SECRET.encode(), basic("me", SECRET).partition(" ")[2].encode())
        for path in gate.data.rglob("*"):
            data = path.read_bytes() if path.is_file() else b""
            assert not any(one in data for one in needle), path
    finally:
        other.close()


class Forward(ThreadingHTTPServer):
    """A proxy that fetches plain addresses."""

    daemon_threads = True

    def __init__(self) -> None:
        outer = self
        self.asked: list[tuple[str, str | None]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append((self.path, self.headers.get("Proxy-Authorization")))
                with urlopen(self.path) as answer:
                    body = answer.read()
                self.send_response(200)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def forward() -> Iterator[Forward]:
    server = Forward()
    yield server
    server.shutdown()
    server.server_close()


def test_by_a_proxy(gate, upstream, forward: Forward) -> None:
    upstream.pypi("beta", {"filename": "beta-1.0-py3-none-any.whl", "body": b"beta"})
    url = f"http://me:{SECRET}@127.0.0.1:{forward.server_port}"
    gate.more = {"proxies": Proxies({"http": url})}
    assert gate.get("/pypi/files/beta/beta-1.0-py3-none-any.whl").content == b"beta"
    paths = [path for path, _ in forward.asked]
    assert f"{upstream.url}/simple/beta/" in paths
    assert {login for _, login in forward.asked} == {basic("me", SECRET)}
    assert not any("proxy-authorization" in heads for _, heads in upstream.heard)


def test_nothing_private_by_a_proxy(gate, upstream, forward: Forward, loopback) -> None:
    inside = loopback.Loopback()
    try:
        inside.put("/b.whl", b"beta")
        name = "beta-1.0-py3-none-any.whl"
        upstream.pypi("beta", {"filename": name, "body": b"beta", "url": f"{inside.url}/b.whl"})
        gate.more = {"proxies": Proxies({"http": f"http://127.0.0.1:{forward.server_port}"})}
        assert gate.get(f"/pypi/files/beta/{name}").status_code == 502
        assert inside.asked == []
    finally:
        inside.close()


def test_proxies_of_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", ".inside.test,10.0.0.1")
    found = proxies.find()
    assert found.origin == "the environment"
    assert found.of("https", "index.test", 443) == "http://proxy.test:3128"
    assert found.of("http", "index.test", 80) == ""
    assert found.of("https", "a.inside.test", 443) == ""
    assert found.of("https", "10.0.0.1", 443) == ""
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy.test")
    with pytest.raises(UsageError, match="is not an http address"):
        proxies.find()


def test_proxies_of_files(home: Path) -> None:
    assert proxies.find() == Proxies()
    (home / ".m2").mkdir()
    (home / ".m2/settings.xml").write_text(
        "<settings><proxies><proxy><active>true</active><host>maven.test</host><port>81</port>"
        "<username>me</username><password>a/b</password>"
        "<nonProxyHosts>*.inside.test|third.test</nonProxyHosts></proxy></proxies></settings>"
    )
    found = proxies.find()
    assert found.of("https", "index.test", 443) == "http://me:a%2Fb@maven.test:81"
    assert found.of("https", "a.inside.test", 443) == ""
    (home / ".cargo").mkdir()
    (home / ".cargo/config.toml").write_text('[http]\nproxy = "cargo.test:82"\n')
    assert proxies.find().of("http", "index.test", 80) == "http://cargo.test:82"
    (home / ".npmrc").write_text("proxy=http://npm.test:83\nnoproxy=third.test\n")
    assert proxies.find().of("https", "index.test", 443) == "http://npm.test:83"
    assert proxies.find().of("https", "third.test", 443) == ""
    (home / ".config/pip").mkdir(parents=True)
    (home / ".config/pip/pip.conf").write_text("[global]\nproxy = http://pip.test:84\n")
    assert proxies.find().of("https", "index.test", 443) == "http://pip.test:84"


def test_damaged_files_give_no_error_and_no_credential(home: Path) -> None:
    chance = random.Random(7)
    good = {
        ".netrc": b"machine index.test login me password a\n",
        ".npmrc": b"//index.test/:_authToken=${A}\n//index.test/:_password=%%\n",
        ".cargo/config.toml": b'[registries.own]\nindex = "https://index.test"\n',
        ".cargo/credentials.toml": b"[registries.own]\ntoken = 7\n",
        ".m2/settings.xml": b"<settings><servers><server><id>a</id></server></servers></settings>",
        ".config/pip/pip.conf": b"[global]\nproxy = \n",
    }
    for round_ in range(60):
        for name, data in good.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            changed = bytearray(data)
            for _ in range(chance.randint(0, 6)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            (home / name).write_bytes(bytes(changed) if round_ else b"\xff\x00" * 99)
        for word in ("pypi", "npm", "crates", "go", "maven"):
            found = credentials.find(word, "https://index.test/")
            assert found is None or found.header.isprintable()
        try:
            proxies.find()
        except UsageError:
            continue
