"""The file that says who is told of what: channels, and routes to them."""

from __future__ import annotations

import os
from datetime import timedelta
from fnmatch import fnmatchcase
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from pratique.formats.text import decode, parse_yaml_texts
from pratique.model.errors import InputError
from pratique.model.severity import Severity
from pratique.watch.errors import ConfigurationError
from pratique.watch.models import SETTLED, Event, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 1024 * 1024
"""Largest file of configuration; a thousand routes have some 100 kB."""

MAX_SECRET_BYTES = 64 * 1024
"""Largest file of a secret."""

TYPES = ("webhook", "email", "slack", "file")
SECURITY = ("starttls", "tls", "none")

STATUS_CHANGES = frozenset({Kind.STATUS, Kind.EXPIRED})

_FIELDS = {
    "webhook": {"url": True, "secret": False},
    "slack": {"url": True},
    "email": {
        "host": True, "port": False, "security": False, "ca": False, "from": True, "to": True,
        "user": False, "password": False,
    },
    "file": {"path": True},
}  # fmt: skip
"""Settings of each type of channel, and whether it needs them."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


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


def load(path: Path, tenant: str) -> Configuration:
    """Read a file of configuration.

    Args:
        path: Of a YAML file.
        tenant: Whose events are to be told.

    Raises:
        ConfigurationError: It cannot be used; the message says where.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"{path} is over {MAX_BYTES:,} bytes.")
    try:
        found = parse_yaml_texts(decode(data))
    except InputError as error:
        raise ConfigurationError(f"{path}: {error.message}.") from None
    reader = _Reader(path)
    made = reader.configuration(found)
    if made.tenant and made.tenant != tenant:
        raise reader.wrong("tenant", f"is for {made.tenant!r}, and {tenant!r} was asked for")
    return made


class _Reader:
    """Reads one file's values; every error says at which of them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def wrong(self, where: str, what: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self._path}: {where} {what}.", remedy="docs/watch.md has an example."
        )

    def configuration(self, value: Any) -> Configuration:
        top = self._mapping(value, "the file", {"tenant", "channels", "routes"})
        channels = top.get("channels")
        if not isinstance(channels, dict) or not channels:
            raise self.wrong("channels", "is to be a mapping of names to channels")
        made = {str(name): self._channel(str(name), one) for name, one in channels.items()}
        routes = top.get("routes")
        if not isinstance(routes, list) or not routes:
            raise self.wrong("routes", "is to be a list, or nobody is told anything")
        return Configuration(
            tenant=self._text(top.get("tenant", ""), "tenant"),
            channels=made,
            routes=tuple(self._route(n, one, made) for n, one in enumerate(routes, 1)),
        )

    def _mapping(self, value: Any, where: str, known: set[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.wrong(where, "is to be a mapping")
        unknown = {str(key) for key in value} - known
        if unknown:
            names = ", ".join(sorted(known))
            raise self.wrong(where, f"has {min(unknown)[:60]!r}, which is none of {names}")
        return value

    def _text(self, value: Any, where: str) -> str:
        if not isinstance(value, str):
            raise self.wrong(where, "is to be a text")
        return value

    def _texts(self, value: Any, where: str) -> tuple[str, ...]:
        rows = value if isinstance(value, list) else [value]
        return tuple(self._text(row, where) for row in rows)

    def _secret(self, value: Any, where: str) -> Secret:
        if isinstance(value, str):
            raise self.wrong(
                where, "is a secret: write {env: NAME} or {file: PATH}, not the secret itself"
            )
        found = self._mapping(value, where, {"env", "file"})
        if len(found) != 1:
            raise self.wrong(where, "is to have either env or file")
        [(source, name)] = found.items()
        name = self._text(name, where)
        path = str(self._path.parent / name) if source == "file" else name
        return Secret(source, path)

    def _channel(self, name: str, value: Any) -> Channel:
        where = f"channel {name[:60]}"
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in TYPES:
            raise self.wrong(where, f"needs a type of {', '.join(TYPES)}")
        fields = _FIELDS[kind]
        found = self._mapping(value, where, {"type", *fields})
        for field, needed in fields.items():
            if needed and not found.get(field):
                raise self.wrong(where, f"needs {field!r}")
        made: dict[str, Any] = {"name": name, "type": kind}
        for field in ("secret", "user", "password"):
            if field in found:
                made[field] = self._secret(found[field], f"{where}: {field}")
        if "url" in found:
            made["url"] = self._url(found["url"], f"{where}: url", kind)
        if kind == "file":
            made["path"] = str(self._path.parent / self._text(found["path"], where))
        if kind == "email":
            made |= self._mail(found, where)
        return Channel(**made)

    def _url(self, value: Any, where: str, kind: str) -> str | Secret:
        if kind == "slack" or not isinstance(value, str):
            return self._secret(value, where)  # who has a Slack address may post there
        try:
            check_url(value)
        except ConfigurationError as error:
            raise self.wrong(where, error.message) from None
        return value

    def _mail(self, found: Mapping[str, Any], where: str) -> dict[str, Any]:
        security = found.get("security", "starttls")
        if security not in SECURITY:
            raise self.wrong(f"{where}: security", f"is none of {', '.join(SECURITY)}")
        host = self._text(found["host"], f"{where}: host")
        if security == "none" and not _is_loopback(host):
            raise self.wrong(f"{where}: security", "is none, which only this machine may have")
        if ("user" in found) != ("password" in found):
            raise self.wrong(where, "has one of user and password, and needs both or neither")
        port = found.get("port", "465" if security == "tls" else "587")
        if not isinstance(port, str) or not port.isdecimal() or not 0 < int(port[:9]) < 65_536:
            raise self.wrong(f"{where}: port", "is no port")
        addresses = (self._text(found["from"], where), *self._texts(found["to"], where))
        for one in addresses:
            if "@" not in one or any(c in one for c in "\r\n\0<>, "):
                raise self.wrong(where, f"has {one[:60]!r}, which is no address of mail")
        ca = found.get("ca", "")
        return {
            "host": host,
            "port": int(port),
            "security": security,
            "ca": str(self._path.parent / self._text(ca, where)) if ca else "",
            "sender": addresses[0],
            "recipients": addresses[1:],
        }

    def _route(self, number: int, value: Any, channels: Mapping[str, Channel]) -> Route:
        where = f"route {number}"
        known = {"to", "teams", "products", "severity", "kinds", "settled", "digest"}
        found = self._mapping(value, where, known)
        to = self._text(found.get("to", ""), f"{where}: to")
        if to not in channels:
            raise self.wrong(f"{where}: to", f"names {to[:60]!r}, which is no channel here")
        kinds = self._texts(found.get("kinds", []), f"{where}: kinds")
        if wrong := set(kinds) - {kind.value for kind in Kind}:
            names = ", ".join(kind.value for kind in Kind)
            raise self.wrong(
                f"{where}: kinds", f"has {min(wrong)[:60]!r}, which is none of {names}"
            )
        try:
            severity = Severity(self._text(found.get("severity", "none"), f"{where}: severity"))
        except ValueError:
            names = ", ".join(Severity)
            raise self.wrong(f"{where}: severity", f"is none of {names}") from None
        settled = found.get("settled", "false")
        if settled not in {"true", "false"}:
            raise self.wrong(f"{where}: settled", "is to be true or false")
        return Route(
            to=to,
            teams=self._texts(found.get("teams", []), f"{where}: teams"),
            products=self._texts(found.get("products", []), f"{where}: products"),
            severity=severity,
            kinds=kinds,
            settled=settled == "true",
            every=self._every(found.get("digest", ""), f"{where}: digest"),
        )

    def _every(self, value: Any, where: str) -> timedelta | None:
        text = self._text(value, where)
        if not text:
            return None
        number, unit = text[:-1], text[-1]
        if unit not in _UNITS or not number.isdecimal() or not 0 < int(number[:9]) <= 10_000:
            raise self.wrong(where, "is to be a time such as 30m, 12h or 1d")
        return timedelta(**{_UNITS[unit]: int(number)})


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
    if parts.scheme == "http" and _is_loopback(host):
        return
    raise ConfigurationError("is to begin with https:// (http:// only to this machine)")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
