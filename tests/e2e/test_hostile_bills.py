"""Bombs, deep nesting, entities, remote contexts and path escapes, in processes of their own.

Each must end in a clear line within two seconds and 200 MB, write nothing and
open no connection.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import socket
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import zstandard

pytestmark = pytest.mark.e2e

SECONDS = 2.0
MEGABYTES = 200
DEEP = 100_000
SLOWNESS = float(os.environ.get("PRATIQUE_TIME_FACTOR", "5"))
"""How much longer a loaded machine may take; the processor's time is what is measured."""


class Ended(NamedTuple):
    status: int
    out: str
    error: str
    seconds: float
    """Of the processor."""

    megabytes: float
    """Most resident at once."""


LAUNCHER = """
import json, os, signal, sys, time
target, most, *words = sys.argv[1:]
started = time.monotonic()
process = os.posix_spawn(words[0], words, os.environ)
while True:
    done, status, usage = os.wait4(process, os.WNOHANG)
    if done:
        break
    if time.monotonic() - started > float(most):
        os.kill(process, signal.SIGKILL)
    time.sleep(0.01)
found = os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss
with open(target, "w") as file:
    json.dump(found, file)
"""
"""Starts the program and measures it.  A process counts the memory of the one that
it was started from as its own, so that it must not be started from this one."""


def run(folder: Path, *words: str) -> Ended:
    """Run the program, and kill it when it takes thirty times what it may."""
    measured = folder / "measured.json"
    program = [sys.executable, "-m", "pratique", *words]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LAUNCHER, measured, str(30 * SECONDS), *program],
        capture_output=True,
        env={**os.environ, "NO_COLOR": "1"},
        check=True,
    )
    status, seconds, kilobytes = json.loads(measured.read_text())
    out, error = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
    return Ended(status, out, error, seconds, kilobytes / 1024)


def within(ended: Ended) -> None:
    assert ended.seconds < SECONDS * SLOWNESS, ended
    assert ended.megabytes < MEGABYTES, ended
    assert "Traceback" not in ended.error + ended.out, ended
    assert ended.status not in {0, 70}, ended


def bomb(pack: Callable[[bytes], bytes]) -> bytes:
    """Ten gigabytes: a member of ten million zeros, a thousand times."""
    return pack(b"\0" * 10_000_000) * 1000


def nested(head: str, opening: str, closing: str, tail: str) -> bytes:
    return (head + opening * DEEP + closing * DEEP + tail).encode()


LAUGHS = "".join(
    f'<!ENTITY a{n} "{"".join(f"&a{n - 1};" for _ in range(10))}">' for n in range(1, 12)
)
XML = '<?xml version="1.0"?><!DOCTYPE bom [<!ENTITY a0 "ha">{}]>{}'
CDX = (
    '<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"><components>{}</components></bom>'
)
NAMED = CDX.format('<component type="library"><name>&{};</name></component>')
SPDX_XML = "<Document><spdxVersion>SPDX-2.3</spdxVersion><name>&a11;</name></Document>"
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns="http://spdx.org/rdf/terms#"><SpdxDocument rdf:about="urn:a">'
    "<name>&a11;</name></SpdxDocument></rdf:RDF>"
)

DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "bomb.cdx.json.gz": lambda: bomb(gzip.compress),
    "bomb.cdx.json.bz2": lambda: bomb(bz2.compress),
    "bomb.cdx.json.xz": lambda: bomb(lzma.compress),
    "bomb.cdx.json.zst": lambda: bomb(zstandard.ZstdCompressor().compress),
    "deep.cdx.json": lambda: nested(
        '{"bomFormat":"CycloneDX","specVersion":"1.6","x":', "[", "]", "}"
    ),
    "deep-objects.cdx.json": lambda: nested(
        '{"bomFormat":"CycloneDX","specVersion":"1.6","components":[', '{"components":[', "]}", "]}"
    ),
    "deep.spdx.json": lambda: nested(
        '{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","x":', "[", "]", "}"
    ),
    "deep.spdx3.json": lambda: nested(
        '{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":', "[", "]", "}"
    ),
    "deep.spdx.yaml": lambda: nested("spdxVersion: SPDX-2.3\nSPDXID: x\nx: ", "[", "]", "\n"),
    "deep.cdx.xml": lambda: nested(
        CDX.partition("{}")[0], '<component type="library">', "</component>", "</components></bom>"
    ),
    "deep.cdx.textproto": lambda: nested('spec_version: "1.6"\n', "components {", "}", "\n"),
    "laughs.cdx.xml": lambda: XML.format(LAUGHS, NAMED.format("a11")).encode(),
    "laughs.spdx.xml": lambda: XML.replace("bom", "Document").format(LAUGHS, SPDX_XML).encode(),
    "laughs.spdx.rdf": lambda: XML.replace("bom", "rdf:RDF").format(LAUGHS, RDF).encode(),
    "outside.cdx.xml": lambda: XML.format(
        '<!ENTITY x SYSTEM "file:///etc/passwd">', NAMED.format("x")
    ).encode(),
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("command", ["validate", "convert", "generate", "tree"])
def test_documents(name: str, command: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(DOCUMENTS[name]())
    more = ["--to", "spdx-json"] if command == "convert" else []
    ended = run(tmp_path, "sbom", command, str(path), *more)
    if command == "tree" and name == "deep-objects.cdx.json" and ended.status == 0:
        return  # what is not too deep is shown
    within(ended)
    said = [line for line in (ended.error + ended.out).splitlines() if line]
    assert any(name in line or "deep" in line for line in said), said
    assert "root:x:" not in ended.out + ended.error


def test_remote_contexts_are_not_fetched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/context.jsonld"
        path = tmp_path / "remote.spdx3.json"
        graph = [{"type": "software_Package", "spdxId": "urn:a", "name": "a"}]
        contexts = ["https://spdx.org/rdf/3.0.1/spdx-context.jsonld", address]
        path.write_text(json.dumps({"@context": contexts, "@graph": graph}))
        ended = run(tmp_path, "sbom", "generate", str(path))
        within(ended)
        assert "is not known and not fetched" in ended.error
        path.write_text(json.dumps({"@context": address, "@graph": graph}))
        ended = run(tmp_path, "sbom", "generate", str(path))
        within(ended)
        with pytest.raises(TimeoutError):
            server.accept()


def zeros(size: int, name: str = "META-INF/MANIFEST.MF") -> bytes:
    """An archive of zeros; made in pieces, since a child counts its parent's memory as its own."""
    out, piece = io.BytesIO(), b"\0" * 1_000_000
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as member,
    ):
        for _ in range(size // len(piece)):
            member.write(piece)
    return out.getvalue()


def matryoshka(levels: int) -> bytes:
    data = b"PK"
    for number in range(levels):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for copy in range(8):
                archive.writestr(f"lib/{number}-{copy}.jar", data)
        data = out.getvalue()
    return data


ARCHIVES: dict[str, Callable[[], bytes]] = {
    "bomb.jar": lambda: zeros(400_000_000),
    "bomb.whl": lambda: zeros(400_000_000, "a-1.dist-info/METADATA"),
    "nested.jar": lambda: matryoshka(8),
    "bomb.npz": lambda: zeros(400_000_000, "array.npy"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "subject"
    folder.mkdir()
    (folder / name).write_bytes(ARCHIVES[name]())
    ended = run(tmp_path, "sbom", "generate", str(folder), "--installed")
    within(ended)
    assert name in ended.error


def test_members_that_lead_out(tmp_path: Path) -> None:
    folder = tmp_path / "subject"
    folder.mkdir()
    with zipfile.ZipFile(folder / "out.jar", "w") as archive:
        archive.writestr("../../../escaped-by-jar", "x")
        archive.writestr("META-INF/maven/../../../../escaped/pom.properties", "artifactId=a")
    ended = run(tmp_path, "sbom", "generate", str(folder), "--installed")
    assert "Traceback" not in ended.error
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        for name in ("../../escaped-by-layer", "/abs/../../escaped-by-layer"):
            member = tarfile.TarInfo(name)
            member.size = 1
            archive.addfile(member, io.BytesIO(b"x"))
        link = tarfile.TarInfo("etc/os-release")
        link.type, link.linkname = tarfile.SYMTYPE, "../../../../etc/os-release"
        archive.addfile(link)
    image = tmp_path / "image.tar"
    config = b'{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}'
    manifest = json.dumps([{"Config": "c.json", "RepoTags": [], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(image, "w") as archive:
        for name, data in (
            ("c.json", config),
            ("manifest.json", manifest),
            ("layer.tar", layer.getvalue()),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    ended = run(tmp_path, "sbom", "generate", str(image))
    within(ended)
    assert not list(tmp_path.parent.rglob("escaped*"))


def test_the_shared_bomb(vector_folder: Callable[[str], Path], tmp_path: Path) -> None:
    bomb = next(vector_folder("sbom/sbom-vectors.tar.xz").rglob("bomb.bz2"))
    ended = run(tmp_path, "sbom", "validate", str(bomb))
    within(ended)
    assert "unpacks to" in ended.error
