"""Libraries of ``*.deps.json`` and ``project.assets.json``, which write them alike.

``libraries`` has ``name/version`` to what it is; a target has ``name/version``
to what that needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.formats.lockfiles.gathering import Gathering, artifact_of_base64, shown
from pratique.formats.lockfiles.jsonlines import JsonLines
from pratique.formats.shapes import value_at
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError
from pratique.model.inventory import Scope

if TYPE_CHECKING:
    from pratique.model.nouns import Artifact

_LOCAL = frozenset({"project", "msbuildproject", "reference", "referenceassembly"})
"""Types of libraries that come from no registry."""

_RUNTIME_PACK = "runtimepack."
"""What the SDK puts before the name of a package that holds the runtime itself."""


class Opened(NamedTuple):
    """A document that is parsed and whose libraries are not taken yet."""

    document: dict[str, Any]
    libraries: dict[str, Any]
    lines: JsonLines
    gathering: Gathering


def opened(data: bytes, path: str) -> Opened:
    """Parse a document that has libraries.

    Raises:
        InputError: It is not JSON, or has no libraries.
    """
    text = decode(data)
    document = parse_json(text)
    libraries = value_at(document, "libraries")
    if not isinstance(libraries, dict):
        raise InputError("has no object of libraries")
    lines = JsonLines(text, 3)
    gathering = Gathering(path, type="nuget", ecosystem="NuGet")
    gathering.repeated(lines)
    return Opened(document, libraries, lines, gathering)


def take(key: str, entry: Any, line: int, gathering: Gathering) -> str:
    """Take one library as a component; gives its reference, or nothing and a problem."""
    name, slash, version = key.partition("/")
    if not isinstance(entry, dict) or not name:
        gathering.notes.unreadable(f"library {shown(key)} cannot be read", line)
        return ""
    if not slash or not version:
        gathering.notes.unknown(f"library {shown(key)} has no version", line)
    kind = entry.get("type")
    if not isinstance(kind, str):
        gathering.notes.unknown(f"library {shown(key)} has no type", line)
        kind = ""
    pack = kind == "runtimepack" and name.startswith(_RUNTIME_PACK)
    package = gathering.package(
        name.removeprefix(_RUNTIME_PACK) if pack else name, version, line=line
    )
    if package is None:
        return ""
    return gathering.add(
        package,
        line=line,
        scope=Scope.RUNTIME,
        groups=(kind,) if kind not in {"", "package"} else (),
        ecosystem="" if kind in _LOCAL else "NuGet",
        alias=name if pack else "",
        hashes=_hashes(entry.get("sha512"), line, gathering),
    )


def _hashes(digest: Any, line: int, gathering: Gathering) -> tuple[Artifact, ...]:
    if not isinstance(digest, str) or not digest:
        return ()
    try:
        return (artifact_of_base64("sha512", digest.removeprefix("sha512-")),)
    except InputError as error:
        gathering.notes.unknown(error.message, line)
        return ()


def connect(
    target: dict[str, Any], refs: dict[str, str], gathering: Gathering
) -> dict[str, list[str]]:
    """Connect libraries as a target says; returns who is needed by whom.

    Args:
        target: ``name/version`` to an object with ``dependencies``.
        refs: ``name/version`` in lower case to the reference of its component.
        gathering: Where they were taken.
    """
    by_name = {key.partition("/")[0]: ref for key, ref in refs.items()}
    needed: dict[str, list[str]] = {}
    for key, entry in target.items():
        ref = refs.get(key.lower())
        if ref is None:
            continue
        gathering.states_edges(ref)
        needs = entry.get("dependencies") if isinstance(entry, dict) else None
        for name, version in (needs if isinstance(needs, dict) else {}).items():
            exact = refs.get(f"{name}/{version}".lower())
            goal = exact or by_name.get(name.lower())
            if goal:
                gathering.edge(ref, goal)
                needed.setdefault(goal, []).append(ref)
    return needed
