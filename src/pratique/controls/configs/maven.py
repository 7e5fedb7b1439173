"""Maven: ``settings.xml`` and the repositories of ``pom.xml``.

Repositories of active profiles come before those of the POM, and the built-in ``central``
last, unless its id is redefined.  A mirror takes the requests for the repositories that it
names.  Plugins have repositories of their own (Maven: "Settings Reference", "Using Mirrors").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pratique.controls.configs.documents import Element, read_xml
from pratique.controls.configs.hosts import host_of
from pratique.controls.configs.models import Fault, Source, Unreadable, folder_of
from pratique.controls.configs.pip import plain_http
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.controls.configs.models import Outcomes, Scene

CENTRAL = "central"
"""Id of the repository that is built in, for dependencies and for plugins."""


OFF = "file:off"
"""Stands for the address of a repository that is turned off: nothing public is asked."""


class Mirror(NamedTuple):
    """A mirror and what it takes."""

    source: Source
    of: str
    blocked: bool


class Asked(NamedTuple):
    """A repository, and what is asked in its stead."""

    id: str
    source: Source
    effective: Source
    mirror: Mirror | None


def judge(scene: Scene) -> Outcomes:
    """Judge every ``settings.xml``, and every ``pom.xml`` by itself that names repositories."""
    for path, text in scene.files.items():
        name = path[len(folder_of(path)) :]
        if name not in {"settings.xml", "pom.xml"}:
            continue
        try:
            root = read_xml(text, path)
        except InputError as error:
            yield Unreadable(path, error.message)
            continue
        if root.name == "settings":
            yield from _settings(root, scene)
        elif root.name == "project" and (
            root.all("repositories") or root.all("pluginRepositories")
        ):
            yield from _judge(root, _poms(root), [], scene)


def _poms(root: Element) -> dict[str, list[Source]]:
    return {kind: _declared(root, kind) for kind in ("repositories", "pluginRepositories")}


def _declared(holder: Element, kind: str) -> list[Source]:
    """Repositories of a profile or POM; the source's name is its id."""
    child = "repository" if kind == "repositories" else "pluginRepository"
    return [
        Source(
            OFF if _off(one) else one.value("url"),
            (one.all("url") or [one])[0].place,
            one.value("id"),
        )
        for one in holder.all(kind, child)
    ]


def _off(repository: Element) -> bool:
    """Whether neither releases nor snapshots are asked of a repository."""
    return all(
        [one.value("enabled").lower() for one in repository.all(kind)] == ["false"]
        for kind in ("releases", "snapshots")
    )


def _settings(root: Element, scene: Scene) -> Iterator[Fault]:
    if root.value("offline").lower() == "true":
        return
    ids = {one.value("id") for one in root.all("profiles", "profile")}
    active = {one.text.strip() for one in root.all("activeProfiles", "activeProfile")} & ids
    declared: dict[str, list[Source]] = {"repositories": [], "pluginRepositories": []}
    idle: list[Source] = []
    for profile in root.all("profiles", "profile"):
        # One profile that is active by name turns off those that are active by default.
        on = profile.value("id") in active or bool(
            not active
            and [
                one
                for one in profile.all("activation", "activeByDefault")
                if one.text.strip().lower() == "true"
            ]
        )
        for kind, found in declared.items():
            sources = _declared(profile, kind)
            if on:
                found.extend(sources)
            elif not profile.all("activation") or profile.all("activation", "activeByDefault"):
                idle.extend(sources)
    mirrors = [
        Mirror(
            Source(one.value("url"), (one.all("url") or [one])[0].place, one.value("id")),
            one.value("mirrorOf"),
            one.value("blocked").lower() == "true",
        )
        for one in root.all("mirrors", "mirror")
    ]
    yield from plain_http(
        [*declared["repositories"], *(one.source for one in mirrors if not one.blocked)]
    )
    yield from _judge(root, declared, mirrors, scene, idle)


def _judge(
    root: Element,
    declared: dict[str, list[Source]],
    mirrors: list[Mirror],
    scene: Scene,
    idle: list[Source] | None = None,
) -> Iterator[Fault]:
    plain = _order(declared["repositories"], mirrors, root)
    plugin = _order(declared["pluginRepositories"], mirrors, root)
    given = scene.names.of("maven")
    dependencies = [one for one in given if not _is_plugin(one)]
    plugins = [one for one in given if _is_plugin(one)]
    told = False
    if dependencies or not given:
        for fault in _path(plain, dependencies, mirrors, idle or [], scene):
            told = True
            yield fault
    if not given and all(scene.hosts.internal(one.effective.url) for one in plain):
        plugins = ["(any internal plugin)"]
    if plugins and not told:
        yield from _plugins(plugin, plain, plugins[0], scene)


def _is_plugin(name: str) -> bool:
    artifact = name.rpartition(":")[2]
    return artifact.endswith("-maven-plugin") or (
        artifact.startswith("maven-") and artifact.endswith("-plugin")
    )


def _order(declared: list[Source], mirrors: list[Mirror], root: Element) -> list[Asked]:
    sources = list(declared)
    if not any(one.name == CENTRAL for one in sources):
        sources.append(Source("", root.place, CENTRAL))
    asked = []
    for one in sources:
        mirror = _mirror(one, mirrors)
        if mirror is not None and mirror.blocked:
            continue
        asked.append(Asked(one.name, one, mirror.source if mirror else one, mirror))
    return asked


def _mirror(source: Source, mirrors: list[Mirror]) -> Mirror | None:
    """The mirror of a repository: one that names exactly it, else the first that covers it."""
    exact = next((one for one in mirrors if one.of.strip() == source.name), None)
    return exact or next((one for one in mirrors if covers(one.of, source)), None)


def covers(pattern: str, source: Source) -> bool:
    """Whether ``mirrorOf`` covers a repository."""
    parts = pattern.split(",")  # a space beside a comma is part of a name, and matches nothing
    if f"!{source.name}" in parts:
        return False
    local = source.url.startswith("file:") or host_of(source.url) in {"localhost", "127.0.0.1"}
    for part in parts:
        if part in {"*", source.name}:
            return True
        if part == "external:*" and not local:
            return True
        if part == "external:http:*" and not local and source.url.startswith("http:"):
            return True
    return False


def _path(
    asked: list[Asked], names: list[str], mirrors: list[Mirror], idle: list[Source], scene: Scene
) -> Iterator[Fault]:
    """Where dependencies come from."""
    public = [one for one in asked if scene.hosts.public(one.effective.url)]
    internal = [one for one in asked if one not in public]
    known = names or internal or any(scene.hosts.internal(one.source.url) for one in public)
    wasted = _wasted(asked, mirrors, idle, scene) if public else []
    if not public or not (known or wasted):
        return
    taken = [one for one in public if one.mirror and scene.hosts.internal(one.source.url)]
    worst = public[0]
    what = names[0] if names else "an internal name"
    if taken:
        mirror = taken[0].mirror
        assert mirror is not None
        yield Fault(
            "mapping-points-to-public",
            mirror.source.place,
            f"requests for {taken[0].source.shown} are sent to {mirror.source.shown}",
            f"The mirror of {mirror.of} takes the internal repository {taken[0].id} too.",
            f"<mirrorOf>{mirror.of},!{taken[0].id}</mirrorOf>, and an internal address as <url>",
        )
    elif wasted and not internal:
        yield Fault(
            "mapping-ineffective",
            wasted[0].place,
            f"{wasted[0].shown} is never asked; {what} comes from {worst.effective.shown}",
            "A mirror of an id that no repository has, or a profile that is not active, changes "
            "nothing.",
            "<mirrorOf>*</mirrorOf>, and the profile's id under <activeProfiles>",
        )
    else:
        first = asked[0] in public
        rule = "public-first" if first else "fallback-to-public"
        if not worst.effective.url:
            rule = "default-public-remains"
        elif not internal:
            rule = "mapping-points-to-public"
        place = (
            worst.effective.place if worst.effective.url else (internal or public)[0].source.place
        )
        yield Fault(
            rule,
            place,
            f"{what} is asked of {worst.effective.shown}",
            "Repositories are asked in order, the built-in central last; one that is internal "
            "does not end the search.",
            "<mirror><mirrorOf>*</mirrorOf><url>INTERNAL-REPOSITORY</url></mirror>",
        )


def _wasted(
    asked: list[Asked], mirrors: list[Mirror], idle: list[Source], scene: Scene
) -> list[Source]:
    """Internal addresses that are written and never asked."""
    used = {one.mirror for one in asked}
    sources = [one.source for one in mirrors if one not in used and not one.blocked] + idle
    return [one for one in sources if scene.hosts.internal(one.url)]


def _plugins(plugin: list[Asked], plain: list[Asked], name: str, scene: Scene) -> Iterator[Fault]:
    public = [one for one in plugin if scene.hosts.public(one.effective.url)]
    if not public:
        return
    place = public[0].effective.place if public[0].effective.url else plain[0].source.place
    yield Fault(
        "plugin-path-unmapped",
        place,
        f"the plugin {name} is looked up in {public[0].effective.shown}",
        "pluginRepositories are apart from repositories; the built-in central is one of them.",
        "<pluginRepositories> with <id>central</id> and the internal address, or a mirror of *",
    )
