"""``pyproject.toml``: the standard's tables, dependency groups, uv's and Poetry's own.

Formats: packaging.python.org, *pyproject.toml specification* and *Dependency
Groups*; uv documentation, *Settings* (``constraint-dependencies``,
``override-dependencies``); Poetry documentation, *Dependency specification*.
"""

from __future__ import annotations

import re

from pratique.formats.edit.base import Change, Entry, splice, wanted
from pratique.formats.edit.pep508 import parse, written
from pratique.formats.edit.tomltext import Path, Scan, Spot, check, quoted
from pratique.model.ecosystems import normalise_name

_UV = ("constraint-dependencies", "dev-dependencies", "override-dependencies")
_PLAIN = re.compile(r"[<>=!~^*0-9a-zA-Z][^\"\\]*\Z")


def entries(text: str) -> list[Entry]:
    """The requirements of a project, in order.

    Raises:
        InputError: The document is no TOML.
    """
    return [entry for entry, _ in _entries(Scan(text))]


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
        for entry in wanted([entry for entry, _ in found], change, same=_name):
            spot = spots[entry]
            value = _value(spot, change.after)
            changed[spot.path] = value
            pieces.append((spot.start, spot.end, quoted(value, text[spot.start : spot.end])))
    return check(scan, splice(text, pieces), changed)


def _value(spot: Spot, requirement: str) -> str:
    if not isinstance(spot.path[-1], int):
        return requirement
    specifier = parse(spot.value)
    assert specifier is not None
    new = written(requirement, spaced=specifier.spaced)
    return spot.value[: specifier.start] + new + spot.value[specifier.end :]


def _entries(scan: Scan) -> list[tuple[Entry, Spot]]:
    found = []
    for spot in scan.strings:
        group = _group(spot.path)
        if group is None:
            continue
        if isinstance(spot.path[-1], int):
            specifier = parse(spot.value)
            if specifier is None:
                continue
            name, requirement = specifier.name, specifier.requirement
        else:
            name, requirement = _poetry_name(spot.path), spot.value
            if not _PLAIN.match(requirement):
                continue
        found.append(
            (
                Entry(
                    name=name,
                    requirement=requirement,
                    start=spot.start,
                    end=spot.end,
                    group=group,
                ),
                spot,
            )
        )
    return found


def _group(path: Path) -> str | None:
    """Section of a requirement by the path of its string; ``None`` if it is none."""
    match path:
        case ("project", "dependencies", int()):
            return ""
        case ("project", "optional-dependencies", str(group), int()):
            return group
        case ("dependency-groups", str(group), int()):
            return group
        case ("build-system", "requires", int()):
            return "build-system"
        case ("tool", "uv", str(kind), int()) if kind in _UV:
            return kind.removesuffix("-dependencies")
        case ("tool", "poetry", "dependencies", str(name), *rest) if rest in ([], ["version"]):
            return None if name == "python" else ""
        case ("tool", "poetry", "dev-dependencies", str(), *rest) if rest in ([], ["version"]):
            return "dev"
        case ("tool", "poetry", "group", str(group), "dependencies", str(), *rest) if rest in (
            [],
            ["version"],
        ):
            return group
        case _:
            return None


def _poetry_name(path: Path) -> str:
    return str(path[-2] if path[-1] == "version" and path[-2] != "dependencies" else path[-1])


def constrain(text: str, kind: str, specifier: str) -> str:
    """Add to uv's ``constraint-dependencies`` or ``override-dependencies``.

    Args:
        text: The document.
        kind: ``constraint`` or ``override``.
        specifier: Name and version part: ``alpha>=1.2``.

    Raises:
        EditError: The place for it cannot be made without changing something else.
        InputError: The document is no TOML.
    """
    from pratique.formats.edit.tomlarrays import append

    return append(text, ("tool", "uv"), f"{kind}-dependencies", specifier)


def _name(name: str) -> str:
    return normalise_name("PyPI", name)
