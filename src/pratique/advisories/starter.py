"""Making the starter snapshot from the shared corpus; run by its maintainers.

::

    pratique advisories build ../shared/vectors/osv --starter src/pratique/advisories/data

Facts only: ids, aliases, dates, packages, ranges, versions and CVSS vectors.
Summaries, details, credits and references are left out.
"""

from __future__ import annotations

import lzma
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique.advisories.build import PLACEHOLDER_YEAR
from pratique.advisories.inputs import read_items
from pratique.advisories.origins import GITHUB, MALICIOUS, ORIGINS
from pratique.advisories.snapshot import (
    FACTS,
    INDEX,
    SOURCES,
    Fact,
    SourceInfo,
    pack,
    rebuild,
    write_packed,
)
from pratique.formats.osv import OsvRecord, read_record
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_NUMBERS = {origin.name: number for number, origin in enumerate(ORIGINS)}
_encode = msgspec.msgpack.Encoder().encode


def build_starter(vectors: Path, data: Path) -> list[SourceInfo]:
    """Write the starter's files; the same corpus gives the same bytes.

    Args:
        vectors: Folder with the shared OSV corpus.
        data: Folder of the starter; its files are replaced.

    Returns:
        What ``sources.json`` holds.

    Raises:
        InputError: A file of the corpus is absent or cannot be read.
    """
    facts = sorted(_facts(vectors), key=lambda fact: (fact.source, fact.record.id, _encode(fact)))
    infos = [_info(number, facts) for number in range(len(ORIGINS))]
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        write_packed(work / FACTS, (_encode(fact) for fact in facts))
        text = msgspec.json.format(msgspec.json.encode(infos), indent=1)
        (work / SOURCES).write_bytes(text + b"\n")
        built = work / "generation"
        built.mkdir()
        rebuild(work, built)
        pack(built, work / INDEX)
        for file in (FACTS, SOURCES, INDEX):
            shutil.copyfile(work / file, data / file)
    return infos


def _facts(vectors: Path) -> Iterator[Fact]:
    names = _origins(vectors / "osv-records.sources.tsv.xz")
    items = read_items(vectors / "osv-records.ndjson.xz")
    for name, item in zip(names, items, strict=True):
        yield _fact(name, item.data)
    for item in read_items(vectors / "ghsa-records.ndjson.xz"):
        yield _fact(GITHUB, item.data)
    for item in read_items(vectors / "ghsa-trimmed.json"):
        for entry in msgspec.json.decode(item.data)["records"]:
            yield _fact(GITHUB, msgspec.json.encode(entry["record"]))
    for item in read_items(vectors / "mal-records.ndjson.xz"):
        yield _fact(MALICIOUS, item.data)


def _origins(path: Path) -> list[str]:
    try:
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            return [line.partition("\t")[0] for line in lines]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error}") from None


def _fact(origin: str, data: bytes) -> Fact:
    record, _ = read_record(data)
    return Fact(_NUMBERS[origin], msgspec.structs.replace(record, summary="", references=()))


def _info(number: int, facts: list[Fact]) -> SourceInfo:
    origin = ORIGINS[number]
    own = [fact.record for fact in facts if fact.source == number]
    newest = max(filter(None, map(_dated, own)), default=None)
    return SourceInfo(
        name=origin.name,
        commit=origin.commit,
        path=origin.path,
        license=origin.license,
        note=origin.note,
        records=len(own),
        newest=newest.isoformat().replace("+00:00", "Z") if newest else "",
    )


def _dated(record: OsvRecord) -> datetime | None:
    moment = record.modified
    return moment if moment is not None and moment.year > PLACEHOLDER_YEAR else None
