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
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from pratique.gate import crates, golang, npm, pypi
from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SECONDS = 30
"""Longest that a package manager may take to say how it is configured."""

NAMES = {
    "pypi": pypi.ECOSYSTEM,
    "npm": npm.ECOSYSTEM,
    "crates": crates.ECOSYSTEM,
    "go": golang.ECOSYSTEM,
}
"""Ecosystems by the word that options and paths have for them."""


class Upstream(msgspec.Struct, frozen=True):
    """The address of a registry, and what named it."""

    url: str
    origin: str


def find(given: Iterable[str], wanted: Iterable[str]) -> dict[str, Upstream]:
    """Upstreams, by ecosystem.

    Args:
        given: ``NAME=URL``, as options give them; they come before any configuration.
        wanted: Names of the ecosystems to serve; where there are none, those that an
            option names, else those that some configuration names.

    Raises:
        UsageError: One is not an address, or nothing names one of those wanted.
    """
    named = dict(map(_option, given))
    required = dict.fromkeys([*wanted, *named])
    found = {}
    for word in required or NAMES:
        upstream = named.get(word) or _asked(word)
        if upstream is None and not required and word != "pypi":
            continue
        if upstream is None:
            raise UsageError(
                f"no configuration names a registry for {word}.",
                remedy=f"Give --upstream {word}=URL, or configure the package manager.",
            )
        found[NAMES[word]] = upstream
    return found


def _option(text: str) -> tuple[str, Upstream]:
    word, _, url = text.partition("=")
    if word not in NAMES:
        raise UsageError(
            f"--upstream {text[:80]!r} names no ecosystem.", remedy=f"NAME is {' or '.join(NAMES)}."
        )
    return word, Upstream(_address(url, f"--upstream {word}"), "--upstream")


def _address(url: str, origin: str) -> str:
    url = url.strip().strip("\"'").removeprefix("sparse+").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{origin} is not an http or https address.")
    if parts.query or parts.fragment:
        raise UsageError(f"{origin} has a query or a fragment, which a registry's has not.")
    return url


def _asked(word: str) -> Upstream | None:
    for origin, ask in _QUESTIONS[word]:
        url = ask()
        if url and url not in {"undefined", "null"}:
            return Upstream(_address(url, origin), origin)
    return None


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


def _go_config() -> str:
    """The first proxy of GOPROXY that is an address."""
    program = shutil.which("go")
    proxies = _run([program, "env", "GOPROXY"]) if program else ""
    return next((one for one in re.split("[,|]", proxies) if "://" in one), "")


def _run(words: list[str]) -> str:
    """What a package manager prints; empty where it cannot say."""
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours, the program the user's own
            words, capture_output=True, text=True, timeout=SECONDS, check=False
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
    ],
    "go": [("go's configuration", _go_config)],
}
