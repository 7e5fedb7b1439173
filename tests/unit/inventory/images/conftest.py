"""Small images, made here: tar archives, layouts and what ``docker save`` writes."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

RELEASE = b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'

Entry = tuple[str, bytes | str]
"""Name and content; a text is the target of a symbolic link, and ``=name`` of a hard one;
a name that ends with a slash is a folder."""

MEDIA = "application/vnd.oci.image"


def digest(data: bytes) -> str:
    return f"sha256:{sha256(data).hexdigest()}"


def paragraph(name: str, version: str = "1") -> bytes:
    return (
        f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\n"
        f"Version: {version}\n\n"
    ).encode()


@pytest.fixture(scope="session")
def installed() -> Callable[..., bytes]:
    """A dpkg status with the packages: ``installed("alpha", "beta")``."""
    return lambda *names: b"".join(paragraph(*name.split("=")) for name in names)


@pytest.fixture(scope="session")
def tar() -> Callable[[Sequence[Entry]], bytes]:
    """A tar archive of entries."""

    def make(entries: Sequence[Entry], format: int = tarfile.PAX_FORMAT) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=format) as archive:
            for name, content in entries:
                member = tarfile.TarInfo(name)
                member.mode = 0o755
                if isinstance(content, str):
                    hard = content.startswith("=")
                    member.type = tarfile.LNKTYPE if hard else tarfile.SYMTYPE
                    member.linkname = content.removeprefix("=")
                    archive.addfile(member)
                elif name.endswith("/"):
                    member.type = tarfile.DIRTYPE
                    archive.addfile(member)
                else:
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
        return out.getvalue()

    return make


@pytest.fixture(scope="session")
def base(tar: Callable[..., bytes], installed: Callable[..., bytes]) -> bytes:
    """A layer with a release and two packages."""
    status = installed("alpha", "beta")
    return tar([("usr/lib/os-release", RELEASE), ("etc/os-release", "../usr/lib/os-release"),
                ("var/lib/dpkg/status", status)])  # fmt: skip


class Layout:
    """An OCI image layout being made."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: list[dict[str, Any]] = []

    def put(self, data: bytes, kind: str) -> dict[str, Any]:
        self.blobs[digest(data)] = data
        return {"mediaType": f"{MEDIA}.{kind}", "digest": digest(data), "size": len(data)}

    def image(
        self,
        layers: Sequence[bytes],
        platform: str = "linux/amd64",
        pack: Callable[[bytes], bytes] = gzip.compress,
        **annotations: str,
    ) -> dict[str, Any]:
        """Add an image; returns its entry in the index."""
        os, architecture = platform.split("/")
        history = [{"created_by": "ENV A=b", "empty_layer": True}]
        history += [{"created_by": f"RUN step {n}"} for n in range(1, len(layers) + 1)]
        config = {
            "os": os,
            "architecture": architecture,
            "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
            "history": history,
        }
        manifest = {
            "schemaVersion": 2,
            "config": self.put(json.dumps(config).encode(), "config.v1+json"),
            "layers": [self.put(pack(layer), "layer.v1.tar+gzip") for layer in layers],
        }
        entry = self.put(json.dumps(manifest).encode(), "manifest.v1+json")
        entry |= {"platform": {"os": os, "architecture": architecture}}
        if annotations:
            entry["annotations"] = {key.replace("_", "."): v for key, v in annotations.items()}
        self.manifests.append(entry)
        return entry

    def files(self) -> dict[str, bytes]:
        index = {"schemaVersion": 2, "manifests": self.manifests}
        files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}
        files["index.json"] = json.dumps(index).encode()
        for name, data in self.blobs.items():
            files[f"blobs/{name.replace(':', '/')}"] = data
        return files

    def folder(self, path: Path) -> str:
        for name, data in self.files().items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        return str(path)


@pytest.fixture
def layout() -> Layout:
    """An empty layout: ``layout.image([layer])``, ``layout.folder(path)``, ``layout.files()``."""
    return Layout()


@pytest.fixture(scope="session")
def docker_save(tar: Callable[..., bytes]) -> Callable[..., bytes]:
    """What ``docker save`` wrote before it had layouts inside."""

    def make(layers: Sequence[bytes], tags: Sequence[str] = ("example.test/app:1",)) -> bytes:
        config = json.dumps(
            {
                "os": "linux",
                "architecture": "amd64",
                "rootfs": {"diff_ids": [digest(layer) for layer in layers]},
                "history": [{"created_by": f"RUN step {n}"} for n in range(1, len(layers) + 1)],
            }
        ).encode()
        name = f"{sha256(config).hexdigest()}.json"
        paths = [f"{number}/layer.tar" for number in range(len(layers))]
        images = [{"Config": name, "RepoTags": [tag], "Layers": paths} for tag in tags]
        return tar(
            [
                (name, config),
                *zip(paths, layers, strict=True),
                ("manifest.json", json.dumps(images).encode()),
            ]
        )

    return make
