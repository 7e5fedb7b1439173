"""What images may look like when they are damaged or made to do harm: refused or read in part."""

from __future__ import annotations

import gzip
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.inventory import take
from pratique.model.errors import InputError

Make = Callable[..., bytes]
ROUNDS = 250
SLOW = 10.0


def attempt(path: Path, data: bytes) -> None:
    """Take an inventory of the bytes: one that holds together, or a refusal in one line."""
    path.write_bytes(data)
    start = time.process_time()
    try:
        inventory = take(str(path))
    except InputError as error:
        refusal = error.message
    else:
        refusal = "none"
        refs = {part.ref for part in inventory.components}
        assert len(refs) == len(inventory.components)
        assert all(set(targets) <= refs for targets in inventory.edges.values())
    assert refusal
    assert "\n" not in refusal
    assert time.process_time() - start < SLOW


@pytest.fixture(params=["layout", "docker"])
def image(
    request: pytest.FixtureRequest,
    layout: Any,
    docker_save: Make,
    base: bytes,
    tar: Make,
    installed: Make,
) -> bytes:
    second = tar(
        [
            ("var/lib/dpkg/status", installed("alpha", "gamma")),
            ("usr/lib/.wh.gone", b""),
            ("a/link", "/usr/lib"),
            ("a/hard", "=var/lib/dpkg/status"),
        ]
    )
    if request.param == "docker":
        return docker_save([base, second])
    layout.image([base, second], pack=bytes)
    return tar(list(layout.files().items()))


def test_mutated_archives(image: bytes, tmp_path: Path) -> None:
    generator = random.Random(3)
    used = [at for at, byte in enumerate(image) if byte]
    for _ in range(ROUNDS):
        changed = bytearray(image)
        for _ in range(generator.choice((1, 1, 3, 9))):
            # Most of a small tar is padding: half of the time it is text that changes.
            at = (
                generator.choice(used)
                if generator.random() < 0.7
                else generator.randrange(len(changed))
            )
            changed[at] = generator.choice((0, 0xFF, generator.randrange(256), ord("9"), ord("/")))
        if generator.random() < 0.2:
            del changed[generator.randrange(len(changed)) :]
        attempt(tmp_path / "image.tar", bytes(changed))


def test_mutated_packed_archives(image: bytes, tmp_path: Path) -> None:
    packed = gzip.compress(image, 1)
    generator = random.Random(4)
    for _ in range(ROUNDS // 2):
        changed = bytearray(packed)
        changed[generator.randrange(len(changed))] = generator.randrange(256)
        if generator.random() < 0.3:
            del changed[generator.randrange(len(changed)) :]
        attempt(tmp_path / "image.tar.gz", bytes(changed))


@pytest.mark.parametrize("name", ["index", "manifest", "config"])
def test_mutated_documents_of_a_layout(layout: Any, base: bytes, tmp_path: Path, name: str) -> None:
    """JSON that is still JSON: values of another type, absent, null or huge."""
    import json

    def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        found = [at] if at else []
        for key, inner in items if isinstance(value, dict | list) else ():
            found += paths(inner, (*at, key)) if isinstance(inner, dict | list) else [(*at, key)]
        return found

    entry = layout.image([base])
    folder = Path(layout.folder(tmp_path / "image"))
    manifest = json.loads(layout.blobs[entry["digest"]])
    file = {
        "index": folder / "index.json",
        "manifest": folder / "blobs" / entry["digest"].replace(":", "/"),
        "config": folder / "blobs" / manifest["config"]["digest"].replace(":", "/"),
    }[name]
    original = json.loads(file.read_bytes())
    for path in paths(original):
        for replacement in (None, 0, -1, 10**30, "", "x\n", [], {}, [None], {"a": 1}, True):
            changed = json.loads(json.dumps(original))
            inner = changed
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = replacement
            file.write_text(json.dumps(changed))
            try:
                inventory = take(str(folder))
            except InputError as error:
                assert "\n" not in error.message, path  # noqa: PT017 - one of two good ends
            else:
                assert inventory.components, path
    file.write_bytes(b"[" * 100_000)
    with_depth = name == "config"
    if with_depth:
        assert take(str(folder)).components
    else:
        with pytest.raises(InputError):
            take(str(folder))


def test_links_that_multiply_end(layout: Any, base: bytes, tar: Make, tmp_path: Path) -> None:
    """Each link leads through the next one twice: two to the fortieth steps, were they taken."""
    entries: list[tuple[str, bytes | str]] = [(f"l{n}", f"l{n + 1}/../l{n + 1}") for n in range(40)]
    entries += [("l40/", b""), ("l0/late", b"x")]
    layout.image([base, tar(entries)])
    start = time.process_time()
    assert take(layout.folder(tmp_path)).components
    assert time.process_time() - start < SLOW


def test_deep_and_wide_trees_take_time_in_proportion(
    layout: Any, base: bytes, tar: Make, tmp_path: Path
) -> None:
    deep = ("d/" * 200 + "f", b"")
    layout.image(
        [base, tar([deep, ("d/" * 300 + "f", b""), *((f"w/{n}", b"") for n in range(20_000))])]
    )
    start = time.process_time()
    inventory = take(layout.folder(tmp_path))
    assert time.process_time() - start < 2 * SLOW
    assert len(inventory.components) == 2
