"""NuGet: ``nuget.config``.

Every source is asked for every name, unless ``packageSourceMapping`` sends it elsewhere: then
the most specific pattern decides, an exact name before a prefix before ``*``.  Without
``<clear />`` the sources of the user and the machine stay (NuGet: "nuget.config reference",
"Package Source Mapping").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pratique.controls.configs.documents import Element, read_xml
from pratique.controls.configs.models import Fault, Place, Source, Unreadable, folder_of
from pratique.controls.configs.pip import plain_http
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.controls.configs.models import Outcomes, Scene


INHERITED = ""
"""Key of the built-in source here."""


class Pattern(NamedTuple):
    """A pattern of the mapping, the key of its source, and its place."""

    text: str
    key: str
    place: Place

    def rank(self, name: str) -> int:
        """How specific it is about a name; -1 where it does not match."""
        text, name = self.text.lower(), name.lower()
        if text == name:
            return 10_000
        if text.endswith("*") and name.startswith(text[:-1]):
            return len(text) - 1
        return -1


def judge(scene: Scene) -> Outcomes:
    """Judge every ``nuget.config``."""
    for path, text in scene.files.items():
        if path[len(folder_of(path)) :].lower() != "nuget.config":
            continue
        try:
            root = read_xml(text, path)
        except InputError as error:
            yield Unreadable(path, error.message)
            continue
        yield from _judge(root, scene)


def _judge(root: Element, scene: Scene) -> Iterator[Fault]:
    sources = _sources(root)
    if sources is None:
        return
    yield from plain_http(sources)
    for one in root.all("packageSources", "add"):
        if one.attribute("allowInsecureConnections").lower() == "true":
            yield Fault(
                "insecure-transport",
                one.place,
                f"{one.attribute('key')} may be asked without encryption",
                "allowInsecureConnections takes http.",
                "Remove the attribute and serve the source by https.",
            )
    patterns = [
        Pattern(one.attribute("pattern").strip(), head.attribute("key").strip().lower(), one.place)
        for head in root.all("packageSourceMapping", "packageSource")
        for one in head.all("package")
        if one.attribute("pattern")
    ]
    if patterns:
        yield from _mapped(sources, patterns, scene)
    else:
        yield from _merged(sources, scene)


def _sources(root: Element) -> list[Source] | None:
    """Sources in force; ``None`` where the file is about something else.

    The built-in source has an empty address and key.  A file that disables or removes a source
    which it does not add means one that it inherits; the built-in one is taken as that.
    """
    heads = root.all("packageSources")
    if not heads and not root.all("packageSourceMapping"):
        return None
    off = {
        one.attribute("key").strip().lower()
        for one in root.all("disabledPackageSources", "add")
        if one.attribute("value").lower() == "true"
    }
    place = heads[0].place if heads else root.place
    sources: dict[str, Source] = {INHERITED: Source("", place)}
    for head in heads:
        for one in head.children:
            key = one.attribute("key").strip()
            if one.name.lower() == "clear":
                sources.clear()
            elif one.name.lower() == "remove":
                sources.pop(key.lower() if key.lower() in sources else INHERITED, None)
            elif one.name.lower() == "add" and key:
                sources[key.lower()] = Source(one.attribute("value").strip(), one.place, key)
    if off - sources.keys():
        sources.pop(INHERITED, None)
    return [one for key, one in sources.items() if key not in off]


def _merged(sources: list[Source], scene: Scene) -> Iterator[Fault]:
    public = [one for one in sources if scene.hosts.public(one.url)]
    internal = [one for one in sources if one not in public]
    named = scene.names.of("nuget")
    if not public or not (internal or named):
        return
    worst = next((one for one in public if one.url), public[0])
    if not worst.url:
        yield Fault(
            "default-public-remains",
            worst.place,
            "the sources of the user and the machine stay, the built-in public one among them",
            "packageSources without <clear /> adds to what other files have.",
            "<packageSources> <clear /> … </packageSources>",
        )
        return
    yield Fault(
        "merged-sources" if internal else "mapping-points-to-public",
        worst.place,
        f"{worst.shown} is asked for every name, the internal ones included",
        "Without packageSourceMapping NuGet asks every source for every name.",
        "<packageSourceMapping> with the internal patterns under the internal source and * under "
        "the public one",
    )


def _mapped(sources: list[Source], patterns: list[Pattern], scene: Scene) -> Iterator[Fault]:
    by_key = {one.name.lower(): one for one in sources}
    if INHERITED in by_key:
        # A key that the file does not add is that of a source it inherits.
        by_key.update({one.key: by_key[INHERITED] for one in patterns if one.key not in by_key})
    inner = [
        one
        for one in patterns
        if one.text != "*" and one.key in by_key and scene.hosts.internal(by_key[one.key].url)
    ]
    named = scene.names.of("nuget")
    names = named or tuple(
        dict.fromkeys(one.text.rstrip("*") + "Any" * one.text.endswith("*") for one in inner)
    )
    told = set()
    for name in names:
        best = max((one.rank(name) for one in patterns), default=-1)
        winners = [
            one for one in patterns if best >= 0 and one.rank(name) == best and one.key in by_key
        ]
        public = [one for one in winners if scene.hosts.public(by_key[one.key].url)]
        if not public or public[0] in told:
            continue
        told.add(public[0])
        worst, source = public[0], by_key[public[0].key]
        if worst.text != "*":
            rule, why = (
                "mapping-points-to-public",
                f"The pattern {worst.text} stands under a public source.",
            )
        elif len(public) < len(winners):
            rule, why = (
                "mapping-not-exclusive",
                "Both sources have the pattern *, so both are asked.",
            )
        else:
            rule, why = (
                "mapping-misses-name",
                "No pattern of an internal source matches it, so * decides.",
            )
        yield Fault(
            rule,
            worst.place,
            f"{name} is asked of {source.shown}",
            why,
            f'<package pattern="{name}" /> under the internal source'
            if rule != "mapping-points-to-public"
            else "Remove the pattern here; it belongs under the internal source alone.",
        )
