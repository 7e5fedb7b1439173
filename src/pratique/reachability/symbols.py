"""What advisories say of the code that is vulnerable, beyond the package's name.

Go: ``ecosystem_specific.imports`` with ``path`` and ``symbols`` (Go
vulnerability database, "OSV format").  Rust: ``ecosystem_specific.affects.functions``
(RustSec), a map of paths to version requirements in its older form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.model.ecosystems import base

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.advisories import Index
    from pratique.model.finding import Finding

MAX_SYMBOLS = 5_000
"""Most functions taken from one advisory; the longest list known has some hundreds."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """The vulnerable code as one or more advisories name it."""

    paths: dict[str, tuple[str, ...]] = {}
    """Go: import path to its symbols; no symbols means all of it."""

    functions: tuple[str, ...] = ()
    """Rust: full paths of functions, ``alpha::Reader::next``."""

    records: bool = False
    """Whether complete records were here to look into."""


def named(finding: Finding, ecosystem: str, package: str, index: Index) -> Named:
    """What the records of a finding say of functions.

    Args:
        finding: With its id and aliases.
        ecosystem: Of the vulnerable package, ``Go`` or ``crates.io``.
        package: Its name as the records write it.
        index: With the complete records, or without (the starter).

    Raises:
        GenerationError: The index is damaged.
    """
    paths: dict[str, set[str] | None] = {}
    functions: set[str] = set()
    records = False
    for identifier in (finding.id, *finding.aliases):
        for record in index.originals(identifier):
            records = True
            for specific in _specifics(record, ecosystem, package):
                _go(specific, paths)
                functions.update(_rust(specific))
    return Named(
        paths={path: tuple(sorted(names or ())) for path, names in sorted(paths.items())},
        functions=tuple(sorted(functions)[:MAX_SYMBOLS]),
        records=records,
    )


def _specifics(record: dict[str, Any], ecosystem: str, package: str) -> Iterable[dict[str, Any]]:
    rows = record.get("affected")
    for row in rows if isinstance(rows, list) else []:
        about = row.get("package") if isinstance(row, dict) else None
        if not isinstance(about, dict) or about.get("name") != package:
            continue
        specific = row.get("ecosystem_specific")
        if base(str(about.get("ecosystem", ""))) == ecosystem and isinstance(specific, dict):
            yield specific


def _go(specific: dict[str, Any], paths: dict[str, set[str] | None]) -> None:
    rows = specific.get("imports")
    for row in rows if isinstance(rows, list) else []:
        path = row.get("path") if isinstance(row, dict) else None
        if not isinstance(path, str) or not path:
            continue
        symbols = _texts(row.get("symbols"))
        known = paths.get(path, set())
        # One advisory that speaks of the whole package outweighs another's list.
        paths[path] = None if not symbols or known is None else known | set(symbols)


def _rust(specific: dict[str, Any]) -> Iterable[str]:
    affects = specific.get("affects")
    yield from _texts(affects.get("functions") if isinstance(affects, dict) else None)
    older = specific.get("affected_functions")
    yield from _texts(list(older) if isinstance(older, dict) else older)


def _texts(value: object) -> list[str]:
    rows = value if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, str) and row][:MAX_SYMBOLS]
