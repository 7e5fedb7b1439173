"""A signed repository of eight bins, and an adversary between it and its readers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient.fetcher import FetcherInterface

from pratique.repository import service
from pratique.repository.client import Got, Remote, Versions, get, refresh
from pratique.repository.fetching import paced
from pratique.repository.keys import KeyFile, create_key, read_key


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
