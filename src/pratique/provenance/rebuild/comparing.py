"""Two archives, member by member: what differs, and whether it matters."""

from __future__ import annotations

import difflib
import hashlib
import io
import stat
import tarfile
import zipfile
import zlib
from datetime import UTC, datetime
from typing import NamedTuple

from pratique.model.errors import InputError, LimitError
from pratique.provenance.rebuild.models import Aspect, Difference, Grade

MAX_MEMBERS = 200_000
"""Most members of an archive; the largest packages have some tens of thousands."""

MAX_MEMBER_BYTES = 512 << 20
"""Largest member that is read."""

MAX_TOTAL_BYTES = 2 << 30
"""Most bytes of all members: what would unpack to more is a bomb, or no package."""

MAX_LINES = 20
"""Lines of a comparison of texts that are kept."""

MAX_TEXT_BYTES = 200_000
"""Largest text whose lines are compared."""


class Member(NamedTuple):
    """One file in an archive."""

    data: bytes
    time: str
    mode: int
    """Permission bits."""


def members(data: bytes, name: str) -> dict[str, Member]:
    """The files of an archive, in its order.

    Args:
        data: A zip (wheel) or a gzipped tar.
        name: For messages.

    Raises:
        InputError: It is neither, is damaged, or holds a name twice.
        LimitError: It holds too much.
    """
    try:
        return _zipped(data) if data[:2] == b"PK" else _tarred(data)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise InputError(f"{name} cannot be read: {error}") from None
    except (NotImplementedError, RuntimeError, ValueError) as error:
        # Encrypted, compressed in an unknown way, or with offsets that lead nowhere.
        raise InputError(f"{name} cannot be read: {error}") from None


def _zipped(data: bytes) -> dict[str, Member]:
    found: dict[str, Member] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        rows = archive.infolist()
        _check(len(rows), sum(row.file_size for row in rows))
        for row in rows:
            if row.is_dir():
                continue
            with archive.open(row) as file:
                content = file.read(MAX_MEMBER_BYTES + 1)
            time = "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*row.date_time)
            _put(found, row.filename, Member(content, time, stat.S_IMODE(row.external_attr >> 16)))
    return found


def _tarred(data: bytes) -> dict[str, Member]:
    found: dict[str, Member] = {}
    total = 0
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:*") as archive:
        for count, row in enumerate(archive, 1):
            total += row.size
            _check(count, total)
            if not row.isfile():
                if not row.isdir():
                    _put(found, row.name, Member(row.linkname.encode(), "link", row.mode))
                continue
            file = archive.extractfile(row)
            content = file.read(MAX_MEMBER_BYTES + 1) if file else b""
            time = f"{datetime.fromtimestamp(max(0, row.mtime), UTC):%Y-%m-%d %H:%M:%S}"
            _put(found, row.name, Member(content, time, stat.S_IMODE(row.mode)))
    return found


def _check(count: int, total: int) -> None:
    if count > MAX_MEMBERS:
        raise LimitError(f"has over {MAX_MEMBERS:,} members")
    if total > MAX_TOTAL_BYTES:
        raise LimitError(f"unpacks to over {MAX_TOTAL_BYTES >> 30} GiB")


def _put(found: dict[str, Member], name: str, member: Member) -> None:
    if len(member.data) > MAX_MEMBER_BYTES:
        raise LimitError(f"{name[:80]} is over {MAX_MEMBER_BYTES >> 20} MiB")
    if name in found:
        raise InputError(f"holds {name[:80]!r} twice")
    found[name] = member


def compare(published: bytes, rebuilt: bytes, name: str) -> tuple[Grade, tuple[Difference, ...]]:
    """Compare two archives.

    Args:
        published: The one that is in the registry.
        rebuilt: The one that was built here.
        name: For messages.

    Returns:
        The grade, and what differs: contents first.

    Raises:
        InputError: One cannot be read.
    """
    if published == rebuilt:
        return Grade.BIT_IDENTICAL, ()
    one, other = members(published, name), members(rebuilt, f"the rebuilt {name}")
    found = [*_contents(one, other), *_forms(one, other)]
    if not found:
        found = [Difference(aspect=Aspect.CONTAINER)]
    harmless = all(each.aspect.harmless for each in found)
    return (Grade.IDENTICAL_BUT if harmless else Grade.DIFFERENT), tuple(found)


def _contents(one: dict[str, Member], other: dict[str, Member]) -> list[Difference]:
    found = []
    for path in sorted(one.keys() | other.keys()):
        here, there = one.get(path), other.get(path)
        if here is None or there is None:
            aspect = Aspect.ONLY_REBUILT if here is None else Aspect.ONLY_PUBLISHED
            found.append(
                Difference(
                    aspect=aspect, path=path, published=_digest(here), rebuilt=_digest(there)
                )
            )
        elif here.data != there.data:
            found.append(
                Difference(
                    aspect=_aspect(path, here.data, there.data),
                    path=path,
                    published=_digest(here),
                    rebuilt=_digest(there),
                    lines=_lines(here.data, there.data),
                )
            )
    changed = {each.path for each in found if each.aspect is not Aspect.RECORD}
    return [_settled(each, one, other, changed) for each in found]


def _settled(
    each: Difference, one: dict[str, Member], other: dict[str, Member], changed: set[str]
) -> Difference:
    """A RECORD that differs about more than what differs anyway is content."""
    if each.aspect is not Aspect.RECORD:
        return each
    rows = [
        {
            row
            for row in member.data.decode("utf-8", "replace").splitlines()
            if row.rsplit(",", 2)[0].strip('"') not in changed
        }
        for member in (one[each.path], other[each.path])
    ]
    if rows[0] == rows[1]:
        return each
    return Difference(
        aspect=Aspect.CONTENT,
        path=each.path,
        published=each.published,
        rebuilt=each.rebuilt,
        lines=each.lines,
    )


def _aspect(path: str, here: bytes, there: bytes) -> Aspect:
    if path.endswith(".dist-info/RECORD"):
        return Aspect.RECORD
    if path.endswith(".dist-info/WHEEL") and _ungenerated(here) == _ungenerated(there):
        return Aspect.TOOL
    return Aspect.CONTENT


def _ungenerated(data: bytes) -> list[bytes]:
    return [line for line in data.splitlines() if not line.lower().startswith(b"generator:")]


def _forms(one: dict[str, Member], other: dict[str, Member]) -> list[Difference]:
    common = [path for path in one if path in other]
    found = []
    times = [path for path in common if one[path].time != other[path].time]
    if times:
        path = times[0]
        found.append(
            Difference(
                aspect=Aspect.TIMES, path=path, published=one[path].time, rebuilt=other[path].time
            )
        )
    modes = [path for path in common if one[path].mode != other[path].mode]
    if modes:
        path = modes[0]
        found.append(
            Difference(
                aspect=Aspect.MODES,
                path=path,
                published=f"{one[path].mode:o}",
                rebuilt=f"{other[path].mode:o}",
            )
        )
    if common != [path for path in other if path in one]:
        found.append(Difference(aspect=Aspect.ORDER))
    return found


def _digest(member: Member | None) -> str:
    return f"sha256:{hashlib.sha256(member.data).hexdigest()}" if member else ""


def _lines(here: bytes, there: bytes) -> tuple[str, ...]:
    if max(len(here), len(there)) > MAX_TEXT_BYTES or b"\0" in here or b"\0" in there:
        return ()
    one, other = (data.decode("utf-8", "replace").splitlines() for data in (here, there))
    rows = difflib.unified_diff(one, other, "published", "rebuilt", lineterm="", n=0)
    return tuple(row[:200] for _, row in zip(range(MAX_LINES), rows, strict=False))
