"""The proxy towards the outside: the variables', or that of a package manager's configuration.

Source: the variables as curl and every package manager read them
(``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY``, ``NO_PROXY``); ``proxy`` of
pip's, npm's and cargo's files; ``<proxies>`` of Maven's settings.
"""

from __future__ import annotations

import configparser
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit
from urllib.request import (  # type: ignore[attr-defined]  # typeshed leaves the second out
    getproxies_environment,
    proxy_bypass_environment,
)

import msgspec

from pratique.gate.credential_files import element, npm_settings, settings_xml
from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


class Proxies(msgspec.Struct, frozen=True):
    """Which proxy is asked for which address."""

    by_scheme: dict[str, str] = {}
    """Proxy for ``http``, ``https`` and ``all``; ``no`` lists who is asked directly."""

    origin: str = ""
    """What named them."""

    def of(self, scheme: str, host: str, port: int) -> str:
        """The proxy to ask for a host; empty where there is none between."""
        found = self.by_scheme.get(scheme) or self.by_scheme.get("all", "")
        if not found or proxy_bypass_environment(f"{host}:{port}", self.by_scheme):
            return ""
        return found

    def addresses(self) -> set[str]:
        """Every proxy there is."""
        return {url for key, url in self.by_scheme.items() if key != "no"}


def find() -> Proxies:
    """The proxies of the variables, else the first that a package manager is configured to use.

    Raises:
        UsageError: One is not an http address.
    """
    named = {
        key: url
        for key, url in getproxies_environment().items()
        if key in {"http", "https", "all", "no"} and url
    }
    found = Proxies(named, "the environment") if named.keys() - {"no"} else None
    for origin, ask in _FILES if found is None else ():
        given = ask()
        if given.keys() - {"no"}:
            found = Proxies(named | given, origin)
            break
    found = found or Proxies()
    for url in found.addresses():
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise UsageError(
                f"the proxy of {found.origin} is not an http address.",
                remedy="Write it like http://proxy.example.test:3128.",
            )
    return found


def _written(url: str) -> dict[str, str]:
    url = url.strip()
    if not url:
        return {}
    url = url if "://" in url else f"http://{url}"
    return {"http": url, "https": url}


def _pip() -> dict[str, str]:
    files = [Path("/etc/pip.conf"), Path.home() / ".pip/pip.conf"]
    files.append(
        Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "pip/pip.conf"
    )
    if given := os.environ.get("PIP_CONFIG_FILE"):
        files.append(Path(given))
    url = ""
    for file in files:
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        url = parser.get("global", "proxy", fallback=url)
    return _written(os.environ.get("PIP_PROXY", url))


def _npm() -> dict[str, str]:
    found = npm_settings()
    given = {}
    for scheme, names in (("https", ("https-proxy", "proxy")), ("http", ("proxy",))):
        url = next((found[name] for name in names if found.get(name) not in {None, "", "null"}), "")
        if url:
            given[scheme] = _written(url)[scheme]
    if given and found.get("noproxy"):
        given["no"] = found["noproxy"]
    return given


def _cargo() -> dict[str, str]:
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    try:
        config = tomllib.loads((home / "config.toml").read_text(encoding="utf-8"))
        return _written(str(config.get("http", {}).get("proxy", "")))
    except (OSError, ValueError, AttributeError):
        return {}


def _maven() -> dict[str, str]:
    for root in settings_xml():
        for one in root.iterfind("{*}proxies/{*}proxy"):
            if (element(one, "active") or "true") != "true" or not element(one, "host"):
                continue
            user = element(one, "username")
            login = f"{quote(user, safe='')}:{quote(element(one, 'password'), safe='')}@"
            url = f"http://{login if user else ''}{element(one, 'host')}:"
            given = _written(url + (element(one, "port") or "8080"))
            if hosts := element(one, "nonProxyHosts"):
                given["no"] = hosts.replace("|", ",").replace("*", "")
            return given
    return {}


_FILES: tuple[tuple[str, Callable[[], dict[str, str]]], ...] = (
    ("pip's configuration", _pip),
    ("npm's configuration", _npm),
    ("cargo's configuration", _cargo),
    ("Maven's settings", _maven),
)
