"""Updates from folders, as sites without network have them."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories import Index
from pratique.advisories.update import Update, update
from pratique.model.advisory import Query
from pratique.model.errors import UpstreamError, UsageError

ZERO = {"introduced": "0"}


NOW = datetime(2026, 3, 1, tzinfo=UTC)


def found(root: Path, ecosystem: str, name: str) -> list[str]:
    answer = Index.open(root).match([Query(ecosystem=ecosystem, name=name, version="1.0.0")])[0]
    return [match.advisories[0].id for match in answer.matches]


def asked(export: Any, kind: str) -> list[str]:
    return [line for line in export.asked if kind in line]


def later(root: Path, hours: int, **more: Any) -> Update:
    return update(root, now=NOW + timedelta(hours=hours), **more)


def test_folder_for_an_air_gapped_site(
    dated: Any, export: Any, tmp_path: Path, record: Any
) -> None:
    root, carried = tmp_path / "data", tmp_path / "carried"
    export.write(carried, "all.zip", "modified_id.csv")
    done = update(root, url=str(carried), offline=True, now=NOW)
    assert done.fetched == ("PyPI", "npm")
    assert done.manifest.as_of == datetime(2026, 2, 9, tzinfo=UTC), "a copy is as old as it is"
    assert found(root, "npm", "p4") == ["GHSA-4"]
    shutil.rmtree(carried)
    export.put("npm", dated(record("GHSA-new", "npm", "new", ZERO), 50))
    export.write(carried, "modified_id.csv", "records")
    export.asked.clear()
    done = update(root, url=str(carried), offline=True, now=NOW + timedelta(days=1))
    assert done.changed == {"npm": 1}
    assert done.manifest.watermarks["npm"].checked == datetime(2026, 2, 20, tzinfo=UTC)
    assert found(root, "npm", "new") == ["GHSA-new"]
    assert export.asked == []


def test_older_copy_makes_nothing_older_or_newer(
    dated: Any, export: Any, tmp_path: Path, record: Any
) -> None:
    old, root = tmp_path / "old", tmp_path / "data"
    export.write(old, "all.zip", "modified_id.csv", "records")
    export.put("npm", dated(record("GHSA-4", "npm", "other", ZERO), 50))
    later(root, 0)
    before = Index.open(root).manifest
    done = update(root, url=str(old), now=NOW + timedelta(days=3))
    assert done.fetched == ()
    assert done.manifest.watermarks == before.watermarks
    assert done.manifest.as_of == before.as_of
    assert found(root, "npm", "other") == ["GHSA-4"]


def test_folder_with_zips_only(export: Any, tmp_path: Path) -> None:
    export.write(tmp_path / "carried", "all.zip")
    done = update(tmp_path / "data", url=str(tmp_path / "carried"), now=NOW)
    assert done.manifest.as_of == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize("content", [None, {}, {"PyPI/other.txt": b""}])
def test_folder_without_records(tmp_path: Path, content: dict[str, bytes] | None) -> None:
    for name, data in (content or {}).items():
        (tmp_path / "in" / name).parent.mkdir(parents=True)
        (tmp_path / "in" / name).write_bytes(data)
    if content == {}:
        (tmp_path / "in").mkdir()
    with pytest.raises((UsageError, UpstreamError), match=r"no ecosystem|not a folder"):
        update(tmp_path / "data", url=str(tmp_path / "in"), now=NOW)


def test_link_out_of_the_folder_is_not_followed(export: Any, tmp_path: Path) -> None:
    export.write(tmp_path / "outside", "all.zip")
    (tmp_path / "in" / "npm").mkdir(parents=True)
    (tmp_path / "in" / "npm" / "all.zip").symlink_to(tmp_path / "outside" / "npm" / "all.zip")
    with pytest.raises(UpstreamError, match="no ecosystem"):
        update(tmp_path / "data", url=str(tmp_path / "in"), now=NOW)
