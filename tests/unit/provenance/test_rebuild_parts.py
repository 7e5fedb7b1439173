"""Comparing archives, unpacking sources, reading build systems, and the sandbox's walls."""

from __future__ import annotations

import gzip
import io
import os
import random
import socket
import tarfile
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from pratique.model.errors import InputError, LimitError
from pratique.provenance.rebuild import sandbox
from pratique.provenance.rebuild.backend import pinned, system_of
from pratique.provenance.rebuild.comparing import compare, members
from pratique.provenance.rebuild.errors import RebuildError
from pratique.provenance.rebuild.models import Aspect, Grade
from pratique.provenance.rebuild.unpacking import unpack

Row = tuple[str, bytes]
WHEEL = "alpha-1.dist-info/WHEEL"
RECORD = "alpha-1.dist-info/RECORD"


def wheel(
    *rows: Row, time: int = 2020, mode: int = 0o644, packed: int = zipfile.ZIP_DEFLATED
) -> bytes:
    data = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(data, "w", packed) as archive:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in rows:
            info = zipfile.ZipInfo(name, (time, 2, 2, 0, 0, 0))
            info.external_attr = (0o100000 | mode) << 16
            info.compress_type = packed
            archive.writestr(info, content)
    return data.getvalue()


def tarred(*rows: Row, kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    data = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=data, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name, content in rows:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, link
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


A: Row = ("alpha/__init__.py", b"one = 1\n")
B: Row = ("alpha/b.py", b"two = 2\n")


def aspects(published: bytes, rebuilt: bytes) -> tuple[Grade, list[Aspect]]:
    grade, found = compare(published, rebuilt, "alpha")
    return grade, [one.aspect for one in found]


def test_the_same_bytes_are_bit_identical() -> None:
    assert aspects(wheel(A, B), wheel(A, B)) == (Grade.BIT_IDENTICAL, [])


@pytest.mark.parametrize(
    ("other", "aspect"),
    [
        (wheel(A, B, time=2021), Aspect.TIMES),
        (wheel(A, B, mode=0o755), Aspect.MODES),
        (wheel(B, A), Aspect.ORDER),
        (wheel(A, B, packed=zipfile.ZIP_STORED), Aspect.CONTAINER),
    ],
)
def test_what_is_harmless_is_told_apart(other: bytes, aspect: Aspect) -> None:
    assert aspects(wheel(A, B), other) == (Grade.IDENTICAL_BUT, [aspect])


@pytest.mark.parametrize(
    ("other", "aspect"),
    [
        (wheel(A, (B[0], b"three = 3\n")), Aspect.CONTENT),
        (wheel(A), Aspect.ONLY_PUBLISHED),
        (wheel(A, B, ("alpha/evil.pth", b"import os\n")), Aspect.ONLY_REBUILT),
    ],
)
def test_what_matters_is_different(other: bytes, aspect: Aspect) -> None:
    assert aspects(wheel(A, B), other) == (Grade.DIFFERENT, [aspect])


def test_the_lines_that_differ_are_shown() -> None:
    _, [one] = compare(wheel(A), wheel((A[0], b"one = 2\n")), "alpha")
    assert one.lines == ("--- published", "+++ rebuilt", "@@ -1 +1 @@", "-one = 1", "+one = 2")


def test_the_name_of_the_tool_is_harmless_and_nothing_else_in_the_file_is() -> None:
    old = (WHEEL, b"Wheel-Version: 1.0\nGenerator: tool 1\nTag: py3-none-any\n")
    new = (WHEEL, b"Wheel-Version: 1.0\nGenerator: tool 2\nTag: py3-none-any\n")
    worse = (WHEEL, b"Wheel-Version: 1.0\nGenerator: tool 2\nTag: py2-none-any\n")
    assert aspects(wheel(old), wheel(new)) == (Grade.IDENTICAL_BUT, [Aspect.TOOL])
    assert aspects(wheel(old), wheel(worse)) == (Grade.DIFFERENT, [Aspect.CONTENT])


def test_a_record_may_differ_about_what_differs_and_nothing_else() -> None:
    old, new = (WHEEL, b"Generator: 1\n"), (WHEEL, b"Generator: 2\n")
    row = b"alpha/__init__.py,sha256=x,8\n"
    one = wheel(old, (RECORD, row + WHEEL.encode() + b",sha256=a,1\n"))
    other = wheel(new, (RECORD, row + WHEEL.encode() + b",sha256=b,1\n"))
    lying = wheel(new, (RECORD, row.replace(b"=x", b"=y") + WHEEL.encode() + b",sha256=b,1\n"))
    assert aspects(one, other) == (Grade.IDENTICAL_BUT, [Aspect.RECORD, Aspect.TOOL])
    assert aspects(one, lying) == (Grade.DIFFERENT, [Aspect.CONTENT, Aspect.TOOL])


def test_tarballs_are_compared_too() -> None:
    assert aspects(tarred(A), tarred(A)[:4] + b"\1\2\3\4" + tarred(A)[8:])[0] is Grade.IDENTICAL_BUT
    assert aspects(tarred(A), tarred((A[0], b"other"))) == (Grade.DIFFERENT, [Aspect.CONTENT])


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"\x1f\x8b", wheel(A, A), b"no archive at all"])
def test_damaged_archives_are_named(data: bytes) -> None:
    with pytest.raises(InputError):
        members(data, "alpha")


def test_bombs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from pratique.provenance.rebuild import comparing

    monkeypatch.setattr(comparing, "MAX_TOTAL_BYTES", 1_000_000)
    for bomb in (wheel(("zeros", bytes(2_000_000))), tarred(("zeros", bytes(2_000_000)))):
        with pytest.raises(LimitError):
            members(bomb, "alpha")


def test_mutated_archives_are_survived() -> None:
    seeded = random.Random(5)
    for good in (wheel(A, B), tarred(A, B)):
        for _ in range(200):
            data = bytearray(good)
            for _ in range(seeded.randrange(1, 8)):
                data[seeded.randrange(len(data))] = seeded.randrange(256)
            try:
                compare(good, bytes(data), "alpha")
            except InputError:
                continue


@pytest.mark.parametrize("name", ["/etc/x", "../x", "alpha/../../x", "alpha/\0x"])
def test_sources_do_not_leave_their_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "into").mkdir()
    with suppress(InputError):
        unpack(tarred((name, b"x")), tmp_path / "into", "alpha.tar.gz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["into"]
    assert not any(path.is_file() and path.name.startswith("x") for path in tmp_path.rglob("*"))


def test_links_in_sources_are_left_out(tmp_path: Path) -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for info in (tarfile.TarInfo("alpha/setup.py"), tarfile.TarInfo("alpha/link")):
            if info.name.endswith("link"):
                info.type, info.linkname = tarfile.SYMTYPE, "/etc"
            archive.addfile(info, io.BytesIO())
    tree = unpack(data.getvalue(), tmp_path, "alpha.tar.gz")
    assert sorted(path.name for path in tree.iterdir()) == ["setup.py"]


@pytest.mark.parametrize(
    "data", [b"", b"x", gzip.compress(b"no tar", mtime=0), tarred(("a/x", b""), ("b/x", b""))]
)
def test_what_is_no_source_distribution_is_named(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InputError):
        unpack(data, tmp_path, "alpha.tar.gz")


@pytest.mark.parametrize(
    ("text", "backend"),
    [
        ("", "setuptools.build_meta:__legacy__"),
        ('[build-system]\nrequires = ["x"]\n', "setuptools.build_meta:__legacy__"),
        ('[build-system]\nrequires = ["x", 1]\nbuild-backend = "x.y"\n', "x.y"),
    ],
)
def test_build_systems_are_read(tmp_path: Path, text: str, backend: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert system_of(tmp_path).backend == backend


def test_what_is_no_project_is_named(tmp_path: Path) -> None:
    with pytest.raises(RebuildError, match="neither"):
        system_of(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[[")
    with pytest.raises(InputError):
        system_of(tmp_path)


@pytest.mark.parametrize(
    ("requires", "generator", "more"),
    [
        (["setuptools"], "bdist_wheel (0.41.1)", ["wheel==0.41.1", "setuptools<70.1"]),
        (["flit_core>=3.2,<4"], "flit 3.9.0", ["flit_core==3.9.0"]),
        (["flit_core<3"], "flit 3.9.0", []),
        (["hatchling"], "hatchling 1.25.0", ["hatchling==1.25.0"]),
        (["mine"], "mine 1", []),
        (["not a requirement !"], "hatchling 1.0", ["hatchling==1.0"]),
    ],
)
def test_the_published_tool_is_taken(requires: list[str], generator: str, more: list[str]) -> None:
    assert pinned(requires, generator) == [*requires, *more]


needs_sandbox = pytest.mark.skipif(
    not sandbox.available(), reason="bubblewrap (bwrap) is not installed"
)


@needs_sandbox
def test_the_sandbox_has_no_network(tmp_path: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        code = (
            f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 2)"
        )
        with pytest.raises(RebuildError, match=r"refused|unreachable"):
            sandbox.run(["/usr/bin/env", _python(), "-c", code], tmp_path)


@needs_sandbox
def test_the_sandbox_shows_and_changes_nothing_else(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    work = tmp_path / "work"
    work.mkdir()
    os.environ["PRATIQUE_TEST_TOKEN"] = "hidden"
    try:
        said = sandbox.run(
            [_python(), "-c", f"import os; print(os.path.exists({str(secret)!r}), dict(os.environ)); "
             "open('made', 'w').write('x')"],
            work,
        )  # fmt: skip
    finally:
        del os.environ["PRATIQUE_TEST_TOKEN"]
    assert said.startswith("False")
    assert "hidden" not in said
    assert (work / "made").read_text() == "x"
    with pytest.raises(RebuildError):
        sandbox.run([_python(), "-c", "open('/usr/made', 'w')"], work)
    assert not Path("/usr/made").exists()


@needs_sandbox
def test_the_sandbox_ends_what_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 1)
    with pytest.raises(RebuildError, match="took more than"):
        sandbox.run([_python(), "-c", "import time; time.sleep(60)"], tmp_path)


def test_without_a_sandbox_nothing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RebuildError, match="no sandbox"):
        sandbox.run(["true"], tmp_path)


def _python() -> str:
    return "/usr/bin/python3"
