"""Credentials for registries, from where package managers keep them; for no other address.

A credential is bound to scheme, host, port and path of the registry that it is
configured for.  It is sent nowhere else, not after a redirect, and never shown.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec

from pratique.gate.credential_files import (
    cargo_tokens,
    element,
    login_of,
    npm_settings,
    settings_xml,
)
from pratique.gate.fetch import origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Credential(msgspec.Struct, frozen=True):
    """What is sent to one registry."""

    scheme: str
    host: str
    port: int
    path: str
    """Beginning of the paths that it is for; ends with a slash."""

    header: str
    """Value of ``Authorization``."""

    source: str
    """What file it is from."""

    def __repr__(self) -> str:
        return f"<credential for {self.host}:{self.port} from {self.source}>"

    def fits(self, url: str) -> bool:
        """Whether it may be sent to an address."""
        parts = urlsplit(url)
        path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
        # A path that climbs would be resolved by the server, after it was compared here.
        climbs = ".." in unquote(parts.path).replace("\\", "/").split("/")
        return (
            (parts.scheme, *origin(url)) == (self.scheme, self.host, self.port)
            and path.startswith(self.path)
            and not climbs
        )


class Credentials:
    """All that there are.

    Args:
        given: Of the registries.
    """

    def __init__(self, given: Iterable[Credential] = ()) -> None:
        self._given = sorted(given, key=lambda one: -len(one.path))

    def header(self, url: str) -> dict[str, str]:
        """The header for a request; empty where there is no credential for its address."""
        for one in self._given:
            if one.fits(url):
                return {"Authorization": one.header}
        return {}


def bare(url: str) -> str:
    """An address without user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def find(word: str, url: str) -> Credential | None:
    """The credential of a registry: of its address, its package manager's files, or ``netrc``.

    Args:
        word: Of the ecosystem: ``pypi``, ``npm``, ``crates``, ``go`` or ``maven``.
        url: Of the registry, as it is configured.
    """
    parts = urlsplit(url)
    if parts.username:
        login = unquote(parts.username), unquote(parts.password or "")
        return _made(url, basic(*login), "its address")
    for path, header, source in _FILES.get(word, _none)(url):
        return _made(url, header, source, path)
    login_ = login_of(parts.hostname or "")
    return _made(url, basic(*login_), "netrc") if login_ else None


def _made(url: str, header: str, source: str, path: str = "") -> Credential | None:
    if not header.isprintable() or not header.isascii():
        return None  # it would end the header, or could not be sent
    parts = urlsplit(url)
    path = path or parts.path
    path = path if path.endswith("/") else f"{path}/"
    return Credential(parts.scheme, *origin(url), path, header, source)


def basic(user: str, password: str) -> str:
    """The value of ``Authorization`` (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _none(_: str) -> Iterator[tuple[str, str, str]]:
    yield from ()


def _npm(url: str) -> Iterator[tuple[str, str, str]]:
    """Those of ``//host/path/:_authToken`` and its like, the nearest path first."""
    settings = npm_settings()
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    path = f"{parts.path.rstrip('/')}/"
    while True:
        at = f"//{host}{path}:"
        if token := settings.get(f"{at}_authToken"):
            yield path, f"Bearer {token}", "npmrc"
        if login := settings.get(f"{at}_auth"):
            yield path, f"Basic {login}", "npmrc"
        user, password = settings.get(f"{at}username"), settings.get(f"{at}_password")
        if user and password:
            try:
                plain = base64.b64decode(password, validate=True).decode()
            except ValueError:
                plain = ""
            if plain:
                yield path, basic(user, plain), "npmrc"
        if path == "/":
            return
        path = f"{path.rstrip('/').rpartition('/')[0]}/"


def _cargo(url: str) -> Iterator[tuple[str, str, str]]:
    for index, token in cargo_tokens().values():
        if index.removeprefix("sparse+").rstrip("/") == url.rstrip("/"):
            yield "", token, "cargo's credentials"


def _maven(url: str) -> Iterator[tuple[str, str, str]]:
    """Those of the server that has the id of the mirror; that of ``central`` without a mirror."""
    roots = settings_xml()
    ids = [
        element(one, "id")
        for root in roots
        for one in root.iterfind("{*}mirrors/{*}mirror")
        if element(one, "url").rstrip("/") == url.rstrip("/")
    ]
    ids = ids or [
        element(one, "id")
        for root in roots
        for one in root.iterfind("{*}profiles/{*}profile/{*}repositories/{*}repository")
        if element(one, "url").rstrip("/") == url.rstrip("/")
    ]
    for root in roots:
        for one in root.iterfind("{*}servers/{*}server"):
            user, password = element(one, "username"), element(one, "password")
            encrypted = password.startswith("{") and password.endswith("}")
            if element(one, "id") in ids and user and password and not encrypted:
                yield "", basic(user, password), "Maven's settings"


_FILES = {"npm": _npm, "crates": _cargo, "maven": _maven}
