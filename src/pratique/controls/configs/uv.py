"""uv: ``uv.toml`` and ``[tool.uv]`` of ``pyproject.toml``.

uv stops at the first index that has a name, in the order in which they stand; the default one
comes last whatever its place (uv documentation, "Package indexes").  ``index-strategy``
changes that.  An explicit index is asked for the names that ``sources`` binds to it alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.controls.configs.documents import Document, read_toml
from pratique.controls.configs.models import Fault, Place, Source, Unreadable, folder_of
from pratique.controls.configs.names import same_python
from pratique.controls.configs.pip import plain_http
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.controls.configs.models import Outcomes, Scene

ANY = "(any internal name)"
"""Asked about where an internal index is configured and no names are given."""

_PASSED_OVER = {401, 403, 404, 500, 502, 503}


class Index(NamedTuple):
    """An index as ``[[index]]`` names it."""

    source: Source
    default: bool = False
    explicit: bool = False
    ignored: tuple[int, ...] = ()
    """Errors after which the next index is asked."""


class Table(NamedTuple):
    """A document and where in it uv's settings are."""

    document: Document
    head: tuple[str, ...]


def judge(scene: Scene) -> Outcomes:
    """Judge each folder that has settings of uv; ``uv.toml`` comes before ``[tool.uv]``."""
    folders: dict[str, list[Table]] = {}
    for path, text in scene.files.items():
        name = path[len(folder_of(path)) :]
        if name not in {"uv.toml", "pyproject.toml"}:
            continue
        if name == "pyproject.toml" and "[tool." not in text:
            continue
        try:
            document = read_toml(text, path)
        except InputError as error:
            yield Unreadable(path, error.message)
            continue
        for tool in ("poetry", "pdm"):
            if document.list("tool", tool, "source"):
                line = document.at("tool", tool, "source", 0).line
                yield Unreadable(path, f"sources of {tool} are not judged", line)
        head = () if name == "uv.toml" else ("tool", "uv")
        if not head or document.table(*head):
            folders.setdefault(folder_of(path), []).append(Table(document, head))
    for tables in folders.values():
        tables.sort(key=lambda one: len(one.head))
        bound = next((one for one in tables if one.head), None)
        sources = bound.document.table("tool", "uv", "sources") if bound else {}
        yield from _judge(tables[0], bound, sources, scene)


def _judge(
    table: Table, bound: Table | None, sources: dict[str, Any], scene: Scene
) -> Iterator[Fault]:
    for interface in ((), ("pip",)):
        if interface and not table.document.table(*table.head, *interface):
            continue
        indexes = list(_indexes(table, interface))
        yield from plain_http(one.source for one in indexes)
        yield from _hosts(table)
        if _setting(table, interface, "offline") is True:
            continue
        if interface and _setting(table, interface, "require-hashes") is True:
            continue
        yield from _names(table, interface, indexes, bound, sources, scene)


def _setting(table: Table, interface: tuple[str, ...], key: str) -> Any:
    """A setting of an interface; pip's own table comes before the general one."""
    for head in ((*table.head, *interface), table.head):
        value = table.document.get(*head, key)
        if value is not None:
            return value
    return None


def _place(table: Table, interface: tuple[str, ...], key: str) -> Place:
    inner = (*table.head, *interface, key)
    if interface and table.document.get(*inner) is not None:
        return table.document.at(*inner)
    return table.document.at(*table.head, key)


def _indexes(table: Table, interface: tuple[str, ...]) -> Iterator[Index]:
    """The indexes in the order in which they are asked."""
    found = []
    document = table.document
    for place, entry in enumerate(document.list(*table.head, "index")):
        if not isinstance(entry, dict) or not isinstance(entry.get("url"), str):
            continue
        at: tuple[str | int, ...] = (*table.head, "index", place, "url")
        codes = entry.get("ignore-error-codes")
        found.append(
            Index(
                Source(entry["url"], document.at(*at), str(entry.get("name", ""))),
                default=entry.get("default") is True,
                explicit=entry.get("explicit") is True,
                ignored=tuple(one for one in codes if isinstance(one, int))
                if isinstance(codes, list)
                else (),
            )
        )
    extra = _setting(table, interface, "extra-index-url")
    found.extend(
        Index(Source(one, _place(table, interface, "extra-index-url")))
        for one in (extra if isinstance(extra, list) else ())
        if isinstance(one, str)
    )
    url = _setting(table, interface, "index-url")
    last = [one for one in found if one.default]
    if not last and isinstance(url, str):
        last = [Index(Source(url, _place(table, interface, "index-url")), default=True)]
    if not last:
        near = found[0].source.place if found else document.at(*table.head)
        last = [Index(Source("", near), default=True)]
    if _setting(table, interface, "no-index") is True:
        found, last = [], []
    links = _setting(table, interface, "find-links")
    flat = [
        Index(Source(one, _place(table, interface, "find-links"), "find-links"))
        for one in (links if isinstance(links, list) else ())
        if isinstance(one, str)
    ]
    yield from [*flat, *(one for one in found if not one.default), *last[:1]]


def _names(
    table: Table,
    interface: tuple[str, ...],
    indexes: list[Index],
    bound: Table | None,
    sources: dict[str, Any],
    scene: Scene,
) -> Iterator[Fault]:
    by_name = {one.source.name: one for one in indexes if one.source.name}
    names = list(scene.names.of("pypi"))
    if not names:
        names = [*sources, ANY]
    for name in names:
        entry = next((sources[one] for one in sources if same_python(name, one)), None)
        if entry is None or interface:
            yield from _searched(table, interface, name, indexes, scene)
            continue
        for one in entry if isinstance(entry, list) else [entry]:
            target = by_name.get(str(one.get("index"))) if isinstance(one, dict) else None
            given = name in scene.names.of("pypi")
            if target is not None and given and scene.hosts.public(target.source.url):
                place = bound.document.at("tool", "uv", "sources") if bound else Place("uv.toml")
                key = next(k for k in sources if same_python(name, k))
                if bound:
                    place = bound.document.at("tool", "uv", "sources", key, "index")
                yield Fault(
                    "mapping-points-to-public",
                    place,
                    f"{name} is bound to {target.source.shown}",
                    "tool.uv.sources sends this name to a public index.",
                    f'{key} = {{ index = "NAME-OF-THE-INTERNAL-INDEX" }}',
                )


def _searched(
    table: Table, interface: tuple[str, ...], name: str, indexes: list[Index], scene: Scene
) -> Iterator[Fault]:
    """A name that no entry binds."""
    order = [one for one in indexes if not one.explicit]
    public = [one for one in order if scene.hosts.public(one.source.url)]
    internal = [one for one in order if one not in public]
    if not public or (not internal and name == ANY):
        return
    strategy = _setting(table, interface, "index-strategy") or "first-index"
    first = order[0]
    if not internal:
        kept = any(one.explicit and scene.hosts.internal(one.source.url) for one in indexes)
        rule = "mapping-points-to-public" if first.source.url else "default-public-remains"
        yield Fault(
            "mapping-misses-name" if kept else rule,
            first.source.place,
            f"{name} is asked of {first.source.shown}",
            "The internal index is explicit, and no entry of tool.uv.sources has the name."
            if kept
            else "No index that is asked for this name is internal.",
            f'[tool.uv.sources] {name} = {{ index = "NAME-OF-THE-INTERNAL-INDEX" }}',
        )
    elif strategy != "first-index":
        yield Fault(
            "strategy-overridden",
            _place(table, interface, "index-strategy"),
            f"{strategy} has uv look into {public[0].source.shown} for internal names too",
            "unsafe-best-match takes the best version of all indexes."
            if "best" in str(strategy)
            else "unsafe-first-match goes on to the next index when no version fits.",
            'Remove index-strategy, or write index-strategy = "first-index".',
        )
    elif first in public:
        yield Fault(
            "public-first",
            first.source.place,
            f"{first.source.shown} is asked before {internal[0].source.shown}",
            "The first index that has a name ends the search; the default one comes last "
            "whatever its place in the file.",
            "Move the internal index to the first place, and mark the public one default = true.",
        )
    elif set(internal[0].ignored) & _PASSED_OVER:
        yield Fault(
            "fallback-to-public",
            internal[0].source.place,
            f"after an error of {internal[0].source.shown} uv asks {public[0].source.shown}",
            "ignore-error-codes has uv go on where the internal index refuses or fails.",
            "Remove ignore-error-codes.",
        )


def _hosts(table: Table) -> Iterator[Fault]:
    hosts = table.document.list(*table.head, "allow-insecure-host")
    for place, one in enumerate(hosts):
        yield Fault(
            "insecure-transport",
            table.document.at(*table.head, "allow-insecure-host", place),
            f"certificates of {str(one)[:80]} are not verified",
            "allow-insecure-host has uv accept any certificate of this host, and none.",
            "Remove it; give the authority's certificate with SSL_CERT_FILE.",
        )
