"""pip: ``pip.conf``, ``pip.ini``, options in requirements files.

pip asks every index and every ``find-links`` place for a name and takes the best version of
all; only ``--no-index`` and ``--require-hashes`` change that (pip documentation, "Finding
packages" and "Secure installs").  A list in a section of a command replaces that of
``[global]``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pratique.controls.configs.hosts import Hosts, insecure
from pratique.controls.configs.models import Fault, Place, Source, folder_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pratique.controls.configs.models import Outcomes, Scene

COMMANDS = ("install", "download", "wheel", "lock", "index")
"""Sections of commands that fetch."""

_SECTION = re.compile(r"\s*\[(?P<name>[^\]]+)\]")
_SETTING = re.compile(r"(?P<key>[^\s=:#;\[][^=:]*?)\s*[=:]\s*(?P<value>.*)$")
_OPTION = re.compile(
    r"^\s*(?P<key>--index-url|-i|--extra-index-url|--find-links|-f|--trusted-host)(?:\s+|=)(?P<value>\S+)"
    r"|^\s*(?P<flag>--no-index|--require-hashes)\s*$"
)
_LONG = {"-i": "index-url", "-f": "find-links"}


class Value(NamedTuple):
    """One value of a setting and its place."""

    text: str
    place: Place


Settings = dict[str, list[Value]]
"""Values by the name of the option, without dashes before it."""


def judge(scene: Scene) -> Outcomes:
    """Judge every configuration of pip, with the requirements beside it."""
    seen: set[str] = set()
    for path, text in scene.files.items():
        if path.endswith(("pip.conf", "pip.ini")):
            sections = read_ini(text, path)
            beside = _requirements(scene, folder_of(path))
            seen.update(one for one, _ in beside)
            for section in _sections(sections):
                base = {**sections.get("global", {}), **sections.get(section, {})}
                own = dict(base)
                for _, options in beside:
                    own = joined(own, options)
                if beside and not on(base, "require-hashes") and not _all_hashed(beside):
                    own.pop("require-hashes", None)
                yield from judge_settings(own, scene)
    for path, options in _requirements(scene, None):
        if path not in seen and options:
            yield from judge_settings(options, scene)


def _all_hashed(beside: list[tuple[str, Settings]]) -> bool:
    """Whether each requirements file fixes content; one that does not is open."""
    return all(on(options, "require-hashes") for _, options in beside)


def _sections(sections: dict[str, Settings]) -> list[str]:
    """The commands to judge: installing, and each other that has settings of its own."""
    return [name for name in COMMANDS if name == "install" or name in sections]


def joined(base: Settings, options: Settings) -> Settings:
    """Settings with options that come after them: lists grow, the rest is replaced."""
    result = dict(base)
    for key, values in options.items():
        grows = key in {"extra-index-url", "find-links", "trusted-host"}
        result[key] = [*base.get(key, []), *values] if grows else values
    return result


def read_ini(text: str, path: str) -> dict[str, Settings]:
    """Sections of an INI file as configparser takes them; lines that go on are values."""
    sections: dict[str, Settings] = {}
    current: list[Value] | None = None
    section: Settings = sections.setdefault("", {})
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        head = _SECTION.match(line)
        if head and not (line[0].isspace() and current is not None):
            section, current = sections.setdefault(head["name"].strip(), {}), None
            continue
        setting = _SETTING.match(line)
        if setting and not line[0].isspace():
            key = setting["key"].strip().lower().replace("_", "-").lstrip("-")
            current = section[key] = []
            _take(current, setting["value"], path, number, setting.start("value"))
        elif current is not None and line[0].isspace():
            _take(current, line, path, number, 0)
    return sections


def _take(values: list[Value], text: str, path: str, line: int, offset: int) -> None:
    values.extend(
        Value(found[0], Place(path, line, offset + found.start() + 1))
        for found in re.finditer(r"\S+", text)
    )


def _requirements(scene: Scene, folder: str | None) -> list[tuple[str, Settings]]:
    """Options of the requirements files of a folder, or of all."""
    found = []
    for path, text in scene.files.items():
        name = path[len(folder_of(path)) :]
        wanted = "requirements" in name and name.endswith((".txt", ".in"))
        if wanted and (folder is None or folder_of(path) == folder):
            found.append((path, read_options(text, path)))
    return found


def read_options(text: str, path: str) -> Settings:
    """Options of a requirements file."""
    settings: Settings = {}
    for number, line in enumerate(text.split("\n"), 1):
        # One digest has pip demand one of every requirement (pip: "Hash-checking Mode").
        if (at := line.find("--hash=")) >= 0 and not line.lstrip().startswith("#"):
            settings["require-hashes"] = [Value("true", Place(path, number, at + 1))]
        match = _OPTION.match(line)
        if match is None:
            continue
        if match["flag"]:
            value = Value("true", Place(path, number, match.start("flag") + 1))
            settings[match["flag"].lstrip("-")] = [value]
            continue
        key = _LONG.get(match["key"], match["key"].lstrip("-"))
        value = Value(match["value"], Place(path, number, match.start("value") + 1))
        settings.setdefault(key, []).append(value)
    return settings


def on(settings: Settings, key: str) -> bool:
    """Whether a switch is on."""
    values = settings.get(key, [])
    return bool(values) and values[-1].text.lower() in {"true", "1", "yes", "on"}


def judge_settings(settings: Settings, scene: Scene) -> Iterator[Fault]:
    """Judge what is in force for one command."""
    yield from _transport(settings)
    links = [Source(one.text, one.place, "find-links") for one in settings.get("find-links", [])]
    sources = links
    if not on(settings, "no-index"):
        extra = [Source(one.text, one.place) for one in settings.get("extra-index-url", [])]
        chosen = settings.get("index-url", [])[-1:]
        first = [Source(one.text, one.place) for one in chosen]
        if not first:
            place = (extra or links or [Source("", _anywhere(settings))])[0].place
            first = [Source("", place)]
        sources = [*first, *extra, *links]
    if on(settings, "require-hashes"):
        return
    yield from _mixed(sources, scene)


def _mixed(sources: list[Source], scene: Scene) -> Iterator[Fault]:
    public = [one for one in sources if scene.hosts.public(one.url)]
    internal = [one for one in sources if one not in public]
    if not public:
        return
    if not internal and not scene.names.of("pypi"):
        return
    # The public source is what has to go; the built-in one stands nowhere.
    worst = public[-1]
    if not worst.url or not internal:
        yield Fault(
            "default-public-remains" if not worst.url else "mapping-points-to-public",
            worst.place,
            f"internal names are asked of {worst.shown}",
            "Without index-url pip asks its built-in public index, besides every extra one."
            if not worst.url
            else "This is an index for every name, the internal ones included.",
            "Set index-url to the internal index alone, and let it proxy public packages; "
            "remove extra-index-url.",
        )
        return
    yield Fault(
        "merged-sources",
        worst.place,
        f"{worst.shown} is searched together with {internal[0].shown}",
        "pip takes the highest version of a name wherever it lies.",
        f"index-url = {internal[0].shown}, without this line; the internal index can proxy public "
        "packages. Or set require-hashes = true and pin hashes.",
    )


def _anywhere(settings: Settings) -> Place:
    return next((one.place for values in settings.values() for one in values), Place("pip.conf"))


def _transport(settings: Settings) -> Iterator[Fault]:
    for one in settings.get("trusted-host", []):
        yield Fault(
            "insecure-transport",
            one.place,
            f"certificates of {one.text} are not verified",
            "trusted-host has pip accept any certificate of this host, and none.",
            "Remove trusted-host; name the authority's certificate with cert = FILE.",
        )
    for key in ("index-url", "extra-index-url", "find-links"):
        yield from plain_http(Source(one.text, one.place) for one in settings.get(key, []))


def plain_http(sources: Iterable[Source]) -> Iterator[Fault]:
    """A fault for each address that is asked without encryption."""
    for source in sources:
        if insecure(source.url):
            yield Fault(
                "insecure-transport",
                source.place,
                f"{source.shown} is asked without encryption",
                "Whoever is on the way can answer in place of the source.",
                f"Write {source.shown.replace('http://', 'https://', 1)}.",
            )


__all__ = ["Hosts", "judge", "judge_settings", "on", "plain_http", "read_ini", "read_options"]
