"""A signed repository of eight bins, and an adversary between it and its readers."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import Key, Metadata, Root
from tuf.ngclient.fetcher import FetcherInterface

from pratique.repository import service
from pratique.repository.client import Got, Remote, Versions, get, refresh
from pratique.repository.inspection import verify
from pratique.repository.keys import KeyFile, create_key, read_key
from pratique.repository.rstuf.service import Service
from pratique.repository.service import now_utc
from pratique.sources.tuf_fetching import paced
from pratique.surfaces.repository.app import application


class Adversary(FetcherInterface):
    """Serves a repository from memory and answers as an attacker would.

    ``files`` are served; ``clock`` runs by ``pause`` with each block.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.seconds = 0.0
        self.pause = 0.0
        self.block = 16 * 1024

    def take(self, public: Path) -> None:
        """Serve what a repository serves now."""
        self.files = {
            file.relative_to(public).as_posix(): file.read_bytes()
            for file in public.rglob("*")
            if file.is_file()
        }

    def clock(self) -> float:
        return self.seconds

    def _fetch(self, url: str) -> Iterator[bytes]:
        name = urlsplit(url).path.lstrip("/")
        self.asked.append(name)
        if name not in self.files:
            raise DownloadHTTPError("absent", 404)
        return paced(self._blocks(self.files[name]), url, self.clock)

    def _blocks(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), self.block):
            self.seconds += self.pause
            yield data[start : start + self.block]


class Scene:
    """A repository with two of three root keys needed, its adversary, and one reader."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = folder / "repository"
        self.public = self.repository / "public"
        self.metadata = self.public / "metadata"
        self.keys: list[KeyFile] = [create_key(folder / f"root{n}.pem") for n in range(3)]
        self.adversary = Adversary()
        self.now = datetime.now(UTC).replace(microsecond=0)

    def init(self, **more: object) -> None:
        service.init(
            self.repository, self.keys, threshold=2, read=read_key, bins=8, now=self.now, **more
        )

    def file(self, name: str, content: bytes) -> Path:
        path = self.folder / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def add(self, name: str, content: bytes, **more: bool) -> service.Added:
        path = self.file(name, content)
        return service.add(self.repository, [path], **more)

    def publish(self, *, now: datetime | None = None) -> None:
        service.publish(self.repository, now=now or self.now)
        self.adversary.take(self.public)

    def remote(self, reader: str = "reader") -> Remote:
        return Remote(
            "memory://host/metadata/", self.folder / reader / "trusted", "memory://host/targets/"
        )

    def root(self) -> Path:
        return self.metadata / "1.root.json"

    def refresh(self, reader: str = "reader") -> Versions:
        return refresh(self.remote(reader), self.adversary, root=self.root())

    def get(self, *paths: str, reader: str = "reader") -> list[Got]:
        output = self.folder / reader / "output"
        return get(self.remote(reader), self.adversary, paths, output, root=self.root())

    def later(self, **more: float) -> datetime:
        return self.now + timedelta(**more)


@pytest.fixture
def empty_scene(tmp_path: Path) -> Scene:
    """Keys, and no repository yet."""
    return Scene(tmp_path)


@pytest.fixture
def scene(empty_scene: Scene) -> Scene:
    """A repository that publishes ``alpha-1.0.whl``."""
    empty_scene.init()
    empty_scene.add("alpha-1.0.whl", b"alpha 1.0")
    empty_scene.publish()
    return empty_scene


TOKEN = b"a-token-of-the-test"
BEARER = {"Authorization": f"Bearer {TOKEN.decode()}"}
BLAKE = hashlib.blake2b(b"x", digest_size=32).hexdigest()


def make_signed_root(offline, online, *, threshold=2, version=1, signers=(), before=None):
    """A root as RSTUF's ceremony writes it: the online key signs targets too."""
    root = Root(version=version, expires=now_utc() + timedelta(days=365), consistent_snapshot=True)
    for number, one in enumerate(offline):
        key = Key.from_dict(one.public.keyid, one.public.to_dict())
        key.unrecognized_fields["x-rstuf-key-name"] = f"person {number}"
        root.add_key(key, "root")
    key = Key.from_dict(online.public.keyid, online.public.to_dict())
    key.unrecognized_fields["x-rstuf-online-key-uri"] = f"fn:{key.keyid}"
    for role in ("targets", "snapshot", "timestamp"):
        root.add_key(key, role)
    root.roles["root"].threshold = threshold
    metadata = Metadata(root)
    for one in signers or offline:
        metadata.sign(one.signer, append=True)
    return metadata.to_dict()


def make_ceremony(root, bins=4):
    one = {"expiration": 7}
    roles = {
        "root": {"expiration": 365},
        "targets": {"expiration": 365},
        "snapshot": one,
        "timestamp": {"expiration": 1},
        "bins": {"expiration": 90, "number_of_delegated_bins": bins},
    }
    return {"settings": {"roles": roles}, "metadata": {"root": root}, "timeout": 300}


def make_artifact(path, length=1, **more):
    return {"path": path, "info": {"length": length, "hashes": {"blake2b-256": BLAKE}, **more}}


class Client:
    """Asks an application in this process."""

    def __init__(self, app, headers=None):
        self.app = app
        self.headers = headers or {}

    def request(self, method, path, *, headers=None, **more):
        async def ask():
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://host") as client:
                given = self.headers if headers is None else headers
                return await client.request(method, path, headers=given, **more)

        return asyncio.run(ask())

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, **more):
        return self.request("POST", path, **more)


class Api:
    """The service of one folder, and a client of it."""

    def __init__(self, folder):
        self.people = [create_key(folder / f"{n}.pem") for n in range(3)]
        self.online = create_key(folder / "online.pem")
        self.second = create_key(folder / "second.pem")
        self.files = [folder / "online.pem", folder / "second.pem"]
        self.folder = folder / "repository"
        self.client = None

    def start(self):
        self.service = Service(self.folder, self.files)
        digest = hashlib.sha256(TOKEN).digest()
        app = application(self.service, digest, bump_seconds=0)
        self.client = Client(app, BEARER)
        self.service.tasks.start()

    def stop(self):
        self.service.tasks.stop()

    def send(self, path, body, method="POST"):
        answer = self.client.request(method, f"/api/v1{path}", json=body)
        assert answer.status_code == 202, answer.text
        return self.ended(answer.json()["data"]["task_id"])

    def ended(self, id):
        until = time.monotonic() + 120
        while time.monotonic() < until:
            data = self.client.get("/api/v1/task/", params={"task_id": id}).json()["data"]
            if data["state"] not in {"PENDING", "RUNNING"}:
                return data
            time.sleep(0.01)
        raise AssertionError(data)

    def done(self, path, body, method="POST"):
        data = self.send(path, body, method)
        assert (data["state"], data["result"]["status"]) == ("SUCCESS", True), data
        return data["result"]["details"]

    def flaws(self):
        return verify(self.folder, now_utc(), content=True).flaws


@pytest.fixture
def api(tmp_path):
    found = Api(tmp_path)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def ready(api):
    api.done("/bootstrap/", make_ceremony(make_signed_root(api.people[:2], api.online)))
    return api


@pytest.fixture
def signed_root():
    """Makes a root as RSTUF's ceremony writes it."""
    return make_signed_root


@pytest.fixture
def ceremony():
    """Makes the body of a bootstrap with hash bins."""
    return make_ceremony


@pytest.fixture
def artifact():
    """Makes an artifact as RSTUF's client sends it."""
    return make_artifact


@pytest.fixture
def client_of():
    """Makes a client of an application, without a token."""
    return Client
