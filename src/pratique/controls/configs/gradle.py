"""Gradle: repositories of init, settings and build scripts, which are read and never run.

Repositories are asked in order.  ``content`` filters what one is asked for; ``exclusiveContent``
keeps every other from it.  Plugins have repositories of their own, by default the public
portal (Gradle: "Declaring repositories", "Filtering repository content").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from pratique.controls.configs.gradle_blocks import Block, parse
from pratique.controls.configs.models import Fault, Place, Source, Unreadable, folder_of
from pratique.controls.configs.names import PLUGIN
from pratique.controls.configs.pip import plain_http
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.controls.configs.models import Outcomes, Scene

BUILT_IN = {"mavenCentral", "google", "jcenter", "gradlePluginPortal"}
"""Calls that add a public repository."""

LOCAL = {"mavenLocal", "flatDir"}
"""Calls that add a folder of this machine."""

ANY = "(any):(name)"


class Filter(msgspec.Struct):
    """What a repository is asked for: the words of its ``content``."""

    rules: list[tuple[str, str, str, Place]] = []
    """Method, group, module, place."""

    def includes(self) -> bool:
        """Whether it lists what it takes, and so nothing else."""
        return any(method.startswith("include") for method, *_ in self.rules)

    def allows(self, group: str, module: str) -> bool:
        """Whether a coordinate passes."""
        if any(_matches(one, group, module) for one in self.rules if one[0].startswith("exclude")):
            return False
        return not self.includes() or any(
            _matches(one, group, module) for one in self.rules if one[0].startswith("include")
        )


class Repository(msgspec.Struct):
    """A repository as a script declares it."""

    source: Source
    filter: Filter
    exclusive: bool = False


def judge(scene: Scene) -> Outcomes:
    """Judge every script that declares repositories."""
    for path, text in scene.files.items():
        name = path[len(folder_of(path)) :]
        if not name.endswith((".gradle", ".gradle.kts")):
            if name == "gradle.properties":
                yield from _properties(text, path)
            continue
        if "epositor" not in text and "pluginManagement" not in text:
            continue
        try:
            root = parse(text, path)
        except InputError as error:
            yield Unreadable(path, error.message)
            continue
        yield from _judge(root, scene)


def _properties(text: str, path: str) -> Iterator[Fault]:
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r"\s*org\.gradle\.dependency\.verification\s*[=:]\s*(off|lenient)", line)
        if match:
            yield Fault(
                "verification-off",
                Place(path, number, match.start(1) + 1),
                f"dependency verification is {match[1]}",
                "Artifacts whose checksum or signature differs are used all the same.",
                "org.gradle.dependency.verification=strict",
            )


def _judge(root: Block, scene: Scene) -> Iterator[Fault]:
    plugin_blocks = [
        one for head in root.find("pluginManagement") for one in head.find("repositories")
    ]
    inside = {id(one) for one in plugin_blocks}
    for head in root.find("publishing"):
        inside.update(id(one) for one in head.find("repositories"))
    blocks = [one for one in root.find("repositories") if id(one) not in inside]
    plain = [one for block in blocks for one in _repositories(block)]
    plugin = [one for block in plugin_blocks for one in _repositories(block)]
    yield from plain_http(one.source for one in (*plain, *plugin))
    for block in (*blocks, *plugin_blocks):
        for one in block.find("allowInsecureProtocol") + block.find("setAllowInsecureProtocol"):
            yield Fault(
                "insecure-transport",
                one.place,
                "a repository is asked without encryption",
                "allowInsecureProtocol takes http.",
                "Remove it and serve the repository by https.",
            )
    kept = [one for block in blocks for one in _kept(block)]
    if kept and all(scene.hosts.internal(f"https://{host}/") for host in kept):
        plain = [one for one in plain if _on(one.source.url, kept)]
    yield from _names(plain, scene)
    inner = bool(plain) and all(scene.hosts.internal(one.source.url) for one in plain)
    yield from _plugins(root, plugin, bool(plugin_blocks), inner, scene)


def _repositories(block: Block) -> list[Repository]:
    found = []
    for one in block.children:
        name = one.name
        if name in BUILT_IN:
            found.append(Repository(Source("", one.place, name), _filter(one)))
        elif name in LOCAL:
            found.append(Repository(Source("file:", one.place, name), _filter(one)))
        elif name in {"maven", "ivy"}:
            found.append(Repository(_address(one), _filter(one)))
        elif name == "exclusiveContent":
            rules = Filter([rule for head in one.find("filter") for rule in _rules(head)])
            for head in (*one.find("forRepository"), *one.find("forRepositories")):
                found += [
                    Repository(one.source, rules, exclusive=True) for one in _repositories(head)
                ]
    return found


def _address(block: Block) -> Source:
    for one in block.children:
        if one.name in {"url", "setUrl"} and one.texts:
            return Source(one.texts[0][0], one.texts[0][1])
        if one.name == "url":
            words = " ".join(one.words) or "?"
            return Source(f"${{{words}}}", one.place)
    if block.texts:
        return Source(block.texts[0][0], block.texts[0][1])
    return Source("${?}", block.place)


def _filter(block: Block) -> Filter:
    heads = [one for name in ("content", "mavenContent") for one in block.find(name)]
    return Filter([rule for head in heads for rule in _rules(head)])


def _rules(head: Block) -> list[tuple[str, str, str, Place]]:
    found = []
    for one in head.children:
        if one.name.startswith(("include", "exclude")) and one.texts:
            module = one.texts[1][0] if len(one.texts) > 1 else ""
            found.append((one.name, one.texts[0][0], module, one.place))
    return found


def _matches(rule: tuple[str, str, str, Place], group: str, module: str) -> bool:
    method, wanted, artifact, _ = rule
    if method.endswith("ByRegex"):
        return _regex(wanted, group) and (not artifact or _regex(artifact, module))
    if method.endswith("AndSubgroups"):
        return group == wanted or group.startswith(f"{wanted}.")
    return group == wanted and (not artifact or artifact == module)


def _regex(pattern: str, text: str) -> bool:
    """A filter's pattern; one that could take long is not run, and matches nothing."""
    plain = pattern.replace("\\\\.", "\\.")
    if len(plain) > 200 or re.search(r"[+*}]\)?[+*{]|\)[+*{]", plain):
        return False
    try:
        return re.fullmatch(plain, text) is not None
    except re.error:
        return False


def _kept(block: Block) -> list[str]:
    """Hosts off which ``all { … remove … }`` takes every repository."""
    hosts = []
    for name in ("all", "whenObjectAdded", "configureEach", "withType"):
        for one in block.find(name):
            if not re.search(r"\bremove\b", one.body):
                continue
            compared = re.findall(r"host\s*!=\s*['\"]([^'\"]+)['\"]", one.body)
            started = re.findall(r"!\s*[^\n]*startsWith\(\s*['\"]\w+://([^/'\"]+)", one.body)
            hosts.extend([*compared, *started])
    return hosts


def _on(url: str, hosts: list[str]) -> bool:
    from pratique.controls.configs.hosts import host_of

    return url.startswith("file:") or host_of(url) in hosts


def _coordinates(repositories: list[Repository], scene: Scene) -> list[tuple[str, str, bool]]:
    """Group, module, and whether it was named: those given, else those that filters tell."""
    given = [one for one in scene.names.of("maven") if not one.endswith(PLUGIN)]
    if given:
        return [(*_split(one), True) for one in given]
    groups = {
        group: None
        for one in repositories
        if scene.hosts.internal(one.source.url)
        for method, group, *_ in one.filter.rules
        if method.startswith("include") and not method.endswith("ByRegex")
    }
    if groups:
        return [(group, "any", False) for group in groups]
    return [("(any)", "name", False)]


def _split(name: str) -> tuple[str, str]:
    group, _, rest = name.partition(":")
    return group, rest.partition(":")[0]


def _names(repositories: list[Repository], scene: Scene) -> Iterator[Fault]:
    told = set()
    for group, module, named in _coordinates(repositories, scene):
        fault = _name(repositories, group, module, named, scene)
        if fault is not None and (fault.rule, fault.place) not in told:
            told.add((fault.rule, fault.place))
            yield fault


def _name(
    repositories: list[Repository], group: str, module: str, named: bool, scene: Scene
) -> Fault | None:
    claimed = [one for one in repositories if one.exclusive and one.filter.allows(group, module)]
    asked = claimed or [
        one
        for one in repositories
        if (one.filter.allows(group, module) if not one.exclusive else False)
    ]
    public = [one for one in asked if scene.hosts.public(one.source.url)]
    internal = [one for one in asked if one not in public]
    if not public or not (internal or named):
        return None
    worst = public[0]
    what = f"{group}:{module}" if named else "an internal name"
    fix = (
        f"exclusiveContent {{ forRepository {{ maven {{ url = uri(INTERNAL) }} }} "
        f'filter {{ includeGroupAndSubgroups("{group if named else "YOUR.GROUP"}") }} }}'
    )
    if not internal:
        mapped = any(
            scene.hosts.internal(one.source.url) and one.filter.rules for one in repositories
        )
        rule = "mapping-misses-name" if mapped else "mapping-points-to-public"
        if not mapped and not worst.source.url:
            rule = "default-public-remains"
        why = "No filter of an internal repository takes this name."
    elif asked[0] in public:
        rule, why = "public-first", "Repositories are asked in the order in which they stand."
    elif any(one.filter.includes() for one in internal):
        rule = "mapping-not-exclusive"
        why = "content { include… } says what the internal repository has, and keeps no other out."
    else:
        rule = "fallback-to-public"
        why = "A version that the internal repository does not have is asked of the next one."
    shown = worst.source.shown if worst.source.url else f"{worst.source.name}()"
    return Fault(rule, worst.source.place, f"{what} is asked of {shown}", why, fix)


def _plugins(
    root: Block, repositories: list[Repository], declared: bool, inner: bool, scene: Scene
) -> Iterator[Fault]:
    """Where plugins come from.

    Asked about where internal plugins are named, or where no names are and dependencies come
    from inside alone.
    """
    names = [one for one in scene.names.of("maven") if one.endswith(PLUGIN)]
    if not scene.names.of("maven") and declared and inner:
        names = [f"(any internal plugin){PLUGIN}"]
    if not declared:
        portal = Source("", root.children[0].place if root.children else root.place)
        repositories = [Repository(portal, Filter())]
    for name in names:
        plugin = name.removesuffix(PLUGIN)
        fault = _name(repositories, plugin, f"{plugin}.gradle.plugin", True, scene)
        if fault is None:
            continue
        internal = any(scene.hosts.internal(one.source.url) for one in repositories)
        rule = fault.rule if internal else "plugin-path-unmapped"
        yield Fault(
            rule,
            fault.place,
            f"the plugin {plugin} is looked up in "
            + (repositories[0].source.shown if not internal else "a public repository"),
            "Plugins come from the repositories of pluginManagement, by default the public portal.",
            "pluginManagement { repositories { maven { url = uri(INTERNAL) } } }",
        )
        return
