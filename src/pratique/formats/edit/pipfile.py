"""``Pipfile`` (pipenv).  Format: github.com/pypa/pipfile, README."""

from __future__ import annotations

from pratique.formats.edit.base import Change, Entry, splice, wanted
from pratique.formats.edit.tomltext import Scan, check, quoted
from pratique.model.ecosystems import normalise_name

_OWN = frozenset({"source", "requires", "scripts", "pipenv"})


def entries(text: str) -> list[Entry]:
    """The requirements, in order.

    Raises:
        InputError: The document is no TOML.
    """
    found = []
    for spot in Scan(text).strings:
        match spot.path:
            case (str(section), str(name)) | (str(section), str(name), "version") if (
                section not in _OWN
            ):
                group = "" if section == "packages" else section.removesuffix("-packages")
                found.append(
                    Entry(
                        name=name,
                        requirement=spot.value,
                        start=spot.start,
                        end=spot.end,
                        group=group,
                    )
                )
            case _:
                pass
    return found


def edit(text: str, changes: list[Change]) -> str:
    """Write other requirements.

    Raises:
        EditError: One is not there, or cannot be changed by itself.
        InputError: The document is no TOML.
    """
    scan = Scan(text)
    places = {(spot.start, spot.end): spot.path for spot in scan.strings}
    pieces, changed = [], {}
    for change in changes:
        for entry in wanted(entries(text), change, same=lambda name: normalise_name("PyPI", name)):
            changed[places[entry.start, entry.end]] = change.after
            pieces.append(
                (entry.start, entry.end, quoted(change.after, text[entry.start : entry.end]))
            )
    return check(scan, splice(text, pieces), changed)
