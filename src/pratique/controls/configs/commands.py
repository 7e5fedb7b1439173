"""Commands and variables in Dockerfiles and CI files that name sources of their own.

The files are read as text: no shell is asked, and what a variable holds is not known.  Lines
that go on are joined; each command and each variable is then judged as the configuration of
its tool would be.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pratique.controls.configs.golang import NAMES as GO_NAMES
from pratique.controls.configs.golang import judge_variables
from pratique.controls.configs.models import Fault, Place, Source, folder_of
from pratique.controls.configs.npm import Routing, judge_routing
from pratique.controls.configs.pip import Settings, Value, joined, judge_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.controls.configs.models import Outcomes, Scene

MAX_LINES = 50_000
"""Lines of one file; generated pipelines have some thousands."""

FILES = (
    "Dockerfile",
    "Dockerfile.*",
    "*.Dockerfile",
    "Containerfile",
    "Containerfile.*",
    ".github/workflows/*.yml",
    ".github/workflows/*.yaml",
    ".gitlab-ci.yml",
    "azure-pipelines.yml",
    ".circleci/config.yml",
    "bitbucket-pipelines.yml",
)
"""The files that are read, as patterns on the end of the path."""

_VARIABLE = re.compile(
    r"(?:^|[\s\"'-])(?P<key>(?:PIP|UV|NPM_CONFIG|npm_config|GO|NODE|GIT|YARN)_?[A-Za-z_0-9]*)"
    r"(?:=|:\s+)(?P<value>\"[^\"]*\"|'[^']*'|[^\s\"']+)"
)
_PIP = re.compile(
    r"\b(?:pip3?(?:\.\d+)?|uv\s+pip)\s+(?:install|download|wheel|sync|compile)\b(?P<rest>[^;&|]*)"
)
_UV_ADD = re.compile(r"\buv\s+(?:sync|add|run|lock|tool\s+install)\b(?P<rest>[^;&|]*)")
_NPM = re.compile(r"\b(?:npm|pnpm|yarn)\s+(?P<verb>ci|install|i|add|exec)\b(?P<rest>[^;&|]*)")
_NPM_SET = re.compile(
    r"\b(?:npm|pnpm|yarn)\s+config\s+set\s+(?P<key>[@\w./-]*(?::?registry|strict-ssl))[\s=]+(?P<value>\S+)"
)
_PIP_OPTION = re.compile(
    r"(?P<key>--index-url|--extra-index-url|--find-links|--trusted-host|(?<=\s)-i|(?<=\s)-f)"
    r"[\s=]+(?P<value>[^\s\"']+|\"[^\"]*\"|'[^']*')|(?P<flag>--no-index|--require-hashes)\b"
)
_UV_OPTION = re.compile(r"--(?:index-strategy)[\s=]+(?P<value>unsafe-[\w-]+)")
_NPM_OPTION = re.compile(r"--(?P<key>registry|strict-ssl)[\s=]+(?P<value>[^\s\"']+)")
_PIPED = re.compile(
    r"\b(?P<fetch>curl|wget)\b[^|;&]*\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+)?(?:ba|z|da|k)?sh\b"
    r"|\b(?:ba|z|da)?sh\s+(?:-c\s+[\"']?\$\(|<\()\s*(?P<fetch2>curl|wget)\b"
    r"|\b(?P<fetch3>curl|wget)\b[^|;&]*\|\s*(?:sudo\s+)?python3?\b"
)
_PIP_KEYS = {
    "PIP_INDEX_URL": "index-url",
    "PIP_EXTRA_INDEX_URL": "extra-index-url",
    "PIP_FIND_LINKS": "find-links",
    "PIP_TRUSTED_HOST": "trusted-host",
    "PIP_NO_INDEX": "no-index",
    "PIP_REQUIRE_HASHES": "require-hashes",
}
_OFF = {
    "NODE_TLS_REJECT_UNAUTHORIZED": ("0",),
    "GIT_SSL_NO_VERIFY": ("1", "true"),
    "NPM_CONFIG_STRICT_SSL": ("false",),
    "npm_config_strict_ssl": ("false",),
    "YARN_ENABLE_STRICT_SSL": ("false", "0"),
}


class Line(NamedTuple):
    """A logical line and where each of its parts began."""

    text: str
    starts: tuple[tuple[int, int], ...]
    """Offset in the text, number of the line, for each physical line."""

    def place(self, path: str, offset: int) -> Place:
        """Place of an offset."""
        begin, number = max(one for one in self.starts if one[0] <= offset)
        return Place(path, number, offset - begin + 1)


def judge(scene: Scene) -> Outcomes:
    """Judge every Dockerfile and CI file."""
    from pratique.controls.configs.finding import fits

    for path, text in scene.files.items():
        if any(fits(path, one) for one in FILES):
            yield from _judge(path, text, scene)


def lines(text: str) -> Iterator[Line]:
    """Logical lines: a backslash at the end joins, comments are left out."""
    buffer, starts = "", []
    for number, line in enumerate(text.split("\n")[:MAX_LINES], 1):
        if line.lstrip().startswith("#"):
            continue
        starts.append((len(buffer), number))
        if line.rstrip().endswith("\\"):
            buffer += line.rstrip()[:-1] + " "
            continue
        yield Line(buffer + line, tuple(starts))
        buffer, starts = "", []
    if buffer:
        yield Line(buffer, tuple(starts))


def _judge(path: str, text: str, scene: Scene) -> Iterator[Fault]:
    variables: Settings = {}
    node: dict[str, Source] = {}
    go: dict[str, Source] = {}
    commands: list[Settings] = []
    for line in lines(text):
        yield from _line(path, line, variables, node, go)
        commands += [_pip_options(path, line, match) for match in _PIP.finditer(line.text)]
        yield from _npm(path, line, node, scene)
        yield from _uv(path, line)
        yield from _piped(path, line)
    for options in commands or [{}]:
        settings = joined(variables, options)
        if settings:
            yield from judge_settings(settings, scene)
    if go:
        yield from judge_variables(go, scene, next(iter(go.values())).place)
    if "registry" in node or any(key.startswith("@") for key in node):
        default = node.get("registry", Source("", next(iter(node.values())).place))
        scopes = {
            key.removesuffix(":registry"): one for key, one in node.items() if key.startswith("@")
        }
        yield from judge_routing(Routing(default, scopes, {}, {}), scene)


def _line(
    path: str, line: Line, variables: Settings, node: dict[str, Source], go: dict[str, Source]
) -> Iterator[Fault]:
    """Variables that a line sets, sorted by tool."""
    for match in _VARIABLE.finditer(line.text):
        key, value = match["key"], match["value"].strip("\"'")
        place = line.place(path, match.start("value"))
        if key in _PIP_KEYS:
            variables[_PIP_KEYS[key]] = [Value(one, place) for one in value.split()]
        elif key.lower() == "npm_config_registry" or key == "YARN_NPM_REGISTRY_SERVER":
            node["registry"] = Source(value, place)
        elif key in GO_NAMES:
            go[key] = Source(value, place)
        elif key == "UV_INDEX_STRATEGY" and value.startswith("unsafe"):
            yield _strategy(place, value)
        elif value.lower() in _OFF.get(key, ()):
            yield _unverified(place, f"{key}={value}")


def _strategy(place: Place, value: str) -> Fault:
    return Fault(
        "strategy-overridden",
        place,
        f"{value} has uv look into every index for internal names too",
        "The safe order stops at the first index that has a name.",
        "Remove it, or use first-index.",
    )


def _unverified(place: Place, what: str) -> Fault:
    return Fault(
        "insecure-transport",
        place,
        f"{what}: certificates are not verified",
        "Whoever is on the way can answer in place of the source.",
        "Remove it; install the authority's certificate in the image or runner.",
    )


def _pip_options(path: str, line: Line, match: re.Match[str]) -> Settings:
    settings: Settings = {}
    for option in _PIP_OPTION.finditer(line.text, match.start("rest"), match.end("rest")):
        if option["flag"]:
            key = option["flag"].lstrip("-")
            settings[key] = [Value("true", line.place(path, option.start("flag")))]
            continue
        key = {"-i": "index-url", "-f": "find-links"}.get(option["key"], option["key"].lstrip("-"))
        value = Value(option["value"].strip("\"'"), line.place(path, option.start("value")))
        settings.setdefault(key, []).append(value)
    return settings


def _npm(path: str, line: Line, node: dict[str, Source], scene: Scene) -> Iterator[Fault]:
    for match in _NPM_SET.finditer(line.text):
        place = line.place(path, match.start("value"))
        value = match["value"].strip("\"'")
        if match["key"] == "strict-ssl":
            if value == "false":
                yield _unverified(place, "strict-ssl false")
        else:
            node[match["key"]] = Source(value, place)
    for match in _NPM.finditer(line.text):
        for option in _NPM_OPTION.finditer(line.text, match.start("rest"), match.end("rest")):
            place = line.place(path, option.start("value"))
            value = option["value"].strip("\"'")
            if option["key"] == "strict-ssl":
                if value == "false":
                    yield _unverified(place, "--strict-ssl=false")
            else:
                yield from judge_routing(Routing(Source(value, place), {}, {}, {}), scene)


def _uv(path: str, line: Line) -> Iterator[Fault]:
    for match in (*_UV_ADD.finditer(line.text), *_PIP.finditer(line.text)):
        for option in _UV_OPTION.finditer(line.text, match.start("rest"), match.end("rest")):
            yield _strategy(line.place(path, option.start("value")), option["value"])


def _piped(path: str, line: Line) -> Iterator[Fault]:
    match = _PIPED.search(line.text)
    if match:
        yield Fault(
            "piped-installer",
            line.place(path, match.start()),
            "a script is fetched and run in one step",
            "Nothing is verified, and no configured source is asked.",
            "Fetch it to a file, compare its digest with sha256sum --check, then run the file.",
        )


__all__ = ["FILES", "folder_of", "judge", "lines"]
