"""Reading the files in which package managers keep credentials; a file that is damaged gives none.

Source: npm *npmrc*; The Cargo Book, *Configuration* (``credentials.toml``);
Maven *Settings Reference* (``servers``, ``mirrors``); netrc as curl describes it.
"""

from __future__ import annotations

import netrc
import os
import re
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.formats.text import parse_xml
from pratique.model.errors import PratiqueError

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_BYTES = 1024 * 1024
"""Largest configuration file that is read; they have some kilobytes."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SETTING = re.compile(r"\$\{env\.([A-Za-z_][A-Za-z0-9_]*)\}")


def text_of(path: Path) -> str:
    """What is in a file; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def login_of(host: str) -> tuple[str, str] | None:
    """User and password that ``netrc`` has for a host."""
    path = os.environ.get("NETRC") or str(Path.home() / ".netrc")
    try:
        found = netrc.netrc(path).hosts.get(host)
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
        return None
    return (found[0], found[2]) if found is not None and found[2] else None


def npm_settings() -> dict[str, str]:
    """Settings of npm's files: the user's, and over them those of this folder."""
    user = _npm_variable("USERCONFIG")
    found: dict[str, str] = {}
    for path in (Path(user) if user else Path.home() / ".npmrc", Path(".npmrc")):
        for line in text_of(path).splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.lstrip().startswith((";", "#")):
                plain = value.strip().strip("\"'")
                found[key.strip()] = _VARIABLE.sub(
                    lambda name: os.environ.get(name.group(1), ""), plain
                )
    return found


def _npm_variable(name: str) -> str:
    """A variable that npm takes in both cases."""
    wanted = f"npm_config_{name}".lower()
    return next((value for key, value in os.environ.items() if key.lower() == wanted), "")


def cargo_tokens() -> dict[str, tuple[str, str]]:
    """Index and token of each of cargo's registries, by name."""
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    config, secrets = _toml(home / "config.toml"), _toml(home / "credentials.toml")
    found = {}
    for name, one in {**_table(config, "source"), **_table(config, "registries")}.items():
        index = one.get("index") or one.get("registry")
        variable = f"CARGO_REGISTRIES_{name.upper().replace('-', '_')}_TOKEN"
        token = os.environ.get(variable) or _table(secrets, "registries").get(name, {}).get("token")
        if isinstance(index, str) and isinstance(token, str) and token.isprintable():
            found[name] = index, token
    return found


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text_of(path))
    except ValueError:
        return {}


def _table(config: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    found = config.get(name)
    tables = found.items() if isinstance(found, dict) else ()
    return {key: one for key, one in tables if isinstance(one, dict)}


def settings_xml() -> list[_Element]:
    """Maven's settings, the user's first."""
    homes = [os.environ.get("MAVEN_HOME", ""), os.environ.get("M2_HOME", "")]
    if program := shutil.which("mvn"):
        homes.append(str(Path(program).resolve().parent.parent))
    files = [Path.home() / ".m2/settings.xml"]
    files += [Path(home) / "conf/settings.xml" for home in homes if home]
    found = []
    for file in dict.fromkeys(files):
        try:
            found.append(parse_xml(text_of(file).encode()))
        except PratiqueError:
            continue
    return found


def element(holder: _Element, name: str) -> str:
    """Text of a child, ``${env.X}`` replaced; empty where there is none."""
    text = (holder.findtext(f"{{*}}{name}") or "").strip()
    return _SETTING.sub(lambda found: os.environ.get(found.group(1), ""), text)
