"""Where the registries are: as the package managers of this machine are configured.

No address is written here.  A package manager is asked what it would use: its
environment variables, its files, and at last its own default.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from pratique.model.errors import UsageError
from pratique.sources.cargo_default import built_in

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 30
"""Longest that a package manager may take to say how it is configured."""

MAX_CONFIG_BYTES = 1024 * 1024
"""Largest configuration file that is read; they have some kilobytes."""


class Upstream(msgspec.Struct, frozen=True):
    """The address of a registry, and what named it."""

    url: str
    origin: str


def address(url: str, origin: str) -> str:
    """The address of a registry as it is joined to paths.

    Args:
        url: As a configuration or an option has it.
        origin: What named it, for the message.

    Raises:
        UsageError: It is no http or https address of a registry.
    """
    url = url.strip().strip("\"'").removeprefix("sparse+").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{origin} is not an http or https address.")
    if parts.query or parts.fragment:
        raise UsageError(f"{origin} has a query or a fragment, which a registry's has not.")
    return url


def configured(word: str) -> Upstream | None:
    """The registry that the configuration of a package manager names; ``None`` where none does.

    Args:
        word: A key of :data:`ECOSYSTEMS`.

    Raises:
        UsageError: What it names is no address.
    """
    for origin, ask in _QUESTIONS[word]:
        url = ask()
        if url and url not in {"undefined", "null"}:
            return Upstream(address(url, origin), origin)
    return None


def default(word: str) -> Upstream | None:
    """The registry that a package manager has built in, whatever it is configured to use.

    Args:
        word: A key of :data:`ECOSYSTEMS`.

    Returns:
        ``None`` where the package manager is not here, or does not say.
    """
    url = _DEFAULTS[word]()
    if not url and word == "crates":
        return last_used(word)
    return Upstream(address(url, f"the default for {word}"), "its own default") if url else None


def _variable(name: str) -> tuple[str, Callable[[], str]]:
    return f"the variable {name}", lambda: os.environ.get(name, "")


def _pip_config() -> str:
    for key in ("global.index-url", "install.index-url", ":env:.index-url"):
        if found := _run(_pip("config", "get", key)):
            return found
    return ""


def _pip_default() -> str:
    """The default that pip names in its own help."""
    text = " ".join(_run(_pip("help", "install")).split())
    found = re.search(r"--index-url <url>.{0,120}?\(default (\S+?)\)", text)
    return found.group(1) if found else ""


def _pip(*words: str) -> list[str]:
    program = shutil.which("pip") or shutil.which("pip3")
    return [program, *words] if program else [sys.executable, "-m", "pip", *words]


def _npm_config() -> str:
    program = shutil.which("npm")
    return _run([program, "config", "get", "registry"]) if program else ""


def _cargo_config() -> str:
    """The index that replaces, or is given for, the default registry in cargo's own files."""
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    for name in ("config.toml", "config"):
        try:
            config = tomllib.loads((home / name).read_text(encoding="utf-8"))
            sources = config.get("source", {})
            source = sources.get(sources.get("crates-io", {}).get("replace-with", ""), {})
            index = config.get("registries", {}).get("crates-io", {}).get("index", "")
            return str(source.get("registry") or index)
        except (OSError, ValueError, AttributeError, TypeError):
            continue
    return ""


def last_used(word: str) -> Upstream | None:
    """The registry that a package manager used last; where none is configured, it says as much.

    Args:
        word: A key of :data:`ECOSYSTEMS`; only cargo keeps its addresses so.
    """
    if word != "crates":
        return None
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    # cargo names the folder of a sparse index by its host and a hash
    for folder in sorted((home / "registry" / "index").glob("index.*-*")):
        host = folder.name.rpartition("-")[0]
        if re.fullmatch(r"[a-z0-9.-]+", host):
            return Upstream(f"https://{host}", "cargo's own copy of an index")
    return None


def _maven_config() -> str:
    """The mirror of central, or of everything, in the user's or the installation's settings."""
    homes = (os.environ.get("MAVEN_HOME", ""), os.environ.get("M2_HOME", ""))
    files = [Path.home() / ".m2" / "settings.xml"]
    files += [Path(home) / "conf" / "settings.xml" for home in homes if home]
    if program := shutil.which("mvn"):
        files.append(Path(program).resolve().parent.parent / "conf" / "settings.xml")
    for file in files:
        try:
            with file.open("rb") as opened:
                root = _xml(opened.read(MAX_CONFIG_BYTES))
        except OSError:
            continue
        for mirror in root.iter("{*}mirror") if root is not None else ():
            wanted = (mirror.findtext("{*}mirrorOf") or "").replace(" ", "").split(",")
            if {"*", "external:*", "central"} & set(wanted) and "!central" not in wanted:
                return (mirror.findtext("{*}url") or "").strip()
    return ""


def _maven_default() -> str:
    """The repository of the super POM that every Maven has in its own library."""
    program = shutil.which("mvn")
    if not program:
        return ""
    library = Path(program).resolve().parent.parent / "lib"
    for jar in sorted(library.glob("maven-model-builder-*.jar")):
        try:
            with zipfile.ZipFile(jar) as archive:
                member = archive.open("org/apache/maven/model/pom-4.0.0.xml")
                root = _xml(member.read(MAX_CONFIG_BYTES))
        except (OSError, KeyError, zipfile.BadZipFile):
            continue
        for one in root.iter("{*}repository") if root is not None else ():
            if one.findtext("{*}id") == "central":
                return (one.findtext("{*}url") or "").strip()
    return ""


def _xml(data: bytes) -> Any:
    """The root of a document; ``None`` where it is none.  Entities are not resolved."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _go_config() -> str:
    """The first proxy of GOPROXY that is an address."""
    program = shutil.which("go")
    proxies = _run([program, "env", "GOPROXY"]) if program else ""
    return next((one for one in re.split("[,|]", proxies) if "://" in one), "")


def _npm_default() -> str:
    program = shutil.which("npm")
    if not program:
        return ""
    # npm refuses one file for both; these are none
    files = (f"--userconfig={os.devnull}/user", f"--globalconfig={os.devnull}/global")
    bare = {key: text for key, text in os.environ.items() if not key.lower().startswith("npm_")}
    return _run([program, "config", "get", "registry", *files], bare, "/")


def _go_default() -> str:
    program = shutil.which("go")
    bare = {key: text for key, text in os.environ.items() if key != "GOPROXY"}
    proxies = _run([program, "env", "GOPROXY"], {**bare, "GOENV": "off"}, "/") if program else ""
    return next((one for one in re.split("[,|]", proxies) if "://" in one), "")


def _run(words: list[str], variables: dict[str, str] | None = None, folder: str = ".") -> str:
    """What a package manager prints; empty where it cannot say."""
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours, the program the user's own
            words,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env=variables,
            cwd=folder,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


_QUESTIONS: dict[str, list[tuple[str, Callable[[], str]]]] = {
    "pypi": [
        _variable("PIP_INDEX_URL"),
        ("pip's configuration", _pip_config),
        _variable("UV_DEFAULT_INDEX"),
        _variable("UV_INDEX_URL"),
        ("pip's own default", _pip_default),
    ],
    "npm": [
        _variable("npm_config_registry"),
        _variable("NPM_CONFIG_REGISTRY"),
        ("npm's configuration", _npm_config),
    ],
    "crates": [
        _variable("CARGO_REGISTRIES_CRATES_IO_INDEX"),
        ("cargo's configuration", _cargo_config),
        ("cargo's own default", built_in),
    ],
    "go": [("go's configuration", _go_config)],
    "maven": [
        ("Maven's settings", _maven_config),
        ("Maven's own default", _maven_default),
    ],
}

_DEFAULTS: dict[str, Callable[[], str]] = {
    "pypi": _pip_default,
    "npm": _npm_default,
    "crates": built_in,
    "go": _go_default,
    "maven": _maven_default,
}

ECOSYSTEMS = tuple(_QUESTIONS)
"""Words for the ecosystems whose package managers are asked."""
