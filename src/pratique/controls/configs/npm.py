"""npm and tools that read its file: ``.npmrc``; Yarn 1's ``.yarnrc``; Bun's ``bunfig.toml``.

A name with a scope is asked of the scope's registry where one is set, every other of
``registry`` (npm documentation, "scope", "npmrc").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pratique.controls.configs.documents import read_toml
from pratique.controls.configs.models import Fault, Place, Source, Unreadable, folder_of
from pratique.controls.configs.pip import plain_http
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.controls.configs.models import Outcomes, Scene

_SETTING = re.compile(r"^\s*(?P<key>[^=;#\s][^=]*?)\s*=\s*(?P<value>.*?)\s*$")
_CLASSIC = re.compile(r'^\s*"?(?P<key>[^"\s#][^"\s]*?)"?\s+"?(?P<value>[^"]*?)"?\s*$')
_BARE_SCOPE = re.compile(r"[A-Za-z0-9_.-]+:registry")
_AT_MISPLACED = re.compile(
    r"(?:@[^:/]+/:?registry|@[^:/]+\.registry|@[^:/]+_registry|registry:@.+)"
)


class Routing(NamedTuple):
    """Which registry answers for what."""

    default: Source
    scopes: dict[str, Source]
    """By the scope with its ``@``."""

    settings: dict[str, Source]
    """Further settings, with their values as addresses."""

    dead: dict[str, Source]
    """Lines that look like a scope's registry and are none, by the scope they mean."""


def judge(scene: Scene) -> Outcomes:
    """Judge every ``.npmrc``, ``.yarnrc`` and ``bunfig.toml``."""
    for path, text in scene.files.items():
        name = path[len(folder_of(path)) :]
        if name in {".npmrc", "npmrc"} and not _other(scene, path):
            yield from judge_routing(read(text, path), scene)
        elif name == ".yarnrc":
            yield from judge_routing(read(text, path, _CLASSIC), scene)
        elif name == "bunfig.toml":
            try:
                routing = _bun(text, path)
            except InputError as error:
                yield Unreadable(path, error.message)
                continue
            yield from judge_routing(routing, scene)


def _other(scene: Scene, path: str) -> bool:
    """Whether another tool's judge takes this file with its own."""
    return folder_of(path) + "pnpm-workspace.yaml" in scene.files


def read(text: str, path: str, pattern: re.Pattern[str] = _SETTING) -> Routing:
    """A configuration in lines; the last of several lines with one key is in force."""
    settings: dict[str, Source] = {}
    for number, line in enumerate(text.split("\n"), 1):
        match = pattern.match(line)
        if match is None or line.lstrip().startswith(("#", ";")):
            continue
        key = match["key"].strip().strip("\"'")
        value = match["value"].strip().strip("\"'")
        settings[key] = Source(value, Place(path, number, match.start("key") + 1))
    scopes = {
        key.removesuffix(":registry"): value
        for key, value in settings.items()
        if key.startswith("@") and key.endswith(":registry")
    }
    dead = {
        f"@{scope.strip('@/:._')}": value
        for key, value in settings.items()
        if key not in {"registry", *(f"{one}:registry" for one in scopes)}
        and (_BARE_SCOPE.fullmatch(key) or _AT_MISPLACED.fullmatch(key))
        for scope in [key.replace("registry", "")]
    }
    default = settings.get("registry") or Source("", Place(path, 1, 1))
    return Routing(default, scopes, settings, dead)


def _bun(text: str, path: str) -> Routing:
    document = read_toml(text, path)

    def source(*keys: str) -> Source | None:
        value = document.get(*keys)
        url = value.get("url") if isinstance(value, dict) else value
        return Source(url, document.at(*keys)) if isinstance(url, str) else None

    scopes = {}
    for key in document.table("install", "scopes"):
        found = source("install", "scopes", key)
        if found:
            scopes["@" + key.lstrip("@")] = found
    default = source("install", "registry") or Source("", document.at("install"))
    return Routing(default, scopes, {}, {})


def judge_routing(routing: Routing, scene: Scene) -> Iterator[Fault]:
    """Judge which registries answer for the internal names."""
    yield from plain_http([routing.default, *routing.scopes.values()])
    strict = routing.settings.get("strict-ssl")
    if strict is not None and strict.url.lower() == "false":
        yield Fault(
            "insecure-transport",
            strict.place,
            "certificates are not verified",
            "strict-ssl=false accepts any certificate.",
            "Remove the line; name the authority's certificate with cafile=FILE.",
        )
    offline = routing.settings.get("offline")
    if offline is not None and offline.url.lower() == "true":
        return
    dead = set()
    if scene.hosts.public(routing.default.url):
        for scope, source in routing.dead.items():
            if scope in routing.scopes:
                continue
            dead.add(scope)
            yield Fault(
                "mapping-ineffective",
                source.place,
                f"this line binds nothing; {scope} is asked of {routing.default.shown}",
                "The registry of a scope is set by @SCOPE:registry; any other key is ignored.",
                f"{scope}:registry={source.shown}",
            )
    yield from route(routing, scene, dead)


def route(routing: Routing, scene: Scene, said: set[str]) -> Iterator[Fault]:
    """A fault for each internal name that a public registry answers for.

    Args:
        routing: What is in force.
        scene: Names and hosts.
        said: Scopes about which a fault was given already.
    """
    told: set[tuple[str, Source]] = set()
    for name in scene.names.of("npm"):
        scope = name.partition("/")[0] if name.startswith("@") else ""
        bound = routing.scopes.get(scope)
        source = bound or routing.default
        key = (scope or name, source)
        if scope in said or key in told or scene.hosts.internal(source.url):
            continue
        told.add(key)
        own = [one for one in routing.scopes.values() if scene.hosts.internal(one.url)]
        inside = own[0].shown if own else "https://YOUR-REGISTRY/"
        if bound is not None:
            yield Fault(
                "mapping-points-to-public",
                bound.place,
                f"{scope} is bound to {bound.shown}, which is public",
                "The registry of a scope beats the default one.",
                f"Bind {scope} to {inside}.",
            )
        elif own:
            other = "Its scope is bound to no registry" if scope else "It has no scope"
            yield Fault(
                "mapping-misses-name",
                own[0].place,
                f"{name} is asked of {source.shown}",
                f"{other}, so the default registry answers for it.",
                f"Bind {scope} to {inside} as well."
                if scope
                else f"Rename it to @SCOPE/{name}, or make {inside} the default registry.",
            )
        else:
            yield Fault(
                "mapping-points-to-public" if source.url else "default-public-remains",
                source.place,
                f"{name} is asked of {source.shown}",
                "No setting sends the name to an internal registry.",
                f"Bind {scope} to the internal registry."
                if scope
                else "Make the internal registry the default one, and let it proxy public names.",
            )
