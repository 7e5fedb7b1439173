"""How the package managers of this machine are configured, and what in it goes past a gate."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.gate.credential_files import settings_xml, text_of
from pratique.gate.fetch import origin, shown
from pratique.model.errors import PratiqueError
from pratique.sources.registries import Upstream, address, configured, default

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS = 30
"""Longest that a package manager may take to say how it is configured."""

_URL = re.compile(r"https?://[^\s\"'<>,;)\]}#]+")


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What one package manager is configured to do."""

    word: str
    """Of its ecosystem, as paths have it."""

    upstream: Upstream | None
    """That it asks; ``None`` where it does not say."""

    passes: tuple[str, ...] = ()
    """What makes it ask somebody else besides, a line each."""


def managers() -> dict[str, Callable[[], Config]]:
    """Those that are on this machine, and what tells how each is configured."""
    return {name: ask for name, ask in _MANAGERS.items() if shutil.which(_PROGRAMS[name])}


def _pip() -> Config:
    told: dict[str, str] = {}
    for line in _run(["pip", "config", "list"]).splitlines():
        key, _, value = line.partition("=")
        words = shlex.split(value)
        told[key] = words[0] if words else ""
    url, from_ = "", ""
    passes = []
    for section in ("global", "install", ":env:"):
        if index := told.get(f"{section}.index-url"):
            url, from_ = index, f"pip's configuration ({section})"
        passes += [
            f"{key} in {section.strip(':')}: {_shown(more)}"
            for key in ("extra-index-url", "find-links")
            if (more := told.get(f"{section}.{key}"))
        ]
    found = Upstream(address(url, from_), from_) if url else default("pypi")
    return Config(word="pypi", upstream=found, passes=tuple(passes))


def _uv() -> Config:
    names = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
    url = next(((os.environ[one], one) for one in names if os.environ.get(one)), None)
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    files = [Path("uv.toml"), home / "uv/uv.toml", Path("/etc/uv/uv.toml")]
    one_file = os.environ.get("UV_CONFIG_FILE", "")
    if one_file or os.environ.get("UV_NO_CONFIG", "").lower() in {"1", "true", "yes", "on"}:
        files = [Path(one_file)] if one_file else []
    passes = [
        f"{one}: {_shown(os.environ[one])}"
        for one in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
        if os.environ.get(one)
    ]
    tables = [(str(file), _toml(file)) for file in files]
    # Where one file is named, or a uv.toml is beside it, uv does not look at the project's own.
    left = Path("uv.toml") in files and not Path("uv.toml").exists()
    project = _toml(Path("pyproject.toml")).get("tool", {}) if left else {}
    if isinstance(project, dict) and isinstance(project.get("uv"), dict):
        tables.insert(0, ("pyproject.toml", project["uv"]))
    for where, table in tables:
        listed = table.get("index", [])
        for one in listed if isinstance(listed, list) else []:
            text = str(one.get("url", "")) if isinstance(one, dict) else ""
            if text and one.get("default") is True:
                url = url or (text, where)
            elif text:
                passes.append(f"an index in {where}: {_shown(text)}")
        if table.get("index-url") and url is None:
            url = str(table["index-url"]), where
        passes += [
            f"{key} in {where}" for key in ("extra-index-url", "find-links") if table.get(key)
        ]
    found = Upstream(address(*url), url[1]) if url else default("pypi")
    return Config(word="pypi", upstream=found, passes=tuple(passes))


def _npm() -> Config:
    try:
        told = msgspec.json.decode(_run(["npm", "config", "ls", "-l", "--json"]))
    except msgspec.DecodeError:
        told = {}
    told = told if isinstance(told, dict) else {}
    url = str(told.get("registry", ""))
    passes = [
        f"{key}: {_shown(str(value))}"
        for key, value in told.items()
        if key.endswith(":registry") and origin(str(value)) != origin(url)
    ]
    found = Upstream(address(url, "npm's configuration"), "npm's configuration") if url else None
    return Config(word="npm", upstream=found, passes=tuple(passes))


def _cargo() -> Config:
    found = configured("crates")
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    table = _toml(home / "config.toml")
    named = {key: one for part in ("registries", "source") for key, one in _tables(table, part)}
    passes = []
    for name, one in named.items():
        url = str(one.get("index") or one.get("registry") or "").removeprefix("sparse+")
        if url and (found is None or origin(url) != origin(found.url)):
            passes.append(f"registry {name[:60]}: {_shown(url)}")
    return Config(word="crates", upstream=found or default("crates"), passes=tuple(passes))


def _go() -> Config:
    try:
        told = msgspec.json.decode(_run(["go", "env", "-json", "GOPROXY", "GONOPROXY"]))
    except msgspec.DecodeError:
        told = {}
    listed = [one for one in re.split("[,|]", str(told.get("GOPROXY", ""))) if one]
    passes = [f"GOPROXY goes on with {_shown(one)}" for one in listed[1:] if one != "off"]
    if listed[:1] == ["direct"]:
        passes.append("GOPROXY is direct")
    if told.get("GONOPROXY"):
        passes.append(f"GONOPROXY (or GOPRIVATE): {str(told['GONOPROXY'])[:100]}")
    url = next((one for one in listed if "://" in one), "")
    found = Upstream(address(url, "GOPROXY"), "GOPROXY") if url else None
    return Config(word="go", upstream=found, passes=tuple(passes))


def _maven() -> Config:
    passes = []
    mirrors = [
        (one.findtext("{*}mirrorOf") or "").replace(" ", "")
        for settings in settings_xml()[:1]
        for one in settings.iter("{*}mirror")
    ]
    if not any(one in {"*", "external:*"} for one in mirrors):
        passes.append("no mirror is of '*': repositories that POMs name are asked themselves")
    return Config(word="maven", upstream=configured("maven"), passes=tuple(passes))


_PROGRAMS = {"pip": "pip", "uv": "uv", "npm": "npm", "cargo": "cargo", "go": "go", "maven": "mvn"}
_MANAGERS: dict[str, Callable[[], Config]] = {
    "pip": _pip,
    "uv": _uv,
    "npm": _npm,
    "cargo": _cargo,
    "go": _go,
    "maven": _maven,
}

NAMES = tuple(_MANAGERS)
"""Package managers whose configuration is looked at."""

LOCKS = {
    "package-lock.json": r'"resolved"\s*:\s*"',
    "npm-shrinkwrap.json": r'"resolved"\s*:\s*"',
    "yarn.lock": r'^\s*resolved\s+"',
    "pnpm-lock.yaml": r"tarball:\s*",
    "uv.lock": r'\b(?:registry|url)\s*=\s*"',
    "pdm.lock": r'\burl\s*=\s*"',
    "poetry.lock": r'^url\s*=\s*"',
    "requirements.txt": r"^\s*(?:--(?:extra-)?index-url|-i|-f|--find-links)[ =]|@\s*",
    ".npmrc": r"registry\s*=\s*",
    "pip.conf": r"(?:index-url|find-links)\s*=\s*",
}
"""Files of a project that name where its package managers fetch, and what stands before it."""

MAX_PLACES = 20
"""Hosts that are named for one file."""


def elsewhere(folder: Path, gate: tuple[str, int]) -> Iterator[tuple[str, str]]:
    """Files of a project that name another host than the gate, and which.

    Args:
        folder: Of the project.
        gate: Host and port of the gate.
    """
    for name, before in LOCKS.items():
        path = folder / name
        if not path.is_file():
            continue
        try:
            text = text_of(path)
        except PratiqueError as error:
            yield name, error.message
            continue
        hosts: dict[str, int] = {}
        for found in re.finditer(rf"(?:{before})({_URL.pattern})", text, re.MULTILINE):
            try:
                host, port = origin(found[1])
            except ValueError:
                continue
            if (host, port) != gate and host not in hosts:
                hosts[host] = text.count("\n", 0, found.start(1)) + 1
        for host, line in list(hosts.items())[:MAX_PLACES]:
            yield name, f"line {line} names {host[:100]}"


def _shown(text: str) -> str:
    """Addresses without user, password and query."""
    return " ".join(shown(one) if "://" in one else one[:100] for one in text.split())[:300]


def _tables(config: dict[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
    found = config.get(name)
    listed = found.items() if isinstance(found, dict) else ()
    return [(key, one) for key, one in listed if isinstance(one, dict)]


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text_of(path))
    except (ValueError, PratiqueError):
        return {}


def _run(words: list[str]) -> str:
    """What a package manager prints; empty where it cannot say."""
    program = shutil.which(words[0])
    if program is None:
        return ""
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours, the program the user's own
            [program, *words[1:]], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout if done.returncode == 0 else ""
