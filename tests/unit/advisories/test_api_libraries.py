"""Which library a vendored folder is, by the hashes of its files."""

from __future__ import annotations

import base64
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories.libraries import Libraries
from pratique.model.errors import LimitError, UsageError
from pratique.surfaces.api.app import application

Record = Callable[..., dict[str, Any]]


def hashed(path: str, text: str) -> dict[str, str]:
    digest = base64.b64encode(md5(text.encode()).digest()).decode()
    return {"file_path": path, "hash": digest, "hash_type": "MD5"}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    root = tmp_path / "libraries"
    for name, files in {
        "example.test%2Flibz@1.0": {"a.c": "one", "b.c": "two", "sub/c.h": "three", "x.txt": "t"},
        "example.test%2Flibz@1.1": {"a.c": "one", "b.c": "TWO", "sub/c.h": "three", "d.cc": "4"},
        "libq@2": {"vendor/a.c": "one", "q.c": "q"},
    }.items():
        for file, text in files.items():
            path = root / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return root


@pytest.mark.parametrize("version", ["v1", "v1experimental"])
def test_best_match_first(
    sources: Path, serve: Callable[..., Any], record: Record, caller: Any, version: str
) -> None:
    root = serve(record()).root
    client = caller(application(root, Libraries.of(sources)))
    asked = [hashed("a.c", "one"), hashed("b.c", "two"), hashed("sub/c.h", "three"),
             hashed("third_party/q.c", "q")]  # fmt: skip
    response = client.post(f"/{version}/determineversion", json={"file_hashes": asked})
    assert response.json() == {
        "matches": [
            {
                "score": score,
                "repo_info": {
                    "type": "UNSPECIFIED",
                    "address": "example.test/libz",
                    "version": release,
                },
                "minimum_file_matches": same,
                "estimated_diff_files": other,
            }
            for score, release, same, other in ((1.0, "1.0", "3", "0"), (0.5, "1.1", "2", "2"))
        ]
    }
    assert client.post(f"/{version}/determineversion", json={}).json() == {"matches": []}
    for wrong in ({"hash": "!"}, {"hash": "AAAA", "hash_type": "SHA1"}):
        response = client.post(f"/{version}/determineversion", json={"file_hashes": [wrong]})
        assert response.status_code == 400


def test_without_libraries_the_answer_is_not_that_there_is_no_match(
    serve: Callable[..., Any], record: Record
) -> None:
    response = serve(record()).post("/v1experimental/determineversion", json={"file_hashes": []})
    assert (response.status_code, response.json()["code"]) == (501, 12)


def test_folders_that_are_no_libraries(tmp_path: Path, sources: Path) -> None:
    with pytest.raises(UsageError):
        Libraries.of(tmp_path / "absent")
    with pytest.raises(UsageError, match="has no library"):
        Libraries.of(tmp_path)
    (sources / "libq@2" / "big.c").write_bytes(b" " * (33 * 1024 * 1024))
    with pytest.raises(LimitError):
        Libraries.of(sources)
    (sources / "libq@2" / "big.c").unlink()
    outside = tmp_path / "outside.c"
    outside.write_text("one")
    (sources / "libq@2" / "link.c").symlink_to(outside)
    assert Libraries.of(sources), "a link out of the folder is not followed"
