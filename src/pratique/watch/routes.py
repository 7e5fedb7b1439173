"""Channels, and routes to them: who is told of what."""

from __future__ import annotations

import os
from datetime import timedelta
from fnmatch import fnmatchcase
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from pratique.model.severity import Severity
from pratique.watch.errors import ConfigurationError
from pratique.watch.models import SETTLED, Event, Kind

MAX_SECRET_BYTES = 64 * 1024
"""Largest file of a secret."""

STATUS_CHANGES = frozenset({Kind.STATUS, Kind.EXPIRED})


class Secret(msgspec.Struct, frozen=True):
    """Where a secret is; it is read when it is needed and never shown."""

    source: str
    """``env`` or ``file``."""

    name: str

    def read(self) -> str:
        """The secret.

        Raises:
            ConfigurationError: It is not there.
        """
        if self.source == "env":
            found = os.environ.get(self.name, "")
            where = f"environment variable {self.name}"
        else:
            where = f"file {self.name}"
            try:
                with Path(self.name).open("rb") as file:
                    found = file.read(MAX_SECRET_BYTES).decode().strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(
                    f"{where} with a secret cannot be read: {type(error).__name__}."
                ) from None
        if not found:
            raise ConfigurationError(f"{where} with a secret is empty or absent.")
        return found


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One way to tell."""

    name: str
    type: str
    url: str | Secret = ""
    secret: Secret | None = None
    """Of the signatures of a webhook."""

    host: str = ""
    port: int = 0
    security: str = "starttls"
    ca: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    user: Secret | None = None
    password: Secret | None = None
    path: str = ""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Which events go to a channel, and when."""

    to: str
    teams: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    severity: Severity = Severity.NONE
    kinds: tuple[str, ...] = ()
    settled: bool = False
    """Whether also of findings that were judged not to matter."""

    every: timedelta | None = None
    """Of a digest; ``None``: at once."""

    def takes(self, event: Event) -> bool:
        """Whether an event goes this way; patterns have ``*`` and ``?``."""
        if self.kinds and event.kind not in self.kinds:
            return False
        if self.teams and set(self.teams).isdisjoint(event.owners):
            return False
        if self.products and not any(fnmatchcase(event.product, glob) for glob in self.products):
            return False
        if event.status in SETTLED and not self.settled and event.kind not in STATUS_CHANGES:
            return False
        return event.severity.at_least(self.severity)


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of what."""

    tenant: str = ""
    """Whose events alone; empty: of the tenant that is asked for."""

    channels: dict[str, Channel]
    routes: tuple[Route, ...]


def check_url(url: str) -> None:
    """Refuse an address that nothing should be posted to.

    Raises:
        ConfigurationError: It is no https address, or http to another machine.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigurationError("is no address") from None
    if parts.scheme == "https" and host:
        return
    if parts.scheme == "http" and is_loopback(host):
        return
    raise ConfigurationError("is to begin with https:// (http:// only to this machine)")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
