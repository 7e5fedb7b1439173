"""``Cargo.toml``.  Format: The Cargo Book, *Specifying Dependencies*."""

from __future__ import annotations

from pratique.formats.edit.base import Change, Entry, splice, wanted
from pratique.formats.edit.tomltext import Path, Scan, Spot, check, quoted

_KINDS = {"dependencies": "", "dev-dependencies": "dev", "build-dependencies": "build"}


def entries(text: str) -> list[Entry]:
    """The requirements, in order, renamed ones by the package's own name.

    Raises:
        InputError: The document is no TOML.
    """
    return [entry for entry, _ in _entries(Scan(text))]


def _entries(scan: Scan) -> list[tuple[Entry, Spot]]:
    names = {spot.path[:-1]: spot.value for spot in scan.strings if spot.path[-1] == "package"}
    found = []
    for spot in scan.strings:
        place = _dependency(spot.path)
        if place is None:
            continue
        group, key = place
        entry = Entry(
            name=names.get(spot.path[:-1], key) if spot.path[-1] == "version" else key,
            requirement=spot.value,
            start=spot.start,
            end=spot.end,
            group=group,
        )
        found.append((entry, spot))
    return found


def _dependency(path: Path) -> tuple[str, str] | None:
    """Group and key of a dependency whose version is at a path; ``None`` if it is none."""
    match path:
        case ("workspace", *rest) | ("target", str(), *rest):
            pass
        case _:
            rest = list(path)
    match rest:
        case [str(kind), str(name)] | [str(kind), str(name), "version"] if kind in _KINDS:
            return _KINDS[kind], name
        case _:
            return None


def edit(text: str, changes: list[Change]) -> str:
    """Write other requirements.

    Raises:
        EditError: One is not there, or cannot be changed by itself.
        InputError: The document is no TOML.
    """
    scan = Scan(text)
    found = _entries(scan)
    spots = dict(found)
    pieces, changed = [], {}
    for change in changes:
        for entry in wanted([entry for entry, _ in found], change):
            changed[spots[entry].path] = change.after
            pieces.append(
                (entry.start, entry.end, quoted(change.after, text[entry.start : entry.end]))
            )
    return check(scan, splice(text, pieces), changed)
